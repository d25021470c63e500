//! Pushing a manifest: what it refers to must be there, and its tags may move as the repository lets them.

use std::sync::Arc;

use bytes::Bytes;
use store::deleted_manifests::DeletedManifestRow;
use store::edges::Kind;
use store::manifests::ManifestRow;
use store::repositories::RepositoryRow;
use store::repository_blobs::HeldBlob;
use store::{Conn, cached_tags, edges, manifests, repository_blobs};
use types::{Algorithm, Digest, MediaType, Reference, Tag, Timestamp};

use super::{Image, storage_class};
use crate::events::{self, ImageAction, ImageEvent};
use crate::manifest::Manifest;
use crate::{Action, App, Ctx, Error, Permit, Result, ambiguity, authz, limits, replication, repositories, scanning};

/// Where a tag must be for a push to move it, or a deletion to end it (RFC 9110, section 13.1).
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

impl Condition {
    /// Whether it holds for what is at this digest.
    pub fn holds_at(&self, digest: &Digest) -> bool {
        match self {
            Self::None | Self::Present => true,
            Self::Absent => false,
            Self::At(digests) => digests.contains(digest),
        }
    }
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
    /// Who sends it.
    pub sender: Sender,
    /// Whether a push that changes nothing is refused, and so is a document whose media type nobody states: as PutImage
    /// does and the registry protocol does not.
    pub strict: bool,
}

/// Who pushes or deletes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// A client.
    Client,
    /// Another installation, by its replication configuration. It must be allowed to replicate, and what it brings goes
    /// nowhere from here: or two that replicate to each other would never come to rest.
    Replication,
}

impl Sender {
    /// Fails if the caller may not act as this.
    pub(super) fn authorize(self, ctx: &Ctx, permit: &Permit) -> Result<()> {
        match self {
            Self::Client => Ok(()),
            Self::Replication => authz::authorize(ctx, &[Action::ReplicateImage], permit.repository()).map(drop),
        }
    }
}

/// Where a manifest comes from, which says what must be there with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A client that pushed what it refers to before.
    Push,
    /// Another registry, where what it refers to can be fetched when somebody wants it.
    Upstream,
}

/// What a push left behind.
#[derive(Debug)]
pub struct Pushed {
    /// The manifest, with the digest that it has from now on: the client's own if it named one.
    pub image: Arc<Image>,
    /// What the manifest is about.
    pub subject: Option<Digest>,
}

/// Stores a manifest and sets its tags, all or nothing.
pub async fn put(ctx: &Ctx, permit: &Permit, push: Push) -> Result<Pushed> {
    permit.require(Action::PutImage)?;
    push.sender.authorize(ctx, permit)?;
    admit(ctx, permit, push, Origin::Push).await
}

