-- What large clusters ask for.

-- Where tasks of one group are, for placement, without a look at any other.
create index ix_tasks_placed on tasks (cluster_id, task_group, instance_id) where stopped_at is null;
-- How many there are, from the index alone.
create index ix_tasks_status on tasks (cluster_id, last_status) where stopped_at is null;
drop index ix_tasks_open;

-- Whether a task definition is used.
create index ix_tasks_definition on tasks (family, revision, cluster_id) where stopped_at is null;
create index ix_task_definitions_deleting on task_definitions (account_id, region, family, revision)
    where status = 'DELETE_IN_PROGRESS';
-- Whether a capacity provider is used: null if the task has none, or is from before there was this column.
alter table tasks add column capacity_provider sorted_text;
create index ix_tasks_capacity_provider on tasks (cluster_id, capacity_provider)
    where stopped_at is null and capacity_provider is not null;
create index ix_services_with_providers on services (cluster_id, service_id)
    where launch_type = '' and status <> 'INACTIVE';
