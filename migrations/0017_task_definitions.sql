-- Task definitions: what a task consists of. Revisions count up within a family and are never used twice.

create table task_definition_families (
    account_id      sorted_text not null,
    region          sorted_text not null,
    family          sorted_text not null,
    last_revision   bigint not null,    -- the highest that was ever given
    active          bigint not null,    -- how many revisions are ACTIVE
    inactive        bigint not null,    -- how many are INACTIVE
    constraint pk_task_definition_families primary key (account_id, region, family),
    constraint fk_task_definition_families_account foreign key (account_id) references accounts (account_id)
);
create index ix_task_definition_families_active on task_definition_families (account_id, region, family)
    where active > 0;
create index ix_task_definition_families_inactive on task_definition_families (account_id, region, family)
    where active = 0 and inactive > 0;

create table task_definitions (
    account_id          sorted_text not null,
    region              sorted_text not null,
    family              sorted_text not null,
    revision            bigint not null,
    status              sorted_text not null,   -- ACTIVE, INACTIVE, DELETE_IN_PROGRESS
    document            text not null,          -- the definition with defaults filled in and what follows from it: JSON
    registered_by       text not null,          -- the ARN of who did
    registered_at       bigint not null,
    deregistered_at     bigint,
    delete_requested_at bigint,
    constraint pk_task_definitions primary key (account_id, region, family, revision),
    constraint fk_task_definitions_family foreign key (account_id, region, family)
        references task_definition_families (account_id, region, family),
    constraint ck_task_definitions_status check (status in ('ACTIVE', 'INACTIVE', 'DELETE_IN_PROGRESS'))
);
create index ix_task_definitions_status on task_definitions (account_id, region, status, family, revision);

-- What principals and accounts have set, of the settings that ECS has for them.
create table ecs_account_settings (
    account_id      sorted_text not null,
    region          sorted_text not null,
    principal_arn   sorted_text not null,   -- that of the account's root: the default of all others
    name            sorted_text not null,
    value           text not null,
    constraint pk_ecs_account_settings primary key (account_id, region, principal_arn, name),
    constraint fk_ecs_account_settings_account foreign key (account_id) references accounts (account_id)
);
