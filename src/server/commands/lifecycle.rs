//! `wharf lifecycle REPOSITORY`: applies the lifecycle policy of a repository now, as the running servers do once a day, or
//! says what it would do and how many bytes that would free.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use app::lifecycle::RuleAction;
use app::lifecycle::foretell::{Going, foretell};
use app::{admin, audit};
use serde_json::json;

use super::admin::read;
use crate::config::Config;
use crate::open;

pub(crate) async fn run(config: Config, repository: &str, preview: bool, policy: Option<&Path>) -> ExitCode {
    let done = match preview {
        true => show(&config, repository, policy).await,
        false => apply(&config, repository).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn apply(config: &Config, repository: &str) -> Result<()> {
    let app = open::application(config).await?;
    let name = repository.parse()?;
    let applied = admin::apply_lifecycle_policy(&app, &app.config().registry, &name).await;
    let failure = applied.as_ref().err().map(ToString::to_string);
    let parameters = json!({ "repositoryName": repository });
    audit::record_command(&app, "ApplyLifecyclePolicy", parameters, failure.as_deref()).await;
    app.db().close().await;
    let applied = applied?.with_context(|| without_policy(repository))?;
    println!("{} images, {} expired, {} with them", applied.images, applied.expired, applied.expired_followers);
    if applied.archived > 0 {
        println!("{} archived, {} with them", applied.archived, applied.archived_followers);
    }
    Ok(())
}

async fn show(config: &Config, repository: &str, policy: Option<&Path>) -> Result<()> {
    let policy = policy.map(read).transpose()?;
    let app = open::application(config).await?;
    let name = repository.parse()?;
    let foretold = foretell(&app, &app.config().registry, &name, policy.as_deref()).await;
    app.db().close().await;
    let foretold = foretold?.with_context(|| without_policy(repository))?;
    let mut out = io::stdout().lock();
    writeln!(out, "{:<71}  {:<10}  {:>4}  {:>16}  TAGS", "IMAGE", "ACTION", "RULE", "BYTES FREED")?;
    for going in &foretold.going {
        writeln!(out, "{}", line(going))?;
    }
    let (expiring, freed) = foretold.total(RuleAction::Expire);
    let (archiving, _) = foretold.total(RuleAction::Transition);
    writeln!(
        out,
        "\n{} images, {expiring} would expire and free {freed} bytes, {archiving} would be archived",
        foretold.images
    )?;
    Ok(out.flush()?)
}

fn line(going: &Going) -> String {
    let rule = going.rule.map_or_else(|| "-".to_owned(), |rule| rule.to_string());
    let tags: Vec<&str> = going.tags.iter().map(|tag| tag.as_str()).collect();
    let line = format!(
        "{:<71}  {:<10}  {rule:>4}  {:>16}  {}",
        going.digest.as_str(),
        going.action.as_str(),
        going.freed,
        tags.join(",")
    );
    line.trim_end().to_owned()
}

fn without_policy(repository: &str) -> String {
    format!("the repository {repository} has no lifecycle policy")
}
