-- CloudWatch Logs: groups, their streams, and events in compressed chunks. Names sort by bytes.

create table log_groups (
    log_group_id   sorted_text not null,
    account_id     sorted_text not null,
    region         sorted_text not null,
    name           sorted_text not null,
    retention_days bigint,                  -- events that are older are dropped; null: none are
    tags           text not null,           -- JSON object
    stored_bytes   bigint not null,         -- of the chunks that background work has put together
    created_at     bigint not null,
    deleted_at     bigint,                  -- out of sight since then, until its rows are gone
    constraint pk_log_groups primary key (log_group_id),
    constraint fk_log_groups_account foreign key (account_id) references accounts (account_id)
);
create unique index uq_log_groups_name on log_groups (account_id, region, name) where deleted_at is null;
create index ix_log_groups_retention on log_groups (log_group_id) where retention_days is not null;
create index ix_log_groups_deleted on log_groups (deleted_at) where deleted_at is not null;

create table log_streams (
    log_stream_id    sorted_text not null,
    log_group_id     sorted_text not null,
    name             sorted_text not null,
    next_sequence    bigint not null,       -- of the next event: together with its time, its place in the stream
    recent_batches   text not null,         -- JSON list of what names the last batches, so that one sent again is known
    first_event_at   bigint,                -- the earliest that was ever stored
    last_event_at    bigint not null,       -- the latest; 0: there was none
    last_ingested_at bigint,
    created_at       bigint not null,
    deleted_at       bigint,
    constraint pk_log_streams primary key (log_stream_id),
    constraint fk_log_streams_group foreign key (log_group_id) references log_groups (log_group_id)
);
create unique index uq_log_streams_name on log_streams (log_group_id, name) where deleted_at is null;
create index ix_log_streams_time on log_streams (log_group_id, last_event_at, name);
create index ix_log_streams_deleted on log_streams (deleted_at) where deleted_at is not null;

-- A chunk never crosses a full hour: who looks for a time need not look further back than the hour that it is in.
create table log_chunks (
    chunk_id        sorted_text not null,
    log_stream_id   sorted_text not null,
    log_group_id    sorted_text not null,
    first_event_at  bigint not null,
    last_event_at   bigint not null,
    base_sequence   bigint not null,        -- added to the numbers of its events: they are packed before they are known
    level           bigint not null,        -- 0: as it came; 1: put together, or large by itself
    raw_bytes       bigint not null,        -- unpacked
    created_at      bigint not null,
    body            blob not null,          -- its events, by time, packed
    constraint pk_log_chunks primary key (chunk_id),
    constraint fk_log_chunks_stream foreign key (log_stream_id) references log_streams (log_stream_id),
    constraint ck_log_chunks_level check (level in (0, 1))
);
create index ix_log_chunks_stream_first on log_chunks (log_stream_id, first_event_at, last_event_at, chunk_id);
create index ix_log_chunks_stream_last on log_chunks (log_stream_id, last_event_at, first_event_at, chunk_id);
create index ix_log_chunks_group_first
    on log_chunks (log_group_id, first_event_at, last_event_at, chunk_id, log_stream_id);
create index ix_log_chunks_group_last
    on log_chunks (log_group_id, last_event_at, first_event_at, chunk_id, log_stream_id);
create index ix_log_chunks_fresh on log_chunks (created_at) where level = 0;
