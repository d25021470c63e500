//! Table `metric_series`: what is measured, by namespace, name, dimensions and unit.

use types::{RegistryId, Timestamp};

use crate::row::Row;
use crate::value::list as text_list;
use crate::{Conn, Result};

/// What names a series in its account and region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Such as `AWS/ECS`.
    pub namespace: String,
    /// Such as `CPUUtilization`.
    pub name: String,
    /// A JSON list of pairs.
    pub dimensions: String,
    /// Such as `Percent`, or `None`.
    pub unit: String,
}

/// A series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricSeriesRow {
    /// Names it for good.
    pub series_id: String,
    /// What it is of.
    pub key: Key,
    /// When a point of it came last, to some minutes.
    pub seen_at: Timestamp,
}

fn read(row: &Row) -> Result<MetricSeriesRow> {
    Ok(MetricSeriesRow {
        series_id: row.text(0)?,
        key: Key { namespace: row.text(1)?, name: row.text(2)?, dimensions: row.text(3)?, unit: row.text(4)? },
        seen_at: row.time(5)?,
    })
}

/// A series by what names it.
pub async fn find(conn: &mut Conn, registry: &RegistryId, key: &Key) -> Result<Option<MetricSeriesRow>> {
    // uq_metric_series_name
    conn.optional(
        "select series_id, namespace, name, dimensions, unit, seen_at
         from metric_series
         where account_id = $1 and region = $2 and namespace = $3 and name = $4 and dimensions = $5 and unit = $6",
        [
            (&registry.account).into(),
            (&registry.region).into(),
            (&key.namespace).into(),
            (&key.name).into(),
            (&key.dimensions).into(),
            (&key.unit).into(),
        ],
        read,
    )
    .await
}

/// The series of one metric: one for each unit.
pub async fn list_units(
    conn: &mut Conn,
    registry: &RegistryId,
    (namespace, name, dimensions): (&str, &str, &str),
) -> Result<Vec<MetricSeriesRow>> {
    // uq_metric_series_name
    conn.all(
        "select series_id, namespace, name, dimensions, unit, seen_at
         from metric_series
         where account_id = $1 and region = $2 and namespace = $3 and name = $4 and dimensions = $5
         order by unit",
        [(&registry.account).into(), (&registry.region).into(), namespace.into(), name.into(), dimensions.into()],
        read,
    )
    .await
}

/// Adds a series. False if it is there already.
pub async fn insert(conn: &mut Conn, registry: &RegistryId, row: &MetricSeriesRow) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into metric_series (series_id, account_id, region, namespace, name, dimensions, unit, seen_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict do nothing",
            [
                (&row.series_id).into(),
                (&registry.account).into(),
                (&registry.region).into(),
                (&row.key.namespace).into(),
                (&row.key.name).into(),
                (&row.key.dimensions).into(),
                (&row.key.unit).into(),
                row.seen_at.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Notes that a point came.
pub async fn update_seen(conn: &mut Conn, series_id: &str, now: Timestamp) -> Result<()> {
    conn.execute("update metric_series set seen_at = $2 where series_id = $1", [series_id.into(), now.into()]).await?;
    Ok(())
}

/// Series behind `after` whose namespaces and names are up to and with `last`, in the order of what names them, at most
/// `limit`.
pub async fn list(
    conn: &mut Conn,
    registry: &RegistryId,
    after: &Key,
    last: (&str, &str),
    limit: usize,
) -> Result<Vec<MetricSeriesRow>> {
    // uq_metric_series_name
    conn.all(
        "select series_id, namespace, name, dimensions, unit, seen_at
         from metric_series
         where account_id = $1 and region = $2 and (namespace, name, dimensions, unit) > ($3, $4, $5, $6)
             and (namespace, name) <= ($7, $8)
         order by namespace, name, dimensions, unit
         limit $9",
        [
            (&registry.account).into(),
            (&registry.region).into(),
            (&after.namespace).into(),
            (&after.name).into(),
            (&after.dimensions).into(),
            (&after.unit).into(),
            last.0.into(),
            last.1.into(),
            limit.into(),
        ],
        read,
    )
    .await
}

/// Ids of series after `after`, at most `limit`.
pub async fn list_ids(conn: &mut Conn, after: &str, limit: usize) -> Result<Vec<String>> {
    // pk_metric_series
    conn.all(
        "select series_id
         from metric_series
         where series_id > $1
         order by series_id
         limit $2",
        [after.into(), limit.into()],
        |row| row.text(0),
    )
    .await
}

/// Ids of series of which no point came since `before`, at most `limit`.
pub async fn list_unseen(conn: &mut Conn, before: Timestamp, limit: usize) -> Result<Vec<String>> {
    // ix_metric_series_seen
    conn.all(
        "select series_id
         from metric_series
         where seen_at < $1
         order by seen_at
         limit $2",
        [before.into(), limit.into()],
        |row| row.text(0),
    )
    .await
}

/// Deletes those of these series of which no point came since `before`.
pub async fn delete_unseen(conn: &mut Conn, series_ids: &[String], before: Timestamp) -> Result<u64> {
    // pk_metric_series
    conn.execute(
        "delete from metric_series
         where series_id in (select value from json_each($1)) and seen_at < $2",
        [text_list(series_ids.iter().map(String::as_str)), before.into()],
    )
    .await
}
