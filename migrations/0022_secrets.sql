-- Secrets Manager and the parameter store of Systems Manager. Values are sealed with a key that is not in the database.

create table secrets (
    secret_id   sorted_text not null,      -- sorts by the time it was made
    account_id  sorted_text not null,
    region      sorted_text not null,
    name        sorted_text not null,      -- taken until the row is gone
    arn_suffix  text not null,             -- the six characters behind the name in its ARN
    description text,
    tags        text not null,             -- a JSON object
    created_at  bigint not null,
    changed_at  bigint not null,
    accessed_at bigint,                    -- the day on which its value was read last
    deletes_at  bigint,                    -- when it goes for good; null: it stays
    constraint pk_secrets primary key (secret_id),
    constraint uq_secrets_name unique (account_id, region, name),
    constraint fk_secrets_account foreign key (account_id) references accounts (account_id)
);
create index ix_secrets_registry on secrets (account_id, region, secret_id);
create index ix_secrets_deletes on secrets (deletes_at) where deletes_at is not null;

create table secret_versions (
    secret_id    sorted_text not null,
    version_id   sorted_text not null,     -- also the token that makes PutSecretValue safe to repeat
    is_text      bigint not null,          -- 1: SecretString, 0: SecretBinary
    sealed_value blob not null,
    created_at   bigint not null,
    constraint pk_secret_versions primary key (secret_id, version_id),
    constraint fk_secret_versions_secret foreign key (secret_id) references secrets (secret_id)
);

create table secret_stages (
    secret_id  sorted_text not null,
    stage      sorted_text not null,       -- AWSCURRENT, AWSPREVIOUS or one of a client's own
    version_id sorted_text not null,
    constraint pk_secret_stages primary key (secret_id, stage),
    constraint fk_secret_stages_version foreign key (secret_id, version_id)
        references secret_versions (secret_id, version_id)
);
create index ix_secret_stages_version on secret_stages (secret_id, version_id);

create table parameters (
    parameter_id sorted_text not null,
    account_id   sorted_text not null,
    region       sorted_text not null,
    name         sorted_text not null,
    version      bigint not null,          -- the newest
    tags         text not null,            -- a JSON object
    constraint pk_parameters primary key (parameter_id),
    constraint uq_parameters_name unique (account_id, region, name),
    constraint fk_parameters_account foreign key (account_id) references accounts (account_id)
);

create table parameter_versions (
    parameter_id sorted_text not null,
    version      bigint not null,
    kind         text not null,            -- String, StringList or SecureString
    sealed_value blob not null,
    document     text not null,            -- description, tier, pattern and who made it: JSON
    modified_at  bigint not null,
    constraint pk_parameter_versions primary key (parameter_id, version),
    constraint fk_parameter_versions_parameter foreign key (parameter_id) references parameters (parameter_id)
);

-- What opens other registries is a secret like others now.
drop table upstream_credentials;
