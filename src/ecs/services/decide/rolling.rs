//! What is started and what is stopped, within the bounds: never more tasks than the maximum percent of the desired
//! number, never a healthy one stopped when that leaves fewer than the minimum percent.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use types::Timestamp;

use super::health::{self, State};
use super::model::{Action, Condition, Decision, Deployment, Reason, Rollout, Settings, Snapshot, Strategy, Task};

/// The tasks of a service, sorted by what is to become of them.
pub(crate) struct Plan<'s> {
    service: &'s Snapshot,
    primary: &'s Deployment,
    settings: &'s Settings,
    now: Timestamp,
    /// How many tasks are wanted.
    pub(crate) desired: usize,
    /// Tasks of the primary deployment that are to stay.
    good: Vec<Seen<'s>>,
    /// Tasks that work, or may work, and that others are to replace: of other deployments, or on hosts that are drained.
    old: Vec<Seen<'s>>,
    /// Tasks whose checks failed.
    bad: Vec<Seen<'s>>,
    /// Tasks that were told to stop.
    stopping: usize,
    /// How many healthy tasks are left after what was decided.
    healthy: usize,
    /// How many tasks are left that are not told to stop.
    kept: usize,
    stopped: BTreeSet<&'s str>,
}

/// A task and how it stands.
#[derive(Clone, Copy)]
struct Seen<'s> {
    task: &'s Task,
    state: State,
    protected: bool,
}

impl<'s> Plan<'s> {
    /// Sorts the tasks of a service.
    pub(crate) fn new(
        service: &'s Snapshot,
        primary: &'s Deployment,
        settings: &'s Settings,
        now: Timestamp,
        decision: &mut Decision,
    ) -> Self {
        let desired = match service.strategy {
            Strategy::Replica => service.desired,
            Strategy::Daemon => service.hosts.len(),
        };
        let (mut good, mut old, mut bad) = (Vec::new(), Vec::new(), Vec::new());
        let mut taken = BTreeSet::new();
        for task in service.tasks.iter().filter(|task| !task.stopping) {
            let (state, changes_at) = health::state(service, task, settings, now);
            changes_at.into_iter().for_each(|at| decision.look(at));
            let protected = task.protected_until.is_some_and(|until| until > now);
            let seen = Seen { task, state, protected };
            let in_place = match service.strategy {
                Strategy::Replica => !task.host_leaving,
                Strategy::Daemon => task.host.as_ref().is_some_and(|host| service.hosts.contains(host)),
            };
            if state == State::Unhealthy {
                bad.push(seen);
            } else if task.deployment == primary.id
                && in_place
                && (service.strategy == Strategy::Replica || taken.insert(&task.host))
            {
                good.push(seen);
            } else {
                old.push(seen);
            }
        }
        let all = || good.iter().chain(&old).chain(&bad);
        Self {
            healthy: all().filter(|seen| seen.state == State::Healthy).count(),
            kept: all().count(),
            stopping: service.tasks.iter().filter(|task| task.stopping).count(),
            stopped: BTreeSet::new(),
            service,
            primary,
            settings,
            now,
            desired,
            good,
            old,
            bad,
        }
    }

    /// Not more tasks than this.
    fn upper(&self) -> usize {
        percent(self.desired, self.service.maximum_percent, u64::checked_div)
    }

    /// Not fewer healthy ones than this, as far as it is ours.
    fn lower(&self) -> usize {
        percent(self.desired, self.service.minimum_healthy_percent, |of, by| Some(of.div_ceil(by)))
    }

    /// How many more may be started now. With a maximum of 100 percent a task is gone before its successor comes.
    fn room(&self) -> usize {
        let going = if self.service.maximum_percent <= 100 { self.stopping + self.stopped.len() } else { 0 };
        self.upper().saturating_sub(self.kept + going)
    }

    /// How many tasks of the primary deployment are to be started.
    pub(crate) fn missing(&self) -> usize {
        if self.primary.rollout == Rollout::Failed { 0 } else { self.desired.saturating_sub(self.good.len()) }
    }

