//! `wharf account …`: which accounts there are. What is in one is managed by its own root, with the APIs.

use std::io::{Write, stdout};

use anyhow::Result;
use app::{App, accounts};
use serde_json::json;

use super::{audited, show_key};
use crate::config::{AccountCommand, Config};
use crate::open;

pub(crate) async fn run(config: &Config, command: AccountCommand) -> Result<()> {
    open::with_application(config, async |app| match command {
        AccountCommand::Create { account_id, alias } => {
            let parameters = json!({ "accountId": account_id, "accountAlias": alias });
            audited(app, "CreateAccount", parameters, create(app, &account_id, alias.as_deref())).await
        }
        AccountCommand::List => list(app).await,
    })
    .await
}

async fn create(app: &App, account_id: &str, alias: Option<&str>) -> Result<()> {
    let key = accounts::create(app, &account_id.parse()?, alias).await?;
    show_key(&key)
}

async fn list(app: &App) -> Result<()> {
    for account in accounts::list(app).await? {
        writeln!(stdout(), "{}  {}", account.account, account.alias.as_deref().unwrap_or("-"))?;
    }
    Ok(())
}
