//! The agent as a whole against a control plane that the tests play, on an engine in memory and on a real one.

mod control;
mod docker;
mod process;
mod simulated;
