//! The agent as a whole against a control plane that the tests play, on an engine in memory and on a real one.

#![expect(clippy::unwrap_used, reason = "what a test helper cannot do is a failed test")]

mod bench;
mod control;
mod docker;
mod images;
mod process;
mod simulated;
