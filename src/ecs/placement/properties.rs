//! What holds for every placement: never over what a host has, no two tasks on a port of a host, constraints always, spread
//! even, and a reason for each host whenever nothing is placed.

use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};
use proptest::strategy::Strategy as Strategy_;

use super::*;
use crate::task_definitions::definition::Attribute;

fn hosts() -> impl Strategy_<Value = Vec<Host>> {
    let host = (0..3_u8, 0..4000_u64, 0..4000_u64, any::<[bool; 3]>(), prop::collection::btree_set(1..6_u16, 0..2));
    prop::collection::vec(host, 0..8).prop_map(|hosts| {
        let hosts = hosts.into_iter().enumerate();
        hosts
            .map(|(index, (zone, cpu, memory, [offline, draining, special], tcp))| Host {
                id: format!("host-{index}"),
                // Most of them work.
                active: !(draining && index % 3 == 0),
                connected: !(offline && index % 4 == 0),
                attributes: [
                    ("ecs.availability-zone".to_owned(), format!("zone-{zone}")),
                    ("special".to_owned(), special.to_string()),
                ]
                .into(),
                cpu,
                memory,
                tcp,
                ..Host::default()
            })
            .collect()
    })
}

#[derive(Debug, Clone)]
struct Task {
    demand: Demand,
    constraints: Vec<&'static str>,
    strategies: Vec<Strategy>,
    group: &'static str,
}

fn tasks() -> impl Strategy_<Value = Vec<Task>> {
    let strategy = prop::sample::select(vec![
        ("random", None),
        ("binpack", Some("cpu")),
        ("binpack", Some("memory")),
        ("spread", Some("host")),
        ("spread", Some("attribute:ecs.availability-zone")),
        ("spread", Some("attribute:nothing")),
    ]);
    let strategy = strategy.prop_map(|(kind, field)| Strategy::read(kind, field).unwrap());
    let constraint = prop::sample::select(vec!["distinct", "attribute:special == true", "runningTasksCount < 3"]);
    let demand = (
        0..1500_u64,
        0..1500_u64,
        prop::collection::btree_set(1..6_u16, 0..2),
        prop::collection::btree_set(1..6_u16, 0..2),
        any::<bool>(),
    );
    let demand = demand.prop_map(|(cpu, memory, tcp, udp, zone)| Demand {
        cpu,
        memory,
        tcp: tcp.into_iter().collect(),
        udp: udp.into_iter().collect(),
        gpus: 0,
        attributes: if zone { vec![Attribute { name: "special".to_owned(), value: None }] } else { Vec::new() },
    });
    let task = (
        demand,
        prop::collection::vec(constraint, 0..2),
        prop::collection::vec(strategy, 0..3),
        prop::sample::select(vec!["family:a", "service:b"]),
    );
    let task =
        task.prop_map(|(demand, constraints, strategies, group)| Task { demand, constraints, strategies, group });
    prop::collection::vec(task, 0..30)
}

fn constraint(text: &str) -> Constraint {
    match text {
        "distinct" => Constraint::DistinctInstance,
        expression => Constraint::read("memberOf", Some(expression)).unwrap(),
    }
}

proptest! {
    #[test]
    fn hosts_are_never_given_more_than_they_have(before in hosts(), tasks in tasks(), seed in any::<usize>()) {
        let mut hosts = before.clone();
        let mut placed: Vec<(usize, Task)> = Vec::new();
        for (number, task) in tasks.into_iter().enumerate() {
            let constraints: Vec<Constraint> = task.constraints.iter().map(|text| constraint(text)).collect();
            let wish = Wish { demand: &task.demand, constraints: &constraints, strategies: &task.strategies, group: task.group };
            match place(&hosts, wish, &mut |count| seed.wrapping_add(number) % count) {
                Ok(index) => {
                    let host = &hosts[index];
                    prop_assert!(host.active && host.connected);
                    prop_assert!(constraints.iter().all(|constraint| constraint.holds(host, task.group)));
                    prop_assert!(task.demand.attributes.iter().all(|attribute| host.has(attribute)));
                    hosts[index].add(&task.demand, task.group);
                    placed.push((index, task));
                }
                Err(unplaced) => {
                    // Each active host is told why, and rightly.
                    let active: Vec<usize> = (0..hosts.len()).filter(|index| hosts[*index].active).collect();
                    prop_assert_eq!(unplaced.failures.iter().map(|(index, _)| *index).collect::<Vec<_>>(), active);
                    prop_assert!(unplaced.failures.iter().all(|(index, reason)| unfit(&hosts[*index], wish) == Some(*reason)));
                }
            }
        }
        for (index, host) in before.iter().enumerate() {
            let here = || placed.iter().filter(|(on, _)| *on == index).map(|(_, task)| &task.demand);
            prop_assert!(here().map(|demand| demand.cpu).sum::<u64>() <= host.cpu);
            prop_assert!(here().map(|demand| demand.memory).sum::<u64>() <= host.memory);
            for ports in [here().flat_map(|demand| &demand.tcp).chain(&host.tcp).collect::<Vec<_>>(),
                here().flat_map(|demand| &demand.udp).chain(&host.udp).collect()] {
                let mut once = ports.clone();
                once.sort();
                once.dedup();
                prop_assert_eq!(once.len(), ports.len());
            }
        }
        // Taken away again, all is as it was.
        for (index, task) in placed {
            hosts[index].remove(&task.demand, task.group);
        }
        for (host, before) in hosts.iter().zip(&before) {
            prop_assert_eq!((host.cpu, host.memory, &host.tcp, &host.udp), (before.cpu, before.memory, &before.tcp, &before.udp));
            prop_assert_eq!(host.running_tasks, 0);
        }
    }

    #[test]
    fn a_service_is_even_over_zones_on_its_way_up_and_down(zones in prop::collection::vec(0..3_u8, 1..7), count in 0..20_usize, seed in any::<usize>()) {
        let mut hosts: Vec<Host> = zones.iter().enumerate().map(|(index, zone)| Host {
            id: index.to_string(), active: true, connected: true, cpu: 1 << 20, memory: 1 << 20,
            attributes: [("ecs.availability-zone".to_owned(), zone.to_string())].into(),
            ..Host::default()
        }).collect();
        let demand = Demand { cpu: 1, memory: 1, ..Demand::default() };
        let strategies = Strategy::of_services();
        let wish = Wish { demand: &demand, constraints: &[], strategies: &strategies, group: "service:s" };
        let mut draw = |count| seed % count;
        let mut on = Vec::new();
        let even = |hosts: &[Host]| {
            let mut zones = std::collections::BTreeMap::<&str, u64>::new();
            for host in hosts {
                *zones.entry(&host.attributes["ecs.availability-zone"]).or_default() += host.tasks_of("service:s");
            }
            zones.values().max().unwrap() - zones.values().min().unwrap() <= 1
        };
        for _ in 0..count {
            let index = place(&hosts, wish, &mut draw).unwrap();
            hosts[index].add(&demand, "service:s");
            on.push(Some(index));
            prop_assert!(even(&hosts));
        }
        while let Some(task) = first_to_stop(&hosts, &on, "service:s", &strategies, &mut draw) {
            let index = on.remove(task).unwrap();
            hosts[index].remove(&demand, "service:s");
            prop_assert!(even(&hosts));
        }
        prop_assert!(on.is_empty());
    }
}
