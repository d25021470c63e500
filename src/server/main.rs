//! The `wharf` program: settings in, one of the commands out. What the commands have in common is in `open`.

mod agents;
mod api;
mod commands;
mod config;
mod credential_helper;
mod health;
mod listener;
mod metrics;
mod middleware;
mod open;
mod own_agent;
mod pool_metrics;
mod router;
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
    telemetry::init(&config.log_filter, config.log_format);
    // One provider for the whole program; without this call the first connection would have to guess.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = match listener::runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("the program cannot start its threads: {error}");
            return ExitCode::from(2);
        }
    };
    let code = runtime.block_on(async {
        match command.unwrap_or(Command::Serve) {
            Command::Serve => commands::serve::run(config).await,
            Command::Agent(arguments) => commands::agent::run(config, arguments, std::env::vars_os()).await,
            Command::Check => commands::check::run(config).await,
            Command::Fsck { verify, repair } => commands::fsck::run(config, verify, repair).await,
            Command::Gc { delay } => commands::gc::run(config, delay).await,
            Command::GcDelay(command) => commands::gc_delay::run(config, command).await,
            Command::Jobs => commands::jobs::run(config).await,
            Command::Advisories(command) => commands::advisories::run(config, command).await,
            Command::PullGate(command) => commands::pull_gate::run(config, command).await,
            Command::Sbom { repository, reference, format } => {
                commands::sbom::run(config, &repository, &reference, &format).await
            }
            Command::SbomReferrers(command) => commands::sbom_referrers::run(config, command).await,
            Command::Lifecycle { repository, preview, policy } => {
                commands::lifecycle::run(config, &repository, preview, policy.as_deref()).await
            }
            Command::Usage { now } => commands::usage::run(config, now).await,
            Command::Restore { repository, reference } => commands::restore::run(config, &repository, reference).await,
            Command::Audit { since, follow } => commands::audit::run(config, since, follow).await,
            Command::Webhook(command) => commands::webhook::run(config, command).await,
            Command::Account(command) => commands::account::run(config, command).await,
            // Needs none of the settings, so it was carried out before they were read.
            Command::CredentialHelper { .. } => ExitCode::SUCCESS,
            Command::Admin(command) => commands::admin::run(config, command).await,
        }
    });
    // Disk I/O that is stuck must not keep the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    code
}
