-- CloudWatch Logs: groups, their streams, and events in compressed chunks. CloudWatch: metrics, their points, alarms. Names
-- sort by bytes.

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

create table metric_series (
    series_id   sorted_text not null,
    account_id  sorted_text not null,
    region      sorted_text not null,
    namespace   sorted_text not null,
    name        sorted_text not null,
    dimensions  sorted_text not null,       -- JSON list of [name, value], by name
    unit        sorted_text not null,       -- each unit is a series of its own
    seen_at     bigint not null,            -- when a point of it came last, to some minutes
    constraint pk_metric_series primary key (series_id),
    constraint fk_metric_series_account foreign key (account_id) references accounts (account_id),
    constraint uq_metric_series_name unique (account_id, region, namespace, name, dimensions, unit)
);
create index ix_metric_series_seen on metric_series (seen_at);

-- What was measured within a minute.
create table metric_points (
    series_id     sorted_text not null,
    minute_at     bigint not null,          -- its beginning
    sample_count  double precision not null,
    sum           double precision not null,
    minimum       double precision not null,
    maximum       double precision not null,
    constraint pk_metric_points primary key (series_id, minute_at),
    constraint fk_metric_points_series foreign key (series_id) references metric_series (series_id)
);

create table alarms (
    account_id        sorted_text not null,
    region            sorted_text not null,
    name              sorted_text not null,
    document          text not null,        -- JSON, as PutMetricAlarm had it
    tags              text not null,        -- JSON object
    state             text not null,
    state_reason      text not null,
    state_reason_data text,
    state_updated_at  bigint not null,
    configured_at     bigint not null,
    constraint pk_alarms primary key (account_id, region, name),
    constraint fk_alarms_account foreign key (account_id) references accounts (account_id),
    constraint ck_alarms_state check (state in ('OK', 'ALARM', 'INSUFFICIENT_DATA'))
);

create table alarm_history (
    history_id   sorted_text not null,      -- begins with its time
    account_id   sorted_text not null,
    region       sorted_text not null,
    alarm_name   sorted_text not null,      -- of an alarm that may be gone
    recorded_at  bigint not null,
    kind         text not null,             -- ConfigurationUpdate, StateUpdate or Action
    summary      text not null,
    data         text not null,             -- JSON
    constraint pk_alarm_history primary key (history_id)
);
create index ix_alarm_history_registry on alarm_history (account_id, region, history_id);
create index ix_alarm_history_alarm on alarm_history (account_id, region, alarm_name, history_id);
create index ix_alarm_history_recorded on alarm_history (recorded_at);
