//! What came of what was asked for, and what was seen of a container.

use types::Timestamp;

use super::{Phase, Task};
use crate::engine::{Failure, Health, Image, Status, View};

/// How long after the engine failed to end a container it is asked again, at first.
const STOP_AGAIN: i64 = 1_000_000;

/// How the reason begins when secrets or logins could not be had.
const UNINITIALIZED: &str = "ResourceInitializationError: ";

/// How long a container must have run to be started again, unless its definition says otherwise, in seconds.
const RESTART_PERIOD: i64 = 300;

impl Task {
    /// The image of a container is here, or is not to be had.
    pub fn pulled(&mut self, index: usize, outcome: Result<Image, Failure>, now: Timestamp) {
        let Some(container) = self.containers.get_mut(index).filter(|container| container.phase == Phase::Pulling)
        else {
            return;
        };
        match outcome {
            Ok(image) => {
                container.phase = Phase::Pulled;
                container.image_id = Some(image.id);
                container.image_digest = image.digest;
                self.pull_stopped_at = Some(now.micros());
            }
            Err(failure) => self.failed(index, failure.0, now),
        }
    }

    /// A container was made, or could not be.
    pub fn created(&mut self, index: usize, outcome: Result<String, Failure>, now: Timestamp) {
        let Some(container) = self.containers.get_mut(index).filter(|container| container.phase == Phase::Creating)
        else {
            return;
        };
        match outcome {
            Ok(id) => {
                container.phase = Phase::Created;
                container.created_at = Some(now.micros());
                container.runtime_id = Some(id);
            }
            Err(failure) => self.failed(index, failure.0, now),
        }
    }

    /// A container could not be started. That it was is seen.
    pub fn not_started(&mut self, index: usize, failure: Failure, now: Timestamp) {
        if self.containers.get(index).is_some_and(|container| container.phase == Phase::Starting) {
            self.failed(index, failure.0, now);
        }
    }

    /// A container could not be ended. It is tried again, less and less often.
    pub fn not_stopped(&mut self, index: usize, now: Timestamp) {
        let Some(container) = self.containers.get_mut(index).filter(|container| container.phase == Phase::Stopping)
        else {
            return;
        };
        container.phase = Phase::Running;
        container.stop_failures += 1;
        container.stop_again_at = Some(now.micros() + (STOP_AGAIN << container.stop_failures.min(6)));
    }

    /// What the engine says of a container; nothing if it does not have it.
    pub fn seen(&mut self, index: usize, view: Option<&View>, now: Timestamp) {
        let Some(container) = self.containers.get_mut(index) else { return };
        // The others have no container, or are done with it. `Creating` hears of its id first.
        if !matches!(container.phase, Phase::Created | Phase::Starting | Phase::Running | Phase::Stopping) {
            return;
        }
        let Some(view) = view else {
            let text = "CannotInspectContainerError: the container is not there any more";
            self.failed(index, text.to_owned(), now);
            return;
        };
        match view.status {
            Status::Created => {}
            Status::Running => {
                container.note(view, now);
                if matches!(container.phase, Phase::Created | Phase::Starting) {
                    container.phase = Phase::Running;
                }
            }
            Status::Exited => {
                // It ended before, and is about to be started again.
                let old = matches!(container.phase, Phase::Created | Phase::Starting)
                    && container.finished_at.is_some()
                    && container.finished_at == view.finished_at.map(Timestamp::micros);
                if !old {
                    container.note(view, now);
                    self.exited(index, view, now);
                }
            }
        }
    }

    fn exited(&mut self, index: usize, view: &View, now: Timestamp) {
        let restart = self.restarts(index, view, now);
        let container = &mut self.containers[index];
        container.exit_code = view.exit_code;
        container.finished_at = Some(view.finished_at.unwrap_or(now).micros());
        container.health = Health::Unknown;
        if restart {
            container.phase = Phase::Created;
            container.restarts += 1;
            // The engine gives it another, and this one to somebody else.
            container.address = None;
            return;
        }
        if view.out_of_memory {
            container.reason = Some("OutOfMemoryError: Container killed due to memory usage".to_owned());
        } else if !view.error.is_empty() && container.started_at.is_none() {
            container.reason = Some(format!("CannotStartContainerError: {}", view.error));
        }
        self.ended(index, now);
    }

    /// Whether a container that ended is started again in place.
    fn restarts(&self, index: usize, view: &View, now: Timestamp) -> bool {
        let policy = self.definition(index).and_then(|definition| definition.restart_policy.as_ref());
        let Some(policy) = policy.filter(|policy| policy.enabled && !self.ends()) else {
            return false;
        };
        let period = policy.restart_attempt_period.unwrap_or(RESTART_PERIOD).saturating_mul(1_000_000);
        let Some(started) = view.started_at else { return false };
        let ran = view.finished_at.unwrap_or(now).micros() - started.micros();
        let ignored = view.exit_code.is_some_and(|code| policy.ignored_exit_codes.contains(&code));
        !ignored && ran >= period
    }

    /// A container has ended without having run, or without the agent seeing how.
    fn failed(&mut self, index: usize, reason: String, now: Timestamp) {
        if let Some(container) = self.containers.get_mut(index) {
            container.reason = Some(reason);
            self.ended(index, now);
        }
    }

    /// A container has ended for good. If it is essential, so does the task; and whatever it is, if the task did not get what it
    /// needs to begin.
    fn ended(&mut self, index: usize, now: Timestamp) {
        let essential = self.definition(index).is_none_or(|definition| definition.essential);
        let container = &mut self.containers[index];
        let initialized = container.reason.as_ref().is_none_or(|reason| !reason.starts_with(UNINITIALIZED));
        container.phase = Phase::Stopped;
        container.finished_at.get_or_insert(now.micros());
        if !essential && initialized {
            return;
        }
        let (ran, finished) = (container.has_run(), container.finished_at);
        // What never ran says itself why.
        let reason = container.reason.clone().filter(|_| !ran);
        if !container.is_pause() {
            self.execution_stopped_at = self.execution_stopped_at.or(finished);
        }
        if !self.ends() {
            self.reason = Some(reason.unwrap_or_else(|| "Essential container in task exited".to_owned()));
        }
    }
}

impl super::Container {
    /// What a container that runs or has run looks like.
    fn note(&mut self, view: &View, now: Timestamp) {
        self.runtime_id = Some(view.id.clone());
        self.created_at = view.created_at.map(Timestamp::micros).or(self.created_at);
        self.started_at = view.started_at.map(Timestamp::micros).or(self.started_at);
        if self.health != view.health || self.health_since.is_none() {
            self.health_since = Some(now.micros());
        }
        self.health = view.health;
        self.health_output.clone_from(&view.health_output);
        // A container that has ended has none any more, and what it had is still worth knowing.
        if !view.bindings.is_empty() {
            self.bindings.clone_from(&view.bindings);
        }
        if let Some(address) = view.addresses.values().find(|address| !address.ip.is_empty()) {
            self.address = Some(address.clone());
        }
    }
}
