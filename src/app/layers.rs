//! Layers as ECR's API asks for them: whether they are there, and an address from which plain HTTP fetches one.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use store::repository_blobs::Layer;
use store::{edges, repository_blobs};
use types::{Digest, Timestamp};

use crate::blobs::{BlobRow, signed_url};
use crate::{Action, App, Ctx, Error, Permit, Result, garbage};

/// How long an address of ours is good for.
const TTL: Duration = Duration::from_secs(20 * 60);

/// What an address is sealed for.
const SEALED_FOR: &str = "layer";

/// No token of ours is longer; what is longer is not looked at.
const MAX_TOKEN_LENGTH: usize = 1024;

/// Where the bytes of a layer can be fetched for a while without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Download {
    /// From the store itself, at this address.
    Store(String),
    /// From here: the token that [`open`] takes.
    Here(String),
}

/// What a token says.
#[derive(Debug, Serialize, Deserialize)]
struct Ticket {
    /// The repository's id, so that a later repository of the same name is another one.
    r: String,
    d: Digest,
    /// Until when it is good, in seconds since the epoch.
    e: i64,
}

/// Which of these layers a repository has, in the order of the digests.
pub async fn find(ctx: &Ctx, permit: &Permit, digests: &[Digest]) -> Result<Vec<Option<Layer>>> {
    permit.require(Action::BatchCheckLayerAvailability)?;
    let mut conn = ctx.app.db.reader().await?;
    let wanted: Vec<&Digest> = digests.iter().collect();
    let found = repository_blobs::list_layers(&mut conn, permit.registry(), permit.repository(), &wanted).await?;
    drop(conn);
    let mut found = found.ok_or_else(|| permit.repository_unknown())?;
    // Whoever asks will not send those that are there.
    let stale = garbage::stale(&ctx.app, permit.registry());
    if found.layers.iter().any(|layer| layer.review_since.is_some_and(|since| since < stale)) {
        let there: Vec<&Digest> = found.layers.iter().map(|layer| &layer.digest).collect();
        let held = garbage::vouch(&ctx.app, &found.repository_id, &there, stale).await?;
        found.layers.retain(|layer| held.contains(&layer.digest));
    }
    Ok(digests.iter().map(|digest| found.layers.iter().find(|layer| layer.digest == *digest).cloned()).collect())
}

/// An address for a layer that some image of the repository refers to: of the store, if it has such addresses and clients
/// are to be sent there.
pub async fn download(ctx: &Ctx, permit: &Permit, digest: &Digest) -> Result<Download> {
    permit.require(Action::GetDownloadUrlForLayer)?;
    let mut conn = ctx.app.db.reader().await?;
    let found = repository_blobs::find(&mut conn, permit.registry(), permit.repository(), digest).await?;
    let found = found.ok_or_else(|| permit.repository_unknown())?;
    let repository_id = found.repository_id;
    let blob = found.blob.ok_or_else(|| Error::BlobUnknown(digest.clone()))?;
    match edges::is_blob_archived(&mut conn, &repository_id, digest).await? {
        None => return Err(Error::LayerInaccessible(digest.clone())),
        Some(true) => return Err(Error::LayerArchived(digest.clone())),
        Some(false) => {}
    }
    drop(conn);
    if ctx.app.config.blob_redirect
        && let Some(url) = signed_url(ctx, permit, &blob).await?
    {
        return Ok(Download::Store(url));
    }
    let ticket = Ticket { r: repository_id, d: digest.clone(), e: ctx.app.now().after(TTL).seconds() };
    let text = serde_json::to_vec(&ticket).map_err(|_| Error::Internal)?;
    Ok(Download::Here(URL_SAFE_NO_PAD.encode(ctx.app.sealer.seal(SEALED_FOR, &text)?)))
}

/// The layer that a token stands for, with the permit to read it: whoever asked for the token had it. None if the token
/// was not made here or its time is over, or the layer is gone.
pub async fn open(app: &App, token: &str) -> Result<Option<(Permit, BlobRow)>> {
    let Some(ticket) = unseal(app, token, app.now()) else {
        return Ok(None);
    };
    let mut conn = app.db.reader().await?;
    let found = repository_blobs::find_by_id(&mut conn, &ticket.r, &ticket.d).await?;
    Ok(found.map(|(registry, name, blob)| (Permit::by_ticket(registry, name, Action::GetDownloadUrlForLayer), blob)))
}

fn unseal(app: &App, token: &str, now: Timestamp) -> Option<Ticket> {
    if token.len() > MAX_TOKEN_LENGTH {
        return None;
    }
    let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
    let ticket: Ticket = serde_json::from_slice(&app.sealer.open(SEALED_FOR, &sealed)?).ok()?;
    (now.seconds() < ticket.e).then_some(ticket)
}
