//! Metrics: storing what was measured, reading it as statistics over periods, and forgetting it after some days. The
//! container runner calls [`put`] and [`read`] in this process.

use std::collections::BTreeMap;
use std::time::Duration;

use app::{App, Error as Rule};
use serde::{Deserialize, Serialize};
use store::metric_points::{self, MetricPointRow};
use store::metric_series::{self, Key, MetricSeriesRow};
use store::{Conn, Pending};
use types::{RegistryId, Timestamp};
use uuid::Uuid;

use crate::period::{self, MINUTE, begin};
pub use crate::period::{Statistic, Statistics};

/// The job that forgets, and how often it does.
pub const EXPIRE_EVERY: Duration = Duration::from_secs(3600);

/// How old the note of when a series was seen may be.
const SEEN_WITHIN: Duration = Duration::from_secs(600);
/// Series of one transaction that deletes.
const BATCH: usize = 100;
/// Points of one statement that reads.
const PAGE: usize = 5_000;

/// What is measured.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Metric {
    /// Such as `AWS/ECS`.
    pub namespace: String,
    /// Such as `CPUUtilization`.
    pub name: String,
    /// Of what: names and values, by name. Another set of names is another metric.
    pub dimensions: BTreeMap<String, String>,
}

/// A measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct Datum {
    /// Of what.
    pub metric: Metric,
    /// Such as `Percent`; `None` if there is none.
    pub unit: String,
    /// When. The minute counts.
    pub at: Timestamp,
    /// What was measured.
    pub statistics: Statistics,
}

impl Metric {
    fn key(&self, unit: &str) -> Key {
        Key {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            dimensions: self.dimensions_text(),
            unit: unit.to_owned(),
        }
    }

    pub(crate) fn dimensions_text(&self) -> String {
        let pairs: Vec<(&String, &String)> = self.dimensions.iter().collect();
        serde_json::json!(pairs).to_string()
    }

    pub(crate) fn of(key: Key) -> Self {
        let pairs: Vec<(String, String)> = serde_json::from_str(&key.dimensions).unwrap_or_default();
        Self { namespace: key.namespace, name: key.name, dimensions: pairs.into_iter().collect() }
    }
}

/// Stores measurements of an account and region in the transaction of a caller. Samples of one minute are added up, so a
/// transaction that is run again counts twice.
pub async fn put(conn: &mut Conn, registry: &RegistryId, data: &[Datum], now: Timestamp) -> store::Result<()> {
    // Each series once, in one order: two transactions that change the same rows in two orders would wait for each other.
    let mut series: BTreeMap<Key, BTreeMap<Timestamp, Statistics>> = BTreeMap::new();
    for datum in data {
        let minute = begin(datum.at, Duration::from_secs(MINUTE));
        let minutes = series.entry(datum.metric.key(&datum.unit)).or_default();
        minutes.entry(minute).and_modify(|known| *known = known.and(datum.statistics)).or_insert(datum.statistics);
    }
    for (key, minutes) in series {
        let series_id = id(conn, registry, key, now).await?;
        for (minute_at, Statistics { sample_count, sum, minimum, maximum }) in minutes {
            let point = MetricPointRow { minute_at, sample_count, sum, minimum, maximum };
            metric_points::upsert(conn, &series_id, &point).await?;
        }
    }
    Ok(())
}

async fn id(conn: &mut Conn, registry: &RegistryId, key: Key, now: Timestamp) -> store::Result<String> {
    loop {
        if let Some(found) = metric_series::find(conn, registry, &key).await? {
            if found.seen_at < now.before(SEEN_WITHIN) {
                metric_series::update_seen(conn, &found.series_id, now).await?;
            }
            return Ok(found.series_id);
        }
        let series_id = Uuid::now_v7().simple().to_string();
        let row = MetricSeriesRow { series_id: series_id.clone(), key: key.clone(), seen_at: now };
        if metric_series::insert(conn, registry, &row).await? {
            return Ok(series_id);
        }
    }
}

/// [`put`] in a transaction of its own.
pub async fn put_all(app: &App, registry: &RegistryId, data: Vec<Datum>) -> app::Result<()> {
    let (registry, now) = (registry.clone(), app.now());
    app.db()
        .write(move |conn| {
            Box::pin(async move { Ok(put(conn, &registry, &data, now).await?) }) as Pending<'_, (), Rule>
        })
        .await
}

