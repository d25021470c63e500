//! `wharf webhook …`: who is told of what happens to images of the default registry.

use std::io::{Write, stdout};

use anyhow::Result;
use app::App;
use app::events::{self, ImageAction};
use serde_json::{Value, json};

use super::{audited, show_once};
use crate::config::{Config, WebhookAction, WebhookCommand};
use crate::open;

/// Deliveries that are listed.
const SHOWN: usize = 100;

pub(crate) async fn run(config: &Config, command: WebhookCommand) -> Result<()> {
    open::with_application(config, async |app| match described(&command) {
        Some((name, parameters)) => audited(app, name, parameters, obey(app, command)).await,
        None => obey(app, command).await,
    })
    .await
}

/// How the audit log names a command that changes something, and what it was told.
fn described(command: &WebhookCommand) -> Option<(&'static str, Value)> {
    match command {
        // Whoever knows the whole address of a webhook may be able to post to it.
        WebhookCommand::Add { url, repository_prefix, .. } => {
            Some(("AddWebhook", json!({ "url": outbound::origin(url), "repositoryPrefix": repository_prefix })))
        }
        WebhookCommand::Remove { webhook_id } => Some(("RemoveWebhook", json!({ "webhookId": webhook_id }))),
        WebhookCommand::Resend { delivery_id } => Some(("ResendEvent", json!({ "deliveryId": delivery_id }))),
        WebhookCommand::List | WebhookCommand::Deliveries { .. } => None,
    }
}

async fn obey(app: &App, command: WebhookCommand) -> Result<()> {
    match command {
        WebhookCommand::Add { url, actions, repository_prefix } => {
            let wanted: Vec<ImageAction> = if actions.is_empty() {
                vec![ImageAction::Push, ImageAction::Delete]
            } else {
                let wants = |action: &ImageAction| actions.iter().any(|wanted| named(*wanted) == *action);
                ImageAction::ALL.into_iter().filter(wants).collect()
            };
            let added = events::add(app, &app.config().registry, &url, &wanted, &repository_prefix).await?;
            show_once(&[("id:     ", &added.webhook_id), ("secret: ", added.secret.expose())])?;
        }
        WebhookCommand::List => {
            for webhook in events::list(app).await? {
                let (id, actions) = (&webhook.webhook_id, webhook.actions.join(","));
                let registry = &webhook.registry;
                writeln!(
                    stdout(),
                    "{id}  {}/{}  {actions}  {}*  {}",
                    registry.account,
                    registry.region,
                    webhook.repository_prefix,
                    webhook.url
                )?;
            }
        }
        WebhookCommand::Remove { webhook_id } => events::remove(app, &webhook_id).await?,
        WebhookCommand::Deliveries { webhook_id } => {
            for delivery in events::deliveries(app, &webhook_id, SHOWN).await? {
                let answer = match (delivery.status_code, &delivery.last_error) {
                    (Some(code), _) => code.to_string(),
                    (None, Some(error)) => error.clone(),
                    (None, None) => "-".to_owned(),
                };
                let (id, state) = (&delivery.delivery_id, &delivery.state);
                writeln!(stdout(), "{id}  {state:<9}  {} attempts  {answer}  {}", delivery.attempts, delivery.event)?;
            }
        }
        WebhookCommand::Resend { delivery_id } => events::resend(app, &delivery_id).await?,
    }
    Ok(())
}

fn named(action: WebhookAction) -> ImageAction {
    match action {
        WebhookAction::Push => ImageAction::Push,
        WebhookAction::Delete => ImageAction::Delete,
        WebhookAction::Pull => ImageAction::Pull,
        WebhookAction::Lifecycle => ImageAction::Lifecycle,
        WebhookAction::Scan => ImageAction::Scan,
        WebhookAction::Replicate => ImageAction::Replicate,
    }
}