/// [`put`], from anywhere. Whether the caller may is the caller's question.
pub(crate) async fn admit(ctx: &Ctx, permit: &Permit, push: Push, origin: Origin) -> Result<Pushed> {
    let limit = ctx.app.config.max_manifest_bytes;
    ctx.app.blobs.require_space()?;
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
    ambiguity::refuse(&push.bytes)?;
    if push.strict && !manifest.media_type_stated {
        return Err(Error::ManifestInvalid(
            "the manifest has no mediaType and none was given in imageManifestMediaType".to_owned(),
        ));
    }
    let target = match origin {
        Origin::Upstream => repositories::cached(ctx, permit).await?,
        // The API creates no repository by the way.
        Origin::Push if push.strict => repositories::existing(ctx, permit).await?,
        Origin::Push => repositories::target(ctx, permit).await?,
    };
    let brings_rules = target.brings_rules();
    let (media_type, subject) = (manifest.media_type.clone(), manifest.subject.clone());
    let bytes = push.bytes.clone();
    let mut row = ManifestRow {
        repository_id: target.id().to_owned(),
        digest: digest.clone(),
        media_type: manifest.media_type.clone(),
        artifact_type: manifest.artifact_type.clone(),
        subject: manifest.subject.clone(),
        annotations: manifest.annotations.clone(),
        image_size: 0,
        pushed_at: ctx.app.now(),
        bytes: push.bytes.into(),
    };
    let tags: Vec<(String, Tag)> = tags.into_iter().map(|tag| (ctx.app.new_id(), tag)).collect();
    let app = Arc::clone(&ctx.app);
    let (condition, strict, sender) = (push.condition, push.strict, push.sender);
    let repository_id = ctx
        .app
        .db
        .write(move |conn| {
            Box::pin(async move {
                let created = target.create(conn, &app).await?;
                row.repository_id.clone_from(&created.row.repository_id);
                // Held before anything in it: every row that is added asks for it, behind whoever waits for it by then.
                if !store::repositories::lock_live(conn, &row.repository_id).await? {
                    return Err(repositories::unknown(&created.row.registry, &created.row.name));
                }
                let sparse = origin == Origin::Upstream || app.config.sparse_indexes;
                row.image_size = require_references(conn, &row.repository_id, &row.digest, &manifest, sparse).await?;
                let mut changed = insert(conn, &row, &manifest).await?;
                if origin == Origin::Push {
                    changed |= storage_class::activate_pushed(conn, &row, &manifest, changed).await?;
                }
                let mut told = Vec::new();
                let repository = reread(conn, &created.row).await?;
                if changed {
                    limits::require_image(conn, &app, &row.repository_id).await?;
                }
                for (tag_id, tag) in &tags {
                    let at = TagRow { tag_id, tag, digest: &row.digest, now: row.pushed_at };
                    if strict && store::tags::lock(conn, &row.repository_id, tag).await?.as_ref() == Some(&row.digest) {
                        continue;
                    }
                    let moved = match &condition {
                        Condition::None => set_tag(conn, &repository, at).await?,
                        condition => set_tag_if(conn, &repository, at, condition).await?,
                    };
                    if moved {
                        limits::require_tag(conn, &app, &row.repository_id, &row.digest).await?;
                        told.push(tag);
                    }
                    if origin == Origin::Upstream {
                        cached_tags::upsert(conn, &row.repository_id, tag, &row.digest, row.pushed_at).await?;
                    }
                    changed |= moved;
                }
                if changed {
                    scanning::on_push(conn, &app, &repository, &row.digest, &manifest).await?;
                }
                if strict && !changed {
                    return Err(Error::ImageExists {
                        registry: repository.registry.clone(),
                        repository: repository.name.clone(),
                        digest: row.digest,
                        tag: tags.into_iter().next().map(|(_, tag)| tag),
                    });
                }
                tell(conn, &app, &repository, &row, changed, &told).await?;
                // Pushed again, an image goes where the rules of today say. What was only fetched goes nowhere.
                if origin == Origin::Push && sender == Sender::Client {
                    replication::note_push(conn, &app, &repository, &row.digest).await?;
                }
                created.finish(conn, &app).await?;
                Ok::<_, Error>(row.repository_id)
            })
        })
        .await?;
    repositories::obey(&ctx.app, brings_rules).await;
    let image = Arc::new(Image { repository_id: repository_id.into(), digest, media_type, bytes });
    ctx.app.images.keep(Arc::clone(&image));
    Ok(Pushed { image, subject })
}

/// Tells of the tags that were set, or of an image that came without one.
async fn tell(
    conn: &mut Conn,
    app: &App,
    repository: &RepositoryRow,
    row: &ManifestRow,
    changed: bool,
    tags: &[&Tag],
) -> Result<()> {
    let untagged = [None];
    let tagged: Vec<Option<&Tag>> = tags.iter().copied().map(Some).collect();
    let told = match tagged.as_slice() {
        [] if changed => untagged.as_slice(),
        tagged => tagged,
    };
    for tag in told {
        let event = ImageEvent {
            tag: *tag,
            media_type: Some(&row.media_type),
            artifact_type: row.artifact_type.as_deref(),
            ..ImageEvent::new(ImageAction::Push, repository, &row.digest)
        };
        events::emit(conn, app, &event).await?;
    }
    Ok(())
}

