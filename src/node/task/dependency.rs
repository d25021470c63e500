//! What containers wait for: `dependsOn`, and what links, shared mounts and shared namespaces need.

use std::collections::BTreeSet;

use types::Timestamp;

use super::{Container, Phase, Task};
use crate::engine::Health;

/// What of another container is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    /// That it has started.
    Start,
    /// That it has ended.
    Complete,
    /// That it has ended with 0.
    Success,
    /// That its check says it is well.
    Healthy,
}

/// How a wait is going.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// It is over.
    Over,
    /// It goes on; perhaps only until a time.
    On(Option<Timestamp>),
    /// It cannot end well.
    Hopeless(String),
}

/// What a container depends on, by its definition.
pub(super) fn of(container: &acs::Container) -> Vec<(&str, Condition)> {
    let explicit = container.depends_on.iter().map(|dependency| {
        let condition = match dependency.condition.as_str() {
            "COMPLETE" => Condition::Complete,
            "SUCCESS" => Condition::Success,
            "HEALTHY" => Condition::Healthy,
            _ => Condition::Start,
        };
        (dependency.container_name.as_str(), condition)
    });
    // `name:alias`
    let links = container.links.iter().map(|link| (link.split(':').next().unwrap_or_default(), Condition::Start));
    let mounts = container.volumes_from.iter().map(|from| (from.source_container.as_str(), Condition::Start));
    explicit.chain(links).chain(mounts).collect()
}

impl Task {
    /// Which containers the one at `index` depends on, by their places.
    pub(super) fn dependencies(&self, index: usize) -> Vec<(usize, Condition)> {
        let own = self.definition(index).map(of).unwrap_or_default();
        let mut found: Vec<(usize, Condition)> =
            own.into_iter().filter_map(|(name, condition)| Some((self.position(name)?, condition))).collect();
        if index > 0 && self.has_own_network() {
            found.push((0, Condition::Start));
        }
        found.extend(self.joins(index).map(|holder| (holder, Condition::Start)));
        found
    }

    /// Whose processes, or memory, the other containers share, if the task says that they do: those of the first essential
    /// container, since the task ends with that.
    pub(super) fn namespace_holder(&self) -> Option<usize> {
        let is_shared =
            [&self.wanted.pid_mode, &self.wanted.ipc_mode].iter().any(|mode| mode.as_deref() == Some("task"));
        let holds = |index: &usize| self.definition(*index).is_some_and(|definition| definition.essential);
        (0..self.containers.len()).filter(|_| is_shared).find(holds)
    }

    /// Whose a container shares, if it does. What the holder itself waits for is there before it, and has its own.
    pub(super) fn joins(&self, index: usize) -> Option<usize> {
        let holder = self.namespace_holder()?;
        let (mut waits, mut left) = (BTreeSet::new(), vec![holder]);
        while let Some(next) = left.pop() {
            if waits.insert(next) {
                let needed = self.definition(next).map(of).unwrap_or_default();
                left.extend(needed.into_iter().filter_map(|(name, _)| self.position(name)));
            }
        }
        self.definition(index).is_some().then_some(holder).filter(|_| !waits.contains(&index))
    }

    /// How the waits of a container are going, all together.
    pub(super) fn wait(&self, index: usize, now: Timestamp) -> Wait {
        let mut until: Option<Timestamp> = None;
        let mut waits = false;
        for (other, condition) in self.dependencies(index) {
            match self.wait_for(index, other, condition, now) {
                Wait::Over => {}
                Wait::On(time) => {
                    waits = true;
                    until = match (until, time) {
                        (Some(one), Some(other)) => Some(one.min(other)),
                        (one, other) => one.or(other),
                    };
                }
                hopeless @ Wait::Hopeless(_) => return hopeless,
            }
        }
        if waits { Wait::On(until) } else { Wait::Over }
    }

    fn wait_for(&self, index: usize, other: usize, condition: Condition, now: Timestamp) -> Wait {
        let (Some(container), Some(on)) = (self.containers.get(index), self.containers.get(other)) else {
            return Wait::Over;
        };
        if is_met(on, condition) {
            return Wait::Over;
        }
        // The texts are those of Amazon's agent.
        if on.phase == Phase::Stopped {
            return Wait::Hopeless(format!(
                "dependency graph: failed to resolve the container ordering dependency [{}] for target [{}] as dependency \
                 did not exit successfully.",
                on.name, container.name
            ));
        }
        let patience = self.definition(other).and_then(|definition| definition.start_timeout).filter(|time| *time > 0);
        let (Some(patience), Some(started)) = (patience, on.started_at) else {
            return Wait::On(None);
        };
        let end = Timestamp::from_micros(started.saturating_add(patience.saturating_mul(1_000_000)));
        if now < end {
            return Wait::On(Some(end));
        }
        Wait::Hopeless(format!(
            "dependency graph: container ordering dependency [{}] for target [{}] has timed out.",
            on.name, container.name
        ))
    }
}

fn is_met(on: &Container, condition: Condition) -> bool {
    let ended = on.phase == Phase::Stopped && on.has_run();
    match condition {
        Condition::Start => on.has_run(),
        Condition::Complete => ended,
        Condition::Success => ended && on.exit_code == Some(0),
        Condition::Healthy => on.phase == Phase::Running && on.health == Health::Healthy,
    }
}
