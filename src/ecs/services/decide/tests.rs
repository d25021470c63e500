//! Deployments as they go, and random worlds.

use std::time::Duration;

use proptest::prelude::*;

use super::model::{Action, Breaker, Condition, Health, Rollout, Strategy, Threshold};
use super::simulation::{Behavior, Host, World};

const BREAKER: Breaker =
    Breaker { rollback: true, threshold: Threshold::BoundedPercent(50), reset_on_healthy_task: true };

fn replica(desired: usize, percents: (u64, u64), breaker: Option<Breaker>) -> World {
    let mut world = World::new(Strategy::Replica, desired, percents, breaker);
    world.settle(60);
    assert_eq!(world.outcome(), (desired, 0, 1, Rollout::Completed));
    world
}

/// How many tasks run, start and stop in each second until a deployment is through.
fn course(world: &mut World) -> Vec<(usize, usize, usize)> {
    let mut course = Vec::new();
    while course.len() < 60 && world.outcome().3 != Rollout::Completed {
        let decision = world.decide(usize::MAX);
        let starts = decision.actions.iter().filter(|action| matches!(action, Action::Start { .. })).count();
        let stops = decision.actions.iter().filter(|action| matches!(action, Action::Stop { .. })).count();
        if starts + stops > 0 {
            let running = world.service.tasks.iter().filter(|task| task.running_since.is_some());
            course.push((running.count(), starts, stops));
        }
        world.tick();
    }
    course
}

#[test]
fn a_deployment_starts_first_when_the_maximum_lets_it() {
    let mut world = replica(3, (100, 200), None);
    world.deploy(Behavior::Works);
    assert_eq!(course(&mut world), [(3, 3, 0), (6, 0, 3)]);
}

#[test]
fn a_deployment_stops_first_when_it_may_have_no_more_tasks() {
    let mut world = replica(4, (50, 100), None);
    world.deploy(Behavior::Works);
    assert_eq!(course(&mut world), [(4, 0, 2), (2, 2, 0), (4, 0, 2), (2, 2, 0)]);
}

#[test]
fn a_deployment_goes_in_steps_when_little_more_is_allowed() {
    let mut world = replica(4, (100, 125), None);
    world.deploy(Behavior::Works);
    let course = course(&mut world);
    assert!(course.iter().all(|(_, starts, stops)| *starts <= 1 && *stops <= 1), "{course:?}");
}

#[test]
fn percentages_that_allow_nothing_are_told() {
    let mut world = replica(2, (100, 100), None);
    world.deploy(Behavior::Works);
    let decision = world.decide(usize::MAX);
    assert_eq!((decision.actions, decision.conditions), (vec![], vec![Condition::Stuck]));
}

#[test]
fn a_host_without_room_is_given_room_by_stopping_first() {
    let mut world = replica(1, (0, 200), None);
    let full = world.hosts.keys().next().unwrap().clone();
    world.hosts.insert(full, Host { room: 1, leaving: false });
    world.deploy(Behavior::Works);
    world.settle(60);
    assert_eq!(world.outcome(), (1, 0, 1, Rollout::Completed));
}

#[test]
fn a_full_cluster_is_not_asked_again_and_again() {
    let mut world = World::new(Strategy::Replica, 40, (100, 200), None);
    world.hosts.values_mut().for_each(|host| host.room = 5);
    for _ in 0..5 {
        world.decide(usize::MAX);
        world.tick();
    }
    assert!(world.primary().counters.unplaceable && world.service.tasks.len() == 5);
    let (decision, now) = (world.decide(usize::MAX), world.now);
    assert!(decision.look_at.is_some_and(|at| at > now), "{:?}, and it is {now:?}", decision.look_at);
    // What room there comes to be is taken.
    world.add_host(100);
    world.settle(60);
    assert_eq!(world.outcome(), (40, 0, 1, Rollout::Completed));
}

#[test]
fn the_first_deployment_that_fails_is_given_up_and_starts_no_more() {
    for behavior in [Behavior::FailsToStart, Behavior::Exits, Behavior::IsUnhealthy] {
        let mut world = World::new(Strategy::Replica, 2, (100, 200), Some(BREAKER));
        world.deploy(behavior);
        world.settle(600);
        assert_eq!(world.primary().rollout, Rollout::Failed, "{behavior:?}");
        assert!(world.started <= 10, "{behavior:?}: {} tasks", world.started);
    }
}

