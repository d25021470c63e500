//! The subcommands. Each says in words why it failed; how the program ends is decided here.

mod account;
mod admin;
mod advisories;
pub(crate) mod agent;
mod audit;
mod check;
mod fsck;
mod gc;
mod gc_delay;
mod jobs;
mod lifecycle;
mod pull_gate;
mod replication_target;
mod restore;
mod sbom;
mod sbom_referrers;
mod serve;
mod usage;
mod webhook;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Result, anyhow};
use app::App;
use app::bootstrap::AccessKey;
use serde_json::Value;

use crate::config::{Command, Config};
use crate::telemetry::Log;

/// Carries a command out and tells its failure. The exit code is 0 or 1, or what the command says of its own.
pub(crate) async fn run(command: Command, config: Config, log: &Log) -> ExitCode {
    let config = &config;
    let done = match command {
        Command::Serve => serve::run(config, log).await,
        Command::Agent(arguments) => agent::run(config, arguments, std::env::vars_os()).await,
        Command::Check => return check::run(config).await,
        Command::Fsck { verify, repair } => return fsck::run(config, verify, repair).await,
        Command::Gc { delay } => gc::run(config, delay).await,
        Command::GcDelay(command) => gc_delay::run(config, command).await,
        Command::Jobs => jobs::run(config).await,
        Command::Advisories(command) => advisories::run(config, command).await,
        Command::PullGate(command) => pull_gate::run(config, command).await,
        Command::Sbom { repository, reference, format } => sbom::run(config, &repository, &reference, &format).await,
        Command::SbomReferrers(command) => sbom_referrers::run(config, command).await,
        Command::Lifecycle { repository, preview, policy } => {
            lifecycle::run(config, &repository, preview, policy.as_deref()).await
        }
        Command::Usage { now } => usage::run(config, now).await,
        Command::Restore { repository, reference } => restore::run(config, &repository, reference).await,
        Command::Audit { since, follow } => audit::run(config, since, follow).await,
        Command::Webhook(command) => webhook::run(config, command).await,
        Command::ReplicationTarget(command) => replication_target::run(config, command).await,
        Command::Account(command) => account::run(config, command).await,
        // Needs none of the settings, so it was carried out before they were read.
        Command::CredentialHelper { .. } => Ok(()),
        Command::Admin(command) => admin::run(config, command).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_unread(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether a command ended because whoever read its lines had enough of them, as `head` has.
fn is_unread(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Shows an access key that was just made.
fn show_key(key: &AccessKey) -> Result<()> {
    show_once(&[("access key id:     ", &key.access_key_id), ("secret access key: ", key.secret_access_key.expose())])
}

/// Shows what nobody can ask for again. It is a failure if nobody sees it, whatever the reason.
fn show_once(lines: &[(&str, &str)]) -> Result<()> {
    let text: String = lines.iter().map(|(name, value)| format!("{name}{value}\n")).collect();
    let mut out = io::stdout();
    let shown = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    shown.map_err(|error| anyhow!("it was made, and its secret cannot be shown: {error}; remove it and make another"))
}

/// Makes a change, and writes to the audit log what became of it.
async fn audited<T, E>(
    app: &App,
    name: &str,
    parameters: Value,
    change: impl Future<Output = Result<T, E>>,
) -> Result<T>
where
    anyhow::Error: From<E>,
{
    let done = change.await.map_err(anyhow::Error::from);
    let failure = done.as_ref().err().map(|error| format!("{error:#}"));
    app::audit::record_command(app, name, parameters, failure.as_deref()).await;
    done
}
