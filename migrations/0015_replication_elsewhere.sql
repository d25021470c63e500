-- Replication to registries of other installations, and backfills: what was there before a rule was.

create table replication_targets (
    owner_account_id  sorted_text not null,  -- whose registries may replicate there
    account_id        sorted_text not null,  -- with the region, how replication configurations name it
    region            sorted_text not null,
    host              text not null,         -- and port, if it is not the usual one
    plain             bigint not null,       -- 1: it speaks plain HTTP
    repository_prefix text not null,         -- goes before the names of repositories there; empty: nothing does
    credential_arn    sorted_text,           -- the secret that opens it, as pull-through cache rules name them
    updated_at        bigint not null,
    constraint pk_replication_targets primary key (owner_account_id, account_id, region),
    constraint fk_replication_targets_account foreign key (owner_account_id) references accounts (account_id)
);

create table replication_uploads (
    repository_id sorted_text not null,      -- of the blob that is on its way
    account_id    sorted_text not null,      -- where to
    region        sorted_text not null,
    digest        sorted_text not null,
    location      text not null,             -- where its upload goes on
    began_at      bigint not null,
    constraint pk_replication_uploads primary key (repository_id, account_id, region, digest)
);

create table replication_backfills (
    backfill_id            sorted_text not null,
    account_id             sorted_text not null,  -- the registry whose images are replicated
    region                 sorted_text not null,
    destination_account_id sorted_text not null,
    destination_region     sorted_text not null,
    status                 text not null,         -- PREPARING, IN_PROGRESS, STOPPING; at the end COMPLETE, FAILED or STOPPED
    failure_code           text,
    prepared               sorted_text not null,  -- the repository up to whose name images were collected
    total                  bigint not null,
    completed              bigint not null,
    failed                 bigint not null,
    failure_codes          text not null,         -- JSON list: those of images
    started_at             bigint not null,
    ended_at               bigint,
    constraint pk_replication_backfills primary key (backfill_id),
    constraint ck_replication_backfills_status
        check (status in ('PREPARING', 'IN_PROGRESS', 'STOPPING', 'COMPLETE', 'FAILED', 'STOPPED'))
);
create unique index uq_replication_backfills_open on replication_backfills (account_id, region, destination_region)
    where status in ('PREPARING', 'IN_PROGRESS', 'STOPPING');
create index ix_replication_backfills_registry on replication_backfills (account_id, region, started_at, backfill_id);
create index ix_replication_backfills_ended on replication_backfills (ended_at) where ended_at is not null;

create table replication_backfill_items (
    backfill_id     sorted_text not null,
    repository_name sorted_text not null,
    digest          sorted_text not null,
    tag             sorted_text not null,   -- empty: an image without a tag
    repository_id   sorted_text not null,
    status          text not null,          -- WAITING, QUEUED; at the end COMPLETE or FAILED
    failure_code    text,
    constraint pk_replication_backfill_items primary key (backfill_id, repository_name, digest, tag),
    constraint ck_replication_backfill_items_status check (status in ('WAITING', 'QUEUED', 'COMPLETE', 'FAILED'))
);
create index ix_replication_backfill_items_status
    on replication_backfill_items (backfill_id, status, repository_name, digest, tag);

-- Each destination is worked on by itself: one that is down keeps no other.
create index ix_replications_destination on replications (repository_id, account_id, region, updated_at)
    where status in ('IN_PROGRESS', 'DELETING');
