//! What runs on the machines that run containers.
//!
//! An agent registers its host with a control plane, is told over Amazon's agent protocol which tasks to run, runs them on
//! the host's container engine, and says what became of them. It keeps them running while the control plane is away, and
//! finds them again when it starts itself. It sees neither the database nor the registry's rules: what it needs of a
//! registry it asks for as any client does.

mod agent;
mod backoff;
mod board;
mod config;
mod confinement;
mod control;
mod error;
mod host;
mod images;
mod journal;
mod logs;
mod network;
mod register;
mod runner;
mod secrets;
mod session;
mod socket;
mod telemetry;
mod vendor;
mod wallet;

pub mod engine;
pub mod task;

pub use agent::run;
pub use config::{Config, ImageCleanup};
pub use error::{Error, Result};
