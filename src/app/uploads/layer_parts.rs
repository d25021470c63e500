//! Layers that come in parts through ECR's API. The sessions are those of the registry protocol; what differs is what may
//! be sent, and what a completion refuses.

use bytes::Bytes;
use futures_util::stream;
use store::blobs::BlobRow;
use types::Digest;

use super::session::Session;
use super::{Body, BodyError, ContentRange, Upload, finished_before, in_own_task};
use crate::{Action, Ctx, Error, Permit, Result, repositories};

/// Begins an upload in a repository that must exist.
pub async fn begin_layer(ctx: &Ctx, permit: &Permit) -> Result<Upload> {
    permit.require(Action::InitiateLayerUpload)?;
    let target = repositories::existing(ctx, permit).await?;
    let session = Session::begin(ctx, target, None, false).await?;
    Ok(Upload { id: session.id().to_owned(), received: 0 })
}

/// Appends a part, which must begin where the one before it ended.
pub async fn put_part(ctx: &Ctx, permit: &Permit, upload_id: &str, range: ContentRange, part: Bytes) -> Result<Upload> {
    permit.require(Action::UploadLayerPart)?;
    let session = Session::take(ctx, permit, upload_id).await?;
    let length = part.len() as u64;
    if range.last.checked_sub(range.first).and_then(|length| length.checked_add(1)) != Some(length)
        || length > ctx.app.config.limits.layer_part_bytes
    {
        let received = session.received();
        session.release().await?;
        return Err(Error::LayerPartInvalid { received });
    }
    let body = Body { stream: stream::iter([Ok::<_, BodyError>(part)]), length: Some(length), range: Some(range) };
    in_own_task(ctx, async move { session.append_part(body).await }).await
}

/// Makes a layer of the parts. One that is there already is told so, though nothing is lost by the completion. A
/// repeated completion succeeds again.
pub async fn complete(ctx: &Ctx, permit: &Permit, upload_id: &str, digest: &Digest) -> Result<BlobRow> {
    permit.require(Action::CompleteLayerUpload)?;
    let session = match Session::take(ctx, permit, upload_id).await {
        Err(Error::UploadUnknown) => return finished_before(ctx, permit, upload_id, digest).await,
        other => other?,
    };
    let digest = digest.clone();
    let done = in_own_task(ctx, async move { session.finish_parts(digest).await }).await?;
    if done.new { Ok(done.blob) } else { Err(Error::LayerExists(done.blob.digest)) }
}
