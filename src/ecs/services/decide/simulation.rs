//! An engine for tests: hosts with room for so many tasks, tasks that start, crash and fall ill, a clock that is moved.
//! It takes the steps of decisions, or only the first of them, and looks whether the bounds were kept.

use std::collections::BTreeMap;
use std::time::Duration;

use types::Timestamp;

use super::health::{self, State};
use super::model::{
    Action, Breaker, Cause, Condition, Counters, Decision, Deployment, Ended, Health, Reason, Rollout, Settings,
    Snapshot, Strategy, Target, Task,
};

/// What the tasks of a deployment do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behavior {
    Works,
    FailsToStart,
    /// Exits as soon as it runs.
    Exits,
    /// Runs, and its check fails.
    IsUnhealthy,
}

#[derive(Debug, Clone)]
pub(super) struct Host {
    pub(super) room: usize,
    pub(super) leaving: bool,
}

pub(super) struct World {
    pub(super) now: Timestamp,
    pub(super) settings: Settings,
    pub(super) service: Snapshot,
    pub(super) hosts: BTreeMap<String, Host>,
    pub(super) behaviors: BTreeMap<String, Behavior>,
    /// Deployments that completed, the latest last.
    completed: Vec<String>,
    /// Those that are shown no more.
    retired: BTreeMap<String, Deployment>,
    stop_reasons: BTreeMap<String, Reason>,
    next: u64,
    pub(super) started: usize,
    pub(super) gone: bool,
}

impl World {
    pub(super) fn new(strategy: Strategy, desired: usize, percents: (u64, u64), breaker: Option<Breaker>) -> Self {
        let mut world = Self {
            now: Timestamp::from_micros(1_000_000_000),
            settings: Settings { settle: Duration::from_secs(3), ..Settings::default() },
            service: Snapshot {
                draining: false,
                strategy,
                desired,
                minimum_healthy_percent: percents.0,
                maximum_percent: percents.1,
                breaker,
                grace: Duration::ZERO,
                deployments: Vec::new(),
                last_completed: None,
                tasks: Vec::new(),
                ended: Vec::new(),
                hosts: Vec::new(),
            },
            hosts: BTreeMap::new(),
            behaviors: BTreeMap::new(),
            completed: Vec::new(),
            retired: BTreeMap::new(),
            stop_reasons: BTreeMap::new(),
            next: 0,
            started: 0,
            gone: false,
        };
        world.add_host(100);
        world.deploy(Behavior::Works);
        world
    }

    fn name(&mut self, kind: &str) -> String {
        self.next += 1;
        format!("{kind}{:04}", self.next)
    }

    pub(super) fn add_host(&mut self, room: usize) {
        let name = self.name("host");
        self.hosts.insert(name, Host { room, leaving: false });
    }

    pub(super) fn deploy(&mut self, behavior: Behavior) {
        let id = self.name("ecs-svc/");
        for deployment in &mut self.service.deployments {
            deployment.primary = false;
        }
        self.behaviors.insert(id.clone(), behavior);
        self.service.deployments.insert(
            0,
            Deployment {
                id,
                primary: true,
                rollout: Rollout::InProgress,
                instead_of: None,
                rollback_requested: false,
                counters: Counters::default(),
            },
        );
    }

    pub(super) fn primary(&self) -> &Deployment {
        self.service.deployments.iter().find(|deployment| deployment.primary).unwrap()
    }

    /// Ends a task.
    pub(super) fn end(&mut self, index: usize, asked: bool) {
        let task = self.service.tasks.remove(index);
        let cause = match self.stop_reasons.get(&task.id) {
            Some(Reason::ContainerHealth | Reason::TargetHealth(_)) => Cause::Unhealthy,
            Some(Reason::Scaling(_)) => Cause::Asked,
            None if asked => Cause::Asked,
            None if task.running_since.is_none() => Cause::FailedToStart,
            None => Cause::Exited,
        };
        let Task { id, deployment, was_healthy, .. } = task;
        self.service.ended.push(Ended { task: id, deployment, cause, was_healthy });
    }

