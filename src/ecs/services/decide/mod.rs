//! What a service needs done, from what is: values in, steps out. No clock, no database, no choice by chance.
//!
//! It is level-triggered. Nothing is remembered of earlier decisions but what is in the snapshot, so a step that was lost
//! is decided again, and a step that was taken is not. The rules are those of ECS: bounds by percent, start first when
//! the maximum lets it, replacement of what is unhealthy, circuit breaker, longer pauses between failing starts.

mod account;
mod health;
pub(crate) mod model;
mod rolling;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use types::Timestamp;

use self::health::State;
use self::model::{Action, Condition, Counters, Decision, Deployment, Reason, Rollout, Settings, Snapshot};
use self::rolling::Plan;

/// How many failed starts in a row are worth an event.
const INCONSISTENT: u32 = 4;

/// What is to be done about a service now.
pub(crate) fn decide(service: &Snapshot, settings: &Settings, now: Timestamp) -> Decision {
    let mut decision = Decision::default();
    if service.draining {
        drain(service, &mut decision);
        return decision;
    }
    let newly_healthy = newly_healthy(service, settings, now);
    let of = |id: &str| newly_healthy.iter().filter(|(deployment, _)| deployment == id).count();
    let counted: Vec<Deployment> = service
        .deployments
        .iter()
        .map(|deployment| Deployment {
            counters: account::count(service, deployment, of(&deployment.id), settings, now),
            ..deployment.clone()
        })
        .collect();
    let tasks: Vec<String> = newly_healthy.iter().map(|(_, task)| task.clone()).collect();
    account::note(service, &counted, &tasks, &mut decision);
    let Some(primary) = counted.iter().find(|deployment| deployment.primary) else {
        return decision;
    };
    if give_up(service, primary, &mut decision) {
        // Everything looks different then.
        decision.look(now);
        return decision;
    }
    if primary.counters.failed_starts >= INCONSISTENT {
        decision.conditions.push(Condition::Inconsistent);
    }
    let mut plan = Plan::new(service, primary, settings, now, &mut decision);
    if primary.counters.unplaceable && plan.missing() == 0 {
        let counters = Counters { unplaceable: false, ..primary.counters };
        decision.actions.push(Action::Count { deployment: primary.id.clone(), counters });
    } else if primary.counters.unplaceable {
        decision.conditions.push(Condition::Unplaceable);
        decision.look(now.after(settings.place_again));
    }
    plan.run(&mut decision);
    let others = counted.iter().filter(|deployment| !deployment.primary);
    let has_tasks = |id: &str| service.tasks.iter().any(|task| task.deployment == id);
    if plan.is_steady() && primary.rollout != Rollout::Failed {
        decision.conditions.push(Condition::Steady);
        if !service.tasks.iter().any(|task| task.deployment != primary.id) {
            if primary.rollout == Rollout::InProgress {
                decision.actions.push(Action::Complete { deployment: primary.id.clone() });
            }
            decision.actions.extend(others.map(|other| Action::Retire { deployment: other.id.clone() }));
        }
    } else {
        // Nothing is left of them, and nothing comes to them any more, however long the primary one is under way. What the
        // service goes back from is seen until it is back.
        let over = others.filter(|other| !has_tasks(&other.id) && primary.instead_of.as_ref() != Some(&other.id));
        decision.actions.extend(over.map(|other| Action::Retire { deployment: other.id.clone() }));
    }
    decision
}

/// The service is being deleted: everything ends, protected or not.
fn drain(service: &Snapshot, decision: &mut Decision) {
    decision.actions.extend(service.ended.iter().map(|ended| Action::Forget { task: ended.task.clone() }));
    for task in service.tasks.iter().filter(|task| !task.stopping) {
        let reason = Reason::Scaling(task.deployment.clone());
        decision.actions.push(Action::Stop { task: task.id.clone(), reason });
    }
    if service.tasks.is_empty() {
        decision.actions.push(Action::Deactivate);
    }
}

/// The tasks that are healthy and never were before, with their deployments.
fn newly_healthy(service: &Snapshot, settings: &Settings, now: Timestamp) -> Vec<(String, String)> {
    let fresh = service.tasks.iter().filter(|task| !task.was_healthy);
    fresh
        .filter(|task| health::state(service, task, settings, now).0 == State::Healthy)
        .map(|task| (task.deployment.clone(), task.id.clone()))
        .collect()
}

/// Gives the primary deployment up if too much of it failed, or if somebody wants that. Whether it did.
fn give_up(service: &Snapshot, primary: &Deployment, decision: &mut Decision) -> bool {
    if primary.rollout != Rollout::InProgress {
        return false;
    }
    let requested = primary.rollback_requested;
    let broken = service.breaker.filter(|breaker| primary.counters.failures >= breaker.threshold.of(service.wanted()));
    if !requested && broken.is_none() {
        return false;
    }
    // What the service went back to is not left for something older.
    let back = service.last_completed.clone().filter(|_| primary.instead_of.is_none());
    let back = back.filter(|_| requested || broken.is_some_and(|breaker| breaker.rollback));
    let (requested, id) = (broken.is_none(), primary.id.clone());
    decision.actions.push(match back {
        Some(to) => Action::RollBack { from: id, to, requested },
        None => Action::Fail { deployment: id, requested },
    });
    true
}

impl Snapshot {
    /// How many tasks are wanted.
    fn wanted(&self) -> usize {
        match self.strategy {
            model::Strategy::Replica => self.desired,
            model::Strategy::Daemon => self.hosts.len(),
        }
    }
}
