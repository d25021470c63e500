//! The `wharf` program: settings in, one of the commands out. What the commands have in common is in `open`.

mod agents;
mod api;
mod commands;
mod config;
mod credential_helper;
mod health;
mod metrics;
mod middleware;
mod open;
mod open_files;
mod own_agent;
mod pool_metrics;
mod router;
mod runtime;
mod scan_results;
mod telemetry;

use std::process::ExitCode;

use clap::Parser;

use crate::config::{Cli, Command, Config};

fn main() -> ExitCode {
    // Docker finds its helpers by the names of programs.
    if let Some(arguments) = credential_helper::called_as_one(std::env::args_os()) {
        return credential_helper::run(arguments);
    }
    let Cli { command, flags } = Cli::parse();
    if let Some(Command::CredentialHelper { action }) = &command {
        return credential_helper::run(Some(action.clone()));
    }
    let config = match Config::load(flags, std::env::vars_os()) {
        Ok(config) => config,
        Err(problems) => {
            eprintln!("{problems}");
            return ExitCode::from(2);
        }
    };
    let log = telemetry::init(&config.log_filter, config.log_format);
    open_files::raise();
    // One provider for the whole program; without this call the first connection would have to guess.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = match runtime::runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("the program cannot start its threads: {error}");
            return ExitCode::from(2);
        }
    };
    let code = runtime.block_on(commands::run(command.unwrap_or(Command::Serve), config, &log));
    // Disk I/O that is stuck must not keep the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    code
}
