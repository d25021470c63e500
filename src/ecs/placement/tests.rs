//! Placements and scale-ins one by one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use types::Timestamp;

use super::*;
use crate::task_definitions::definition::Attribute;

impl Default for Host {
    /// A host without anything.
    fn default() -> Self {
        Self {
            id: String::new(),
            active: false,
            connected: false,
            attributes: BTreeMap::new(),
            cpu: 0,
            memory: 0,
            gpus: 0,
            tcp: BTreeSet::new(),
            udp: BTreeSet::new(),
            running_tasks: 0,
            groups: HashMap::new(),
            registered_at: Timestamp::from_micros(0),
            agent_version: None,
            ec2_instance_id: None,
        }
    }
}

fn host(id: &str, zone: &str) -> Host {
    Host {
        id: id.to_owned(),
        active: true,
        connected: true,
        attributes: [("ecs.availability-zone".to_owned(), zone.to_owned())].into(),
        cpu: 1024,
        memory: 1024,
        ..Host::default()
    }
}

fn demand(cpu: u64, memory: u64) -> Demand {
    Demand { cpu, memory, ..Demand::default() }
}

/// Places with the first of what is equally good.
fn placed(
    hosts: &[Host],
    demand: &Demand,
    constraints: &[Constraint],
    strategies: &[Strategy],
) -> Result<usize, Unplaced> {
    place(hosts, Wish { demand, constraints, strategies, group: "g" }, &mut |_| 0)
}

#[test]
fn a_host_must_have_what_a_task_takes() {
    let small = demand(256, 256);
    let reason = |host: Host, demand: &Demand| placed(&[host], demand, &[], &[]).unwrap_err().closest().unwrap().1;
    assert_eq!(placed(&[host("a", "z")], &small, &[], &[]), Ok(0));
    assert_eq!(reason(host("a", "z"), &demand(1025, 1)), Reason::Cpu);
    assert_eq!(reason(host("a", "z"), &demand(1, 1025)), Reason::Memory);
    assert_eq!(reason(host("a", "z"), &Demand { gpus: 1, ..small.clone() }), Reason::Gpu);
    assert_eq!(reason(Host { connected: false, ..host("a", "z") }, &small), Reason::Agent);
    let tcp = Demand { tcp: vec![80], ..small.clone() };
    assert_eq!(reason(Host { tcp: [80].into(), ..host("a", "z") }, &tcp), Reason::Ports);
    assert_eq!(placed(&[Host { udp: [80].into(), ..host("a", "z") }], &tcp, &[], &[]), Ok(0));
    let attribute =
        |name: &str, value: Option<&str>| Attribute { name: name.to_owned(), value: value.map(str::to_owned) };
    let wants = |attribute| Demand { attributes: vec![attribute], ..small.clone() };
    assert_eq!(reason(host("a", "z"), &wants(attribute("gpu", None))), Reason::Attribute);
    assert_eq!(reason(host("a", "z"), &wants(attribute("ecs.availability-zone", Some("y")))), Reason::Attribute);
    assert_eq!(placed(&[host("a", "z")], &wants(attribute("ecs.availability-zone", Some("z"))), &[], &[]), Ok(0));
}

#[test]
fn events_name_the_closest_host() {
    let none = placed(&[], &demand(1, 1), &[], &[]).unwrap_err();
    assert_eq!(none.event(&[]), "Reason: No Container Instances were found in your cluster.");
    let draining = [Host { active: false, ..host("a", "z") }];
    assert_eq!(placed(&draining, &demand(1, 1), &[], &[]).unwrap_err(), Unplaced { failures: Vec::new() });
    let hosts = [
        Host { connected: false, ..host("a", "z") },
        Host { memory: 0, ..host("b", "z") },
        Host { cpu: 0, ..host("c", "z") },
    ];
    let unplaced = placed(&hosts, &demand(1, 1), &[], &[]).unwrap_err();
    assert_eq!(unplaced.failures, [(0, Reason::Agent), (1, Reason::Memory), (2, Reason::Cpu)]);
    assert_eq!(
        unplaced.event(&hosts),
        "The closest matching (container-instance b) has insufficient memory available."
    );
}

