//! The subcommands.

pub(crate) mod account;
pub(crate) mod admin;
pub(crate) mod advisories;
pub(crate) mod audit;
pub(crate) mod check;
pub(crate) mod fsck;
pub(crate) mod gc;
pub(crate) mod jobs;
pub(crate) mod lifecycle;
pub(crate) mod pull_gate;
pub(crate) mod replication_target;
pub(crate) mod restore;
pub(crate) mod sbom;
pub(crate) mod serve;
pub(crate) mod usage;
pub(crate) mod webhook;
