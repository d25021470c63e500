//! Properties of a task, whatever the engine answers and in whatever order, and single cases that a reader will ask for.

use std::collections::BTreeSet;

use proptest::prelude::*;
use types::Timestamp;

use super::testing::{Spec, name, task, wanted};
use super::{Action, Phase, Status, Task, check};
use crate::engine::{Address, Failure, Health, Image, Status as Seen, View};

const START: i64 = 1_800_000_000_000_000;

fn spec(essential: bool, depends: &[(usize, &'static str)]) -> Spec {
    Spec { essential, depends: depends.to_vec() }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(START + seconds * 1_000_000)
}

fn view(status: Seen, code: Option<i64>, started: i64, finished: Option<i64>) -> View {
    View {
        id: "id".to_owned(),
        status,
        exit_code: code,
        started_at: Some(at(started)),
        finished_at: finished.map(at),
        ..View::default()
    }
}

fn running(started: i64) -> View {
    view(Seen::Running, None, started, None)
}

fn exited(code: i64, started: i64, finished: i64) -> View {
    view(Seen::Exited, Some(code), started, Some(finished))
}

/// Carries actions out until nothing is left to do: everything succeeds at once.
fn settle(task: &mut Task, now: i64) -> Vec<Action> {
    let mut done = Vec::new();
    loop {
        let (actions, _) = task.step(at(now));
        if actions.is_empty() {
            return done;
        }
        for action in actions {
            match action {
                Action::Pull(index) => task.pulled(index, Ok(Image::default()), at(now)),
                Action::Create(index) => task.created(index, Ok(format!("id{index}")), at(now)),
                Action::Start(index) => task.seen(index, Some(&running(now)), at(now)),
                Action::Stop(index, _) => task.seen(index, Some(&exited(143, now, now)), at(now)),
            }
            done.push(action);
        }
    }
}

#[test]
fn a_task_runs_and_ends() {
    let mut task = task(&[spec(true, &[])]);
    assert_eq!(task.status(), Status::None);
    settle(&mut task, 0);
    assert_eq!(task.status(), Status::Running);
    task.stop = true;
    settle(&mut task, 1);
    assert_eq!(task.status(), Status::Stopped);
    let (_, request) = task.report("default").unwrap();
    assert_eq!(request.reason, None, "whoever stopped it knows why");
    assert_eq!(request.containers[0].exit_code, Some(143));
}

#[test]
fn containers_start_in_order_and_end_in_reverse() {
    let mut task = task(&[spec(true, &[(1, "START")]), spec(true, &[(2, "START")]), spec(true, &[])]);
    let starts: Vec<Action> =
        settle(&mut task, 0).into_iter().filter(|action| matches!(action, Action::Start(_))).collect();
    assert_eq!(starts, [Action::Start(2), Action::Start(1), Action::Start(0)]);
    task.stop = true;
    let stops = settle(&mut task, 1);
    assert_eq!(stops, [Action::Stop(0, 30), Action::Stop(1, 30), Action::Stop(2, 30)]);
}

#[test]
fn containers_that_share_processes_wait_for_whose_they_are() {
    // The second one is the first that is essential, and waits for the third.
    let mut wanted = wanted(&[spec(false, &[]), spec(true, &[(2, "START")]), spec(false, &[]), spec(true, &[])]);
    for mode in [None, Some("task"), Some("host")] {
        wanted.pid_mode = mode.map(str::to_owned);
        let mut task = Task::new(wanted.clone());
        let starts: Vec<Action> =
            settle(&mut task, 0).into_iter().filter(|action| matches!(action, Action::Start(_))).collect();
        let order = if mode == Some("task") { [2, 1, 0, 3] } else { [0, 2, 3, 1] };
        assert_eq!(starts, order.map(Action::Start), "{mode:?}");
        let joins: Vec<Option<usize>> = (0..4).map(|index| task.joins(index)).collect();
        let shared = if mode == Some("task") { [Some(1), None, None, Some(1)] } else { [None; 4] };
        assert_eq!(joins, shared, "{mode:?}");
    }
}

#[test]
fn an_essential_container_takes_the_others_along() {
    let mut task = task(&[spec(true, &[]), spec(false, &[])]);
    settle(&mut task, 0);
    task.seen(1, Some(&exited(0, 0, 1)), at(1));
    assert!(settle(&mut task, 1).is_empty(), "the other may end");
    assert_eq!(task.status(), Status::Running);
    task.taken(Status::Running, &acs::api::SubmitTaskStateChangeRequest::default());
    let (of, request) = task.container_report("default").unwrap();
    assert_eq!((of, request.exit_code), (name(1), Some(0)));
    task.seen(0, Some(&exited(3, 0, 2)), at(2));
    settle(&mut task, 2);
    let (status, request) = task.report("default").unwrap();
    assert_eq!(status, Status::Stopped);
    assert_eq!(request.reason.as_deref(), Some("Essential container in task exited"));
    assert_eq!(request.containers[0].exit_code, Some(3));
    assert!(request.execution_stopped_at.is_some());
}

#[test]
fn an_image_that_is_not_to_be_had_ends_the_task_with_its_reason() {
    let mut task = task(&[spec(true, &[])]);
    task.step(at(0));
    task.pulled(0, Err(Failure("CannotPullContainerError: no".to_owned())), at(1));
    task.step(at(1));
    let (status, request) = task.report("default").unwrap();
    assert_eq!(status, Status::Stopped);
    assert_eq!(request.reason.as_deref(), Some("CannotPullContainerError: no"));
    assert_eq!(request.containers[0].reason.as_deref(), Some("CannotPullContainerError: no"));
    assert_eq!(request.containers[0].exit_code, None, "it never ran");
}

#[test]
fn a_wait_for_success_is_hopeless_after_a_failure() {
    let mut task = task(&[spec(false, &[]), spec(true, &[(0, "SUCCESS")])]);
    settle(&mut task, 0);
    assert_eq!(task.status(), Status::Pending);
    task.seen(0, Some(&exited(1, 0, 1)), at(1));
    settle(&mut task, 1);
    assert_eq!(task.status(), Status::Stopped);
    assert!(task.reason.as_deref().unwrap().contains("did not exit successfully"));
}

#[test]
fn a_wait_for_completion_and_for_health_ends() {
    let mut task = task(&[spec(false, &[]), spec(true, &[]), spec(true, &[(0, "COMPLETE"), (1, "HEALTHY")])]);
    settle(&mut task, 0);
    task.seen(0, Some(&exited(9, 0, 1)), at(1));
    assert!(settle(&mut task, 1).is_empty());
    task.seen(1, Some(&View { health: Health::Healthy, ..running(0) }), at(2));
    settle(&mut task, 2);
    assert_eq!(task.status(), Status::Running);
}

#[test]
fn a_wait_has_the_patience_of_what_is_waited_for() {
    let mut wanted = wanted(&[spec(true, &[]), spec(true, &[(0, "HEALTHY")])]);
    wanted.containers[0].start_timeout = Some(10);
    let mut task = Task::new(wanted);
    settle(&mut task, 0);
    assert_eq!(task.step(at(9)), (vec![], Some(at(10))));
    settle(&mut task, 10);
    assert!(task.reason.as_deref().unwrap().contains("has timed out"));
    assert_eq!(task.status(), Status::Stopped);
}

#[test]
fn a_container_that_ran_long_enough_is_started_again() {
    let mut wanted = wanted(&[spec(true, &[])]);
    wanted.containers[0].restart_policy =
        Some(acs::RestartPolicy { enabled: true, ignored_exit_codes: vec![7], restart_attempt_period: Some(60) });
    let mut task = Task::new(wanted);
    settle(&mut task, 0);
    task.containers[0].address = Some(Address { ip: "172.17.0.2".to_owned(), ..Address::default() });
    let end = exited(1, 0, 60);
    task.seen(0, Some(&end), at(60));
    assert_eq!(task.containers[0].address, None, "that may be somebody else's by now");
    assert_eq!(task.step(at(60)).0, [Action::Start(0)]);
    task.seen(0, Some(&end), at(60));
    assert_eq!(task.containers[0].phase, Phase::Starting, "that was seen before");
    task.seen(0, Some(&running(61)), at(61));
    assert_eq!((task.status(), task.containers[0].restarts), (Status::Running, 1));
    let mut ignored = task.clone();
    ignored.seen(0, Some(&exited(7, 61, 200)), at(200));
    assert!(ignored.ends());
    task.seen(0, Some(&exited(1, 61, 70)), at(70));
    assert!(task.ends(), "it ran too short");
}

#[test]
fn a_container_out_of_memory_says_so() {
    let mut task = task(&[spec(true, &[])]);
    settle(&mut task, 0);
    task.seen(0, Some(&View { out_of_memory: true, ..exited(137, 0, 1) }), at(1));
    assert_eq!(task.containers[0].reason.as_deref(), Some("OutOfMemoryError: Container killed due to memory usage"));
}

#[test]
fn a_task_that_is_to_end_before_it_began_is_never_started() {
    let mut wanted = wanted(&[spec(true, &[])]);
    wanted.desired_status = "STOPPED".to_owned();
    let mut task = Task::new(wanted);
    assert!(task.step(at(0)).0.is_empty());
    assert_eq!(task.status(), Status::Stopped);
}

#[test]
fn tasks_that_make_no_sense_are_refused() {
    let circle = wanted(&[spec(true, &[(1, "START")]), spec(true, &[(0, "START")])]);
    assert!(check(&circle).unwrap_err().contains("circle"));
    assert!(check(&wanted(&[])).is_err());
    assert!(check(&wanted(&[spec(false, &[])])).unwrap_err().contains("essential"));
    assert!(check(&wanted(&[spec(true, &[(5, "START")])])).unwrap_err().contains("not there"));
    assert!(check(&wanted(&[spec(true, &[]), spec(true, &[(0, "HEALTHY")])])).is_ok());
    assert!(check(&acs::Task { containers: vec![acs::Container::default()], ..circle }).is_err());
}

#[test]
fn what_holds_the_network_comes_first_and_goes_last() {
    let mut wanted = wanted(&[spec(true, &[])]);
    wanted.network_mode = Some("awsvpc".to_owned());
    let mut task = Task::new(wanted);
    let actions = settle(&mut task, 0);
    assert_eq!(actions[..3], [Action::Pull(0), Action::Create(0), Action::Start(0)]);
    let (_, request) = task.report("default").unwrap();
    assert_eq!(request.containers.len(), 1, "nobody is told of it");
    task.stop = true;
    assert_eq!(settle(&mut task, 1), [Action::Stop(1, 30), Action::Stop(0, 0)]);
}

/// What an engine does to an action, in a property test.
#[derive(Debug, Clone, Copy)]
enum Luck {
    Good,
    Bad,
    /// It takes longer.
    Later,
    /// The agent starts again before it hears.
    Crash,
}

fn luck() -> impl Strategy<Value = Luck> {
    prop_oneof![6 => Just(Luck::Good), 1 => Just(Luck::Bad), 3 => Just(Luck::Later), 1 => Just(Luck::Crash)]
}

fn specs() -> impl Strategy<Value = Vec<Spec>> {
    let one = (any::<bool>(), prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize), 0..3));
    prop::collection::vec(one, 1..5).prop_map(|all| {
        let mut specs: Vec<Spec> = all
            .into_iter()
            .enumerate()
            .map(|(index, (essential, depends))| {
                let conditions = ["START", "COMPLETE", "SUCCESS", "HEALTHY"];
                let depends = depends
                    .into_iter()
                    .filter(|_| index > 0)
                    .map(|(on, how)| (on.index(index.max(1)), conditions[how]));
                Spec { essential, depends: depends.collect() }
            })
            .collect();
        specs[0].essential = true;
        specs
    })
}

