//! Blobs through the cache.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use store::blobs::BlobRow;
use store::edges;
use store::repositories::RepositoryRow;
use tracing::Instrument;
use types::Digest;

use super::arrival::{Arrival, Arriving};
use super::{PATIENCE, Source, key, require_import};
use crate::repositories::{self, Target};
use crate::uploads::{self, Body, BodyError};
use crate::{App, Ctx, Error, Permit, Result, UpstreamFailure};

/// A blob that was asked for.
pub enum Found {
    /// It is here.
    Here(BlobRow),
    /// It is on its way.
    Arriving(Arriving),
}

/// A blob: from here, or else from the registry that the repository stands for. One of which only a part is wanted is
/// waited for: a part of it cannot be verified.
pub async fn blob(ctx: &Ctx, permit: &Permit, digest: &Digest, part: bool) -> Result<Found> {
    let absent = match crate::blobs::find(ctx, permit, digest).await {
        Ok(blob) => return Ok(Found::Here(blob)),
        Err(error) => error,
    };
    let (source, key) = elsewhere(ctx, permit, digest, &absent).await?;
    // Who may not create the repository hears of it before anything is fetched.
    let target = repositories::cached(ctx, permit).await?;
    let arrival = fly(ctx, source, key, target, digest);
    let told = |error| match error {
        Error::BlobUnknown(_) => absent,
        other => other,
    };
    if part {
        return Ok(Found::Here(arrival.stored().await.map_err(told)?));
    }
    Ok(Found::Arriving(arrival.read(ctx, permit).await.map_err(told)?))
}