#[test]
fn deployments_of_which_nothing_is_left_are_not_shown_for_ever() {
    let mut world = replica(2, (100, 200), None);
    for _ in 0..10 {
        world.deploy(Behavior::FailsToStart);
        for _ in 0..5 {
            world.decide(usize::MAX);
            world.tick();
        }
    }
    let shown: Vec<&str> = world.service.deployments.iter().map(|deployment| deployment.id.as_str()).collect();
    assert_eq!(shown.len(), 2, "the newest, and the one that serves: {shown:?}");
}

#[test]
fn a_deployment_that_fails_is_rolled_back() {
    for behavior in [Behavior::FailsToStart, Behavior::Exits, Behavior::IsUnhealthy] {
        let mut world = replica(3, (100, 200), Some(BREAKER));
        let first = world.primary().id.clone();
        world.deploy(behavior);
        world.settle(600);
        assert_eq!(world.primary().id, first, "{behavior:?}");
        assert_eq!(world.outcome(), (3, 0, 1, Rollout::Completed), "{behavior:?}");
    }
}

#[test]
fn without_rollback_what_served_goes_on_serving() {
    let mut world = replica(3, (100, 200), Some(Breaker { rollback: false, ..BREAKER }));
    let first = world.primary().id.clone();
    world.deploy(Behavior::FailsToStart);
    world.settle(600);
    assert_eq!(world.primary().rollout, Rollout::Failed);
    assert_eq!(world.service.tasks.iter().filter(|task| task.deployment == first).count(), 3);
}

#[test]
fn without_a_breaker_failing_starts_come_ever_more_rarely() {
    let mut world = World::new(Strategy::Replica, 1, (100, 200), None);
    world.deploy(Behavior::FailsToStart);
    for _ in 0..3600 {
        world.decide(usize::MAX);
        world.tick();
    }
    assert!((10..20).contains(&world.started), "{} starts in an hour", world.started);
    assert!(world.primary().counters.failed_tasks >= 10);
    world.deploy(Behavior::Works);
    world.settle(60);
    assert_eq!(world.outcome(), (1, 0, 1, Rollout::Completed), "a new definition starts at once");
}

#[test]
fn failing_starts_come_ever_more_rarely_also_beside_tasks_that_run() {
    let mut world = replica(3, (100, 200), None);
    world.settle(60);
    let id = world.primary().id.clone();
    world.behaviors.insert(id.clone(), Behavior::FailsToStart);
    world.end(0, true);
    let before = world.started;
    for _ in 0..600 {
        world.decide(usize::MAX);
        world.tick();
    }
    let tries = world.started - before;
    // Not as rarely as if nothing ran: should another of them end, it is missed.
    assert!((10..20).contains(&tries), "{tries} starts in ten minutes");
    world.behaviors.insert(id, Behavior::Works);
    world.settle(120);
    assert_eq!(world.outcome(), (3, 0, 1, Rollout::Completed));
    assert_eq!((world.primary().counters.failed_starts, world.primary().counters.retry_at), (0, None));
}

#[test]
fn a_task_that_falls_ill_is_replaced_before_it_is_stopped() {
    let mut world = replica(2, (100, 200), None);
    world.service.tasks[0].health = Health::Unhealthy;
    assert!(matches!(&world.decide(usize::MAX).actions[..], [Action::Start { .. }]));
    world.settle(60);
    assert_eq!(world.outcome(), (2, 0, 1, Rollout::Completed));
    assert!(world.service.tasks.iter().all(|task| task.health != Health::Unhealthy));
}

#[test]
fn a_host_that_is_drained_loses_its_tasks_within_the_bounds() {
    let mut world = replica(3, (100, 200), None);
    world.add_host(100);
    let first = world.hosts.keys().next().unwrap().clone();
    world.hosts.get_mut(&first).unwrap().leaving = true;
    assert_eq!(world.decide(usize::MAX).actions.len(), 3, "three starts");
    world.settle(60);
    assert_eq!(world.outcome(), (3, 0, 1, Rollout::Completed));
    assert!(world.service.tasks.iter().all(|task| task.host.as_ref() != Some(&first)));
}

