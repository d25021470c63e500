//! Manifests through the cache. A tag that came from another registry is checked there again after a time; a digest
//! never changes what it means.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use store::edges;
use store::{Pending, cached_tags};
use tracing::Instrument;
use types::{Digest, MediaType, Reference, Tag};

use super::{PATIENCE, Source, key, require_import};
use crate::images::{self, Condition, Image, Origin, Push};
use crate::{App, Ctx, Error, Permit, Result, UpstreamFailure, repositories};

/// How long somebody waits for a tag to be checked before the manifest that is here will do.
const CHECK: Duration = Duration::from_secs(5);

/// What web servers call a file of which they know no better: then the manifest itself tells what it is.
const UNTYPED: [&str; 3] = ["application/json", "application/octet-stream", "text/plain"];

/// A manifest that was asked for.
#[derive(Debug, Clone)]
pub struct Pulled {
    /// The manifest.
    pub image: Arc<Image>,
    /// Whether it was brought in by this pull, and not by one that this one joined.
    pub imported: bool,
}

/// What a fetch ends with, for all who wait for it.
pub(super) type Outcome = Shared<BoxFuture<'static, Result<Pulled>>>;

/// The manifest that a reference names: from here, or else from the registry that the repository stands for.
pub async fn manifest(ctx: &Ctx, permit: &Permit, reference: &Reference) -> Result<Pulled> {
    let found = images::get(ctx, permit, reference).await;
    let Some(source) = Source::of(ctx, permit) else {
        return Ok(Pulled { image: found?, imported: false });
    };
    // Boxed, so that a pull of what is here takes no memory for them.
    match (found, reference) {
        (Ok(image), Reference::Digest(_)) => Ok(Pulled { image, imported: false }),
        (Ok(image), Reference::Tag(tag)) => Box::pin(check(ctx, permit, source, tag, image)).await,
        (Err(absent @ (Error::RepositoryUnknown { .. } | Error::ManifestUnknown(_))), _) => {
            Box::pin(import(ctx, permit, source, reference, absent)).await
        }
        (Err(error), _) => Err(error),
    }
}

/// Brings a manifest in. `absent` is the answer if the other registry does not have it either.
async fn import(ctx: &Ctx, permit: &Permit, source: Source, reference: &Reference, absent: Error) -> Result<Pulled> {
    let part = match reference {
        Reference::Digest(digest) => is_part(ctx, permit, digest).await?,
        Reference::Tag(_) => false,
    };
    if !part {
        require_import(ctx, permit)?;
    }
    let cache = &ctx.app.cache;
    let key = key(permit, &reference.to_string());
    cache.look_before(&source, &key, &absent)?;
    // Who may not create the repository hears of it before anything is fetched.
    repositories::cached(ctx, permit).await?;
    let outcome = fly(ctx, &key, {
        let (ctx, permit, reference, key) = (ctx.clone(), permit.clone(), reference.clone(), key.clone());
        async move { fetch(&ctx, &permit, &source, &reference, Condition::Absent, &key).await }
    });
    match outcome.wait().await {
        // Somebody pushed the tag meanwhile, or another process was faster.
        Err(Error::TagMoved { .. } | Error::TagImmutable { .. }) => {
            Ok(Pulled { image: images::get(ctx, permit, reference).await?, imported: false })
        }
        Err(Error::ManifestUnknown(_)) => Err(absent),
        other => other,
    }
}

/// Whether an index that is here lists a manifest: then it is a part of what somebody has brought in already.
async fn is_part(ctx: &Ctx, permit: &Permit, digest: &Digest) -> Result<bool> {
    let mut conn = ctx.app.db.reader().await?;
    let repository = store::repositories::find(&mut conn, permit.registry(), permit.repository()).await?;
    match repository {
        Some(row) => Ok(edges::find_parent_of_manifest(&mut conn, &row.repository_id, digest).await?.is_some()),
        None => Ok(false),
    }
}

/// A fetch that somebody waits for.
struct Awaited {
    outcome: Outcome,
    /// Whether it was begun for this one.
    own: bool,
}

impl Awaited {
    async fn wait(self) -> Result<Pulled> {
        let pulled = self.outcome.await?;
        Ok(Pulled { imported: pulled.imported && self.own, ..pulled })
    }
}

/// Does `work` in a task of its own, or joins whoever is at it. It goes on even if all clients hang up.
fn fly(ctx: &Ctx, key: &str, work: impl Future<Output = Result<Pulled>> + Send + 'static) -> Awaited {
    let mut own = false;
    let outcome = ctx.app.cache.manifests.join(key, || {
        own = true;
        let landing = Landing { app: Arc::clone(&ctx.app), key: key.to_owned() };
        let work = async move {
            let _landing = landing;
            work.await
        };
        let task = ctx.app.uploads.spawn(work.in_current_span());
        let outcome = async move {
            task.await.unwrap_or_else(|error| {
                tracing::error!(%error, "a fetch ended in a panic");
                Err(Error::Internal)
            })
        };
        outcome.boxed().shared()
    });
    Awaited { outcome, own }
}

/// Ends a flight however its work ends.
struct Landing {
    app: Arc<App>,
    key: String,
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.app.cache.manifests.end(&self.key);
    }
}

