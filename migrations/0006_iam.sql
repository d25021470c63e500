-- IAM as its API shows it: versions of managed policies, permissions boundaries, tags, identity providers, last uses.

alter table users add column boundary_arn sorted_text;  -- the managed policy that limits the user, if any
create index ix_users_boundary on users (boundary_arn) where boundary_arn is not null;
-- Names are unique whatever the case of their letters. The rule looks here; the constraint alone lets two cases pass.
create index ix_users_folded on users (account_id, lower(name));

create index ix_groups_folded on groups (account_id, lower(name));

alter table roles add column description text;          -- null: none was given
alter table roles add column max_session_duration bigint not null default 3600; -- in seconds
alter table roles add column boundary_arn sorted_text;  -- the managed policy that limits the role, if any
alter table roles add column last_used_at bigint;       -- null: never assumed; written in batches, so some seconds late
alter table roles add column last_used_region text;
create index ix_roles_boundary on roles (boundary_arn) where boundary_arn is not null;
create index ix_roles_folded on roles (account_id, lower(name));

alter table access_keys add column last_used_at bigint; -- null: never used; written in batches, so some seconds late
alter table access_keys add column last_used_region text;
alter table access_keys add column last_used_service text; -- the name that signatures use, such as ecr

-- Managed policies have ids, paths and versions. No program wrote to the two tables before, so they are made anew.
drop table policy_attachments;
drop table policies;

create table policies (
    arn             sorted_text not null,
    policy_id       sorted_text not null, -- ANPA…, never used twice
    account_id      sorted_text not null,
    name            sorted_text not null,
    path            text not null,        -- begins and ends with a slash
    description     text,                 -- null: none was given
    default_version bigint not null,      -- the version in force
    latest_version  bigint not null,      -- the highest number that was given out; none is used twice
    created_at      bigint not null,
    updated_at      bigint not null,      -- when a version was last added or put in force
    constraint pk_policies primary key (arn),
    constraint uq_policies_id unique (policy_id),
    constraint uq_policies_name unique (account_id, name),
    constraint fk_policies_account foreign key (account_id) references accounts (account_id)
);
create index ix_policies_folded on policies (account_id, lower(name));

create table policy_versions (
    policy_arn  sorted_text not null,
    version     bigint not null,
    document    text not null,            -- as it was sent
    created_at  bigint not null,
    constraint pk_policy_versions primary key (policy_arn, version),
    constraint fk_policy_versions_policy foreign key (policy_arn) references policies (arn)
);

-- The policies that come with the program are not rows, so an attachment refers to an ARN and not to a row.
create table policy_attachments (
    principal_id sorted_text not null,    -- id of a user, group or role
    policy_arn   sorted_text not null,
    account_id   sorted_text not null,    -- whose principal it is
    constraint pk_policy_attachments primary key (principal_id, policy_arn),
    constraint fk_policy_attachments_account foreign key (account_id) references accounts (account_id)
);
create index ix_policy_attachments_policy on policy_attachments (account_id, policy_arn, principal_id);

create table iam_tags (
    resource_id sorted_text not null,     -- id of a user, role or policy, or ARN of an identity provider
    folded_key  sorted_text not null,     -- the key in lower case: keys that differ only by case are one
    key         text not null,            -- as it was sent
    value       text not null,
    constraint pk_iam_tags primary key (resource_id, folded_key)
);

create table open_id_connect_providers (
    arn          sorted_text not null,
    account_id   sorted_text not null,
    url          text not null,           -- the issuer without its scheme
    client_ids   text not null,           -- audiences that are accepted, as a JSON list
    thumbprints  text not null,           -- certificates that are accepted, as a JSON list; kept, not used
    created_at   bigint not null,
    constraint pk_open_id_connect_providers primary key (arn),
    constraint fk_open_id_connect_providers_account foreign key (account_id) references accounts (account_id)
);
create index ix_open_id_connect_providers_account on open_id_connect_providers (account_id, arn);

create table account_aliases (
    account_id  sorted_text not null,     -- an account has one alias at most
    alias       sorted_text not null,
    constraint pk_account_aliases primary key (account_id),
    constraint uq_account_aliases_alias unique (alias),
    constraint fk_account_aliases_account foreign key (account_id) references accounts (account_id)
);
