//! Counters of HTTP requests: how many, how long, how many bytes. They are counted with atomics in a table that is
//! copied when a new row appears, so that requests share no lock.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use http::Method;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, NoLabelSet},
    metrics::{MetricType, exemplar::Exemplar},
    registry::Unit,
};

/// Upper bounds of the latency buckets, in seconds.
const BOUNDS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

/// The counters.
#[derive(Debug, Default)]
pub(crate) struct HttpMetrics {
    rows: ArcSwap<HashMap<Key, Arc<Row>>>,
    /// Held while a row is added, never while one is used.
    adding: Mutex<()>,
    in_flight: AtomicI64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    route: &'static str,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Default)]
struct Row {
    requests: AtomicU64,
    /// Shared by all statuses of a route and method.
    latency: Arc<Latency>,
}

#[derive(Debug, Default)]
struct Latency {
    buckets: [AtomicU64; BOUNDS.len() + 1],
    nanoseconds: AtomicU64,
}

impl HttpMetrics {
    /// A request begins.
    pub(crate) fn begin(&self) {
        self.in_flight.fetch_add(1, Relaxed);
    }

    /// A request ends.
    pub(crate) fn end(&self) {
        self.in_flight.fetch_sub(1, Relaxed);
    }

    /// Bytes of a request's body came.
    pub(crate) fn received(&self, bytes: u64) {
        self.bytes_in.fetch_add(bytes, Relaxed);
    }

    /// Bytes of a response's body were handed over.
    pub(crate) fn sent(&self, bytes: u64) {
        self.bytes_out.fetch_add(bytes, Relaxed);
    }

    /// A request was answered after this time.
    pub(crate) fn answered(&self, route: &'static str, method: &Method, status: u16, took: Duration) {
        let key = Key { route, method: method_label(method), status };
        match self.rows.load().get(&key) {
            Some(row) => row.count(took),
            None => self.add_row(key).count(took),
        }
    }

    fn add_row(&self, key: Key) -> Arc<Row> {
        let _adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = self.rows.load();
        if let Some(row) = rows.get(&key) {
            return row.clone();
        }
        let sibling = rows.iter().find(|(other, _)| other.route == key.route && other.method == key.method);
        let latency = sibling.map(|(_, row)| row.latency.clone()).unwrap_or_default();
        let row = Arc::new(Row { requests: AtomicU64::new(0), latency });
        let mut more = HashMap::clone(&rows);
        more.insert(key, row.clone());
        self.rows.store(Arc::new(more));
        row
    }
}

impl Row {
    fn count(&self, took: Duration) {
        self.requests.fetch_add(1, Relaxed);
        let seconds = took.as_secs_f64();
        let bucket = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len());
        self.latency.buckets[bucket].fetch_add(1, Relaxed);
        self.latency.nanoseconds.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Relaxed);
    }
}

/// Clients may invent methods; metrics must not grow with their imagination.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

impl Collector for HttpMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        const NO_EXEMPLAR: Option<&Exemplar<NoLabelSet, u64>> = None;
        let rows = self.rows.load();
        let mut rows: Vec<(&Key, &Arc<Row>)> = rows.iter().collect();
        rows.sort_by_key(|(key, _)| (key.route, key.method, key.status));

        let help = "Requests answered; status 499 means that the client left before the answer";
        let mut metric = encoder.encode_descriptor("http_requests", help, None, MetricType::Counter)?;
        for (key, row) in &rows {
            let status = key.status.to_string();
            let labels = [("route", key.route), ("method", key.method), ("status", status.as_str())];
            metric.encode_family(&labels)?.encode_counter(&row.requests.load(Relaxed), NO_EXEMPLAR)?;
        }

        let help = "Time from the request's head to the response's head";
        let unit = Unit::Seconds;
        let mut metric =
            encoder.encode_descriptor("http_request_duration", help, Some(&unit), MetricType::Histogram)?;
        let mut previous = None;
        for (key, row) in &rows {
            if previous.replace((key.route, key.method)) == Some((key.route, key.method)) {
                continue;
            }
            let counts = row.latency.buckets.each_ref().map(|bucket| bucket.load(Relaxed));
            let bounds = BOUNDS.into_iter().chain([f64::INFINITY]);
            let buckets: Vec<(f64, u64)> = bounds.zip(counts).collect();
            let sum = Duration::from_nanos(row.latency.nanoseconds.load(Relaxed)).as_secs_f64();
            metric.encode_family(&[("route", key.route), ("method", key.method)])?.encode_histogram::<NoLabelSet>(
                sum,
                counts.iter().sum(),
                &buckets,
                None,
            )?;
        }

        let help = "Requests whose response has not been handed over whole";
        let mut metric = encoder.encode_descriptor("http_requests_in_flight", help, None, MetricType::Gauge)?;
        metric.encode_gauge(&self.in_flight.load(Relaxed))?;

        for (name, help, bytes) in [
            ("http_received", "Bytes of request bodies", &self.bytes_in),
            ("http_sent", "Bytes of response bodies", &self.bytes_out),
        ] {
            let unit = Unit::Bytes;
            let mut metric = encoder.encode_descriptor(name, help, Some(&unit), MetricType::Counter)?;
            metric.encode_counter(&bytes.load(Relaxed), NO_EXEMPLAR)?;
        }
        Ok(())
    }
}