/// Fetches a manifest, verifies it and stores it by the rules of a push.
async fn fetch(
    ctx: &Ctx,
    permit: &Permit,
    source: &Source,
    reference: &Reference,
    condition: Condition,
    key: &str,
) -> Result<Pulled> {
    let (app, name) = (&ctx.app, reference.to_string());
    let upstream = source.open(app).await?;
    let limit = app.config.max_manifest_bytes;
    let fetched = app.cache.client.manifest(&upstream, source.repository(), &name, limit, PATIENCE).await;
    let fetched =
        fetched.map_err(|error| app.cache.failed(source, key, &error, Error::ManifestUnknown(name.clone())))?;
    let wrong = |why: &dyn std::fmt::Display| {
        tracing::warn!(upstream = source.host(), repository = source.repository(), reference = name, %why, "an upstream registry gave a manifest that cannot be kept");
        source.failure(UpstreamFailure::Wrong)
    };
    // A tag can mean anything; but the registry must agree with itself.
    let stated: Option<Digest> = fetched.digest.as_deref().and_then(|digest| digest.parse().ok());
    if stated.is_some_and(|stated| !stated.matches(&fetched.bytes)) {
        return Err(wrong(&"it does not have the digest that the registry states"));
    }
    let content_type = fetched.media_type.as_deref().and_then(|text| text.parse().ok());
    let content_type = content_type.filter(|media_type: &MediaType| !UNTYPED.contains(&media_type.as_str()));
    let push = Push {
        reference: reference.clone(),
        tags: Vec::new(),
        condition,
        content_type,
        bytes: fetched.bytes,
        sender: images::Sender::Client,
        strict: false,
    };
    match images::admit(ctx, permit, push, Origin::Upstream).await {
        Ok(pushed) => {
            tracing::info!(repo.name = %permit.repository(), image.digest = %pushed.image.digest, upstream = source.host(), "a manifest was brought in from an upstream registry");
            Ok(Pulled { image: pushed.image, imported: true })
        }
        Err(error @ (Error::DigestMismatch(_) | Error::ManifestInvalid(_))) => Err(wrong(&error)),
        Err(error) => Err(error),
    }
}

/// Checks a tag with the registry that it came from, if it came from there and that was long ago. Whatever comes of it,
/// the manifest that is here is served if there is no newer one.
async fn check(ctx: &Ctx, permit: &Permit, source: Source, tag: &Tag, image: Arc<Image>) -> Result<Pulled> {
    let here = Pulled { image: Arc::clone(&image), imported: false };
    let app = &ctx.app;
    let mut conn = app.db.reader().await?;
    let cached = cached_tags::find(&mut conn, &image.repository_id, tag).await?;
    // A tag that was set here, or is elsewhere than the other registry said, is this registry's own.
    let Some(cached) = cached.filter(|cached| cached.digest == image.digest) else {
        return Ok(here);
    };
    let fresh = cached.checked_at.after(app.config.cache_tag_ttl) > app.now();
    if fresh || app.cache.memory.is_unwell(source.host(), &source.asker()) || require_import(ctx, permit).is_err() {
        return Ok(here);
    }
    // As on ECR, a tag that may not move is not checked again.
    let repository = store::repositories::find(&mut conn, permit.registry(), permit.repository()).await?;
    drop(conn);
    if !repository.is_some_and(|repository| repository.tag_mutability.may_move(tag)) {
        return Ok(here);
    }
    let key = key(permit, tag.as_str());
    let outcome = fly(ctx, &key, {
        let (ctx, permit, tag, key) = (ctx.clone(), permit.clone(), tag.clone(), key.clone());
        async move { renew(&ctx, &permit, &source, &tag, image, &key).await }
    });
    match tokio::time::timeout(CHECK, outcome.wait()).await {
        Ok(Ok(pulled)) => Ok(pulled),
        Ok(Err(error)) => {
            tracing::info!(repo.name = %permit.repository(), tag = %tag, %error, "a tag could not be checked with its upstream registry; the manifest that is here is served");
            Ok(here)
        }
        Err(_) => Ok(here),
    }
}

/// Asks where a tag is now, and fetches its manifest if that is not here.
async fn renew(ctx: &Ctx, permit: &Permit, source: &Source, tag: &Tag, image: Arc<Image>, key: &str) -> Result<Pulled> {
    let app = &ctx.app;
    let upstream = source.open(app).await?;
    // A question costs less than a pull where pulls are counted.
    match app.cache.client.digest(&upstream, source.repository(), tag.as_str(), CHECK).await {
        Ok(Some(digest)) if digest == image.digest.as_str() => {}
        Ok(_) => {
            let condition = Condition::At(vec![image.digest.clone()]);
            return fetch(ctx, permit, source, &Reference::Tag(tag.clone()), condition, key).await;
        }
        // It has no such tag any more. What is here stays.
        Err(upstream::Error::Missing) => {}
        Err(error) => {
            return Err(app.cache.failed(source, key, &error, Error::ManifestUnknown(tag.to_string())));
        }
    }
    let (id, tag, now) = (image.repository_id.to_string(), tag.clone(), app.now());
    app.db
        .write(move |conn| {
            Box::pin(async move { Ok(cached_tags::update_checked(conn, &id, &tag, now).await?) })
                as Pending<'_, (), Error>
        })
        .await?;
    Ok(Pulled { image, imported: false })
}
