//! Blob uploads: begin, append, finish, cancel. A session lives wholly in rows, so any process continues any session.
//!
//! Each request takes the session for itself by a short lease that it prolongs while bytes arrive; no transaction is
//! open meanwhile. Bytes are durable before the row that counts them, and the row before the answer.

mod encryption;
mod expiry;
mod layer_parts;
mod lease;
mod session;

use std::future::Future;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::future::BoxFuture;
use store::Conn;
use store::blobs::BlobRow;
use store::uploads::UploadRow;
use tracing::Instrument;
use types::{Algorithm, Digest};
use uuid::Uuid;

pub use self::expiry::expire;
pub use self::layer_parts::{begin_layer, complete, put_part};
use self::session::{Closing, Session};
use crate::repositories::{self, Target};
use crate::{Action, Ctx, Error, Permit, Result};

/// Why a body ended early.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// The bytes of a request.
pub struct Body<S> {
    /// The bytes in order.
    pub stream: S,
    /// How many there are, if the client said.
    pub length: Option<u64>,
    /// Where they belong, if the client said.
    pub range: Option<ContentRange>,
}

/// The `Content-Range` of a chunk: offsets of its first and last byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentRange {
    /// Offset of the first byte.
    pub first: u64,
    /// Offset of the last byte; not before the first.
    pub last: u64,
}

/// A session as its client sees it.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Names the session.
    pub id: String,
    /// Bytes held.
    pub received: u64,
}

/// Begins a session, creating the repository if need be.
pub async fn begin(ctx: &Ctx, permit: &Permit, algorithm: Option<Algorithm>) -> Result<Upload> {
    permit.require(Action::InitiateLayerUpload)?;
    let target = repositories::target(ctx, permit).await?;
    let session = Session::begin(ctx, target, algorithm, false).await?;
    Ok(Upload { id: session.id().to_owned(), received: 0 })
}

/// Takes a whole blob in one request.
pub async fn put_whole<S>(ctx: &Ctx, permit: &Permit, digest: &Digest, body: Body<S>) -> Result<BlobRow>
where
    S: Stream<Item = std::result::Result<Bytes, BodyError>> + Send + 'static,
{
    for action in [Action::InitiateLayerUpload, Action::UploadLayerPart, Action::CompleteLayerUpload] {
        permit.require(action)?;
    }
    take_whole(ctx, repositories::target(ctx, permit).await?, digest, body).await
}

/// Takes a whole blob into a repository that somebody has found already.
pub(crate) async fn take_whole<S>(ctx: &Ctx, target: Target, digest: &Digest, body: Body<S>) -> Result<BlobRow>
where
    S: Stream<Item = std::result::Result<Bytes, BodyError>> + Send + 'static,
{
    let session = Session::begin(ctx, target, Some(digest.algorithm()), true).await?;
    let digest = digest.clone();
    let closing = Closing { body: Some(body), digest, keep_on_failure: false };
    Ok(in_own_task(ctx, async move { session.finish(closing).await }).await?.blob)
}

/// Where a session stands.
pub async fn status(ctx: &Ctx, permit: &Permit, upload_id: &str) -> Result<Upload> {
    permit.require(Action::UploadLayerPart)?;
    let mut conn = ctx.app.db.reader().await?;
    let repository = repositories::find(&mut conn, permit).await?;
    let row = find(&mut conn, upload_id).await?;
    let row =
        own(ctx, &repository.repository_id, row).filter(|row| row.digest.is_none()).ok_or(Error::UploadUnknown)?;
    Ok(Upload { id: row.upload_id, received: row.received })
}

/// Appends bytes to a session. What arrived before a connection broke is kept.
pub async fn append<S>(ctx: &Ctx, permit: &Permit, upload_id: &str, body: Body<S>) -> Result<Upload>
where
    S: Stream<Item = std::result::Result<Bytes, BodyError>> + Send + 'static,
{
    permit.require(Action::UploadLayerPart)?;
    let session = Session::take(ctx, permit, upload_id).await?;
    in_own_task(ctx, async move { session.append(body).await }).await
}

/// Finishes a session, with or without last bytes: from now on the blob exists. A repeated request for a session that
/// was finished with the same digest succeeds again.
pub async fn finish<S>(
    ctx: &Ctx,
    permit: &Permit,
    upload_id: &str,
    digest: &Digest,
    body: Option<Body<S>>,
) -> Result<BlobRow>
where
    S: Stream<Item = std::result::Result<Bytes, BodyError>> + Send + 'static,
{
    permit.require(Action::CompleteLayerUpload)?;
    if body.is_some() {
        permit.require(Action::UploadLayerPart)?;
    }
    let session = match Session::take(ctx, permit, upload_id).await {
        Err(Error::UploadUnknown) => return finished_before(ctx, permit, upload_id, digest).await,
        other => other?,
    };
    let digest = digest.clone();
    let closing = Closing { body, digest, keep_on_failure: true };
    Ok(in_own_task(ctx, async move { session.finish(closing).await }).await?.blob)
}

/// Gives a session up, with its bytes.
pub async fn cancel(ctx: &Ctx, permit: &Permit, upload_id: &str) -> Result<()> {
    permit.require(Action::UploadLayerPart)?;
    let session = Session::take(ctx, permit, upload_id).await?;
    in_own_task(ctx, async move { session.discard().await }).await
}

/// The answer to a closing request that was already carried out: its first answer may have been lost on the way.
async fn finished_before(ctx: &Ctx, permit: &Permit, upload_id: &str, digest: &Digest) -> Result<BlobRow> {
    let mut conn = ctx.app.db.reader().await?;
    let row = find(&mut conn, upload_id).await?;
    let repository = repositories::find(&mut conn, permit).await?;
    own(ctx, &repository.repository_id, row)
        .filter(|row| row.digest.as_ref() == Some(digest))
        .ok_or(Error::UploadUnknown)?;
    drop(conn);
    crate::blobs::find(ctx, permit, digest).await.map_err(|_| Error::UploadUnknown)
}

/// The session of an id. What is no id of ours is looked for in no database: not every text can be.
async fn find(conn: &mut Conn, upload_id: &str) -> Result<Option<UploadRow>> {
    match Uuid::try_parse(upload_id) {
        Ok(_) => Ok(store::uploads::find(conn, upload_id).await?),
        Err(_) => Ok(None),
    }
}

/// A session belongs to its repository and to whoever began it; to everybody else, and after its time, it does not
/// exist.
fn own(ctx: &Ctx, repository_id: &str, row: Option<UploadRow>) -> Option<UploadRow> {
    row.filter(|row| {
        row.repository_id == repository_id
            && row.principal == ctx.identity.principal.arn
            && row.expires_at > ctx.app.now()
    })
}

/// Runs to its end even if the client hangs up: what it sent is then recorded, and the lease given back. It is in its task
/// from the beginning, so that the request does not carry the memory of the upload as well.
fn in_own_task<T: Send + 'static>(
    ctx: &Ctx,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> BoxFuture<'static, Result<T>> {
    let task = ctx.app.uploads.spawn(work.in_current_span());
    Box::pin(async move {
        task.await.unwrap_or_else(|error| {
            tracing::error!(%error, "an upload ended in a panic");
            Err(Error::Internal)
        })
    })
}
