//! What tasks use, as CloudWatch has it: `CPUUtilization` and `MemoryUtilization` in percent. Those of a service are of what
//! its tasks have reserved, and may pass 100; those of a cluster are of what its hosts have registered. Pure. A task that
//! reserves none of a resource has no percentage of it.

use std::collections::BTreeMap;

use acs::telemetry::{ContainerMetric, StatsSet, TaskMetric};
use cloudwatch::metrics::{Datum, Metric, Statistics};
use types::Timestamp;

use crate::tasks::Reserved;

/// What a host has registered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Registered {
    /// CPU units.
    pub(crate) cpu: u64,
    /// MiB.
    pub(crate) memory: u64,
}

/// What is used of something, as agents say it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Used {
    /// How many times it was measured.
    count: f64,
    mean: f64,
    minimum: f64,
    maximum: f64,
}

impl Used {
    /// What all containers of a task used together. They are measured at the same moments, but for those that have just begun:
    /// so means are added, and the samples are those of the longest.
    fn of(containers: &[ContainerMetric], of: impl Fn(&ContainerMetric) -> Option<StatsSet>) -> Self {
        let each = containers.iter().filter_map(of).filter(is_sound).map(|set| Self {
            count: set.sample_count as f64,
            mean: set.sum / set.sample_count as f64,
            minimum: set.min,
            maximum: set.max,
        });
        each.fold(Self::default(), Self::and)
    }

    /// Together with what something else used at the same time.
    fn and(self, other: Self) -> Self {
        Self {
            count: self.count.max(other.count),
            mean: self.mean + other.mean,
            minimum: self.minimum + other.minimum,
            maximum: self.maximum + other.maximum,
        }
    }

    /// As that many samples in percent, of which one of what is used is so much; none if it is of nothing.
    fn share(self, percent: Option<f64>, samples: f64) -> Option<Statistics> {
        let percent = percent.filter(|_| samples > 0.0)?;
        let (sum, minimum, maximum) = (self.mean * percent * samples, self.minimum * percent, self.maximum * percent);
        let sound = [sum, minimum, maximum].iter().all(|value| value.is_finite());
        sound.then_some(Statistics { sample_count: samples, sum, minimum, maximum })
    }
}

/// A part of a whole, if there is one.
fn part(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// What a task used.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Usage {
    /// In percent of the CPU units of its host.
    cpu: Used,
    /// In MiB.
    memory: Used,
}

impl Usage {
    /// As its agent says it.
    pub(crate) fn of(said: &TaskMetric) -> Self {
        Self {
            cpu: Used::of(&said.container_metrics, |one| one.cpu_stats_set),
            memory: Used::of(&said.container_metrics, |one| one.memory_stats_set),
        }
    }

    /// As measurements of the service that the task is of.
    pub(crate) fn of_service(
        self,
        host: Registered,
        reserved: &Reserved,
        (cluster, service): (&str, &str),
        at: Timestamp,
    ) -> Vec<Datum> {
        let shares = [
            self.cpu.share(part(host.cpu, reserved.cpu), self.cpu.count),
            self.memory.share(part(100, reserved.memory), self.memory.count),
        ];
        data(shares, &[("ClusterName", cluster), ("ServiceName", service)], at)
    }
}

/// What the tasks of a host used, as its agent says it in one round of messages.
#[derive(Debug, Default)]
pub(crate) struct Round {
    id: String,
    used: Usage,
    /// Whether any of them was a task.
    pub(crate) has_tasks: bool,
}

impl Round {
    /// Begins anew unless it is that round already.
    pub(crate) fn enter(&mut self, id: &str) {
        if self.id != id {
            *self = Self { id: id.to_owned(), ..Self::default() };
        }
    }

    /// Counts a task.
    pub(crate) fn add(&mut self, usage: Usage) {
        let Usage { cpu, memory } = self.used;
        self.used = Usage { cpu: cpu.and(usage.cpu), memory: memory.and(usage.memory) };
        self.has_tasks = true;
    }

    /// Ends it, as measurements of the cluster that the host is of. A host that is larger weighs more, so that the average of
    /// all is what they use together of what they have together: it is as many samples as it has cores, or GiB.
    pub(crate) fn end(&mut self, host: Registered, cluster: &str, at: Timestamp) -> Vec<Datum> {
        let Self { used, .. } = std::mem::take(self);
        let shares = [
            used.cpu.share(part(host.cpu, host.cpu), host.cpu as f64 / 1024.0),
            used.memory.share(part(100, host.memory), host.memory as f64 / 1024.0),
        ];
        data(shares, &[("ClusterName", cluster)], at)
    }
}

fn data([cpu, memory]: [Option<Statistics>; 2], dimensions: &[(&str, &str)], at: Timestamp) -> Vec<Datum> {
    let dimensions: BTreeMap<String, String> =
        dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let each = [("CPUUtilization", cpu), ("MemoryUtilization", memory)].into_iter();
    let each = each.filter_map(|(name, statistics)| {
        let metric = Metric { namespace: "AWS/ECS".to_owned(), name: name.to_owned(), dimensions: dimensions.clone() };
        statistics.map(|statistics| Datum { metric, unit: "Percent".to_owned(), at, statistics })
    });
    each.collect()
}

