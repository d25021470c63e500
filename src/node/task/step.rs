//! What is to be done next for a task.
//!
//! [`Task::step`] first lets what needs no engine happen: a wait that is hopeless ends the task, what has not begun when
//! the task ends never will. Then it gives what an engine has to do, and notes that it is on its way, so that nothing is
//! asked for twice.

use types::Timestamp;

use super::dependency::Wait;
use super::{Phase, Task};

/// How long a container has to end unless its definition says otherwise, in seconds.
const STOP_TIMEOUT: i64 = 30;

/// Something that an engine has to do. Containers are named by their place in [`Task::containers`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Fetch the image.
    Pull(usize),
    /// Make the container.
    Create(usize),
    /// Start it.
    Start(usize),
    /// Ask it to end, and end it after so many seconds.
    Stop(usize, i64),
}

impl Task {
    /// What is to be done now, and when to ask again though nothing happens.
    pub fn step(&mut self, now: Timestamp) -> (Vec<Action>, Option<Timestamp>) {
        let mut wake: Option<Timestamp> = None;
        if !self.ends() {
            wake = self.give_up_hopeless(now);
        }
        if self.ends() {
            self.drop_what_has_not_begun();
        }
        if self.has_ended() {
            self.stopped_at.get_or_insert(now.micros());
            return (Vec::new(), None);
        }
        let mut actions = Vec::new();
        for index in 0..self.containers.len() {
            let (action, again) = if self.ends() { self.ending(index, now) } else { (self.starting(index, now), None) };
            actions.extend(action);
            wake = match (wake, again) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
        (actions, wake)
    }

    /// A wait that cannot end well ends the task. When the next one would.
    fn give_up_hopeless(&mut self, now: Timestamp) -> Option<Timestamp> {
        let mut wake: Option<Timestamp> = None;
        for index in 0..self.containers.len() {
            if !self.containers[index].is_waiting() {
                continue;
            }
            match self.wait(index, now) {
                Wait::Over | Wait::On(None) => {}
                Wait::On(Some(time)) => wake = Some(wake.map_or(time, |wake| wake.min(time))),
                Wait::Hopeless(why) => {
                    let container = &mut self.containers[index];
                    container.phase = Phase::Stopped;
                    container.reason = Some(why.clone());
                    self.reason = Some(why);
                    return None;
                }
            }
        }
        wake
    }

    /// What does not run and is not on its way to it has ended, once the task ends. A pull is let go of.
    fn drop_what_has_not_begun(&mut self) {
        for container in &mut self.containers {
            if matches!(container.phase, Phase::Waiting | Phase::Pulling | Phase::Pulled | Phase::Created) {
                container.phase = Phase::Stopped;
            }
        }
    }

    fn starting(&mut self, index: usize, now: Timestamp) -> Option<Action> {
        let next = match self.containers[index].phase {
            // Pulls wait as well: what the container waits for may be what the registry needs.
            Phase::Waiting if self.wait(index, now) == Wait::Over => (Phase::Pulling, Action::Pull(index)),
            Phase::Pulled => (Phase::Creating, Action::Create(index)),
            Phase::Created => (Phase::Starting, Action::Start(index)),
            _ => return None,
        };
        if next.0 == Phase::Pulling && !self.containers[index].is_pause() {
            self.pull_started_at.get_or_insert(now.micros());
        }
        self.containers[index].phase = next.0;
        Some(next.1)
    }

    fn ending(&mut self, index: usize, now: Timestamp) -> (Option<Action>, Option<Timestamp>) {
        if self.containers[index].phase != Phase::Running || self.is_needed(index) {
            return (None, None);
        }
        if let Some(again) = self.containers[index].stop_again_at.map(Timestamp::from_micros).filter(|time| now < *time)
        {
            return (None, Some(again));
        }
        let timeout = self.definition(index).and_then(|definition| definition.stop_timeout);
        let timeout = match timeout.filter(|seconds| *seconds >= 0) {
            // What holds the network has nothing to finish.
            _ if self.containers[index].is_pause() => 0,
            timeout => timeout.unwrap_or(STOP_TIMEOUT),
        };
        self.containers[index].phase = Phase::Stopping;
        (Some(Action::Stop(index, timeout)), None)
    }

    /// Whether a container that has not ended depends on this one: they end in reverse order.
    fn is_needed(&self, index: usize) -> bool {
        (0..self.containers.len()).any(|other| {
            self.containers[other].phase != Phase::Stopped
                && self.dependencies(other).iter().any(|(needed, _)| *needed == index)
        })
    }
}

impl super::Container {
    fn is_waiting(&self) -> bool {
        self.phase == Phase::Waiting
    }
}