    /// Tasks that serve: of the primary deployment the healthy ones, of the others all that run.
    fn serving(&self) -> usize {
        let left = |seen: &&Seen<'_>| !self.stopped.contains(seen.task.id.as_str());
        self.good.iter().filter(left).filter(|seen| seen.state == State::Healthy).count()
            + self.old.iter().filter(left).filter(|seen| seen.state != State::Pending).count()
    }

    /// Stops a task, unless that would leave too few healthy ones.
    fn stop(&mut self, seen: Seen<'s>, reason: Reason, decision: &mut Decision) -> bool {
        if seen.state == State::Healthy {
            if self.healthy <= self.lower() {
                return false;
            }
            self.healthy -= 1;
        }
        if !self.stopped.insert(&seen.task.id) {
            return false;
        }
        self.kept -= 1;
        decision.actions.push(Action::Stop { task: seen.task.id.clone(), reason });
        true
    }

    fn scaling(&self) -> Reason {
        Reason::Scaling(self.primary.id.clone())
    }

    /// Decides.
    pub(crate) fn run(&mut self, decision: &mut Decision) {
        self.stop_in_vain(decision);
        self.stop_surplus(decision);
        let waits = self.primary.counters.retry_at.filter(|at| *at > self.now);
        match waits {
            Some(at) if self.missing() > 0 => decision.look(at),
            _ => {
                self.make_room(decision);
                self.start(decision);
            }
        }
        if self.is_stuck(decision) {
            decision.conditions.push(Condition::Stuck);
        }
        // What is protected is looked at again when it no longer is.
        let ends = |seen: &Seen<'_>| seen.task.protected_until.filter(|_| seen.protected);
        let surplus = self.good.len() > self.desired;
        let waiting = self.old.iter().chain(self.good.iter().filter(|_| surplus));
        waiting.filter_map(ends).for_each(|at| decision.look(at));
    }

    /// Tasks that serve nobody and that will not be kept.
    fn stop_in_vain(&mut self, decision: &mut Decision) {
        for seen in self.old.clone() {
            let leaves = seen.task.host_leaving;
            let replaced = self.primary.rollout != Rollout::Failed && !seen.protected;
            if seen.state == State::Pending && (leaves || replaced) {
                self.stop(seen, self.scaling(), decision);
            }
        }
    }

    /// More than are wanted: those that others replace, then those whose replacement works, then those of a scale-in.
    fn stop_surplus(&mut self, decision: &mut Decision) {
        if self.serving() >= self.desired {
            for seen in self.bad.clone() {
                if let Some(reason) = health::reason(seen.task) {
                    self.stop(seen, reason, decision);
                }
            }
        }
        if self.primary.rollout == Rollout::Failed {
            self.stop_failed(decision);
            return;
        }
        for seen in self.order(&self.old) {
            if self.serving() <= self.desired && !self.is_misplaced(&seen) {
                break;
            }
            self.stop(seen, self.scaling(), decision);
        }
        let mut surplus = self.good.len().saturating_sub(self.desired);
        for seen in self.order(&self.good) {
            if surplus == 0 {
                break;
            }
            if self.stop(seen, self.scaling(), decision) {
                surplus -= 1;
            }
        }
    }

    /// A DAEMON task on a host that is to have none.
    fn is_misplaced(&self, seen: &Seen<'_>) -> bool {
        self.service.strategy == Strategy::Daemon
            && seen.task.host.as_ref().is_none_or(|host| !self.service.hosts.contains(host))
    }

    /// A deployment that was given up leaves no more tasks than are wanted. What others still serve with is kept longest.
    fn stop_failed(&mut self, decision: &mut Decision) {
        let bad = self.bad.clone().into_iter();
        let candidates: Vec<Seen<'s>> = bad.chain(self.order(&self.good)).chain(self.order(&self.old)).collect();
        for seen in candidates {
            if self.kept <= self.desired {
                break;
            }
            let reason = health::reason(seen.task).filter(|_| seen.state == State::Unhealthy);
            self.stop(seen, reason.unwrap_or_else(|| self.scaling()), decision);
        }
    }

