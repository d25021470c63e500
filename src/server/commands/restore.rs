//! `wharf restore REPOSITORY [REFERENCE]`: undoes the deletion of an image or the last move of a tag, or lists what can be
//! restored.

use std::io::{Write, stdout};
use std::sync::Arc;

use anyhow::Result;
use app::App;
use app::garbage::{self, Restored};
use serde_json::json;
use types::{Reference, RepoName};

use super::audited;
use crate::config::Config;
use crate::open;

/// Images of one query.
const PAGE: usize = 1000;

pub(crate) async fn run(config: &Config, repository: &str, reference: Option<String>) -> Result<()> {
    let name = repository.parse()?;
    open::with_application(config, async |app| match &reference {
        None => list(app, &name).await,
        Some(reference) => {
            let parameters = json!({ "repositoryName": repository, "reference": reference });
            show(&audited(app, "RestoreImage", parameters, restore(app, &name, reference)).await?)
        }
    })
    .await
}

async fn list(app: &App, name: &RepoName) -> Result<()> {
    let mut after = String::new();
    loop {
        let page = garbage::deleted(app, &app.config().registry, name, &after, PAGE).await?;
        for (digest, deleted_at) in &page {
            writeln!(stdout(), "{digest} deleted {}", deleted_at.rfc3339())?;
        }
        match page.last().filter(|_| page.len() == PAGE) {
            Some((digest, _)) => digest.as_str().clone_into(&mut after),
            None => return Ok(()),
        }
    }
}

async fn restore(app: &Arc<App>, name: &RepoName, reference: &str) -> Result<Restored> {
    let reference: Reference = reference.parse()?;
    Ok(garbage::restore(app, &app.config().registry, name, &reference).await?)
}

fn show(restored: &Restored) -> Result<()> {
    for digest in &restored.images {
        writeln!(stdout(), "restored {digest}")?;
    }
    for (tag, digest) in &restored.tags {
        writeln!(stdout(), "{tag} -> {digest}")?;
    }
    Ok(())
}
