//! What a container used, between two messages: figures of moments, and what counters grew by. Pure.

use acs::telemetry::{ContainerMetric, LongStatsSet, NetworkStatsSet, StatsSet, StorageStatsSet};
use types::Timestamp;

use crate::engine::Usage;

/// The samples of one container.
#[derive(Debug, Default)]
pub(super) struct Samples {
    last: Option<(Usage, Timestamp)>,
    cpu: StatsSet,
    memory: StatsSet,
    received: LongStatsSet,
    sent: LongStatsSet,
    read: LongStatsSet,
    written: LongStatsSet,
    networked: bool,
}

impl Samples {
    /// Takes a sample, from a host that registered so many CPU units. The first gives no figures of counters: it has
    /// nothing to be compared with.
    pub(super) fn take(&mut self, usage: &Usage, host_units: i64, now: Timestamp) {
        if let Some((last, at)) = &self.last {
            let micros = now.micros() - at.micros();
            if micros <= 0 {
                // The clock was set back. What comes next is compared with this.
                self.last = Some((usage.clone(), now));
                return;
            }
            let grown = |one: u64, other: u64| one.saturating_sub(other);
            // Nanoseconds by microseconds: tenths of a percent of one core.
            let cpu = float(grown(usage.cpu_total, last.cpu_total)) / float(u64::try_from(micros).unwrap_or(1)) / 10.0;
            // The protocol wants percent of all that the host has.
            add(&mut self.cpu, cpu * 1024.0 / float(u64::try_from(host_units).unwrap_or(1).max(1)));
            if let (Some(now), Some(before)) = (usage.received, last.received) {
                self.networked = true;
                count(&mut self.received, grown(now, before));
            }
            if let (Some(now), Some(before)) = (usage.sent, last.sent) {
                count(&mut self.sent, grown(now, before));
            }
            count(&mut self.read, grown(usage.read, last.read));
            count(&mut self.written, grown(usage.written, last.written));
        }
        add(&mut self.memory, float(usage.memory) / f64::from(1 << 20));
        self.last = Some((usage.clone(), now));
    }

    /// The figures since the last time, if there are any.
    pub(super) fn drain(&mut self) -> Option<ContainerMetric> {
        let taken = std::mem::replace(self, Self { last: self.last.clone(), ..Self::default() });
        (taken.cpu.sample_count > 0).then(|| ContainerMetric {
            cpu_stats_set: Some(taken.cpu),
            memory_stats_set: Some(taken.memory),
            network_stats_set: taken.networked.then(|| NetworkStatsSet {
                rx_bytes: Some(taken.received),
                tx_bytes: Some(taken.sent),
                ..NetworkStatsSet::default()
            }),
            storage_stats_set: Some(StorageStatsSet {
                read_size_bytes: Some(taken.read),
                write_size_bytes: Some(taken.written),
            }),
            ..ContainerMetric::default()
        })
    }
}

fn add(set: &mut StatsSet, value: f64) {
    let first = set.sample_count == 0;
    set.min = if first { value } else { set.min.min(value) };
    set.max = if first { value } else { set.max.max(value) };
    set.sum += value;
    set.sample_count += 1;
}

fn count(set: &mut LongStatsSet, value: u64) {
    let first = set.sample_count == 0;
    set.min = if first { value } else { set.min.min(value) };
    set.max = if first { value } else { set.max.max(value) };
    set.sum = set.sum.saturating_add(value);
    set.sample_count += 1;
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn float(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_core_of_four_is_an_eighth_of_the_host() {
        let mut samples = Samples::default();
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let usage = |cpu: u64| Usage {
            cpu_total: cpu,
            memory: 3 << 20,
            received: Some(cpu),
            sent: Some(0),
            ..Usage::default()
        };
        samples.take(&usage(0), 4096, at(0));
        assert!(samples.drain().is_none(), "one sample says nothing of a counter");
        samples.take(&usage(2_500_000_000), 4096, at(5));
        let metric = samples.drain().unwrap();
        let cpu = metric.cpu_stats_set.unwrap();
        assert!((cpu.sum - 12.5).abs() < 1e-9 && cpu.sample_count == 1, "{cpu:?}");
        assert!((metric.memory_stats_set.unwrap().max - 3.0).abs() < 1e-9);
        assert_eq!(metric.network_stats_set.unwrap().rx_bytes.unwrap().sum, 2_500_000_000);
        assert!(samples.drain().is_none());
    }

    #[test]
    fn a_clock_that_is_set_back_ends_no_figures() {
        let mut samples = Samples::default();
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let usage = |cpu_total: u64| Usage { cpu_total, ..Usage::default() };
        samples.take(&usage(0), 1024, at(1_000_000));
        samples.take(&usage(1_000_000_000), 1024, at(5));
        samples.take(&usage(2_000_000_000), 1024, at(10));
        let cpu = samples.drain().unwrap().cpu_stats_set.unwrap();
        assert!((cpu.sum - 20.0).abs() < 1e-9 && cpu.sample_count == 1, "{cpu:?}");
    }
}
