//! How far one container of a task is.

use serde::{Deserialize, Serialize};

use super::PAUSE;
use crate::engine::{Address, Binding, Health};

/// What is being done to a container. The forms in -ing are on their way: something was asked for, and the answer is
/// awaited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// It waits for others.
    #[default]
    Waiting,
    /// Its image is fetched.
    Pulling,
    /// Its image is here.
    Pulled,
    /// It is made.
    Creating,
    /// It is there and has not been started, or is about to be started again.
    Created,
    /// It is started.
    Starting,
    /// It runs.
    Running,
    /// It was told to end.
    Stopping,
    /// It ended, or never ran and never will.
    Stopped,
}

/// How far a container is. Times are microseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Container {
    /// Its name in the definition.
    pub name: String,
    /// What is being done to it.
    pub phase: Phase,
    /// Under which name tasks ask for its metadata. Nobody can guess it.
    pub metadata_id: String,
    /// The engine's id of it.
    pub runtime_id: Option<String>,
    /// The id of its image.
    pub image_id: Option<String>,
    /// The digest of its image.
    pub image_digest: Option<String>,
    /// How it ended. None if it never ran.
    pub exit_code: Option<i64>,
    /// Why it is not running.
    pub reason: Option<String>,
    /// What its check says.
    pub health: Health,
    /// What its check printed.
    pub health_output: String,
    /// Since when its check says so.
    pub health_since: Option<i64>,
    /// Where its ports are.
    pub bindings: Vec<Binding>,
    /// Its address in the network.
    pub address: Option<Address>,
    /// When it was made.
    pub created_at: Option<i64>,
    /// When it was started, the last time.
    pub started_at: Option<i64>,
    /// When it ended.
    pub finished_at: Option<i64>,
    /// How often it was started again.
    pub restarts: u32,
    /// Not before this is it told to end again, after the engine failed to end it.
    pub stop_again_at: Option<i64>,
    /// How often the engine failed to end it.
    pub stop_failures: u32,
    /// Whether the control plane knows that it ended while the task went on.
    pub end_reported: bool,
}

impl Container {
    /// One that has not begun.
    pub(super) fn new(definition: &acs::Container) -> Self {
        Self { name: definition.name.clone(), metadata_id: unguessable(), ..Self::default() }
    }

    /// The one that holds the network of a task. Its image is made, not fetched.
    pub(super) fn pause() -> Self {
        Self { name: PAUSE.to_owned(), metadata_id: unguessable(), ..Self::default() }
    }

    /// Whether it is the one that the agent added.
    pub fn is_pause(&self) -> bool {
        self.name == PAUSE
    }

    /// Whether it has run.
    pub fn has_run(&self) -> bool {
        self.started_at.is_some()
    }

    /// After the agent was away: what was on its way is asked for again. Each of those steps can be taken twice.
    pub fn resume(&mut self) {
        self.phase = match self.phase {
            Phase::Pulling => Phase::Waiting,
            Phase::Creating => Phase::Pulled,
            Phase::Starting => Phase::Created,
            Phase::Stopping => Phase::Running,
            settled => settled,
        };
        self.stop_again_at = None;
    }
}

/// Text that nobody can guess.
fn unguessable() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
