//! The subcommands.

pub(crate) mod account;
pub(crate) mod admin;
pub(crate) mod audit;
pub(crate) mod check;
pub(crate) mod fsck;
pub(crate) mod serve;