    pub(super) fn lose_host(&mut self, name: &str) {
        self.hosts.remove(name);
        while let Some(index) = self.service.tasks.iter().position(|task| task.host.as_deref() == Some(name)) {
            self.end(index, true);
        }
    }

    /// A second passes, and tasks do what they do.
    pub(super) fn tick(&mut self) {
        self.now = self.now.after(Duration::from_secs(1));
        let mut over = Vec::new();
        for (index, task) in self.service.tasks.iter_mut().enumerate() {
            let behavior = self.behaviors[&task.deployment];
            match (task.stopping, task.running_since, behavior) {
                (true, ..) | (_, None, Behavior::FailsToStart) | (_, Some(_), Behavior::Exits) => over.push(index),
                (_, None, _) => task.running_since = Some(self.now),
                (_, Some(_), Behavior::IsUnhealthy) => task.health = Health::Unhealthy,
                (_, Some(_), Behavior::Works | Behavior::FailsToStart) => {}
            }
        }
        for index in over.into_iter().rev() {
            self.end(index, false);
        }
    }

    fn snapshot(&self) -> Snapshot {
        let mut service = self.service.clone();
        let primary = self.primary().id.clone();
        service.last_completed = self.completed.iter().rev().find(|id| **id != primary).cloned();
        for task in &mut service.tasks {
            task.host_leaving = task.host.as_ref().is_some_and(|host| self.hosts[host].leaving);
        }
        service.hosts = self.hosts.iter().filter(|(_, host)| !host.leaving).map(|(name, _)| name.clone()).collect();
        service
    }

    /// Decides, checks that what was decided keeps the bounds, and takes the first `steps` of it.
    pub(super) fn decide(&mut self, steps: usize) -> Decision {
        let before = self.snapshot();
        let decision = super::decide(&before, &self.settings, self.now);
        self.check(&before, &decision);
        let mut tried = false;
        for action in decision.actions.iter().take(steps).cloned() {
            if let (Action::Start { deployment, .. }, false) = (&action, tried) {
                tried = true;
                self.deployment(deployment).counters.unplaceable = false;
            }
            self.take(action);
        }
        decision
    }

    fn check(&self, before: &Snapshot, decision: &Decision) {
        let desired = if before.strategy == Strategy::Daemon { before.hosts.len() } else { before.desired };
        let starts = decision.actions.iter().filter(|action| matches!(action, Action::Start { .. })).count();
        let stops: Vec<&String> = decision
            .actions
            .iter()
            .filter_map(|action| match action {
                Action::Stop { task, .. } => Some(task),
                _ => None,
            })
            .collect();
        let kept = before.tasks.iter().filter(|task| !task.stopping).count();
        let upper = desired * before.maximum_percent as usize / 100;
        assert!(starts == 0 || kept - stops.len() + starts <= upper, "{kept} - {stops:?} + {starts} > {upper}");
        let healthy =
            |task: &&Task| !task.stopping && health::state(before, task, &self.settings, self.now).0 == State::Healthy;
        let was = before.tasks.iter().filter(healthy).count();
        let left = before.tasks.iter().filter(healthy).filter(|task| !stops.contains(&&task.id)).count();
        let lower = (desired * before.minimum_healthy_percent as usize).div_ceil(100);
        assert!(before.draining || left >= lower.min(was), "{left} healthy of {was}, and {lower} are to stay");
        for task in before.tasks.iter().filter(|task| stops.contains(&&task.id)) {
            assert!(!task.stopping, "{} is stopped twice", task.id);
            let protected = task.protected_until.is_some_and(|until| until > self.now);
            let ill = health::state(before, task, &self.settings, self.now).0 == State::Unhealthy;
            let waits = task.running_since.is_none() && task.host_leaving;
            assert!(!protected || ill || waits || before.draining, "{} is protected", task.id);
        }
        if decision.conditions.contains(&Condition::Steady) {
            assert_eq!((kept, starts, stops.len()), (desired, 0, 0));
        }
    }

