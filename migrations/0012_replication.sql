-- Images that are replicated to other registries, written in the transaction that pushed or deleted them.
create table replications (
    repository_id  sorted_text not null,   -- of the image that was pushed
    digest         sorted_text not null,
    account_id     sorted_text not null,   -- where to
    region         sorted_text not null,
    status         text not null,          -- IN_PROGRESS, COMPLETE, FAILED; DELETING once the image itself is gone
    failure_code   text,
    requested      bigint not null,        -- counts the pushes that asked for it
    updated_at     bigint not null,
    constraint pk_replications primary key (repository_id, digest, account_id, region),
    constraint ck_replications_status check (status in ('IN_PROGRESS', 'COMPLETE', 'FAILED', 'DELETING'))
);
create index ix_replications_open on replications (repository_id, updated_at)
    where status in ('IN_PROGRESS', 'DELETING');