/// Agents may be anybody's, and one bad figure would spoil those of all.
fn is_sound(set: &StatsSet) -> bool {
    let StatsSet { min, max, sample_count, sum } = *set;
    (1..=1_000).contains(&sample_count) && [min, max, sum].iter().all(|value| (0.0..1e15).contains(value)) && min <= max
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: Registered = Registered { cpu: 4096, memory: 2048 };
    const AT: Timestamp = Timestamp::from_micros(0);

    fn set(values: &[f64]) -> Option<StatsSet> {
        Some(StatsSet {
            min: values.iter().copied().fold(f64::MAX, f64::min),
            max: values.iter().copied().fold(0.0, f64::max),
            sample_count: i64::try_from(values.len()).unwrap(),
            sum: values.iter().sum(),
        })
    }

    fn container(cpu: &[f64], memory: &[f64]) -> ContainerMetric {
        ContainerMetric { cpu_stats_set: set(cpu), memory_stats_set: set(memory), ..ContainerMetric::default() }
    }

    fn usage(containers: Vec<ContainerMetric>) -> Usage {
        Usage::of(&TaskMetric { container_metrics: containers, ..TaskMetric::default() })
    }

    fn of_service(usage: Usage, cpu: u64, memory: u64) -> Vec<Datum> {
        usage.of_service(HOST, &Reserved { cpu, memory, ..Reserved::default() }, ("main", "web"), AT)
    }

    fn told(data: &[Datum]) -> Vec<(&str, usize, Statistics)> {
        let one = |one: &Datum| (one.metric.dimensions.len(), one.statistics);
        data.iter().map(|datum| (datum.metric.name.as_str(), one(datum).0, one(datum).1)).collect()
    }

    #[test]
    fn what_a_service_uses_is_in_percent_of_what_it_reserves() {
        // Half a core of four, of a quarter that is reserved, and 64 of 256 MiB.
        let data = of_service(usage(vec![container(&[10.0, 15.0], &[64.0, 64.0])]), 256, 256);
        let cpu = Statistics { sample_count: 2.0, sum: 400.0, minimum: 160.0, maximum: 240.0 };
        let memory = Statistics { sample_count: 2.0, sum: 50.0, minimum: 25.0, maximum: 25.0 };
        assert_eq!(told(&data), [("CPUUtilization", 2, cpu), ("MemoryUtilization", 2, memory)]);
        let dimensions = &data[0].metric.dimensions;
        assert_eq!((dimensions["ClusterName"].as_str(), dimensions["ServiceName"].as_str()), ("main", "web"));
    }

    #[test]
    fn containers_of_a_task_are_added_up() {
        // The second one has just begun.
        let used = usage(vec![container(&[2.5, 7.5], &[1.0, 1.0]), container(&[5.0], &[1.0])]);
        let data = of_service(used, 1024, 0);
        assert_eq!(data.len(), 1, "nothing of memory, which is not reserved");
        assert_eq!(data[0].statistics, Statistics { sample_count: 2.0, sum: 80.0, minimum: 30.0, maximum: 50.0 });
    }

    #[test]
    fn what_a_cluster_uses_is_in_percent_of_what_its_hosts_have() {
        let mut round = Round::default();
        round.enter("a");
        round.add(usage(vec![container(&[50.0], &[1.0])]));
        // A round that ended without its last message counts for nothing.
        round.enter("b");
        round.add(usage(vec![container(&[10.0, 20.0], &[512.0, 512.0])]));
        round.enter("b");
        round.add(usage(vec![container(&[5.0], &[256.0])]));
        let busy = round.end(HOST, "main", AT);
        let cpu = Statistics { sample_count: 4.0, sum: 80.0, minimum: 15.0, maximum: 25.0 };
        let memory = Statistics { sample_count: 2.0, sum: 75.0, minimum: 37.5, maximum: 37.5 };
        assert_eq!(told(&busy), [("CPUUtilization", 1, cpu), ("MemoryUtilization", 1, memory)]);
        assert_eq!(busy[0].metric.dimensions, BTreeMap::from([("ClusterName".to_owned(), "main".to_owned())]));
        // Another host has three times as much, and nothing to do: together they use a quarter as much.
        let idle = round.end(Registered { cpu: 3 * 4096, memory: 3 * 2048 }, "main", AT);
        let averages = busy.iter().zip(&idle).map(|(busy, idle)| {
            let both = busy.statistics.and(idle.statistics);
            both.sum / both.sample_count
        });
        assert_eq!(averages.collect::<Vec<_>>(), [5.0, 9.375]);
        assert_eq!(round.end(Registered { cpu: 0, memory: 0 }, "main", AT), []);
    }

    #[test]
    fn figures_that_cannot_be_count_for_nothing() {
        let bad = |cpu: StatsSet| ContainerMetric { cpu_stats_set: Some(cpu), ..ContainerMetric::default() };
        let sets = [
            StatsSet { min: 0.0, max: f64::INFINITY, sample_count: 1, sum: 1.0 },
            StatsSet { min: 0.0, max: 1.0, sample_count: 0, sum: 1.0 },
            StatsSet { min: 0.0, max: 1.0, sample_count: -4, sum: 1.0 },
            StatsSet { min: -1.0, max: 1.0, sample_count: 1, sum: 1.0 },
            StatsSet { min: 2.0, max: 1.0, sample_count: 1, sum: 1.0 },
            StatsSet { min: 0.0, max: 1.0, sample_count: 1, sum: f64::NAN },
        ];
        for set in sets {
            assert_eq!(of_service(usage(vec![bad(set)]), 256, 256), [], "{set:?}");
        }
    }
}
