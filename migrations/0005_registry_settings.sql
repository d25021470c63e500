-- What is configured for a registry as a whole, and for the images of a repository over time.

-- One document a setting: the registry policy, replication, scanning, signing, and the settings of the account.
create table registry_settings (
    account_id  sorted_text not null,
    region      sorted_text not null,
    name        sorted_text not null,  -- which setting
    document    text not null,         -- as it was sent; of account settings the bare value
    version     bigint not null,       -- counts the changes
    updated_at  bigint not null,
    constraint pk_registry_settings primary key (account_id, region, name),
    constraint fk_registry_settings_account foreign key (account_id) references accounts (account_id)
);

create table pull_through_cache_rules (
    account_id        sorted_text not null,
    region            sorted_text not null,
    prefix            sorted_text not null,  -- of names of repositories here, or ROOT
    upstream_url      text not null,         -- host of the other registry
    upstream_registry text,                  -- its kind, as ECR spells it; null for one that only this operator knows
    upstream_prefix   text not null,         -- of names of repositories there, or ROOT
    credential_arn    text,                  -- which secret opens the other registry
    custom_role_arn   text,
    version           bigint not null,
    created_at        bigint not null,
    updated_at        bigint not null,
    constraint pk_pull_through_cache_rules primary key (account_id, region, prefix),
    constraint fk_pull_through_cache_rules_account foreign key (account_id) references accounts (account_id)
);

create table repository_creation_templates (
    account_id  sorted_text not null,
    region      sorted_text not null,
    prefix      sorted_text not null,  -- of names of repositories, without a slash at its end, or ROOT
    document    text not null,         -- JSON: what repositories that are created under it get
    version     bigint not null,
    created_at  bigint not null,
    updated_at  bigint not null,
    constraint pk_repository_creation_templates primary key (account_id, region, prefix),
    constraint fk_repository_creation_templates_account foreign key (account_id) references accounts (account_id)
);

-- Who may pull without leaving a trace in the pull times.
create table pull_time_exclusions (
    account_id    sorted_text not null,
    region        sorted_text not null,
    principal_arn sorted_text not null,  -- of a user or role
    created_at    bigint not null,
    constraint pk_pull_time_exclusions primary key (account_id, region, principal_arn),
    constraint fk_pull_time_exclusions_account foreign key (account_id) references accounts (account_id)
);

create table lifecycle_policies (
    repository_id     sorted_text not null,
    document          text not null,   -- as it was sent
    version           bigint not null,
    updated_at        bigint not null,
    last_evaluated_at bigint,          -- null before a first run
    constraint pk_lifecycle_policies primary key (repository_id),
    constraint fk_lifecycle_policies_repository foreign key (repository_id) references repositories (repository_id)
);

-- The last preview of a repository. Whoever holds the lease works on it; another process takes over when it is lost.
create table lifecycle_previews (
    repository_id       sorted_text not null,
    run_id              sorted_text not null,  -- of the attempt whose results count; each attempt has its own
    document            text not null,         -- the policy that is tried
    status              text not null,
    expiring_count      bigint not null,       -- images that would be deleted
    transitioning_count bigint not null,       -- images that would be archived
    lease_until         bigint not null,
    started_at          bigint not null,
    ended_at            bigint,
    constraint pk_lifecycle_previews primary key (repository_id),
    constraint uq_lifecycle_previews_run unique (run_id),
    constraint ck_lifecycle_previews_status check (status in ('IN_PROGRESS', 'COMPLETE', 'EXPIRED', 'FAILED')),
    constraint fk_lifecycle_previews_repository foreign key (repository_id) references repositories (repository_id)
);
create index ix_lifecycle_previews_status on lifecycle_previews (status, lease_until);
create index ix_lifecycle_previews_ended on lifecycle_previews (status, ended_at);

-- What a preview found. Not held by its preview: what nobody refers to any more is swept in batches.
create table lifecycle_preview_results (
    run_id        sorted_text not null,
    position      bigint not null,       -- in the order in which images would go, from 1
    digest        sorted_text not null,
    tags          text not null,         -- JSON list, empty for an untagged image
    pushed_at     bigint not null,
    storage_class text not null,         -- where the image is
    action        text not null,         -- EXPIRE or TRANSITION
    rule_priority bigint not null,       -- of the rule that decided
    constraint pk_lifecycle_preview_results primary key (run_id, position)
);
create index ix_lifecycle_preview_results_digest on lifecycle_preview_results (run_id, digest);
