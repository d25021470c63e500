-- Services: so many tasks of a definition kept running, and how they are brought from one definition to the next.

create table services (
    service_id     sorted_text not null,
    cluster_id     sorted_text not null,
    name           sorted_text not null,
    status         text not null,          -- ACTIVE, DRAINING once deleted, INACTIVE when nothing of it is left
    strategy       text not null,          -- REPLICA, DAEMON
    launch_type    text not null,          -- empty if capacity providers decide
    desired_count  bigint not null,        -- of a REPLICA service
    document       text not null,          -- percentages, load balancers, what tasks get: JSON
    created_at     bigint not null,
    constraint pk_services primary key (service_id),
    constraint uq_services_name unique (cluster_id, name),
    constraint fk_services_cluster foreign key (cluster_id) references clusters (cluster_id),
    constraint ck_services_status check (status in ('ACTIVE', 'DRAINING', 'INACTIVE')),
    constraint ck_services_strategy check (strategy in ('REPLICA', 'DAEMON'))
);

-- A deployment is at the same time what ECS calls a service deployment, and its service revision.
create table service_deployments (
    deployment_id  sorted_text not null,   -- 19 digits, of ecs-svc/N and of the ARNs
    service_id     sorted_text not null,
    status         text not null,          -- PRIMARY; ACTIVE while it has tasks; INACTIVE
    rollout        text not null,          -- IN_PROGRESS, COMPLETED, FAILED
    outcome        text not null,          -- PENDING … ROLLBACK_FAILED, as ListServiceDeployments has them
    document       text not null,          -- what its tasks are like, counters, reasons: JSON
    created_at     bigint not null,
    completed_at   bigint,                 -- when it was all there was, the last time
    constraint pk_service_deployments primary key (deployment_id),
    constraint fk_service_deployments_service foreign key (service_id) references services (service_id),
    constraint ck_service_deployments_status check (status in ('PRIMARY', 'ACTIVE', 'INACTIVE')),
    constraint ck_service_deployments_rollout check (rollout in ('IN_PROGRESS', 'COMPLETED', 'FAILED'))
);
create index ix_service_deployments_service on service_deployments (service_id, created_at, deployment_id);
create index ix_service_deployments_shown on service_deployments (service_id) where status <> 'INACTIVE';
create index ix_service_deployments_completed on service_deployments (service_id, completed_at)
    where completed_at is not null;

create table service_events (
    service_id  sorted_text not null,
    number      bigint not null,        -- counts up
    event_id    text not null,
    message     text not null,
    created_at  bigint not null,
    constraint pk_service_events primary key (service_id, number),
    constraint fk_service_events_service foreign key (service_id) references services (service_id)
);

-- The tasks that a service has started and has not yet accounted for.
create table service_tasks (
    task_id        sorted_text not null,
    service_id     sorted_text not null,
    deployment_id  sorted_text not null,
    was_healthy    bigint not null,        -- 1 once it was seen healthy
    constraint pk_service_tasks primary key (task_id),
    constraint fk_service_tasks_service foreign key (service_id) references services (service_id)
);
create index ix_service_tasks_service on service_tasks (service_id, task_id);
