//! What an operator does and sees: settings, health, metrics, shutdown, and the commands that check.

pub mod audit;
mod check;
mod commands;
mod composition;
mod credential_helper;
mod first_start;
mod footprint;
mod fsck;
mod health;
mod image;
mod logs;
mod metrics;
mod readme;
mod settings;
mod shutdown;
mod tls;