/// Brings in a blob of an image that is here, for the registry itself.
pub(crate) async fn bring(app: &Arc<App>, repository: &RepositoryRow, digest: &Digest) -> Result<()> {
    let (ctx, permit) = (Ctx::of_registry(app, &repository.registry), Permit::of_registry(repository, &[]));
    let absent = match crate::blobs::find(&ctx, &permit, digest).await {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    let source = Source::of(&ctx, &permit).filter(|_| matches!(absent, Error::BlobUnknown(_)));
    let source = source.ok_or_else(|| absent.clone())?;
    let key = blob_key(&permit, digest);
    app.cache.look_before(&source, &key, &absent)?;
    let target = repositories::cached(&ctx, &permit).await?;
    fly(&ctx, source, key, target, digest).stored().await.map(drop)
}

/// Whether this process fetches a blob of a repository at the moment.
pub(crate) fn is_coming(app: &App, repository: &RepositoryRow, digest: &Digest) -> bool {
    app.cache.blobs.is_under_way(&blob_key(&Permit::of_registry(repository, &[]), digest))
}

/// Begins to fetch a blob, or joins whoever is at it.
fn fly(ctx: &Ctx, source: Source, key: String, target: Target, digest: &Digest) -> Arc<Arrival> {
    ctx.app.cache.blobs.join(&key, || {
        let arrival = Arrival::new();
        let landing = Landing { app: Arc::clone(&ctx.app), key: key.clone(), arrival: Arc::clone(&arrival) };
        let (own, digest) = (ctx.clone(), digest.clone());
        // It goes on even if all clients hang up: what has come is not thrown away.
        let work = async move {
            let outcome = fetch(&own, &source, target, &digest, &landing).await;
            landing.arrival.end(outcome);
        };
        ctx.app.uploads.spawn(work.in_current_span());
        arrival
    })
}

/// How long a blob is: one that is not here is not fetched for the question.
pub async fn blob_size(ctx: &Ctx, permit: &Permit, digest: &Digest) -> Result<u64> {
    let absent = match crate::blobs::check(ctx, permit, digest).await {
        Ok(blob) => return Ok(blob.size),
        Err(error) => error,
    };
    let (source, key) = elsewhere(ctx, permit, digest, &absent).await?;
    let app = &ctx.app;
    let upstream = source.open(app).await?;
    match app.cache.client.blob_length(&upstream, source.repository(), digest.as_str(), PATIENCE).await {
        Ok(length) => length.ok_or_else(|| source.failure(UpstreamFailure::Wrong)),
        Err(error) => Err(app.cache.failed(&source, &key, &error, absent)),
    }
}

/// Where a blob that is not here may be, if the caller may bring it in. `absent` is the answer if it is nowhere.
async fn elsewhere(ctx: &Ctx, permit: &Permit, digest: &Digest, absent: &Error) -> Result<(Source, String)> {
    if !matches!(absent, Error::RepositoryUnknown { .. } | Error::BlobUnknown(_)) {
        return Err(absent.clone());
    }
    let source = Source::of(ctx, permit).ok_or_else(|| absent.clone())?;
    if !is_part(ctx, permit, digest).await? {
        require_import(ctx, permit)?;
    }
    let key = blob_key(permit, digest);
    ctx.app.cache.look_before(&source, &key, absent)?;
    Ok((source, key))
}

/// Clients ask for a digest among the manifests first. That there is none says nothing of blobs.
fn blob_key(permit: &Permit, digest: &Digest) -> String {
    key(permit, &format!("blob {digest}"))
}

/// Whether a manifest that is here refers to a blob: then it is a part of what somebody has brought in already.
async fn is_part(ctx: &Ctx, permit: &Permit, digest: &Digest) -> Result<bool> {
    let mut conn = ctx.app.db.reader().await?;
    let repository = store::repositories::find(&mut conn, permit.registry(), permit.repository()).await?;
    match repository {
        Some(row) => Ok(edges::find_parent_of_blob(&mut conn, &row.repository_id, digest).await?.is_some()),
        None => Ok(false),
    }
}

/// Ends an arrival however its work ends.
struct Landing {
    app: Arc<App>,
    key: String,
    arrival: Arc<Arrival>,
}

impl Drop for Landing {
    fn drop(&mut self) {
        // Says nothing if the work came to its end.
        self.arrival.end(Err(Error::Internal));
        self.app.cache.blobs.end(&self.key);
    }
}

/// Fetches a blob into the store, and past those who read along.
async fn fetch(ctx: &Ctx, source: &Source, target: Target, digest: &Digest, landing: &Landing) -> Result<BlobRow> {
    let app = &ctx.app;
    let _room = app.cache.rooms.take(source.host()).await.ok_or(Error::Internal)?;
    let upstream = source.open(app).await?;
    let fetched = app.cache.client.blob(&upstream, source.repository(), digest.as_str(), PATIENCE).await;
    let fetched =
        fetched.map_err(|error| app.cache.failed(source, &landing.key, &error, Error::BlobUnknown(digest.clone())))?;
    let length = fetched.length();
    let body = Body { stream: pass(fetched, Arc::clone(&landing.arrival)), length, range: None };
    match uploads::take_whole(ctx, target, digest, body).await {
        Ok(blob) => {
            tracing::info!(blob.digest = %digest, upstream = source.host(), "a blob was brought in from an upstream registry");
            Ok(blob)
        }
        Err(Error::BodyInterrupted { .. }) => {
            tracing::warn!(blob.digest = %digest, upstream = source.host(), "an upstream registry broke off");
            Err(source.failure(UpstreamFailure::Down))
        }
        Err(Error::DigestMismatch(_) | Error::SizeInvalid) => {
            tracing::warn!(blob.digest = %digest, upstream = source.host(), "an upstream registry gave a blob that is another");
            Err(source.failure(UpstreamFailure::Wrong))
        }
        Err(error) => Err(error),
    }
}

/// The bytes of a blob for the store, each given to the readers first. They hear of the blob with its first bytes: what is
/// refused before them, as by a full disk, is still an answer of its own.
fn pass(blob: upstream::Blob, arrival: Arc<Arrival>) -> BoxStream<'static, std::result::Result<Bytes, BodyError>> {
    let bytes = stream::unfold(Some((blob, arrival)), |state| async move {
        let (mut blob, arrival) = state?;
        match blob.chunk().await {
            Ok(Some(bytes)) => {
                arrival.begin(blob.length());
                arrival.push(bytes.clone()).await;
                Some((Ok(bytes), Some((blob, arrival))))
            }
            Ok(None) => None,
            Err(error) => Some((Err(BodyError::from(error)), None)),
        }
    });
    bytes.boxed()
}