#[test]
fn scale_in_spares_what_is_protected() {
    let mut world = replica(4, (100, 200), None);
    let until = world.now.after(Duration::from_secs(100));
    for task in &mut world.service.tasks[2..] {
        task.protected_until = Some(until);
    }
    world.service.desired = 1;
    let decision = world.decide(usize::MAX);
    assert_eq!(decision.actions.len(), 2);
    assert_eq!(decision.look_at, Some(until));
    world.settle(200);
    assert_eq!(world.outcome(), (1, 0, 1, Rollout::Completed));
}

#[test]
fn a_daemon_runs_once_on_each_host() {
    let mut world = World::new(Strategy::Daemon, 0, (0, 100), None);
    world.add_host(5);
    world.add_host(5);
    world.settle(60);
    assert_eq!(world.outcome(), (3, 0, 1, Rollout::Completed));
    world.deploy(Behavior::Works);
    world.settle(60);
    assert_eq!(world.outcome(), (3, 0, 1, Rollout::Completed));
    let gone = world.hosts.keys().next().unwrap().clone();
    world.lose_host(&gone);
    world.add_host(5);
    world.add_host(5);
    world.settle(60);
    assert_eq!(world.outcome(), (4, 0, 1, Rollout::Completed));
    let mut hosts: Vec<_> = world.service.tasks.iter().map(|task| task.host.clone()).collect();
    hosts.sort();
    hosts.dedup();
    assert_eq!(hosts.len(), 4);
}

#[test]
fn what_is_deleted_ends_and_is_gone() {
    let mut world = replica(3, (100, 200), None);
    world.service.tasks[0].protected_until = Some(world.now.after(Duration::from_secs(1000)));
    world.service.draining = true;
    for _ in 0..3 {
        world.decide(usize::MAX);
        world.tick();
    }
    assert!(world.gone && world.service.tasks.is_empty());
}

#[test]
fn thresholds_are_those_of_ecs() {
    let of = |desired| Threshold::BoundedPercent(50).of(desired);
    assert_eq!([of(0), of(1), of(6), of(7), of(400), of(1000)], [3, 3, 3, 4, 200, 200]);
    assert_eq!(Threshold::Count(5).of(1000), 5);
    assert_eq!([Threshold::UnboundedPercent(10).of(1), Threshold::UnboundedPercent(10).of(3000)], [1, 300]);
}

#[derive(Debug, Clone)]
enum Change {
    Scale(usize),
    Deploy(Behavior),
    Percents(u64, u64),
    Crash(usize),
    FallIll(usize),
    Recover(usize),
    Protect(usize),
    AddHost(usize),
    DrainHost(usize),
    LoseHost(usize),
    RollBack,
    Pass(usize),
    /// Only the first steps of a decision happen.
    CutShort(usize),
    Decide,
}

fn behavior() -> impl Strategy2<Value = Behavior> {
    prop_oneof![
        4 => Just(Behavior::Works),
        1 => Just(Behavior::FailsToStart),
        1 => Just(Behavior::Exits),
        1 => Just(Behavior::IsUnhealthy),
    ]
}

use proptest::strategy::Strategy as Strategy2;

fn percents() -> impl Strategy2<Value = (u64, u64)> {
    (prop_oneof![Just(0), Just(33), Just(50), Just(100)], prop_oneof![Just(100), Just(125), Just(200), Just(300)])
}

fn change() -> impl Strategy2<Value = Change> {
    prop_oneof![
        2 => (0_usize..7).prop_map(Change::Scale),
        2 => behavior().prop_map(Change::Deploy),
        1 => percents().prop_map(|(minimum, maximum)| Change::Percents(minimum, maximum)),
        2 => (0_usize..20).prop_map(Change::Crash),
        1 => (0_usize..20).prop_map(Change::FallIll),
        1 => (0_usize..20).prop_map(Change::Recover),
        1 => (0_usize..20).prop_map(Change::Protect),
        1 => (0_usize..6).prop_map(Change::AddHost),
        1 => (0_usize..6).prop_map(Change::DrainHost),
        1 => (0_usize..6).prop_map(Change::LoseHost),
        1 => Just(Change::RollBack),
        4 => (1_usize..8).prop_map(Change::Pass),
        3 => (0_usize..4).prop_map(Change::CutShort),
        6 => Just(Change::Decide),
    ]
}

