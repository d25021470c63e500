//! What operators can see of the storage: operations, their time and outcome, bytes, memory in use.

use std::fmt;
use std::future::Future;
use std::time::Instant;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::Result;

/// Counters of the blob store; clones share them.
#[derive(Clone)]
pub struct Metrics {
    operations: Family<OperationLabels, Counter>,
    seconds: Family<SecondsLabels, Histogram, fn() -> Histogram>,
    pub(crate) bytes_written: Counter,
    pub(crate) bytes_read: Counter,
    pub(crate) budget_in_use: Gauge,
    pub(crate) uploads_in_flight: Gauge,
    pub(crate) requests: Family<RequestLabels, Counter>,
}

/// An operation on the storage.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Operation {
    Append,
    Finish,
    Abort,
    Read,
    Size,
    Delete,
    List,
    Quarantine,
    Probe,
    Leftovers,
}

impl Operation {
    fn as_str(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Finish => "finish",
            Self::Abort => "abort",
            Self::Read => "read",
            Self::Size => "size",
            Self::Delete => "delete",
            Self::List => "list",
            Self::Quarantine => "quarantine",
            Self::Probe => "probe",
            Self::Leftovers => "leftovers",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    operation: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SecondsLabels {
    operation: &'static str,
}

/// A request to the S3 service: its method and the status, or `none` when there was no answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct RequestLabels {
    pub(crate) method: String,
    pub(crate) status: String,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            operations: Family::default(),
            seconds: Family::new_with_constructor(buckets),
            bytes_written: Counter::default(),
            bytes_read: Counter::default(),
            budget_in_use: Gauge::default(),
            uploads_in_flight: Gauge::default(),
            requests: Family::default(),
        }
    }
}

fn buckets() -> Histogram {
    Histogram::new([0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0])
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Adds everything to a registry; names begin with `blobs_`.
    pub fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("blobs");
        registry.register("operations", "Storage operations by kind and outcome", self.operations.clone());
        registry.register("operation_seconds", "Time that storage operations took", self.seconds.clone());
        registry.register("written_bytes", "Bytes of content that were taken in", self.bytes_written.clone());
        registry.register("read_bytes", "Bytes of content that were handed out", self.bytes_read.clone());
        registry.register("budget_in_use_bytes", "Memory that uploads hold now", self.budget_in_use.clone());
        registry.register("uploads_in_flight", "Bodies that are being taken in now", self.uploads_in_flight.clone());
        registry.register("s3_requests", "Requests to the S3 service by method and status", self.requests.clone());
    }

    /// Counts and times an operation. A failure that the client caused is not counted as one of the storage.
    pub(crate) async fn time<T>(&self, operation: Operation, work: impl Future<Output = Result<T>>) -> Result<T> {
        let (begin, operation) = (Instant::now(), operation.as_str());
        let result = work.await;
        self.seconds.get_or_create(&SecondsLabels { operation }).observe(begin.elapsed().as_secs_f64());
        let outcome = match &result {
            Ok(_) => "ok",
            Err(error) if error.is_clients() => "client",
            Err(_) => "error",
        };
        self.operations.get_or_create(&OperationLabels { operation, outcome }).inc();
        result
    }
}

/// One body that is being taken in, for as long as it lives.
pub(crate) struct InFlight(Gauge);

impl InFlight {
    /// Counts one more.
    pub(crate) fn begin(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[tokio::test]
    async fn outcomes_are_counted_apart() {
        let metrics = Metrics::default();
        let _ = metrics.time(Operation::Append, async { Ok(()) }).await;
        let _ = metrics.time(Operation::Append, async { Err::<(), _>(Error::Busy) }).await;
        let _ = metrics.time(Operation::Append, async { Err::<(), _>(Error::NoSpace) }).await;
        let mut registry = Registry::default();
        metrics.register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        for outcome in ["ok", "client", "error"] {
            let line = format!("blobs_operations_total{{operation=\"append\",outcome=\"{outcome}\"}} 1");
            assert!(text.contains(&line), "{text}");
        }
    }
}
