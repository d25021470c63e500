//! `wharf admin …`: what an operator does beside a running registry, with the same settings.

use std::io::{Read, Write, stdout};
use std::path::Path;

use anyhow::{Context, Result};
use app::{App, admin};
use serde_json::{Value, json};
use types::{RepoName, TagFilter, TagMutability};

use super::{audited, show_key};
use crate::config::{AdminCommand, Config};
use crate::open;

pub(crate) async fn run(config: &Config, command: AdminCommand) -> Result<()> {
    let (name, parameters) = described(&command);
    open::with_application(config, async |app| audited(app, name, parameters, change(app, command)).await).await
}

async fn change(app: &App, command: AdminCommand) -> Result<()> {
    let registry = app.config().registry.clone();
    match command {
        AdminCommand::CreateUser { name, policy } => {
            let key = iam::admin::create_user(app, &registry.account, &name, &read(&policy)?).await?;
            show_key(&key)?;
        }
        AdminCommand::SetUserPolicy { name, policy } => {
            iam::admin::set_user_policy(app, &registry.account, &name, &read(&policy)?).await?;
        }
        AdminCommand::LoginPassword { access_key_id } => {
            writeln!(stdout(), "{}", admin::login_password(app, &access_key_id)?.token)?;
        }
        AdminCommand::DisableKey { access_key_id } => {
            iam::admin::set_access_key_status(app, &access_key_id, false).await?;
        }
        AdminCommand::EnableKey { access_key_id } => {
            iam::admin::set_access_key_status(app, &access_key_id, true).await?;
        }
        AdminCommand::CreateRepository { name, tag_mutability, tag_filters } => {
            let mutability = mutability(&tag_mutability, &tag_filters)?;
            admin::create_repository(app, &registry, &name.parse::<RepoName>()?, mutability).await?;
        }
        AdminCommand::SetTagMutability { name, tag_mutability, tag_filters } => {
            let mutability = mutability(&tag_mutability, &tag_filters)?;
            admin::set_tag_mutability(app, &registry, &name.parse::<RepoName>()?, mutability).await?;
        }
        AdminCommand::SetRepositoryPolicy { name, policy } => {
            let document = read(&policy)?;
            admin::set_repository_policy(app, &registry, &name.parse::<RepoName>()?, Some(&document)).await?;
        }
        AdminCommand::DeleteRepositoryPolicy { name } => {
            admin::set_repository_policy(app, &registry, &name.parse::<RepoName>()?, None).await?;
        }
        AdminCommand::RotateSigningKey => admin::rotate_signing_key(app).await?,
    }
    Ok(())
}

/// How the audit log names a command, and what it was told.
fn described(command: &AdminCommand) -> (&'static str, Value) {
    match command {
        AdminCommand::CreateUser { name, .. } => ("CreateUser", json!({ "userName": name })),
        AdminCommand::SetUserPolicy { name, .. } => ("PutUserPolicy", json!({ "userName": name })),
        AdminCommand::LoginPassword { access_key_id } => {
            ("GetAuthorizationToken", json!({ "accessKeyId": access_key_id }))
        }
        AdminCommand::DisableKey { access_key_id } => {
            ("UpdateAccessKey", json!({ "accessKeyId": access_key_id, "status": "Inactive" }))
        }
        AdminCommand::EnableKey { access_key_id } => {
            ("UpdateAccessKey", json!({ "accessKeyId": access_key_id, "status": "Active" }))
        }
        AdminCommand::CreateRepository { name, tag_mutability, .. } => {
            ("CreateRepository", json!({ "repositoryName": name, "imageTagMutability": tag_mutability }))
        }
        AdminCommand::SetTagMutability { name, tag_mutability, .. } => {
            ("PutImageTagMutability", json!({ "repositoryName": name, "imageTagMutability": tag_mutability }))
        }
        AdminCommand::SetRepositoryPolicy { name, .. } => ("SetRepositoryPolicy", json!({ "repositoryName": name })),
        AdminCommand::DeleteRepositoryPolicy { name } => ("DeleteRepositoryPolicy", json!({ "repositoryName": name })),
        AdminCommand::RotateSigningKey => ("RotateSigningKey", Value::Null),
    }
}

fn mutability(mode: &str, filters: &[String]) -> Result<TagMutability> {
    let filters: std::result::Result<Vec<TagFilter>, _> = filters.iter().map(|filter| filter.parse()).collect();
    Ok(TagMutability::new(mode, filters?)?)
}

/// A document from a file, or from standard input when the path is `-`.
pub(super) fn read(path: &Path) -> Result<String> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
        return Ok(text);
    }
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