    /// Stops what stands in the way of what is to be started: if the maximum says so, or if no host has room.
    fn make_room(&mut self, decision: &mut Decision) {
        let missing = self.missing();
        let mut wanted = if self.primary.counters.unplaceable { missing } else { missing.saturating_sub(self.room()) };
        // Those that are on their way out make room soon.
        if self.primary.counters.unplaceable || self.service.maximum_percent <= 100 {
            wanted = wanted.saturating_sub(self.stopping + self.stopped.len());
        }
        for seen in self.bad.clone() {
            if wanted == 0 {
                return;
            }
            if let Some(reason) = health::reason(seen.task)
                && self.stop(seen, reason, decision)
            {
                wanted -= 1;
            }
        }
        for seen in self.order(&self.old) {
            if wanted == 0 || self.serving() <= self.lower() {
                return;
            }
            if self.stop(seen, self.scaling(), decision) {
                wanted -= 1;
            }
        }
    }

    fn start(&mut self, decision: &mut Decision) {
        let missing = self.missing().min(self.room());
        let hosts = match self.service.strategy {
            Strategy::Replica => vec![None; missing],
            Strategy::Daemon => self.free_hosts().into_iter().map(|host| Some(host.clone())).take(missing).collect(),
        };
        // Where no host has room, the next attempt is no better for being made at once.
        if hosts.len() > self.settings.starts && !self.primary.counters.unplaceable {
            decision.look(self.now);
        }
        for host in hosts.into_iter().take(self.settings.starts) {
            self.kept += 1;
            decision.actions.push(Action::Start { deployment: self.primary.id.clone(), host });
        }
    }

    /// The hosts that lack their task, those first on which nothing of the service runs, else in the order in which they are
    /// given.
    fn free_hosts(&self) -> Vec<&'s String> {
        let tasks = |host: &String| self.service.tasks.iter().filter(|task| task.host.as_ref() == Some(host)).count();
        let has = |host: &String| self.good.iter().any(|seen| seen.task.host.as_ref() == Some(host));
        let mut free: Vec<(usize, &String)> =
            self.service.hosts.iter().filter(|host| !has(host)).map(|host| (tasks(host), host)).collect();
        // Not two on one host, if the maximum is one for each.
        if self.service.maximum_percent <= 100 {
            free.retain(|(tasks, _)| *tasks == 0);
        }
        free.sort_by_key(|(tasks, _)| *tasks);
        free.into_iter().map(|(_, host)| host).collect()
    }

    /// Which are stopped first: those that serve nobody, then those that placement would take away, then those whose host
    /// has most tasks of the service, then the youngest. What is protected is not among them.
    fn order(&self, seen: &[Seen<'s>]) -> Vec<Seen<'s>> {
        let on_host = |task: &Task| {
            let kept = self.service.tasks.iter().filter(|other| !other.stopping && other.host.is_some());
            kept.filter(|other| other.host == task.host).count()
        };
        let mut order: Vec<_> = seen
            .iter()
            .filter(|seen| !seen.protected && !self.stopped.contains(seen.task.id.as_str()))
            .map(|seen| {
                let rank = seen.task.rank.unwrap_or(usize::MAX);
                let youngest = Reverse((seen.task.running_since, &seen.task.id));
                ((!self.is_misplaced(seen), seen.state, rank, Reverse(on_host(seen.task)), youngest), *seen)
            })
            .collect();
        order.sort_by_key(|(key, _)| *key);
        order.into_iter().map(|(_, seen)| seen).collect()
    }

    /// Something is to be started, nothing can be stopped or started, and nothing is on its way.
    fn is_stuck(&self, decision: &Decision) -> bool {
        let acts = decision.actions.iter().any(|action| matches!(action, Action::Start { .. } | Action::Stop { .. }));
        let on_the_way = self.good.iter().any(|seen| seen.state != State::Healthy);
        self.missing() > 0 && self.room() == 0 && self.stopping == 0 && !on_the_way && !acts
    }

    /// Exactly what is wanted runs, and all of it is healthy.
    pub(crate) fn is_steady(&self) -> bool {
        self.good.len() == self.desired
            && self.kept == self.desired
            && self.stopped.is_empty()
            && self.good.iter().all(|seen| seen.state == State::Healthy)
    }
}

fn percent(desired: usize, percent: u64, divide: impl Fn(u64, u64) -> Option<u64>) -> usize {
    let of = (desired as u64).saturating_mul(percent);
    usize::try_from(divide(of, 100).unwrap_or_default()).unwrap_or(usize::MAX)
}
