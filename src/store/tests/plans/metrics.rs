//! The part of the plans about logs, metrics and alarms: rows, and what requests and background work ask for.

use types::Timestamp;

use super::super::harness::{NOW, registry};
use super::TIME;
use crate::{Conn, Result, alarm_history, alarms, log_chunks, log_groups, log_streams, metric_points, metric_series};

pub(super) const ROWS: &str = "
    insert into log_groups (log_group_id, account_id, region, name, retention_days, tags, stored_bytes, created_at, deleted_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'lg' || cast(i as text), '000000000000', 'us-east-1', 'group-' || cast(i as text),
            case when i % 500 = 0 then 7 end, '{}', 0, 0, case when i % 1000 = 1 then i end from n;
    insert into log_streams (log_stream_id, log_group_id, name, next_sequence, recent_batches, last_event_at, created_at,
            deleted_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 130000)
        select 'ls' || cast(i as text), 'lg' || cast(100001 + case when i % 2 = 0 then i % 20 else i % 9000 end as text),
            'stream-' || cast(i as text), 1, '[]', i, 0,
            case when i % 1000 = 1 then i end from n;
    insert into log_chunks (chunk_id, log_stream_id, log_group_id, first_event_at, last_event_at, base_sequence, level,
            raw_bytes, created_at, body)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'lc' || cast(i as text), 'ls' || cast(100001 + case when i % 2 = 0 then i % 20 else i % 29000 end as text),
            'lg' || cast(100001 + case when i % 2 = 0 then i % 20 else i % 9000 end as text), i, i + 5,
            1, case when i % 200 = 0 then 0 else 1 end, 100, i, cast('x' as blob) from n;
    insert into metric_series (series_id, account_id, region, namespace, name, dimensions, unit, seen_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 130000)
        select 'ms' || cast(i as text), '000000000000', 'us-east-1', 'ns-' || cast(i % 20 as text), 'name-' || cast(i as text),
            '[]', 'None', i from n;
    insert into metric_points (series_id, minute_at, sample_count, sum, minimum, maximum)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'ms' || cast(100001 + case when i % 2 = 0 then i % 20 else i % 29000 end as text), i, 1, 1, 1, 1 from n;
    insert into alarms (account_id, region, name, document, tags, state, state_reason, state_updated_at, configured_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select '000000000000', 'us-east-1', 'alarm-' || cast(i as text), '{}', '{}', 'OK', '', 0, 0 from n;
    insert into alarm_history (history_id, account_id, region, alarm_name, recorded_at, kind, summary, data)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'ah' || cast(i as text), '000000000000', 'us-east-1',
            'alarm-' || cast(100001 + case when i % 2 = 0 then i % 20 else i % 19000 end as text), i,
            'StateUpdate', '', '{}' from n;
";

pub(super) async fn ask(conn: &mut Conn) -> Result<()> {
    let registry = registry();
    let time = TIME;
    log_groups::find(conn, &registry, "group-105000").await?;
    log_groups::lock(conn, &registry, "group-105000").await?;
    log_groups::list(conn, &registry, "group-105000", ("group-1", "group-2"), 50).await?;
    log_groups::update_retention(conn, &registry, "group-105000", Some(7)).await?;
    log_groups::update_stored(conn, "lg105000", -5).await?;
    log_groups::update_deleted(conn, &registry, "group-105002", NOW).await?;
    log_groups::list_deleted(conn, 10).await?;
    log_groups::list_with_retention(conn, "lg105000", 100).await?;
    log_groups::delete(conn, "never").await?;
    log_streams::find(conn, "lg100003", "stream-105002").await?;
    log_streams::lock(conn, "lg100003", "stream-105002").await?;
    log_streams::list(conn, "lg100003", "stream-105000", ("stream-1", "stream-2"), 50).await?;
    log_streams::list_descending(conn, "lg100003", "stream-105000", ("stream-1", "stream-2"), 50).await?;
    log_streams::list_by_time(conn, "lg100003", (time, "stream"), 50).await?;
    log_streams::list_by_time_descending(conn, "lg100003", (time, "stream"), 50).await?;
    log_streams::update_deleted(conn, "lg100003", "stream-105002", NOW).await?;
    log_streams::list_deleted(conn, 1).await?;
    log_streams::delete(conn, "never").await?;
    let at = Timestamp::from_micros;
    let range = log_chunks::Range { least: at(100_500), from: at(101_000), to: at(159_000), most: at(160_000) };
    log_chunks::list_of_stream(conn, "ls100003", range, 10).await?;
    log_chunks::list_of_stream_descending(conn, "ls100003", range, 10).await?;
    log_chunks::list_of_group(conn, "lg100003", range, 10).await?;
    log_chunks::list_of_group_descending(conn, "lg100003", range, 10).await?;
    log_chunks::list_bodies(conn, &["lc100001", "lc100002"]).await?;
    log_chunks::find_fresh(conn, time).await?;
    log_chunks::list_loose(conn, "ls100003", (range.from, range.to), 1000, 10).await?;
    log_chunks::update_settled(conn, &["lc100001", "lc100002"]).await?;
    log_chunks::delete(conn, &["lc100001", "lc100002"]).await?;
    log_chunks::delete_before(conn, "lg100003", at(100_100), 100).await?;
    log_chunks::delete_of_stream(conn, "ls100003", 10).await?;
    log_streams::delete_some(conn, "lg105000", 10).await?;
    let key = metric_series::Key {
        namespace: "ns-2".to_owned(),
        name: "name-105002".to_owned(),
        dimensions: "[]".to_owned(),
        unit: "None".to_owned(),
    };
    let series = metric_series::find(conn, &registry, &key).await?.expect("a series");
    metric_series::insert(conn, &registry, &series).await?;
    metric_series::list_units(conn, &registry, ("ns-2", "name-105002", "[]")).await?;
    metric_series::update_seen(conn, "ms105002", at(105_002)).await?;
    metric_series::list(conn, &registry, &key, ("ns-2", "name-2"), 100).await?;
    metric_series::list_ids(conn, "ms105000", 100).await?;
    metric_series::list_unseen(conn, time, 100).await?;
    metric_series::delete_unseen(conn, &["never".to_owned()], time).await?;
    let point = metric_points::MetricPointRow {
        minute_at: at(100_500),
        sample_count: 1.0,
        sum: 1.0,
        minimum: 1.0,
        maximum: 1.0,
    };
    metric_points::upsert(conn, "ms100003", &point).await?;
    metric_points::list(conn, "ms100003", (at(100_500), at(160_000)), 10).await?;
    metric_points::delete_before(conn, &["ms100003".to_owned()], at(100_100)).await?;
    let names = ["alarm-105000".to_owned(), "alarm-105001".to_owned()];
    alarms::find_all(conn, &registry, &names).await?;
    let alarm = alarms::lock(conn, &registry, "alarm-105000").await?.expect("an alarm");
    alarms::upsert(conn, &alarm).await?;
    alarms::list(conn, &registry, "alarm-105000", ("alarm-1", "alarm-2"), 100).await?;
    alarms::list_all(conn, ("000000000000", "us-east-1", "alarm-105000"), 100).await?;
    alarms::update_state(conn, &registry, "alarm-105000", &alarm.state).await?;
    alarms::update(conn, &registry, "alarm-105000", "{}", "{}").await?;
    alarms::delete(conn, &registry, "never").await?;
    alarm_history::list(conn, &registry, "ah105000", 100).await?;
    alarm_history::list_of_alarm(conn, &registry, "alarm-100003", "ah105000", 100).await?;
    alarm_history::delete_before(conn, time, 100).await?;
    Ok(())
}
