//! How the database connections are used, read when somebody looks.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use store::Db;

/// Adds the gauges of the database pool to the metrics page.
pub(crate) struct PoolMetrics(Db);

impl PoolMetrics {
    pub(crate) fn new(db: Db) -> Self {
        Self(db)
    }
}

impl std::fmt::Debug for PoolMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PoolMetrics")
    }
}

impl Collector for PoolMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let usage = self.0.usage();
        for (name, help, value) in [
            ("database_connections_open", "Database connections that are open", i64::from(usage.open)),
            ("database_connections_idle", "Open database connections that do nothing", usage.idle as i64),
            ("database_connections_max", "Database connections that there may be", i64::from(usage.maximum)),
            ("database_writes_waiting", "Writes that wait for the one writer of SQLite", usage.writes_waiting as i64),
        ] {
            let gauge = ConstGauge::new(value);
            let metric = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(metric)?;
        }
        let help = "Statements that were given to the database, those of transactions among them";
        let mut metric = encoder.encode_descriptor("database_statements", help, None, MetricType::Counter)?;
        metric.encode_counter::<NoLabelSet, _, u64>(&usage.statements, None)?;
        Ok(())
    }
}
