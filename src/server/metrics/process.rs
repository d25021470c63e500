//! What the kernel knows about this process, read at each scrape under the names that Prometheus client libraries
//! agree on.

use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
};

/// Ticks a second in `/proc/*/stat`: the kernel's interface fixes it on the platforms that we build for.
const TICKS: f64 = 100.0;

/// The collector of the `process_*` metrics.
#[derive(Debug)]
pub(super) struct Process {
    started: f64,
}

impl Process {
    /// The process counts as started now.
    pub(super) fn new() -> Self {
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { started: started.as_secs_f64() }
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let mut counter = |name, help, value: Option<f64>| match value.map(ConstCounter::new) {
            Some(metric) => metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?),
            None => Ok(()),
        };
        counter("process_cpu_seconds", "Time of the processor, user and system", cpu_seconds())?;
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let bytes = |field| Some(number_after(&status, field)? * 1024.0);
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
        for (name, help, value) in [
            ("process_resident_memory_bytes", "Resident memory", bytes("VmRSS:")),
            ("process_resident_memory_peak_bytes", "Most resident memory so far", bytes("VmHWM:")),
            ("process_virtual_memory_bytes", "Virtual memory", bytes("VmSize:")),
            ("process_threads", "Threads", number_after(&status, "Threads:")),
            ("process_open_fds", "Open file descriptors", open_files()),
            ("process_max_fds", "Limit of open file descriptors", number_after(&limits, "Max open files")),
            ("process_start_time_seconds", "Start of the process in Unix time", Some(self.started)),
        ] {
            if let Some(metric) = value.map(ConstGauge::new) {
                metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)?;
            }
        }
        Ok(())
    }
}

/// The first number after the field's name, at the beginning of a line.
fn number_after(text: &str, field: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(field))?.split_whitespace().next()?.parse().ok()
}

fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name in parentheses may contain spaces; user and system time are the 12th and 13th fields after it.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11).map_while(|field| field.parse::<f64>().ok());
    Some((times.next()? + times.next()?) / TICKS)
}

fn open_files() -> Option<f64> {
    // One of them is the directory being read.
    Some(std::fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1) as f64)
}
