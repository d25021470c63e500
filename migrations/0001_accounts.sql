-- Who may do what: accounts, users, roles, groups, their keys and their policies.

create table accounts (
    account_id  sorted_text not null,  -- twelve digits
    created_at  bigint not null,
    constraint pk_accounts primary key (account_id)
);

create table users (
    user_id     sorted_text not null,  -- AIDA…, never used twice
    account_id  sorted_text not null,
    name        sorted_text not null,
    path        text not null,         -- begins and ends with a slash
    created_at  bigint not null,
    constraint pk_users primary key (user_id),
    constraint uq_users_name unique (account_id, name),
    constraint fk_users_account foreign key (account_id) references accounts (account_id)
);

create table roles (
    role_id      sorted_text not null, -- AROA…
    account_id   sorted_text not null,
    name         sorted_text not null,
    path         text not null,
    trust_policy text not null,        -- who may assume it
    created_at   bigint not null,
    constraint pk_roles primary key (role_id),
    constraint uq_roles_name unique (account_id, name),
    constraint fk_roles_account foreign key (account_id) references accounts (account_id)
);

create table groups (
    group_id    sorted_text not null,  -- AGPA…
    account_id  sorted_text not null,
    name        sorted_text not null,
    path        text not null,
    created_at  bigint not null,
    constraint pk_groups primary key (group_id),
    constraint uq_groups_name unique (account_id, name),
    constraint fk_groups_account foreign key (account_id) references accounts (account_id)
);

create table group_members (
    group_id    sorted_text not null,
    user_id     sorted_text not null,
    constraint pk_group_members primary key (group_id, user_id),
    constraint fk_group_members_group foreign key (group_id) references groups (group_id),
    constraint fk_group_members_user foreign key (user_id) references users (user_id)
);
create index ix_group_members_user on group_members (user_id);

create table access_keys (
    access_key_id sorted_text not null,
    account_id    sorted_text not null,
    user_id       sorted_text,         -- null: the root of the account
    sealed_secret blob not null,       -- the secret access key, sealed with a key that is not in the database
    status        text not null,       -- Active or Inactive, as IAM spells them
    created_at    bigint not null,
    constraint pk_access_keys primary key (access_key_id),
    constraint ck_access_keys_status check (status in ('Active', 'Inactive')),
    constraint fk_access_keys_account foreign key (account_id) references accounts (account_id),
    constraint fk_access_keys_user foreign key (user_id) references users (user_id)
);
create index ix_access_keys_user on access_keys (user_id);
create index ix_access_keys_account on access_keys (account_id);

-- Managed policies.
create table policies (
    arn         sorted_text not null,
    account_id  sorted_text not null,
    name        sorted_text not null,
    document    text not null,         -- as it was sent
    created_at  bigint not null,
    updated_at  bigint not null,
    constraint pk_policies primary key (arn),
    constraint uq_policies_name unique (account_id, name),
    constraint fk_policies_account foreign key (account_id) references accounts (account_id)
);

create table policy_attachments (
    policy_arn   sorted_text not null,
    principal_id sorted_text not null, -- id of a user, group or role
    constraint pk_policy_attachments primary key (principal_id, policy_arn),
    constraint fk_policy_attachments_policy foreign key (policy_arn) references policies (arn)
);
create index ix_policy_attachments_policy on policy_attachments (policy_arn);

create table inline_policies (
    principal_id sorted_text not null, -- id of a user, group or role
    name         sorted_text not null,
    document     text not null,
    constraint pk_inline_policies primary key (principal_id, name)
);

-- Keys that sign registry tokens. The newest that is not retired signs; all that are listed verify.
create table signing_keys (
    kid         sorted_text not null,
    sealed_key  blob not null,         -- the private key (PKCS #8), sealed like the secrets above
    public_key  blob not null,
    created_at  bigint not null,
    retired_at  bigint,                -- since then it only verifies
    constraint pk_signing_keys primary key (kid)
);

-- A counter a subject: every process sees from it that its copy in memory is out of date.
create table stamps (
    name        sorted_text not null,
    version     bigint not null,
    constraint pk_stamps primary key (name)
);
insert into stamps (name, version) values ('authorization', 1);

-- Who does a piece of background work at the moment.
create table leases (
    name        sorted_text not null,
    owner       text not null,
    until       bigint not null,
    constraint pk_leases primary key (name)
);
