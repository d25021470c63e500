-- Application Auto Scaling: which services are scaled, by what, and what came of it.

create table scalable_targets (
    account_id         sorted_text not null,
    region             sorted_text not null,
    resource_id        sorted_text not null,   -- service/CLUSTER/SERVICE
    scalable_target_id sorted_text not null,   -- of its ARN
    min_capacity       bigint not null,
    max_capacity       bigint not null,
    document           text not null,          -- role, tags, what is suspended: JSON
    state              text not null,          -- when it was scaled last, and from what: JSON
    created_at         bigint not null,
    constraint pk_scalable_targets primary key (account_id, region, resource_id),
    constraint uq_scalable_targets_id unique (scalable_target_id),
    constraint fk_scalable_targets_account foreign key (account_id) references accounts (account_id)
);

create table scaling_policies (
    account_id  sorted_text not null,
    region      sorted_text not null,
    resource_id sorted_text not null,
    name        sorted_text not null,
    document    text not null,                 -- JSON, as PutScalingPolicy had it
    created_at  bigint not null,
    constraint pk_scaling_policies primary key (account_id, region, resource_id, name),
    constraint fk_scaling_policies_target foreign key (account_id, region, resource_id)
        references scalable_targets (account_id, region, resource_id)
);

create table scheduled_actions (
    account_id  sorted_text not null,
    region      sorted_text not null,
    resource_id sorted_text not null,
    name        sorted_text not null,
    document    text not null,                 -- JSON, as PutScheduledAction had it
    next_at     bigint,                        -- when it is due; null: never again
    created_at  bigint not null,
    constraint pk_scheduled_actions primary key (account_id, region, resource_id, name),
    constraint fk_scheduled_actions_target foreign key (account_id, region, resource_id)
        references scalable_targets (account_id, region, resource_id)
);
create index ix_scheduled_actions_next on scheduled_actions (next_at) where next_at is not null;

create table scaling_activities (
    activity_id sorted_text not null,          -- begins with its time
    account_id  sorted_text not null,
    region      sorted_text not null,
    resource_id sorted_text not null,          -- of a target that may be gone
    document    text not null,                 -- description, cause, outcome: JSON
    started_at  bigint not null,
    constraint pk_scaling_activities primary key (activity_id)
);
create index ix_scaling_activities_resource on scaling_activities (account_id, region, resource_id, activity_id);
create index ix_scaling_activities_registry on scaling_activities (account_id, region, activity_id);
create index ix_scaling_activities_started on scaling_activities (started_at);
