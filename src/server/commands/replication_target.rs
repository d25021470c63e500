//! `wharf replication-target …`: where destinations of replication are that belong to other installations. Running servers
//! look at each image anew.

use std::io::{Write, stdout};

use anyhow::Result;
use app::{App, replication};
use serde_json::{Value, json};
use types::{AccountId, RegistryId};

use super::audited;
use crate::config::{Config, ReplicationTargetCommand};
use crate::open;

pub(crate) async fn run(config: &Config, command: ReplicationTargetCommand) -> Result<()> {
    open::with_application(config, async |app| match described(&command) {
        Some((name, parameters)) => audited(app, name, parameters, obey(app, command)).await,
        None => obey(app, command).await,
    })
    .await
}

/// How the audit log names a command that changes something, and what it was told.
fn described(command: &ReplicationTargetCommand) -> Option<(&'static str, Value)> {
    match command {
        ReplicationTargetCommand::Set {
            destination_account,
            destination_region,
            url,
            repository_prefix,
            credential_arn,
            ..
        } => Some((
            "SetReplicationTarget",
            json!({
                "registryId": destination_account, "region": destination_region, "url": url, "repositoryPrefix": repository_prefix,
                "credentialArn": credential_arn,
            }),
        )),
        ReplicationTargetCommand::Remove { destination_account, destination_region, .. } => Some((
            "RemoveReplicationTarget",
            json!({ "registryId": destination_account, "region": destination_region }),
        )),
        ReplicationTargetCommand::List => None,
    }
}

async fn obey(app: &App, command: ReplicationTargetCommand) -> Result<()> {
    match command {
        ReplicationTargetCommand::Set {
            destination_account,
            destination_region,
            url,
            repository_prefix,
            credential_arn,
            source_account,
        } => {
            let (owner, destination) =
                named(app, &destination_account, &destination_region, source_account.as_deref())?;
            let arn = credential_arn.as_deref();
            replication::set_target(app, &owner, &destination, &url, &repository_prefix, arn).await?;
        }
        ReplicationTargetCommand::List => {
            for target in replication::list_targets(app).await? {
                let (scheme, to) = (if target.plain { "http" } else { "https" }, &target.destination);
                let secret = target.credential_arn.as_deref().unwrap_or("-");
                let (owner, host, prefix) = (&target.owner, &target.host, &target.repository_prefix);
                writeln!(stdout(), "{owner} -> {}/{}  {scheme}://{host}/{prefix}  {secret}", to.account, to.region)?;
            }
        }
        ReplicationTargetCommand::Remove { destination_account, destination_region, source_account } => {
            let (owner, destination) =
                named(app, &destination_account, &destination_region, source_account.as_deref())?;
            replication::remove_target(app, &owner, &destination).await?;
        }
    }
    Ok(())
}

fn named(app: &App, account: &str, region: &str, owner: Option<&str>) -> Result<(AccountId, RegistryId)> {
    let owner = match owner {
        Some(owner) => owner.parse()?,
        None => app.config().registry.account.clone(),
    };
    Ok((owner, RegistryId { account: account.parse()?, region: region.parse()? }))
}
