-- Which connection of its agent a host is looked after by: of two, the one that began last. Null before the first.
alter table container_instances add column session text;

-- Hosts that were deregistered, which are forgotten after a while.
create index ix_container_instances_gone on container_instances (connected_until) where status = 'INACTIVE';

-- What runs on a host, and of a service: looked at all the time, however many tasks have just ended there.
create index ix_tasks_on_host on tasks (instance_id, task_id) where stopped_at is null;
create index ix_tasks_of_service on tasks (service_id, task_id) where stopped_at is null;
drop index ix_tasks_service;
