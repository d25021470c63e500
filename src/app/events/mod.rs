//! Events: what happens to images is told to webhooks, in the shape of EventBridge's "ECR Image Action", "ECR Image Scan"
//! and "ECR Replication Action".
//!
//! An event is a row for each webhook that wants it, written in the transaction that makes it true: it is told if and only
//! if it happened, and at least once. While no webhook wants anything, nothing is written.

mod deliver;
mod lifecycle;
mod replications;
mod scans;
mod webhooks;

pub mod signature;

use serde_json::{Value, json};
use store::Conn;
use store::repositories::RepositoryRow;
use store::webhooks::WebhookRow;
use types::{Digest, MediaType, RegistryId, RepoName, Tag, Timestamp};

pub use self::deliver::{JOB, awaken, deliver, forget};
pub(crate) use self::lifecycle::{LifecycleEvent, TakenImage, emit_lifecycle};
pub(crate) use self::replications::{ReplicationEvent, emit_replication};
pub(crate) use self::scans::{ScanEvent, emit_scan};
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
    /// A lifecycle policy deleted or archived it, with others.
    Lifecycle,
    /// A scan of it ended, or found something else than before.
    Scan,
    /// It was replicated, or cannot be.
    Replicate,
}

impl ImageAction {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Push, Self::Delete, Self::Pull, Self::Lifecycle, Self::Scan, Self::Replicate];

    /// As events spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Push => "PUSH",
            Self::Delete => "DELETE",
            Self::Pull => "PULL",
            Self::Lifecycle => "LIFECYCLE",
            Self::Scan => "SCAN",
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

impl<'e> ImageEvent<'e> {
    /// What happened to a whole image, as far as every event says it.
    pub(crate) fn new(action: ImageAction, repository: &'e RepositoryRow, digest: &'e Digest) -> Self {
        Self {
            action,
            registry: &repository.registry,
            repository: &repository.name,
            digest,
            tag: None,
            media_type: None,
            artifact_type: None,
            by_lifecycle: false,
        }
    }
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
    let place = Place { registry: event.registry, repository: event.repository };
    put_down(conn, app, event.action, event.registry, place, || ("ECR Image Action", describe(event))).await
}

/// Where something happened.
#[derive(Debug, Clone, Copy)]
struct Place<'p> {
    registry: &'p RegistryId,
    repository: &'p RepoName,
}

/// Puts down what `describe` says, its kind and its detail, for everybody who wants such an action of the registry
/// `listener`. It is asked only if somebody does.
async fn put_down(
    conn: &mut Conn,
    app: &App,
    action: ImageAction,
    listener: &RegistryId,
    place: Place<'_>,
    describe: impl Fn() -> (&'static str, Value),
) -> Result<()> {
    let webhooks = app.webhooks();
    let mut document = None;
    for webhook in webhooks.interested(action, listener, place.repository) {
        let now = app.now();
        let document = document.get_or_insert_with(|| {
            let (kind, detail) = describe();
            enclose(place, kind, &detail, &app.new_uuid(), now).to_string()
        });
        store::webhook_deliveries::insert(conn, &app.new_id(), &webhook.webhook_id, document, now).await?;
    }
    Ok(())
}

fn describe(event: &ImageEvent<'_>) -> Value {
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
    detail
}

/// An event as EventBridge wraps it.
fn enclose(place: Place<'_>, kind: &str, detail: &Value, id: &str, now: Timestamp) -> Value {
    let RegistryId { account, region } = place.registry;
    json!({
        "version": "0",
        "id": id,
        "detail-type": kind,
        "source": "aws.ecr",
        "account": account.as_str(),
        "time": format!("{}Z", &now.rfc3339()[..19]),
        "region": region.as_str(),
        "resources": [format!("arn:aws:ecr:{region}:{account}:repository/{}", place.repository)],
        "detail": detail,
    })
}

/// The failure that a webhook does not exist.
fn unknown(webhook_id: &str) -> Error {
    Error::Invalid(format!("there is no webhook '{webhook_id}'"))
}