/// What is asked of a metric.
#[derive(Debug, Clone)]
pub struct Query<'a> {
    /// Which.
    pub metric: &'a Metric,
    /// In which unit; none: the one that came last.
    pub unit: Option<&'a str>,
    /// From when on, and before when.
    pub times: (Timestamp, Timestamp),
    /// How long a period is: whole minutes. Periods begin at multiples of it since the beginning of `times`.
    pub period: Duration,
}

/// What was measured in each period in which something was.
pub async fn read(
    conn: &mut Conn,
    registry: &RegistryId,
    query: &Query<'_>,
) -> store::Result<BTreeMap<Timestamp, Statistics>> {
    Ok(read_counting(conn, registry, query).await?.0)
}

/// [`read`], with how many minutes were read for it.
pub(crate) async fn read_counting(
    conn: &mut Conn,
    registry: &RegistryId,
    query: &Query<'_>,
) -> store::Result<(BTreeMap<Timestamp, Statistics>, usize)> {
    let Some(series) = series(conn, registry, query.metric, query.unit).await? else {
        return Ok((BTreeMap::new(), 0));
    };
    let (mut from, to) = query.times;
    let mut periods: BTreeMap<Timestamp, Statistics> = BTreeMap::new();
    let mut count = 0;
    loop {
        let minutes = metric_points::list(conn, &series.series_id, (from, to), PAGE).await?;
        count += minutes.len();
        for (at, statistics) in period::put_together(&minutes, query.times.0, query.period) {
            periods.entry(at).and_modify(|known| *known = known.and(statistics)).or_insert(statistics);
        }
        match minutes.last() {
            Some(last) if minutes.len() == PAGE => from = last.minute_at.after(Duration::from_secs(MINUTE)),
            _ => return Ok((periods, count)),
        }
    }
}

/// The series of a metric in a unit, or the one that was seen last.
async fn series(
    conn: &mut Conn,
    registry: &RegistryId,
    metric: &Metric,
    unit: Option<&str>,
) -> store::Result<Option<MetricSeriesRow>> {
    if let Some(unit) = unit {
        return metric_series::find(conn, registry, &metric.key(unit)).await;
    }
    let name = (metric.namespace.as_str(), metric.name.as_str(), &*metric.dimensions_text());
    let found = metric_series::list_units(conn, registry, name).await?;
    Ok(found.into_iter().max_by_key(|series| series.seen_at))
}

/// The units that a metric has come in.
pub(crate) async fn units(conn: &mut Conn, registry: &RegistryId, metric: &Metric) -> store::Result<Vec<String>> {
    let name = (metric.namespace.as_str(), metric.name.as_str(), &*metric.dimensions_text());
    let found = metric_series::list_units(conn, registry, name).await?;
    Ok(found.into_iter().map(|series| series.key.unit).collect())
}

/// Forgets points that are older than they are kept, and series that have none any more.
pub async fn expire(app: &App) -> app::Result<()> {
    let before = app.now().before(app.config().metric_retention);
    let mut after = String::new();
    loop {
        let mut conn = app.db().reader().await?;
        let ids = metric_series::list_ids(&mut conn, &after, BATCH).await?;
        drop(conn);
        let Some(last) = ids.last() else {
            break;
        };
        after.clone_from(last);
        app.db()
            .write_in_background(move |conn| {
                Box::pin(async move { Ok(metric_points::delete_before(conn, &ids, before).await?) })
                    as Pending<'_, u64, Rule>
            })
            .await?;
    }
    // A series may have been seen a little later than is noted.
    let before = before.before(SEEN_WITHIN);
    loop {
        let deleted = app
            .db()
            .write_in_background(move |conn| {
                Box::pin(async move {
                    let ids = metric_series::list_unseen(conn, before, BATCH).await?;
                    // Points of the future go with it.
                    metric_points::delete_before(conn, &ids, Timestamp::from_micros(i64::MAX)).await?;
                    Ok(metric_series::delete_unseen(conn, &ids, before).await?)
                }) as Pending<'_, u64, Rule>
            })
            .await?;
        if deleted == 0 {
            return Ok(());
        }
    }
}
