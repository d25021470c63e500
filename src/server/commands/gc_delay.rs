//! `wharf gc-delay`: how long a registry keeps bytes to which nothing refers. Running servers obey within seconds.

use std::io::{Write, stdout};

use anyhow::Result;
use app::garbage::delay;
use serde_json::json;

use super::audited;
use crate::config::{Config, GcDelayCommand};
use crate::open;

pub(crate) async fn run(config: &Config, command: GcDelayCommand) -> Result<()> {
    open::with_application(config, async |app| {
        let registry = &app.config().registry;
        let to = match command {
            GcDelayCommand::Set { delay } => Some(delay),
            GcDelayCommand::Remove => None,
            GcDelayCommand::Show => {
                match delay::find(app, registry).await? {
                    Some(delay) => writeln!(stdout(), "{}s", delay.as_secs())?,
                    None => writeln!(stdout(), "{}s, as WHARF_GC_DELAY says", config.gc_delay.as_secs())?,
                }
                return Ok(());
            }
        };
        let parameters = json!({
            "registryId": registry.account.as_str(),
            "region": registry.region.as_str(),
            "delaySeconds": to.map(|delay| delay.as_secs()),
        });
        audited(app, "SetGarbageCollectionDelay", parameters, delay::set(app, registry, to)).await
    })
    .await
}