/// An engine of the simplest kind: what each container of the task really is.
#[derive(Debug, Clone, Default)]
struct Real {
    created: bool,
    view: Option<View>,
    starts: u32,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_happens_order_is_kept_and_a_task_that_is_stopped_ends(
        specs in specs(),
        lucks in prop::collection::vec(luck(), 80),
        exits in prop::collection::vec((0..5_usize, 0..2_i64, 0..30_usize), 0..4),
        stop_at in 0..60_usize,
    ) {
        let mut task = task(&specs);
        let mut real = vec![Real::default(); specs.len()];
        let mut pending: Vec<Action> = Vec::new();
        for round in 0..400_usize {
            let now = i64::try_from(round).unwrap();
            if round == stop_at {
                task.stop = true;
            }
            for (which, code, _) in exits.iter().filter(|(_, _, when)| *when == round) {
                if let Some(one) = real.get_mut(*which).filter(|one| one.view.as_ref().is_some_and(|view| view.status == Seen::Running)) {
                    one.view = Some(exited(*code, now, now));
                }
            }
            let (actions, _) = task.step(at(now));
            for action in &actions {
                if let Action::Start(index) = action {
                    for (on, condition) in &specs[*index].depends {
                        let other = &task.containers[*on];
                        prop_assert!(other.has_run(), "{index} starts before {on}");
                        match *condition {
                            "COMPLETE" => prop_assert_eq!(other.phase, Phase::Stopped),
                            "SUCCESS" => prop_assert_eq!(other.exit_code, Some(0)),
                            _ => {}
                        }
                    }
                }
                if let Action::Stop(index, _) = action {
                    for (other, spec) in specs.iter().enumerate() {
                        if spec.depends.iter().any(|(on, _)| on == index) {
                            prop_assert_eq!(task.containers[other].phase, Phase::Stopped, "{} is needed", index);
                        }
                    }
                }
                let open: BTreeSet<usize> = pending.iter().map(place).collect();
                // A pull that was let go of may still be on its way.
                prop_assert!(!open.contains(&place(action)) || matches!(task.containers[place(action)].phase, Phase::Stopped));
            }
            pending.extend(actions);
            let mut later = Vec::new();
            let mut crash = false;
            for action in pending.drain(..) {
                match lucks[(round + place(&action)) % lucks.len()] {
                    Luck::Later if round < 300 => later.push(action),
                    Luck::Crash if round < 300 => {
                        perform(&mut real, &action, true, now);
                        crash = true;
                    }
                    luck => {
                        let good = !matches!(luck, Luck::Bad);
                        perform(&mut real, &action, good, now);
                        tell(&mut task, &action, good, now);
                    }
                }
            }
            pending = later;
            if crash {
                // What is written down is all that is left, and the engine is asked.
                let text = serde_json::to_string(&task).unwrap();
                task = serde_json::from_str(&text).unwrap();
                pending.clear();
                task.containers.iter_mut().for_each(super::Container::resume);
            }
            for (index, one) in real.iter_mut().enumerate() {
                if let Some(view) = one.view.as_mut().filter(|view| view.status == Seen::Running && round > 5) {
                    view.health = Health::Healthy;
                }
                if one.created && task.containers[index].phase != Phase::Creating {
                    task.seen(index, one.view.as_ref().or(Some(&View::default())), at(now));
                }
            }
            let stopped = task.wanted.containers.iter().zip(&task.containers);
            let essential_ended = stopped.clone().any(|(wanted, has)| wanted.essential && has.phase == Phase::Stopped);
            prop_assert!(!essential_ended || task.ends(), "an essential container ended and the task goes on");
        }
        prop_assert_eq!(task.status(), Status::Stopped);
        for (index, one) in real.iter().enumerate() {
            prop_assert!(one.starts <= 1, "{} was started {} times", index, one.starts);
            prop_assert!(one.view.as_ref().is_none_or(|view| view.status == Seen::Exited), "{} still runs", index);
        }
    }
}

