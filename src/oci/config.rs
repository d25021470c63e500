//! Settings of this front.

use std::time::Duration;

use crate::Challenge;

/// What an operator can choose about the wire.
#[derive(Debug, Clone)]
pub struct Config {
    /// How a request without credentials is told to log in.
    pub challenge: Challenge,
    /// The address that clients use, without a slash at its end. None: what the request says.
    pub external_url: Option<String>,
    /// How long a body may send nothing.
    pub body_idle_timeout: Duration,
    /// What large manifests may take together on their way in, in bytes.
    pub memory_budget: u64,
}
