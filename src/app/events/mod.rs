//! Events: what happens to images is told to webhooks, in the shape of EventBridge's "ECR Image Action" and "ECR
//! Replication Action".
//!
//! An event is a row for each webhook that wants it, written in the transaction that makes it true: it is told if and only
//! if it happened, and at least once. While no webhook wants anything, nothing is written.

mod deliver;
mod webhooks;

use serde_json::{Value, json};
use store::Conn;
use store::webhooks::WebhookRow;
use types::{Digest, MediaType, RegistryId, RepoName, Tag, Timestamp};

pub use self::deliver::{deliver, forget};
pub use self::webhooks::{Added, add, deliveries, list, remove, resend};
use crate::{App, Error, Result};

/// What happened to an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageAction {
    /// It was pushed, or a tag was set to it.
    Push,
    /// It was deleted, or a tag of it.
    Delete,
    /// It was pulled. Pulls of one image within some seconds are one.
    Pull,
    /// It was replicated, or cannot be.
    Replicate,
}

impl ImageAction {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Push, Self::Delete, Self::Pull, Self::Replicate];

    /// As events spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Push => "PUSH",
            Self::Delete => "DELETE",
            Self::Pull => "PULL",
            Self::Replicate => "REPLICATE",
        }
    }
}

/// What happened, to which image of which repository.
#[derive(Debug, Clone)]
pub(crate) struct ImageEvent<'e> {
    pub(crate) action: ImageAction,
    pub(crate) registry: &'e RegistryId,
    pub(crate) repository: &'e RepoName,
    pub(crate) digest: &'e Digest,
    /// The tag that was set or ended; none if the whole image is meant.
    pub(crate) tag: Option<&'e Tag>,
    pub(crate) media_type: Option<&'e MediaType>,
    pub(crate) artifact_type: Option<&'e str>,
    /// Whether a lifecycle policy did it.
    pub(crate) by_lifecycle: bool,
}

/// What became of the replication of an image.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReplicationEvent<'e> {
    /// Where it was pushed.
    pub(crate) source: &'e RegistryId,
    /// Where it was to go.
    pub(crate) destination: &'e RegistryId,
    /// Whose webhooks are told.
    pub(crate) listener: &'e RegistryId,
    pub(crate) repository: &'e RepoName,
    pub(crate) digest: &'e Digest,
    /// A tag that it has there; none if it has none, or did not get there.
    pub(crate) tag: Option<&'e Tag>,
    /// Why it cannot be replicated.
    pub(crate) failure_code: Option<&'e str>,
}

/// The webhooks, as they were a moment ago.
#[derive(Debug, Default)]
pub(crate) struct Webhooks {
    version: i64,
    rows: Vec<WebhookRow>,
}

impl Webhooks {
    /// Reads all webhooks, unless this copy is up to date.
    pub(crate) async fn renewed(&self, conn: &mut Conn) -> Result<Option<Self>> {
        // Read first: a change that comes in between is seen at the next look.
        let version = store::stamps::find(conn, store::stamps::WEBHOOKS).await?.unwrap_or_default();
        if version == self.version {
            return Ok(None);
        }
        Ok(Some(Self { version, rows: store::webhooks::list_all(conn).await? }))
    }

    fn interested<'w>(
        &'w self,
        action: ImageAction,
        registry: &'w RegistryId,
        repository: &'w RepoName,
    ) -> impl Iterator<Item = &'w WebhookRow> {
        self.rows.iter().filter(move |webhook| {
            webhook.registry == *registry
                && repository.as_str().starts_with(&webhook.repository_prefix)
                && webhook.actions.iter().any(|wanted| wanted == action.as_str())
        })
    }

    /// Whether anybody wants to be told of an action in any repository.
    pub(crate) fn want(&self, action: ImageAction) -> bool {
        self.rows.iter().any(|webhook| webhook.actions.iter().any(|wanted| wanted == action.as_str()))
    }
}

/// Puts an event down for everybody who wants it, in the transaction that makes it true.
pub(crate) async fn emit(conn: &mut Conn, app: &App, event: &ImageEvent<'_>) -> Result<()> {
    let describe = |id: &str, now| describe(event, id, now);
    put_down(conn, app, event.action, event.registry, event.repository, describe).await
}

/// The same for replications.
pub(crate) async fn emit_replication(conn: &mut Conn, app: &App, event: &ReplicationEvent<'_>) -> Result<()> {
    let describe = |id: &str, now| describe_replication(event, id, now);
    put_down(conn, app, ImageAction::Replicate, event.listener, event.repository, describe).await
}

async fn put_down(
    conn: &mut Conn,
    app: &App,
    action: ImageAction,
    registry: &RegistryId,
    repository: &RepoName,
    describe: impl Fn(&str, Timestamp) -> Value,
) -> Result<()> {
    let webhooks = app.webhooks();
    let mut document = None;
    for webhook in webhooks.interested(action, registry, repository) {
        let now = app.now();
        let document = document.get_or_insert_with(|| describe(&app.new_uuid(), now).to_string());
        store::webhook_deliveries::insert(conn, &app.new_id(), &webhook.webhook_id, document, now).await?;
    }
    Ok(())
}

fn describe(event: &ImageEvent<'_>, id: &str, now: Timestamp) -> Value {
    let mut detail = json!({
        "result": "SUCCESS",
        "action-type": event.action.as_str(),
        "repository-name": event.repository.as_str(),
        "image-digest": event.digest.as_str(),
    });
    let members = [
        ("image-tag", event.tag.map(Tag::as_str)),
        ("manifest-media-type", event.media_type.map(MediaType::as_str)),
        ("artifact-media-type", event.artifact_type),
        ("reason", event.by_lifecycle.then_some("lifecycle policy")),
    ];
    for (name, value) in members {
        if let Some(value) = value {
            detail[name] = value.into();
        }
    }
    envelope("ECR Image Action", event.registry, event.repository, detail, id, now)
}

/// As on ECR it is an event of the registry that an image was replicated to. ECR tells of no failures.
fn describe_replication(event: &ReplicationEvent<'_>, id: &str, now: Timestamp) -> Value {
    let mut detail = json!({
        "result": if event.failure_code.is_none() { "SUCCESS" } else { "FAILURE" },
        "action-type": ImageAction::Replicate.as_str(),
        "repository-name": event.repository.as_str(),
        "image-digest": event.digest.as_str(),
        "source-account": event.source.account.as_str(),
        "source-region": event.source.region.as_str(),
    });
    for (name, value) in [("image-tag", event.tag.map(Tag::as_str)), ("failure-code", event.failure_code)] {
        if let Some(value) = value {
            detail[name] = value.into();
        }
    }
    envelope("ECR Replication Action", event.destination, event.repository, detail, id, now)
}

fn envelope(
    detail_type: &str,
    registry: &RegistryId,
    repository: &RepoName,
    detail: Value,
    id: &str,
    now: Timestamp,
) -> Value {
    let RegistryId { account, region } = registry;
    json!({
        "version": "0",
        "id": id,
        "detail-type": detail_type,
        "source": "aws.ecr",
        "account": account.as_str(),
        "time": format!("{}Z", &now.rfc3339()[..19]),
        "region": region.as_str(),
        "resources": [format!("arn:aws:ecr:{region}:{account}:repository/{repository}")],
        "detail": detail,
    })
}

/// The failure that a webhook does not exist.
fn unknown(webhook_id: &str) -> Error {
    Error::Invalid(format!("there is no webhook '{webhook_id}'"))
}