#[test]
fn constraints_exclude_hosts() {
    let mut hosts = vec![host("a", "z1"), host("b", "z2")];
    let member = Constraint::read("memberOf", Some("attribute:ecs.availability-zone == z2")).unwrap();
    assert_eq!(placed(&hosts, &demand(1, 1), &[member], &[]), Ok(1));
    let distinct = [Constraint::DistinctInstance];
    hosts[0].add(&demand(1, 1), "g");
    assert_eq!(placed(&hosts, &demand(1, 1), &distinct, &[]), Ok(1));
    hosts[1].add(&demand(1, 1), "g");
    assert_eq!(
        placed(&hosts, &demand(1, 1), &distinct, &[]).unwrap_err().closest(),
        Some((0, Reason::DistinctInstance))
    );
    for (kind, expression) in
        [("memberOf", None), ("memberOf", Some("x")), ("distinctInstance", Some("x")), ("x", None)]
    {
        assert!(Constraint::read(kind, expression).is_err(), "{kind} {expression:?}");
    }
}

#[test]
fn strategies_go_one_after_the_other() {
    let mut hosts = vec![host("a", "z1"), host("b", "z1"), host("c", "z2")];
    hosts[0].cpu = 900;
    let binpack = Strategy::read("binpack", Some("cpu")).unwrap();
    assert_eq!(placed(&hosts, &demand(1, 1), &[], &[binpack.clone()]), Ok(0));
    // What does not fit is not the fullest, it is none.
    assert_eq!(placed(&hosts, &demand(1000, 1), &[], &[binpack.clone()]), Ok(1));
    hosts[0].add(&demand(1, 1), "g");
    let zones = Strategy::read("spread", Some("attribute:ecs.availability-zone")).unwrap();
    assert_eq!(placed(&hosts, &demand(1, 1), &[], &[zones.clone(), binpack.clone()]), Ok(2));
    hosts[2].add(&demand(1, 1), "g");
    // The zones are even: the fullest of both.
    assert_eq!(placed(&hosts, &demand(1, 1), &[], &[zones, binpack]), Ok(0));
    assert_eq!(placed(&hosts, &demand(1, 1), &[], &Strategy::of_services()), Ok(1));
    for (kind, field) in [
        ("spread", None),
        ("spread", Some("attribute:")),
        ("spread", Some("cpu")),
        ("binpack", Some("x")),
        ("random", Some("x")),
        ("x", None),
    ] {
        assert!(Strategy::read(kind, field).is_err(), "{kind} {field:?}");
    }
}

#[test]
fn scaling_in_is_the_mirror() {
    let mut hosts = vec![host("a", "z1"), host("b", "z1"), host("c", "z2")];
    let one = demand(100, 100);
    let on = [0, 1, 1, 2];
    for host in on {
        hosts[host].add(&one, "g");
    }
    let stop = |hosts: &[Host], on: &[Option<usize>], strategies: &[Strategy]| {
        first_to_stop(hosts, on, "g", strategies, &mut |_| 0)
    };
    let on: Vec<Option<usize>> = on.into_iter().map(Some).collect();
    assert_eq!(stop(&hosts, &on, &Strategy::of_services()), Some(1));
    // The emptiest host is emptied.
    hosts[0].cpu = 1000;
    assert_eq!(stop(&hosts, &on, &[Strategy::read("binpack", Some("cpu")).unwrap()]), Some(0));
    hosts[2].active = false;
    assert_eq!(stop(&hosts, &on, &Strategy::of_services()), Some(3));
    assert_eq!(stop(&hosts, &[Some(0), None], &Strategy::of_services()), Some(1));
    assert_eq!(stop(&hosts, &[], &Strategy::of_services()), None);
}
