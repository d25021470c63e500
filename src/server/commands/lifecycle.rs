//! `wharf lifecycle REPOSITORY`: applies the lifecycle policy of a repository now, as the running servers do once a day.

use std::process::ExitCode;

use anyhow::{Context, Result};
use app::{admin, audit};
use serde_json::json;

use crate::config::Config;
use crate::open;

pub(crate) async fn run(config: Config, repository: &str) -> ExitCode {
    match apply(&config, repository).await {
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
    let applied = applied?.with_context(|| format!("the repository {repository} has no lifecycle policy"))?;
    println!("{} images, {} expired, {} with them", applied.images, applied.expired, applied.followers);
    if applied.not_archived > 0 {
        println!("{} would be archived, which Wharf does not do: they stay", applied.not_archived);
    }
    Ok(())
}
