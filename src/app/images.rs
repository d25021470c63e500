//! Images and indexes: pushing, pulling and deleting manifests by tag or digest.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use moka::sync::Cache;
use store::edges::Kind;
use store::manifests::ManifestRow;
use store::repositories::RepositoryRow;
use store::{Conn, edges, manifests, repository_blobs};
use types::{Algorithm, Digest, MediaType, Reference, Tag, Timestamp};

use crate::manifest::Manifest;
use crate::{Action, Ctx, Error, Permit, Result, repositories};

/// A manifest as it is served.
#[derive(Debug)]
pub struct Image {
    /// As its pusher named it.
    pub digest: Digest,
    /// As its pusher sent it.
    pub media_type: MediaType,
    /// Exactly as received.
    pub bytes: Bytes,
}

/// Manifests that were served or pushed lately. They are immutable; whether one is still in a repository is asked of
/// the database each time, so a deleted one is never served from here.
pub(crate) struct ImageCache(Cache<(String, Digest), Arc<Image>>);

impl ImageCache {
    pub(crate) fn new() -> Self {
        Self(
            Cache::builder()
                .max_capacity(64 << 20)
                .weigher(|_, image: &Arc<Image>| u32::try_from(image.bytes.len() + 512).unwrap_or(u32::MAX))
                .time_to_idle(Duration::from_secs(600))
                .build(),
        )
    }
}

/// The manifest that a reference names.
pub async fn get(ctx: &Ctx, permit: &Permit, reference: &Reference) -> Result<Arc<Image>> {
    permit.require(Action::BatchGetImage)?;
    let (registry, name) = (permit.registry(), permit.repository());
    let mut conn = ctx.app.db.reader().await?;
    let found = match reference {
        Reference::Tag(tag) => manifests::find_by_tag(&mut conn, registry, name, tag).await?,
        Reference::Digest(digest) => manifests::find_by_digest(&mut conn, registry, name, digest).await?,
    };
    let found = found.ok_or_else(|| permit.repository_unknown())?;
    let unknown = || Error::ManifestUnknown(reference.to_string());
    let key = (found.repository_id, found.digest.ok_or_else(unknown)?);
    if let Some(image) = ctx.app.images.0.get(&key) {
        return Ok(image);
    }
    let row = manifests::find(&mut conn, &key.0, &key.1).await?.ok_or_else(unknown)?;
    let image = Arc::new(Image { digest: row.digest, media_type: row.media_type, bytes: row.bytes.into() });
    ctx.app.images.0.insert(key, Arc::clone(&image));
    Ok(image)
}

/// Where a tag must be for a push to move it (RFC 9110, section 13.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Anywhere.
    None,
    /// It must not exist.
    Absent,
    /// It must exist, wherever it is.
    Present,
    /// It must be at one of these digests.
    At(Vec<Digest>),
}

/// A manifest to push.
#[derive(Debug)]
pub struct Push {
    /// Where to.
    pub reference: Reference,
    /// Tags to set beside.
    pub tags: Vec<Tag>,
    /// Where the tags must be before.
    pub condition: Condition,
    /// What the client calls the document, if it says.
    pub content_type: Option<MediaType>,
    /// The document.
    pub bytes: Bytes,
}

/// What a push left behind.
#[derive(Debug)]
pub struct Pushed {
    /// The digest that the manifest has from now on: the client's own if it named one.
    pub digest: Digest,
    /// What the manifest is about.
    pub subject: Option<Digest>,
}