/// Gives a repository an image of another one, with tags. Both share the blobs. Nothing happens if the image is gone.
pub(crate) async fn copy(
    conn: &mut Conn,
    app: &App,
    from: &str,
    target: &RepositoryRow,
    digest: &Digest,
    tags: &[Tag],
) -> Result<()> {
    if manifests::lock(conn, from, &[digest]).await?.is_empty() {
        return Ok(());
    }
    let Some(found) = manifests::find(conn, from, digest).await? else {
        return Ok(());
    };
    let manifest = Manifest::parse(&found.bytes, Some(&found.media_type))?;
    let (id, now) = (&target.repository_id, app.now());
    let blobs: Vec<&Digest> = manifest.config.iter().chain(&manifest.layers).collect();
    for blob in repository_blobs::lock(conn, from, &blobs).await? {
        repository_blobs::insert(conn, id, &blob.digest, now).await?;
    }
    let row = ManifestRow {
        repository_id: id.clone(),
        digest: digest.clone(),
        media_type: found.media_type.clone(),
        artifact_type: manifest.artifact_type.clone(),
        subject: manifest.subject.clone(),
        annotations: manifest.annotations.clone(),
        image_size: require_references(conn, id, digest, &manifest, app.config.sparse_indexes).await?,
        pushed_at: now,
        bytes: found.bytes,
    };
    let mut new = insert(conn, &row, &manifest).await?;
    new |= storage_class::activate_pushed(conn, &row, &manifest, new).await?;
    if new {
        limits::require_image(conn, app, id).await?;
        scanning::on_push(conn, app, target, digest, &manifest).await?;
    }
    let mut told = Vec::new();
    for tag in tags {
        if store::tags::lock(conn, id, tag).await?.as_ref() == Some(digest) {
            continue;
        }
        let tag_id = app.new_id();
        if set_tag(conn, target, TagRow { tag_id: &tag_id, tag, digest, now }).await? {
            limits::require_tag(conn, app, id, digest).await?;
            told.push(tag);
        }
    }
    tell(conn, app, target, &row, new, &told).await
}

/// Puts a manifest back that was deleted, as it was. What it refers to must be there.
pub(crate) async fn put_back(
    conn: &mut Conn,
    repository_id: &str,
    deleted: DeletedManifestRow,
    sparse: bool,
) -> Result<()> {
    let manifest = Manifest::parse(&deleted.bytes, Some(&deleted.media_type))?;
    let image_size = require_references(conn, repository_id, &deleted.digest, &manifest, sparse).await?;
    let row = ManifestRow {
        repository_id: repository_id.to_owned(),
        digest: deleted.digest,
        media_type: deleted.media_type,
        artifact_type: manifest.artifact_type.clone(),
        subject: manifest.subject.clone(),
        annotations: manifest.annotations.clone(),
        image_size,
        pushed_at: deleted.pushed_at,
        bytes: deleted.bytes,
    };
    if insert(conn, &row, &manifest).await? {
        storage_class::put_back(conn, &row, &deleted.storage).await?;
    }
    Ok(())
}

/// Everything that a manifest refers to must be in the repository, and stays there until the transaction ends. The
/// subject is exempt (distribution-spec, "Pushing Manifests with Subject"). A registry that takes sparse manifests holds
/// what is there and does without the rest.
///
/// What it calls the media types of its blobs is noted where none has yet. Returns the size of the image: the bytes of its config
/// and layers; of an index, of its largest image.
async fn require_references(
    conn: &mut Conn,
    repository_id: &str,
    own: &Digest,
    manifest: &Manifest,
    sparse: bool,
) -> Result<u64> {
    let blobs: Vec<&Digest> = manifest.config.iter().chain(&manifest.layers).collect();
    let (mut layers, mut images) = (Vec::new(), Vec::new());
    let mut size = 0;
    if !blobs.is_empty() {
        let found = repository_blobs::lock(conn, repository_id, &blobs).await?;
        let mut named = Vec::new();
        for HeldBlob { digest, size: actual, has_media_type } in &found {
            // Clients refuse to pull what has another size than they were told: better the pusher hears of it.
            if let Some(stated) = manifest.sizes.get(digest).filter(|stated| *stated != actual) {
                let reason = format!("the manifest says that {digest} has {stated} bytes, the blob has {actual}");
                return Err(Error::ManifestInvalid(reason));
            }
            if let Some(media_type) = manifest.blob_media_types.get(digest).filter(|_| !has_media_type) {
                named.push((digest, media_type));
            }
        }
        if !named.is_empty() {
            repository_blobs::update_media_types(conn, repository_id, &named).await?;
        }
        size = found.iter().map(|blob| blob.size).sum();
        layers = absent(&blobs, found.into_iter().map(|blob| blob.digest).collect());
        // Of what is not here the document's word counts.
        size += layers.iter().filter_map(|digest| manifest.sizes.get(digest)).sum::<u64>();
    }
    let children: Vec<&Digest> = manifest.children.iter().collect();
    if !children.is_empty() {
        // With the index itself, which may be there: whoever deletes it with what it lists holds all of them in one order.
        let with_own: Vec<&Digest> = children.iter().copied().chain([own]).collect();
        let mut found = manifests::lock(conn, repository_id, &with_own).await?;
        found.retain(|digest| digest != own);
        if !found.is_empty() {
            size = manifests::find_largest(conn, repository_id, &children).await?;
        }
        images = absent(&children, found);
    }
    if sparse || (layers.is_empty() && images.is_empty()) {
        return Ok(size);
    }
    Err(Error::ReferencesUnknown { layers, images })
}

