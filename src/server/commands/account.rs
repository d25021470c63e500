//! `wharf account …`: which accounts there are. What is in one is managed by its own root, with the APIs.

use std::process::ExitCode;

use anyhow::Result;
use app::{App, accounts, audit};
use serde_json::json;

use crate::config::{AccountCommand, Config};
use crate::open;

pub(crate) async fn run(config: Config, command: AccountCommand) -> ExitCode {
    match carry_out(&config, command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn carry_out(config: &Config, command: AccountCommand) -> Result<()> {
    let app = open::application(config).await?;
    let created = match &command {
        AccountCommand::Create { account_id, alias } => Some(json!({ "accountId": account_id, "accountAlias": alias })),
        AccountCommand::List => None,
    };
    let result = obey(&app, command).await;
    if let Some(parameters) = created {
        let failure = result.as_ref().err().map(|error| format!("{error:#}"));
        audit::record_command(&app, "CreateAccount", parameters, failure.as_deref()).await;
    }
    app.db().close().await;
    result
}

async fn obey(app: &App, command: AccountCommand) -> Result<()> {
    match command {
        AccountCommand::Create { account_id, alias } => {
            let key = accounts::create(app, &account_id.parse()?, alias.as_deref()).await?;
            println!("access key id:     {}", key.access_key_id);
            println!("secret access key: {}", key.secret_access_key.expose());
        }
        AccountCommand::List => {
            for account in accounts::list(app).await? {
                println!("{}  {}", account.account, account.alias.as_deref().unwrap_or("-"));
            }
        }
    }
    Ok(())
}