/// Stores a manifest and sets its tags, all or nothing.
pub async fn put(ctx: &Ctx, permit: &Permit, push: Push) -> Result<Pushed> {
    permit.require(Action::PutImage)?;
    let limit = ctx.app.config.max_manifest_bytes;
    if push.bytes.len() > limit {
        return Err(Error::ManifestTooLarge { limit });
    }
    let mut tags = push.tags;
    let digest = match push.reference {
        Reference::Tag(tag) => {
            tags.push(tag);
            Algorithm::Sha256.digest(&push.bytes)
        }
        Reference::Digest(digest) if digest.matches(&push.bytes) => digest,
        Reference::Digest(digest) => return Err(Error::DigestMismatch(digest)),
    };
    // In one order everywhere, so that two pushes of the same tags do not wait for each other.
    tags.sort();
    tags.dedup();
    let manifest = Manifest::parse(&push.bytes, push.content_type.as_ref())?;
    let target = repositories::target(ctx, permit).await?;
    let image =
        Arc::new(Image { digest: digest.clone(), media_type: manifest.media_type.clone(), bytes: push.bytes.clone() });
    let pushed = Pushed { digest: digest.clone(), subject: manifest.subject.clone() };
    let mut row = ManifestRow {
        repository_id: target.id().to_owned(),
        digest: digest.clone(),
        media_type: manifest.media_type.clone(),
        artifact_type: manifest.artifact_type.clone(),
        subject: manifest.subject.clone(),
        annotations: manifest.annotations.clone(),
        pushed_at: ctx.app.now(),
        bytes: push.bytes.into(),
    };
    let tags: Vec<(String, Tag)> = tags.into_iter().map(|tag| (ctx.app.new_id(), tag)).collect();
    let sparse = ctx.app.config.sparse_indexes;
    let condition = push.condition;
    let repository_id = ctx
        .app
        .db
        .write(move |conn| {
            Box::pin(async move {
                let repository = target.create(conn).await?;
                row.repository_id.clone_from(&repository.repository_id);
                require_references(conn, &row.repository_id, &manifest, sparse).await?;
                insert(conn, &row, &manifest).await?;
                let repository = if tags.is_empty() { repository } else { reread(conn, &repository).await? };
                for (tag_id, tag) in &tags {
                    let at = TagRow { tag_id, tag, digest: &row.digest, now: row.pushed_at };
                    match &condition {
                        Condition::None => set_tag(conn, &repository, at).await?,
                        condition => set_tag_if(conn, &repository, at, condition).await?,
                    }
                }
                Ok::<_, Error>(row.repository_id)
            })
        })
        .await?;
    ctx.app.images.0.insert((repository_id, digest), image);
    Ok(pushed)
}

/// Everything that a manifest refers to must be in the repository, and stays there until the transaction ends. The
/// subject is exempt (distribution-spec, "Pushing Manifests with Subject"). A registry that takes sparse manifests holds
/// what is there and does without the rest.
async fn require_references(conn: &mut Conn, repository_id: &str, manifest: &Manifest, sparse: bool) -> Result<()> {
    let blobs: Vec<&Digest> = manifest.config.iter().chain(&manifest.layers).collect();
    let mut missing = Vec::new();
    if !blobs.is_empty() {
        let found = repository_blobs::lock(conn, repository_id, &blobs).await?;
        for (digest, actual) in &found {
            // Clients refuse to pull what has another size than they were told: better the pusher hears of it.
            if let Some(stated) = manifest.sizes.get(digest).filter(|stated| *stated != actual) {
                let reason = format!("the manifest says that {digest} has {stated} bytes, the blob has {actual}");
                return Err(Error::ManifestInvalid(reason));
            }
        }
        missing.extend(absent(&blobs, found.into_iter().map(|(digest, _)| digest).collect()));
    }
    let children: Vec<&Digest> = manifest.children.iter().collect();
    if !children.is_empty() {
        let found = manifests::lock(conn, repository_id, &children).await?;
        missing.extend(absent(&children, found));
    }
    if missing.is_empty() || sparse { Ok(()) } else { Err(Error::ReferencesUnknown(missing)) }
}

fn absent(wanted: &[&Digest], mut found: Vec<Digest>) -> Vec<Digest> {
    found.sort();
    let mut absent: Vec<Digest> =
        wanted.iter().filter(|digest| found.binary_search(digest).is_err()).map(|digest| (*digest).clone()).collect();
    absent.sort();
    absent.dedup();
    absent
}