fn place(action: &Action) -> usize {
    match action {
        Action::Pull(index) | Action::Create(index) | Action::Start(index) | Action::Stop(index, _) => *index,
    }
}

fn perform(real: &mut [Real], action: &Action, good: bool, now: i64) {
    let one = &mut real[place(action)];
    match action {
        Action::Create(_) if good => one.created = true,
        Action::Start(_) if good && one.view.is_none() => {
            one.starts += 1;
            one.view = Some(running(now));
        }
        Action::Stop(..) if good && one.view.as_ref().is_some_and(|view| view.status == Seen::Running) => {
            one.view = Some(exited(143, now, now));
        }
        _ => {}
    }
}

fn tell(task: &mut Task, action: &Action, good: bool, now: i64) {
    let bad = || Failure("bad luck".to_owned());
    match action {
        Action::Pull(index) => task.pulled(*index, if good { Ok(Image::default()) } else { Err(bad()) }, at(now)),
        Action::Create(index) => {
            task.created(*index, if good { Ok("id".to_owned()) } else { Err(bad()) }, at(now));
        }
        Action::Start(index) if !good => task.not_started(*index, bad(), at(now)),
        Action::Stop(index, _) if !good => task.not_stopped(*index, at(now)),
        Action::Start(_) | Action::Stop(..) => {}
    }
}
