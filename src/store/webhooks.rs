//! Table `webhooks`: who is told of what happens to images.

use types::{RegistryId, Timestamp};

use crate::row::Row;
use crate::value::list as text_list;
use crate::{Conn, Error, Result};

/// Somebody who is told.
#[derive(Debug, Clone)]
pub struct WebhookRow {
    /// Names it.
    pub webhook_id: String,
    /// In which registry things happen.
    pub registry: RegistryId,
    /// Where events are posted to.
    pub url: String,
    /// What deliveries are signed with, sealed.
    pub sealed_secret: Vec<u8>,
    /// Which actions are told.
    pub actions: Vec<String>,
    /// Of the names of repositories whose images are meant; empty: all.
    pub repository_prefix: String,
    /// When it was added.
    pub created_at: Timestamp,
}

fn read(row: &Row) -> Result<WebhookRow> {
    let actions = row.text(5)?;
    Ok(WebhookRow {
        webhook_id: row.text(0)?,
        registry: RegistryId { account: row.parsed(1, "account_id")?, region: row.parsed(2, "region")? },
        url: row.text(3)?,
        sealed_secret: row.bytes(4)?,
        actions: serde_json::from_str(&actions)
            .map_err(|error| Error::Statement(format!("actions of a webhook cannot be read: {error}")))?,
        repository_prefix: row.text(6)?,
        created_at: row.time(7)?,
    })
}

/// Adds a webhook.
pub async fn insert(conn: &mut Conn, webhook: &WebhookRow) -> Result<()> {
    conn.execute(
        "insert into webhooks (webhook_id, account_id, region, url, sealed_secret, actions, repository_prefix, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            (&webhook.webhook_id).into(),
            (&webhook.registry.account).into(),
            (&webhook.registry.region).into(),
            (&webhook.url).into(),
            webhook.sealed_secret.as_slice().into(),
            text_list(webhook.actions.iter().map(String::as_str)),
            (&webhook.repository_prefix).into(),
            webhook.created_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// One of them, by its id.
pub async fn find(conn: &mut Conn, webhook_id: &str) -> Result<Option<WebhookRow>> {
    // pk_webhooks
    conn.optional(
        "select webhook_id, account_id, region, url, sealed_secret, actions, repository_prefix, created_at
         from webhooks
         where webhook_id = $1",
        [webhook_id.into()],
        read,
    )
    .await
}

/// All webhooks of all registries: for the copy in memory of who is told of what, and for an operator.
pub async fn list_all(conn: &mut Conn) -> Result<Vec<WebhookRow>> {
    conn.all(
        "select webhook_id, account_id, region, url, sealed_secret, actions, repository_prefix, created_at
         from webhooks
         order by webhook_id",
        [],
        read,
    )
    .await
}

/// Removes a webhook. What is on its way to it is not sent any more.
pub async fn delete(conn: &mut Conn, webhook_id: &str) -> Result<bool> {
    let rows = conn.execute("delete from webhooks where webhook_id = $1", [webhook_id.into()]).await?;
    Ok(rows == 1)
}
