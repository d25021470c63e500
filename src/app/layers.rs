//! Layers as ECR's API asks for them: whether they are there, and an address from which plain HTTP fetches one.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use store::{blob_reviews, edges, repository_blobs};
use types::{Digest, MediaType, Timestamp};

use crate::blobs::{BlobRow, signed_url};
use crate::{Action, App, Ctx, Error, Permit, Result, garbage, repositories};

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

/// A layer that a repository has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// In bytes.
    pub size: u64,
    /// Whether only archived images refer to it.
    pub archived: bool,
    /// What an image that refers to it calls its media type.
    pub media_type: Option<MediaType>,
}

/// Which of these layers a repository has, in the order of the digests.
pub async fn find(ctx: &Ctx, permit: &Permit, digests: &[Digest]) -> Result<Vec<Option<Layer>>> {
    permit.require(Action::BatchCheckLayerAvailability)?;
    let mut conn = ctx.app.db.reader().await?;
    let id = repositories::find(&mut conn, permit).await?.repository_id;
    let wanted: Vec<&Digest> = digests.iter().collect();
    let mut found = repository_blobs::list_existing(&mut conn, &id, &wanted).await?;
    // Whoever asks will not send those that are there.
    let there: Vec<&Digest> = found.iter().map(|(digest, _)| digest).collect();
    let referred = edges::list_referred_blobs(&mut conn, &id, &there).await?;
    let stale = garbage::stale(&ctx.app, permit.registry());
    if blob_reviews::any_stale(&mut conn, &id, &there, stale).await? {
        drop(conn);
        let held = garbage::vouch(&ctx.app, &id, &there, stale).await?;
        found.retain(|(digest, _)| held.contains(digest));
    }
    let layer = |digest: &Digest| {
        let (_, size) = found.iter().find(|(known, _)| known == digest)?;
        let referred = referred.iter().find(|blob| blob.digest == *digest);
        Some(Layer {
            size: *size,
            archived: referred.is_some_and(|blob| blob.archived),
            media_type: referred.and_then(|blob| blob.media_type.clone()),
        })
    };
    Ok(digests.iter().map(layer).collect())
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
    match edges::list_referred_blobs(&mut conn, &repository_id, &[digest]).await?.first() {
        None => return Err(Error::LayerInaccessible(digest.clone())),
        Some(referred) if referred.archived => return Err(Error::LayerArchived(digest.clone())),
        Some(_) => {}
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
