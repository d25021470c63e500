//! What operators see of how much is held: the figures that were kept when it was measured last. However many registries
//! there are, those that hold the most are shown one by one, and no repositories.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use app::{App, Result};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use store::registry_usage::{self, RegistryUsageRow};
use store::store_usage::{self, StoreUsageRow};

/// How often the rows are read.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Before the first measurement, which a new installation makes at once.
const LOOK_SOON: Duration = Duration::from_secs(5);
/// Registries that are shown.
const MOST: usize = 100;

/// The last look at the figures. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct UsageMetrics(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    registries: Vec<RegistryUsageRow>,
    store: Option<StoreUsageRow>,
}

/// Reads the figures every so often, until the task is dropped.
pub(crate) async fn watch(app: Arc<App>, metrics: UsageMetrics) {
    loop {
        let mut pause = LOOK_EVERY;
        match look(&app).await {
            Ok(seen) => {
                if seen.store.is_none() {
                    pause = LOOK_SOON;
                }
                *metrics.0.lock().unwrap_or_else(PoisonError::into_inner) = seen;
            }
            Err(error) => tracing::warn!(%error, "how much is held could not be read"),
        }
        tokio::time::sleep(pause).await;
    }
}

async fn look(app: &App) -> Result<Seen> {
    let mut conn = app.db().reader().await?;
    let registries = registry_usage::list_largest(&mut conn, MOST).await?;
    Ok(Seen { registries, store: store_usage::find(&mut conn).await? })
}

impl Collector for UsageMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (name, help) = ("registry_bytes", "What a registry holds, when it was measured last");
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for row in &seen.registries {
            let held = &row.held;
            for (kind, bytes) in [("logical", held.logical), ("deduplicated", held.deduplicated), ("own", held.own)] {
                let labels = [
                    ("account", row.registry.account.as_str()),
                    ("region", row.registry.region.as_str()),
                    ("kind", kind),
                ];
                ConstGauge::new(bytes as f64).encode(family.encode_family(&labels)?)?;
            }
        }
        let (name, help) = ("registry_images", "Manifests of a registry, when it was measured last");
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for row in &seen.registries {
            let labels = [("account", row.registry.account.as_str()), ("region", row.registry.region.as_str())];
            ConstGauge::new(row.held.images as f64).encode(family.encode_family(&labels)?)?;
        }
        let Some(store) = seen.store else {
            return Ok(());
        };
        for (name, help, value) in [
            (
                "store_blob_bytes",
                "Bytes of all blobs that have rows, when it was measured last",
                store.blob_bytes as f64,
            ),
            (
                "store_object_bytes",
                "Bytes of all objects in the storage, when it was measured last",
                store.object_bytes as f64,
            ),
            ("usage_measured_timestamp_seconds", "When it was measured last", store.measured_at.seconds() as f64),
        ] {
            let family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            ConstGauge::new(value).encode(family)?;
        }
        Ok(())
    }
}