    fn deployment(&mut self, id: &str) -> &mut Deployment {
        if let Some(deployment) = self.retired.remove(id) {
            self.service.deployments.push(deployment);
        }
        self.service.deployments.iter_mut().find(|deployment| deployment.id == id).unwrap()
    }

    fn take(&mut self, action: Action) {
        match action {
            Action::Count { deployment, counters } => self.deployment(&deployment).counters = counters,
            Action::Forget { task } => self.service.ended.retain(|ended| ended.task != task),
            Action::Healthy { task } => {
                let found = self.service.tasks.iter_mut().find(|other| other.id == task);
                found.unwrap().was_healthy = true;
            }
            Action::Stop { task, reason } => {
                let found = self.service.tasks.iter_mut().find(|other| other.id == task);
                found.unwrap().stopping = true;
                self.stop_reasons.insert(task, reason);
            }
            Action::Start { deployment, host } => self.start(&deployment, host),
            Action::Complete { deployment } => {
                self.deployment(&deployment).rollout = Rollout::Completed;
                self.completed.push(deployment);
            }
            Action::Fail { deployment, .. } => self.deployment(&deployment).rollout = Rollout::Failed,
            Action::RollBack { from, to, .. } => {
                let failed = self.deployment(&from);
                failed.primary = false;
                failed.rollout = Rollout::Failed;
                let back = self.deployment(&to);
                back.primary = true;
                back.rollout = Rollout::InProgress;
                back.instead_of = Some(from);
                back.counters = Counters::default();
            }
            Action::Retire { deployment } => {
                let index = self.service.deployments.iter().position(|other| other.id == deployment).unwrap();
                let retired = self.service.deployments.remove(index);
                assert!(!retired.primary);
                self.retired.insert(deployment, retired);
            }
            Action::Deactivate => self.gone = true,
        }
    }

    fn start(&mut self, deployment: &str, host: Option<String>) {
        let used = |name: &String| self.service.tasks.iter().filter(|task| task.host.as_ref() == Some(name)).count();
        let free = |name: &&String| !self.hosts[*name].leaving && used(name) < self.hosts[*name].room;
        let found = match &host {
            Some(host) => Some(host).filter(free),
            None => self.hosts.keys().find(free),
        };
        let found = found.cloned();
        self.deployment(deployment).counters.unplaceable |= found.is_none();
        if found.is_none() {
            return;
        }
        let id = self.name("task");
        self.started += 1;
        self.service.tasks.push(Task {
            id,
            deployment: deployment.to_owned(),
            running_since: None,
            stopping: false,
            health: Health::Unchecked,
            target: Target::Unbalanced,
            protected_until: None,
            host: found,
            host_leaving: false,
            was_healthy: false,
            rank: None,
        });
    }

    /// Goes on until nothing is to be done any more, at most so many seconds.
    pub(super) fn settle(&mut self, seconds: usize) {
        let mut quiet = 0;
        for _ in 0..seconds {
            let decision = self.decide(usize::MAX);
            let idle = decision.actions.is_empty() && self.service.ended.is_empty();
            let waits = decision.look_at.is_some_and(|at| at <= self.now.after(Duration::from_secs(1000)));
            quiet = if idle && !waits { quiet + 1 } else { 0 };
            if quiet > 5 {
                return;
            }
            self.tick();
        }
    }

    /// What runs of the primary deployment, what else there is, and how the deployment stands.
    pub(super) fn outcome(&self) -> (usize, usize, usize, Rollout) {
        let primary = self.primary();
        let own = self.service.tasks.iter().filter(|task| task.deployment == primary.id && !task.stopping).count();
        (own, self.service.tasks.len() - own, self.service.deployments.len(), primary.rollout)
    }
}