fn absent(wanted: &[&Digest], mut found: Vec<Digest>) -> Vec<Digest> {
    found.sort();
    let mut absent: Vec<Digest> =
        wanted.iter().filter(|digest| found.binary_search(digest).is_err()).map(|digest| (*digest).clone()).collect();
    absent.sort();
    absent.dedup();
    absent
}

/// Adds the manifest with its edges, or makes sure that the one that is there stays until the transaction ends. Returns
/// whether it is new.
async fn insert(conn: &mut Conn, row: &ManifestRow, manifest: &Manifest) -> Result<bool> {
    while !manifests::insert(conn, row).await? {
        if !manifests::lock(conn, &row.repository_id, &[&row.digest]).await?.is_empty() {
            return Ok(false);
        }
        // It was deleted between the two statements.
    }
    let blob = |digest| (digest, manifest.blob_media_types.get(digest));
    for (kind, children) in [
        (Kind::Config, manifest.config.iter().map(blob).collect::<Vec<_>>()),
        (Kind::Layer, manifest.layers.iter().chain(&manifest.foreign_layers).map(blob).collect()),
        (Kind::Child, manifest.children.iter().map(|digest| (digest, None)).collect()),
        (Kind::Subject, manifest.subject.iter().map(|digest| (digest, None)).collect()),
    ] {
        edges::insert(conn, &row.repository_id, &row.digest, kind, &children).await?;
    }
    Ok(true)
}

/// The repository as it is inside the transaction: since the request began its tag mutability may have changed, or it
/// may have been deleted.
async fn reread(conn: &mut Conn, repository: &RepositoryRow) -> Result<RepositoryRow> {
    store::repositories::find(conn, &repository.registry, &repository.name)
        .await?
        .filter(|current| current.repository_id == repository.repository_id)
        .ok_or_else(|| repositories::unknown(&repository.registry, &repository.name))
}

/// A tag that is to be set.
struct TagRow<'t> {
    tag_id: &'t str,
    tag: &'t Tag,
    digest: &'t Digest,
    now: Timestamp,
}

/// Points a tag to a manifest, if the tag is where the condition wants it; nobody moves it in between. Returns whether
/// that changed anything.
async fn set_tag_if(
    conn: &mut Conn,
    repository: &RepositoryRow,
    to: TagRow<'_>,
    condition: &Condition,
) -> Result<bool> {
    let id = &repository.repository_id;
    let moved = || Error::TagMoved { tag: to.tag.clone() };
    if *condition == Condition::Absent {
        // Of several who create it one does.
        let created = store::tags::insert(conn, to.tag_id, id, to.tag, to.digest, to.now).await?;
        return if created { Ok(true) } else { Err(moved()) };
    }
    let current = store::tags::lock(conn, id, to.tag).await?.ok_or_else(moved)?;
    if !condition.holds_at(&current) {
        return Err(moved());
    }
    set_tag(conn, repository, to).await
}

/// Points a tag to a manifest, if the repository's tag mutability lets it. Returns whether that changed anything.
async fn set_tag(conn: &mut Conn, repository: &RepositoryRow, to: TagRow<'_>) -> Result<bool> {
    let id = &repository.repository_id;
    if repository.tag_mutability.may_move(to.tag) {
        return Ok(store::tags::upsert(conn, to.tag_id, id, to.tag, to.digest, to.now).await?);
    }
    // As on ECR, an immutable tag cannot be pushed again even with the manifest that it has.
    if store::tags::insert(conn, to.tag_id, id, to.tag, to.digest, to.now).await? {
        return Ok(true);
    }
    Err(Error::TagImmutable { repository: repository.name.clone(), tag: to.tag.clone() })
}
