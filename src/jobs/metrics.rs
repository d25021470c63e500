//! What operators see of the jobs: how many are due, how long the oldest has waited, how many fail, how many were done.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use app::{App, Result};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use store::jobs::{self, Depth};
use types::Timestamp;

use crate::KINDS;

/// How often the rows are counted.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// More are not counted.
const MOST: usize = 10_000;

/// The last look at the jobs. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct JobMetrics(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    depths: BTreeMap<&'static str, Depth>,
    at: Option<Timestamp>,
    /// Attempts of this process that came to an end, by kind.
    ended: BTreeMap<&'static str, u64>,
}

impl JobMetrics {
    /// Attempts came to an end, well or not.
    pub(crate) fn ended(&self, kind: &'static str, attempts: u64) {
        *self.lock().ended.entry(kind).or_default() += attempts;
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts the jobs every so often, until the task is dropped.
pub(crate) async fn watch(app: Arc<App>, metrics: JobMetrics) {
    loop {
        match look(&app).await {
            Ok((depths, at)) => {
                let mut seen = metrics.lock();
                (seen.depths, seen.at) = (depths, Some(at));
            }
            Err(error) => tracing::warn!(%error, "jobs could not be counted"),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn look(app: &App) -> Result<(BTreeMap<&'static str, Depth>, Timestamp)> {
    let now = app.now();
    let mut conn = app.db().reader().await?;
    let mut depths = BTreeMap::new();
    for kind in KINDS {
        depths.insert(kind.name, jobs::depth(&mut conn, kind.name, now, MOST).await?);
    }
    Ok((depths, now))
}

impl Collector for JobMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let seen = self.lock();
        let age = |depth: &Depth| match (depth.overdue_since, seen.at) {
            (Some(since), Some(at)) => (at.micros() - since.micros()).max(0) as f64 / 1e6,
            _ => 0.0,
        };
        let mut gauge = |name, help, value: &dyn Fn(&Depth) -> f64| {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for (kind, depth) in &seen.depths {
                ConstGauge::new(value(depth)).encode(family.encode_family(&[("kind", *kind)])?)?;
            }
            Ok(())
        };
        gauge("jobs_due", "Background jobs that are due", &|depth| depth.due as f64)?;
        gauge("jobs_oldest_due_age_seconds", "How long the job has been due that is due longest", &age)?;
        gauge("jobs_failing", "Background jobs whose last attempt failed", &|depth| depth.failing as f64)?;
        let help = "Attempts at background jobs of this process that came to an end";
        let mut family = encoder.encode_descriptor("jobs_ended", help, None, MetricType::Counter)?;
        for (kind, ended) in &seen.ended {
            ConstCounter::new(*ended).encode(family.encode_family(&[("kind", *kind)])?)?;
        }
        Ok(())
    }
}
