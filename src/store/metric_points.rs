//! Table `metric_points`: what was measured in each minute.

use types::Timestamp;

use crate::value::list as text_list;
use crate::{Conn, Result};

/// What was measured in a minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MetricPointRow {
    /// Its beginning.
    pub minute_at: Timestamp,
    /// How many samples.
    pub sample_count: f64,
    /// All of them added.
    pub sum: f64,
    /// The least.
    pub minimum: f64,
    /// The greatest.
    pub maximum: f64,
}

/// Adds to a minute.
pub async fn upsert(conn: &mut Conn, series_id: &str, point: &MetricPointRow) -> Result<()> {
    conn.execute(
        "insert into metric_points (series_id, minute_at, sample_count, sum, minimum, maximum)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (series_id, minute_at) do update
         set sample_count = metric_points.sample_count + excluded.sample_count,
             sum = metric_points.sum + excluded.sum,
             minimum = case when excluded.minimum < metric_points.minimum then excluded.minimum
                 else metric_points.minimum end,
             maximum = case when excluded.maximum > metric_points.maximum then excluded.maximum
                 else metric_points.maximum end",
        [
            series_id.into(),
            point.minute_at.into(),
            point.sample_count.into(),
            point.sum.into(),
            point.minimum.into(),
            point.maximum.into(),
        ],
    )
    .await?;
    Ok(())
}

/// The points of a series from `from` on and before `to`, by time, at most `limit`.
pub async fn list(
    conn: &mut Conn,
    series_id: &str,
    (from, to): (Timestamp, Timestamp),
    limit: usize,
) -> Result<Vec<MetricPointRow>> {
    // pk_metric_points
    conn.all(
        "select minute_at, sample_count, sum, minimum, maximum
         from metric_points
         where series_id = $1 and minute_at >= $2 and minute_at < $3
         order by minute_at
         limit $4",
        [series_id.into(), from.into(), to.into(), limit.into()],
        |row| {
            Ok(MetricPointRow {
                minute_at: row.time(0)?,
                sample_count: row.real(1)?,
                sum: row.real(2)?,
                minimum: row.real(3)?,
                maximum: row.real(4)?,
            })
        },
    )
    .await
}

/// Deletes the points of these series before `before`.
pub async fn delete_before(conn: &mut Conn, series_ids: &[String], before: Timestamp) -> Result<u64> {
    // pk_metric_points
    conn.execute(
        "delete from metric_points
         where series_id in (select value from json_each($1)) and minute_at < $2",
        [text_list(series_ids.iter().map(String::as_str)), before.into()],
    )
    .await
}
