//! `wharf lifecycle REPOSITORY`: applies the lifecycle policy of a repository now, as the running servers do once a day, or
//! says what it would do and how many bytes that would free.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use app::lifecycle::RuleAction;
use app::lifecycle::foretell::{Going, foretell};
use app::{App, admin};
use serde_json::json;

use super::admin::read;
use super::audited;
use crate::config::Config;
use crate::open;

pub(crate) async fn run(config: &Config, repository: &str, preview: bool, policy: Option<&Path>) -> Result<()> {
    match preview {
        true => show(config, repository, policy).await,
        false => apply(config, repository).await,
    }
}

async fn apply(config: &Config, repository: &str) -> Result<()> {
    let name = repository.parse()?;
    let apply = async |app: &Arc<App>| {
        let apply = admin::apply_lifecycle_policy(app, &app.config().registry, &name);
        audited(app, "ApplyLifecyclePolicy", json!({ "repositoryName": repository }), apply).await
    };
    let applied = open::with_application(config, apply).await?.with_context(|| without_policy(repository))?;
    writeln!(
        io::stdout(),
        "{} images, {} expired, {} with them",
        applied.images,
        applied.expired,
        applied.expired_followers
    )?;
    if applied.archived > 0 {
        writeln!(io::stdout(), "{} archived, {} with them", applied.archived, applied.archived_followers)?;
    }
    Ok(())
}

async fn show(config: &Config, repository: &str, policy: Option<&Path>) -> Result<()> {
    let policy = policy.map(read).transpose()?;
    let name = repository.parse()?;
    let foretell = async |app: &Arc<App>| Ok(foretell(app, &app.config().registry, &name, policy.as_deref()).await?);
    let foretold = open::with_application(config, foretell).await?.with_context(|| without_policy(repository))?;
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