fn happen(world: &mut World, change: &Change) {
    let tasks = world.service.tasks.len();
    let host = |index: usize| {
        let names: Vec<&String> = world.hosts.keys().collect();
        (!names.is_empty()).then(|| names[index % names.len()].clone())
    };
    match *change {
        Change::Scale(desired) => world.service.desired = desired,
        Change::Deploy(behavior) => world.deploy(behavior),
        Change::Percents(minimum, maximum) => {
            world.service.minimum_healthy_percent = minimum;
            world.service.maximum_percent = maximum;
        }
        Change::Crash(index) if tasks > 0 => world.end(index % tasks, false),
        Change::FallIll(index) if tasks > 0 => world.service.tasks[index % tasks].health = Health::Unhealthy,
        Change::Recover(index) if tasks > 0 => world.service.tasks[index % tasks].health = Health::Healthy,
        Change::Protect(index) if tasks > 0 => {
            world.service.tasks[index % tasks].protected_until = Some(world.now.after(Duration::from_secs(20)));
        }
        Change::AddHost(room) => world.add_host(room),
        Change::DrainHost(index) => {
            if let Some(host) = host(index).and_then(|name| world.hosts.get_mut(&name)) {
                host.leaving = true;
            }
        }
        Change::LoseHost(index) => {
            if let Some(name) = host(index) {
                world.lose_host(&name);
            }
        }
        Change::RollBack => {
            let requested = world.service.deployments.iter_mut().find(|deployment| deployment.primary);
            requested.unwrap().rollback_requested = true;
        }
        Change::Pass(seconds) => {
            for _ in 0..seconds {
                world.tick();
                world.decide(usize::MAX);
            }
        }
        Change::CutShort(steps) => {
            world.decide(steps);
        }
        Change::Decide => {
            world.decide(usize::MAX);
        }
        Change::Crash(_) | Change::FallIll(_) | Change::Recover(_) | Change::Protect(_) => {}
    }
}

/// After anything at all, a working definition and a host with room lead to what is wanted.
fn converges(strategy: Strategy, percents: (u64, u64), breaker: Option<Breaker>, changes: &[Change]) {
    let mut world = World::new(strategy, 3, percents, breaker);
    for change in changes {
        happen(&mut world, change);
    }
    world.add_host(100);
    world.service.minimum_healthy_percent = if strategy == Strategy::Daemon { 0 } else { 50 };
    world.service.maximum_percent = if strategy == Strategy::Daemon { 100 } else { 200 };
    // A host without any room would be a DAEMON's trouble for ever.
    world.hosts.values_mut().for_each(|host| host.room = 100);
    world.deploy(Behavior::Works);
    world.settle(600);
    let leaving = world.hosts.values().filter(|host| host.leaving).count();
    let wanted = if strategy == Strategy::Daemon { world.hosts.len() - leaving } else { world.service.desired };
    assert_eq!(world.outcome(), (wanted, 0, 1, Rollout::Completed));
}

/// With a breaker, any deployment ends: completed, given up, or rolled back.
fn terminates(desired: usize, percents: (u64, u64), rollback: bool, behaviors: &[Behavior]) {
    let mut world = World::new(Strategy::Replica, desired, percents, Some(Breaker { rollback, ..BREAKER }));
    world.settle(100);
    for behavior in behaviors {
        world.deploy(*behavior);
        let before = world.started;
        world.settle(2000);
        let (_, _, shown, rollout) = world.outcome();
        assert_ne!(rollout, Rollout::InProgress, "{behavior:?}");
        assert!(rollout != Rollout::Completed || shown == 1);
        assert!(world.started - before <= 8 * desired.max(3), "{} starts", world.started - before);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_replicas_keep_the_bounds_and_converge(
        percents in percents(),
        breaker in prop_oneof![Just(None), Just(Some(BREAKER))],
        changes in prop::collection::vec(change(), 0..60),
    ) {
        converges(Strategy::Replica, percents, breaker, &changes);
    }

    #[test]
    fn whatever_happens_daemons_keep_the_bounds_and_converge(
        breaker in prop_oneof![Just(None), Just(Some(BREAKER))],
        changes in prop::collection::vec(change(), 0..60),
    ) {
        converges(Strategy::Daemon, (0, 100), breaker, &changes);
    }

    #[test]
    fn with_a_breaker_every_deployment_ends(
        desired in 2_usize..9,
        percents in prop_oneof![Just((50_u64, 100_u64)), Just((50, 200)), Just((100, 200)), Just((0, 100))],
        rollback in any::<bool>(),
        behaviors in prop::collection::vec(behavior(), 1..4),
    ) {
        terminates(desired, percents, rollback, &behaviors);
    }
}
