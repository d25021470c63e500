-- Clusters, what runs in them, and on what.

create table clusters (
    cluster_id  sorted_text not null,
    account_id  sorted_text not null,
    region      sorted_text not null,
    name        sorted_text not null,
    status      text not null,          -- ACTIVE; INACTIVE once deleted, until one of that name is made again
    document    text not null,          -- settings, configuration, capacity providers: JSON
    created_at  bigint not null,
    constraint pk_clusters primary key (cluster_id),
    constraint uq_clusters_name unique (account_id, region, name),
    constraint fk_clusters_account foreign key (account_id) references accounts (account_id),
    constraint ck_clusters_status check (status in ('ACTIVE', 'INACTIVE'))
);

-- Tags of everything that ECS has.
create table ecs_tags (
    account_id  sorted_text not null,
    region      sorted_text not null,
    resource    sorted_text not null,   -- as its ARN ends: cluster/NAME, task/CLUSTER/ID
    key         sorted_text not null,
    value       text not null,
    constraint pk_ecs_tags primary key (account_id, region, resource, key),
    constraint fk_ecs_tags_account foreign key (account_id) references accounts (account_id)
);

create table container_instances (
    instance_id         sorted_text not null,   -- 32 hexadecimal digits
    cluster_id          sorted_text not null,
    status              text not null,          -- ACTIVE, DRAINING, INACTIVE
    connected_until     bigint not null,        -- its agent holds a connection, or did until then
    sequence            bigint not null,        -- of the last message to the agent that counts
    version             bigint not null,        -- moves with each change
    document            text not null,          -- resources, attributes, versions: JSON
    used_cpu            bigint not null,        -- CPU units that its tasks have
    used_memory         bigint not null,        -- MiB that its tasks have
    used_ports          text not null,          -- host ports that its tasks have: JSON
    registered_at       bigint not null,
    constraint pk_container_instances primary key (instance_id),
    constraint fk_container_instances_cluster foreign key (cluster_id) references clusters (cluster_id),
    constraint ck_container_instances_status check (status in ('ACTIVE', 'DRAINING', 'INACTIVE'))
);
create index ix_container_instances_cluster on container_instances (cluster_id, status, instance_id);
create index ix_container_instances_connected on container_instances (connected_until)
    where status in ('ACTIVE', 'DRAINING');

create table tasks (
    task_id         sorted_text not null,   -- 32 hexadecimal digits
    cluster_id      sorted_text not null,
    instance_id     sorted_text,            -- where it is placed
    service_id      sorted_text,            -- which service it belongs to
    deployment_id   sorted_text,            -- of that service, ecs-svc/N
    family          sorted_text not null,
    revision        bigint not null,
    task_group      sorted_text not null,   -- family:F, service:S, or what the client said
    started_by      sorted_text,
    launch_type     sorted_text not null,
    desired_status  text not null,          -- RUNNING, STOPPED
    last_status     text not null,          -- PROVISIONING … STOPPED
    client_token    sorted_text,            -- of the request that made it, with what it asked for
    version         bigint not null,        -- moves with each change
    document        text not null,          -- containers, stamps, reasons: JSON
    created_at      bigint not null,
    stopped_at      bigint,
    constraint pk_tasks primary key (task_id),
    constraint fk_tasks_cluster foreign key (cluster_id) references clusters (cluster_id),
    constraint fk_tasks_instance foreign key (instance_id) references container_instances (instance_id),
    constraint ck_tasks_desired_status check (desired_status in ('RUNNING', 'STOPPED'))
);
create index ix_tasks_cluster on tasks (cluster_id, desired_status, task_id);
create index ix_tasks_family on tasks (cluster_id, family, desired_status, task_id);
create index ix_tasks_started_by on tasks (cluster_id, started_by, task_id) where started_by is not null;
create index ix_tasks_group on tasks (cluster_id, task_group, desired_status, task_id);
create index ix_tasks_instance on tasks (instance_id, task_id) where instance_id is not null;
create index ix_tasks_service on tasks (service_id, task_id) where service_id is not null;
create index ix_tasks_client_token on tasks (cluster_id, client_token) where client_token is not null;
create index ix_tasks_open on tasks (cluster_id) where stopped_at is null;
create index ix_tasks_stopped on tasks (stopped_at) where stopped_at is not null;