/// Adds the manifest with its edges, or makes sure that the one that is there stays until the transaction ends.
async fn insert(conn: &mut Conn, row: &ManifestRow, manifest: &Manifest) -> Result<()> {
    while !manifests::insert(conn, row).await? {
        if !manifests::lock(conn, &row.repository_id, &[&row.digest]).await?.is_empty() {
            return Ok(());
        }
        // It was deleted between the two statements.
    }
    let layers: Vec<&Digest> = manifest.layers.iter().chain(&manifest.foreign_layers).collect();
    for (kind, children) in [
        (Kind::Config, manifest.config.iter().collect::<Vec<_>>()),
        (Kind::Layer, layers),
        (Kind::Child, manifest.children.iter().collect()),
        (Kind::Subject, manifest.subject.iter().collect()),
    ] {
        edges::insert(conn, &row.repository_id, &row.digest, kind, &children).await?;
    }
    Ok(())
}

/// The repository as it is inside the transaction: its tag mutability may have changed since the request began.
async fn reread(conn: &mut Conn, repository: &RepositoryRow) -> Result<RepositoryRow> {
    store::repositories::find(conn, &repository.registry, &repository.name)
        .await?
        .filter(|current| current.repository_id == repository.repository_id)
        .ok_or_else(|| repositories::unknown(repository))
}

/// A tag that is to be set.
struct TagRow<'t> {
    tag_id: &'t str,
    tag: &'t Tag,
    digest: &'t Digest,
    now: Timestamp,
}

/// Points a tag to a manifest, if the tag is where the condition wants it; nobody moves it in between.
async fn set_tag_if(conn: &mut Conn, repository: &RepositoryRow, to: TagRow<'_>, condition: &Condition) -> Result<()> {
    let id = &repository.repository_id;
    let moved = || Error::TagMoved { tag: to.tag.clone() };
    if *condition == Condition::Absent {
        // Of several who create it one does.
        let created = store::tags::insert(conn, to.tag_id, id, to.tag, to.digest, to.now).await?;
        return if created { Ok(()) } else { Err(moved()) };
    }
    let current = store::tags::lock(conn, id, to.tag).await?.ok_or_else(moved)?;
    if matches!(condition, Condition::At(digests) if !digests.contains(&current)) {
        return Err(moved());
    }
    set_tag(conn, repository, to).await
}

/// Points a tag to a manifest, if the repository's tag mutability lets it.
async fn set_tag(conn: &mut Conn, repository: &RepositoryRow, to: TagRow<'_>) -> Result<()> {
    let id = &repository.repository_id;
    if repository.tag_mutability.may_move(to.tag) {
        return Ok(store::tags::upsert(conn, to.tag_id, id, to.tag, to.digest, to.now).await?);
    }
    // As on ECR, an immutable tag cannot be pushed again even with the manifest that it has.
    if store::tags::insert(conn, to.tag_id, id, to.tag, to.digest, to.now).await? {
        return Ok(());
    }
    Err(Error::TagImmutable { repository: repository.name.clone(), tag: to.tag.clone() })
}

/// Deletes a manifest with all its tags, unless an index lists it.
pub async fn delete(ctx: &Ctx, permit: &Permit, digest: &Digest) -> Result<()> {
    permit.require(Action::BatchDeleteImage)?;
    if !ctx.app.config.delete_enabled {
        return Err(Error::DeleteDisabled);
    }
    let (permit, digest, now) = (permit.clone(), digest.clone(), ctx.app.now());
    let key = ctx
        .app
        .db
        .write(move |conn| {
            Box::pin(async move {
                let repository = repositories::find(conn, &permit).await?;
                let id = repository.repository_id;
                if !manifests::lock_for_delete(conn, &id, &digest).await? {
                    return Err(Error::ManifestUnknown(digest.to_string()));
                }
                if let Some(parent) = edges::find_parent_of_manifest(conn, &id, &digest).await? {
                    return Err(Error::Referenced { what: "manifest", parent });
                }
                store::tags::delete_of_manifest(conn, &id, &digest, now).await?;
                edges::delete(conn, &id, &digest).await?;
                manifests::delete(conn, &id, &digest).await?;
                Ok((id, digest))
            })
        })
        .await?;
    ctx.app.images.0.invalidate(&key);
    Ok(())
}
