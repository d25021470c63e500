//! `wharf gc-delay`: how long a registry keeps bytes to which nothing refers. Running servers obey within seconds.

use std::process::ExitCode;

use anyhow::Result;
use app::{audit, garbage::delay};
use serde_json::json;

use crate::config::{Config, GcDelayCommand};
use crate::open;

pub(crate) async fn run(config: Config, command: GcDelayCommand) -> ExitCode {
    match carry_out(&config, &command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn carry_out(config: &Config, command: &GcDelayCommand) -> Result<()> {
    let app = open::application(config).await?;
    let registry = app.config().registry.clone();
    let to = match command {
        GcDelayCommand::Set { delay } => Some(*delay),
        GcDelayCommand::Remove => None,
        GcDelayCommand::Show => {
            let found = delay::find(&app, &registry).await;
            app.db().close().await;
            match found? {
                Some(delay) => println!("{}s", delay.as_secs()),
                None => println!("{}s, as WHARF_GC_DELAY says", config.gc_delay.as_secs()),
            }
            return Ok(());
        }
    };
    let done = delay::set(&app, &registry, to).await;
    let failure = done.as_ref().err().map(ToString::to_string);
    let parameters = json!({
        "registryId": registry.account.as_str(),
        "region": registry.region.as_str(),
        "delaySeconds": to.map(|delay| delay.as_secs()),
    });
    audit::record_command(&app, "SetGarbageCollectionDelay", parameters, failure.as_deref()).await;
    app.db().close().await;
    Ok(done?)
}
