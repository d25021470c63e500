//! What tasks use of what they have reserved, as CloudWatch has it: `CPUUtilization` and `MemoryUtilization` of services and
//! of clusters, in percent, which may pass 100. Pure. A task that reserves none of a resource has no percentage of it.

use std::collections::BTreeMap;

use acs::telemetry::{ContainerMetric, StatsSet, TaskMetric};
use cloudwatch::metrics::{Datum, Metric, Statistics};
use types::Timestamp;

use crate::tasks::Reserved;

/// What a task used, as measurements of its service, if it has one, and of its cluster. `host_units` are the CPU units that
/// its host registered.
pub(crate) fn measured(
    said: &TaskMetric,
    reserved: &Reserved,
    host_units: u64,
    (cluster, service): (&str, Option<&str>),
    at: Timestamp,
) -> Vec<Datum> {
    // What is said is percent of the host, and MiB.
    let cpu = share(&said.container_metrics, |one| one.cpu_stats_set, host_units as f64 / 100.0, reserved.cpu);
    let memory = share(&said.container_metrics, |one| one.memory_stats_set, 1.0, reserved.memory);
    let mut data = Vec::new();
    for (name, statistics) in [("CPUUtilization", cpu), ("MemoryUtilization", memory)] {
        let Some(statistics) = statistics else { continue };
        for of_service in [false, true] {
            let mut dimensions = BTreeMap::from([("ClusterName".to_owned(), cluster.to_owned())]);
            match service {
                Some(service) if of_service => dimensions.insert("ServiceName".to_owned(), service.to_owned()),
                None if of_service => continue,
                _ => None,
            };
            let metric = Metric { namespace: "AWS/ECS".to_owned(), name: name.to_owned(), dimensions };
            data.push(Datum { metric, unit: "Percent".to_owned(), at, statistics });
        }
    }
    data
}

/// What all containers of a task used together, in percent of what the task has reserved. They are measured at the same
/// moments, but for those that have just begun: so means are added, and the samples are those of the longest.
fn share(
    containers: &[ContainerMetric],
    of: impl Fn(&ContainerMetric) -> Option<StatsSet>,
    units: f64,
    reserved: u64,
) -> Option<Statistics> {
    if reserved == 0 {
        return None;
    }
    let percent = units * 100.0 / reserved as f64;
    let (mut count, mut mean, mut minimum, mut maximum) = (0_f64, 0.0, 0.0, 0.0);
    for set in containers.iter().filter_map(of).filter(is_sound) {
        count = count.max(set.sample_count as f64);
        mean += set.sum / set.sample_count as f64 * percent;
        minimum += set.min * percent;
        maximum += set.max * percent;
    }
    let sum = mean * count;
    let sound = count > 0.0 && sum.is_finite() && minimum.is_finite() && maximum.is_finite();
    sound.then_some(Statistics { sample_count: count, sum, minimum, maximum })
}

/// Agents may be anybody's, and one bad figure would spoil those of all.
fn is_sound(set: &StatsSet) -> bool {
    let StatsSet { min, max, sample_count, sum } = *set;
    (1..=1_000).contains(&sample_count) && [min, max, sum].iter().all(|value| (0.0..1e15).contains(value)) && min <= max
}

#[cfg(test)]
mod tests {
    use super::*;

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

    fn of(containers: Vec<ContainerMetric>, cpu: u64, memory: u64, service: Option<&str>) -> Vec<Datum> {
        let said = TaskMetric { container_metrics: containers, ..TaskMetric::default() };
        let reserved = Reserved { cpu, memory, ..Reserved::default() };
        measured(&said, &reserved, 4096, ("main", service), Timestamp::from_micros(0))
    }

    #[test]
    fn what_is_used_is_in_percent_of_what_is_reserved() {
        // Half a core of four, of a quarter that is reserved, and 64 of 256 MiB.
        let data = of(vec![container(&[10.0, 15.0], &[64.0, 64.0])], 256, 256, Some("web"));
        let told: Vec<_> =
            data.iter().map(|one| (one.metric.name.as_str(), one.metric.dimensions.len(), one.statistics)).collect();
        let cpu = Statistics { sample_count: 2.0, sum: 400.0, minimum: 160.0, maximum: 240.0 };
        let memory = Statistics { sample_count: 2.0, sum: 50.0, minimum: 25.0, maximum: 25.0 };
        assert_eq!(
            told,
            [
                ("CPUUtilization", 1, cpu),
                ("CPUUtilization", 2, cpu),
                ("MemoryUtilization", 1, memory),
                ("MemoryUtilization", 2, memory),
            ]
        );
        assert_eq!(data[1].metric.dimensions["ServiceName"], "web");
    }

    #[test]
    fn containers_of_a_task_are_added_up() {
        // The second one has just begun.
        let data = of(vec![container(&[2.5, 7.5], &[1.0, 1.0]), container(&[5.0], &[1.0])], 1024, 0, None);
        assert_eq!(data.len(), 1, "nothing of memory, which is not reserved, and nothing of a service");
        assert_eq!(data[0].statistics, Statistics { sample_count: 2.0, sum: 80.0, minimum: 30.0, maximum: 50.0 });
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
            assert_eq!(of(vec![bad(set)], 256, 256, Some("web")), [], "{set:?}");
        }
    }
}
