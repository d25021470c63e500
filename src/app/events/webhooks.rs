//! Who is told of events: an operator adds and removes them beside a running registry.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use store::webhook_deliveries::DeliveryRow;
use store::webhooks::WebhookRow;
use store::{Pending, jobs, stamps, webhook_deliveries, webhooks};
use types::{RegistryId, Secret};

use super::deliver::JOB;
use super::signature::SECRET_PREFIX;
use super::{ImageAction, unknown};
use crate::{App, Error, Result};

/// What a secret is sealed for.
pub(super) fn owner(webhook_id: &str) -> String {
    format!("webhook {webhook_id}")
}

/// A webhook that was added. Its secret is shown this once.
#[derive(Debug)]
pub struct Added {
    /// Names it.
    pub webhook_id: String,
    /// What its deliveries are signed with.
    pub secret: Secret,
}

/// Adds a webhook for what happens in repositories whose names begin with a prefix.
pub async fn add(
    app: &App,
    registry: &RegistryId,
    url: &str,
    actions: &[ImageAction],
    repository_prefix: &str,
) -> Result<Added> {
    if url.chars().any(char::is_whitespace) || outbound::origin(url).is_none() {
        return Err(Error::Invalid(format!("'{url}' is not an address that begins with https:// or http://")));
    }
    let mut key = [0; 32];
    SystemRandom::new().fill(&mut key).map_err(|_| Error::Internal)?;
    let secret = format!("{SECRET_PREFIX}{}", STANDARD.encode(key));
    let webhook_id = app.new_id();
    let row = WebhookRow {
        registry: registry.clone(),
        url: url.to_owned(),
        sealed_secret: app.sealer().seal(&owner(&webhook_id), secret.as_bytes())?,
        actions: actions.iter().map(|action| action.as_str().to_owned()).collect(),
        repository_prefix: repository_prefix.to_owned(),
        created_at: app.now(),
        webhook_id: webhook_id.clone(),
    };
    app.db()
        .write(move |conn| {
            Box::pin(async move {
                webhooks::insert(conn, &row).await?;
                Ok(stamps::update_next(conn, stamps::WEBHOOKS).await?)
            }) as Pending<'_, (), Error>
        })
        .await?;
    Ok(Added { webhook_id, secret: Secret::new(secret) })
}

/// The webhooks of all registries.
pub async fn list(app: &App) -> Result<Vec<WebhookRow>> {
    Ok(webhooks::list_all(&mut app.db().reader().await?).await?)
}

/// Removes a webhook. What is on its way to it is not sent any more.
pub async fn remove(app: &App, webhook_id: &str) -> Result<()> {
    let webhook_id = webhook_id.to_owned();
    app.db()
        .write(move |conn| {
            Box::pin(async move {
                if !webhooks::delete(conn, &webhook_id).await? {
                    return Err(unknown(&webhook_id));
                }
                Ok(stamps::update_next(conn, stamps::WEBHOOKS).await?)
            }) as Pending<'_, (), Error>
        })
        .await
}

/// The last deliveries to a webhook, at most `limit`.
pub async fn deliveries(app: &App, webhook_id: &str, limit: usize) -> Result<Vec<DeliveryRow>> {
    let mut conn = app.db().reader().await?;
    if webhooks::find(&mut conn, webhook_id).await?.is_none() {
        return Err(unknown(webhook_id));
    }
    // Behind every id.
    Ok(webhook_deliveries::list(&mut conn, webhook_id, "~", limit).await?)
}

/// Sends an event again, whatever became of it, and even if its webhook is left alone for not having answered.
pub async fn resend(app: &App, delivery_id: &str) -> Result<()> {
    let (id, job_id, now) = (delivery_id.to_owned(), app.new_id(), app.now());
    app.db()
        .write(move |conn| {
            Box::pin(async move {
                let Some(webhook_id) = webhook_deliveries::update_pending(conn, &id, now).await? else {
                    return Err(Error::Invalid(format!("there is no delivery '{id}'")));
                };
                Ok(jobs::upsert(conn, &job_id, JOB, &webhook_id, now).await?)
            }) as Pending<'_, (), Error>
        })
        .await
}
