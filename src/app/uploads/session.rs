//! One request's hold on one session: the state of its bytes, and how that state gets into the rows.

use std::sync::Arc;
use std::time::Duration;

use ::blobs::{Append, Part, Staged};
use bytes::Bytes;
use futures_util::Stream;
use store::blobs::BlobRow;
use store::uploads::{LayerParts, Progress, UploadRow};
use store::{Commit, Conn, removals, repository_blobs, upload_parts, uploads};
use types::{Algorithm, Digest};
use uuid::Uuid;

use super::lease::{LENGTH, Lease};
use super::{Body, BodyError, Upload, encryption, own};
use crate::garbage;
use crate::repositories::{self, Target};
use crate::{App, Ctx, Error, Permit, Result};

/// For how long a finished session is remembered, so that a repeated closing request gets the same answer.
const REMEMBERED: Duration = Duration::from_secs(15 * 60);

/// For how long an object whose rows may not have come stays, at the least, beyond the life of its session.
const UNDECIDED: Duration = Duration::from_secs(15 * 60);

/// A session that waits for the request before it for this long before it says that it is busy: a client that
/// reconnects is often faster than the end of its old connection.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) struct Session {
    lease: Lease,
    repository_id: String,
    /// Parts that came through UploadLayerPart.
    parts: LayerParts,
    /// The repository of a blob that comes whole in one request: created with the blob, or not at all.
    target: Option<Target>,
    staged: Staged,
    upload_ttl: Duration,
}

/// A session that has ended with its blob.
pub(super) struct Done {
    pub(super) blob: BlobRow,
    /// Whether the blob is new in its repository.
    pub(super) new: bool,
}

/// How a session is to end.
pub(super) struct Closing<S> {
    /// Last bytes.
    pub(super) body: Option<Body<S>>,
    /// What all bytes together must have.
    pub(super) digest: Digest,
    /// Whether the session stays as it was when the digest is wrong.
    pub(super) keep_on_failure: bool,
}

impl Session {
    /// A new session; `taken` for the request that makes it, if that goes on with it at once.
    pub(super) async fn begin(ctx: &Ctx, target: Target, algorithm: Option<Algorithm>, taken: bool) -> Result<Self> {
        let app = Arc::clone(&ctx.app);
        let mut staged = app.blobs.begin(encryption::of_upload(&app, target.row()))?;
        if let Some(algorithm) = algorithm {
            staged.track(algorithm);
        }
        let now = app.now();
        let lease = Lease { upload_id: Uuid::new_v4().to_string(), owner: app.new_id(), app };
        let row = UploadRow {
            upload_id: lease.upload_id.clone(),
            repository_id: target.id().to_owned(),
            principal: ctx.identity.principal.arn.clone(),
            staged: to_json(&staged)?,
            object_key: staged.key().to_string(),
            tail_key: None,
            received: 0,
            digest: None,
            expires_at: now.after(ctx.app.config.upload_ttl),
            lease_until: if taken { now.after(LENGTH) } else { types::Timestamp::from_micros(0) },
            parts: LayerParts::default(),
        };
        let owner = taken.then(|| lease.owner.clone());
        let (first, later) = if taken { (None, Some(target)) } else { (Some(target), None) };
        // Nothing was received yet: of a session that a power cut undoes, its client hears that it begins anew.
        let creates = first.as_ref().is_some_and(|target| !target.is_stored());
        let commit = if creates { Commit::Flushed } else { Commit::Unflushed };
        let brings_rules = first.as_ref().is_some_and(Target::brings_rules);
        let own = Arc::clone(&ctx.app);
        let repository_id = ctx
            .app
            .db
            .write_with(commit, move |conn| {
                Box::pin(async move {
                    let mut row = row;
                    let created = match first {
                        Some(target) => Some(target.create(conn, &own).await?),
                        None => None,
                    };
                    if let Some(created) = &created {
                        row.repository_id.clone_from(&created.row.repository_id);
                    }
                    uploads::insert(conn, &row, owner.as_deref(), now).await?;
                    if let Some(created) = created {
                        created.finish(conn, &own).await?;
                    }
                    Ok::<_, Error>(row.repository_id)
                })
            })
            .await?;
        repositories::obey(&ctx.app, brings_rules).await;
        Ok(Self {
            lease,
            repository_id,
            parts: LayerParts::default(),
            target: later,
            staged,
            upload_ttl: ctx.app.config.upload_ttl,
        })
    }

    /// Takes an existing session for one request.
    pub(super) async fn take(ctx: &Ctx, permit: &Permit, upload_id: &str) -> Result<Self> {
        let app = &ctx.app;
        let mut conn = app.db.reader().await?;
        let repository = repositories::find(&mut conn, permit).await?;
        let seen = own(ctx, &repository.repository_id, super::find(&mut conn, upload_id).await?)
            .filter(|row| row.digest.is_none())
            .ok_or(Error::UploadUnknown)?;
        drop(conn);
        let deadline = app.now().after(PATIENCE);
        loop {
            match Self::claim(app, upload_id).await? {
                // Bytes that came from another request meanwhile are not what this client knows of.
                Some(session) if session.staged.offset() != seen.received => {
                    let received = session.staged.offset();
                    session.lease.release().await?;
                    return Err(Error::OutOfOrder { received });
                }
                Some(session) => return Ok(session),
                None => {}
            }
            let mut conn = app.db.reader().await?;
            let open = uploads::find(&mut conn, upload_id).await?.filter(|row| row.digest.is_none());
            drop(conn);
            let received = open.ok_or(Error::UploadUnknown)?.received;
            if app.now() > deadline {
                return Err(Error::UploadBusy { received });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Takes a session that nobody has. None if somebody has it, or it is not open.
    pub(super) async fn claim(app: &Arc<App>, upload_id: &str) -> Result<Option<Self>> {
        let now = app.now();
        let lease = Lease { app: Arc::clone(app), upload_id: upload_id.to_owned(), owner: app.new_id() };
        let (id, owner) = (upload_id.to_owned(), lease.owner.clone());
        let claimed = app
            .db
            .write_with(Commit::Unflushed, move |conn| {
                Box::pin(async move {
                    let Some(row) = uploads::claim(conn, &id, &owner, now, now.after(LENGTH)).await? else {
                        return Ok(None);
                    };
                    let parts = upload_parts::list(conn, &id).await?;
                    Ok::<_, store::Error>(Some((row, parts)))
                })
            })
            .await?;
        let Some((row, parts)) = claimed else {
            return Ok(None);
        };
        let staged = from_json(&row, &parts)?;
        Ok(Some(Self {
            lease,
            repository_id: row.repository_id,
            parts: row.parts,
            target: None,
            staged,
            upload_ttl: app.config.upload_ttl,
        }))
    }

    /// Bytes held.
    pub(super) fn received(&self) -> u64 {
        self.staged.offset()
    }

    /// Gives the session back as it was.
    pub(super) async fn release(self) -> Result<()> {
        self.lease.release().await
    }

    pub(super) fn id(&self) -> &str {
        &self.lease.upload_id
    }

    pub(super) async fn append<S>(mut self, body: Body<S>) -> Result<Upload>
    where
        S: Stream<Item = std::result::Result<Bytes, BodyError>> + Send + 'static,
    {
        let before = self.staged.clone();
        match self.take_bytes(body, false).await {
            Ok(()) => {
                self.record(&before).await?;
                Ok(Upload { id: self.id().to_owned(), received: self.staged.offset() })
            }
            Err(error @ Error::BodyInterrupted { .. }) => {
                self.record(&before).await?;
                Err(error)
            }
            Err(error) => Err(self.give_up(&before, error).await),
        }
    }

    /// Appends a part that came through UploadLayerPart. Whether all parts but the last are large enough is only said when
    /// the upload is completed, as on ECR.
    pub(super) async fn append_part<S>(mut self, body: Body<S>) -> Result<Upload>
    where
        S: Stream<Item = std::result::Result<Bytes, BodyError>> + Send + 'static,
    {
        let limits = &self.lease.app.config.limits;
        if self.parts.count >= limits.layer_parts {
            let reason = format!("The maximum number of parts of a layer has been exceeded: {}", limits.layer_parts);
            self.lease.release().await?;
            return Err(Error::LimitExceeded(reason));
        }
        self.parts = LayerParts {
            count: self.parts.count + 1,
            short: self.parts.short + u64::from(self.parts.last_short),
            last_short: body.length.is_some_and(|length| length < limits.layer_part_min_bytes),
        };
        self.append(body).await
    }

    /// Finishes a layer that came through UploadLayerPart.
    pub(super) async fn finish_parts(self, digest: Digest) -> Result<Done> {
        let minimum = self.lease.app.config.limits.layer_part_min_bytes;
        let refusal = if self.parts.count == 0 && self.staged.offset() == 0 {
            Some(Error::UploadEmpty)
        } else if self.parts.short > 0 {
            Some(Error::LayerPartTooSmall { minimum })
        } else {
            None
        };
        if let Some(refusal) = refusal {
            self.lease.release().await?;
            return Err(refusal);
        }
        let nothing = None::<Body<futures_util::stream::Empty<std::result::Result<Bytes, BodyError>>>>;
        self.finish(Closing { body: nothing, digest, keep_on_failure: true }).await
    }

    pub(super) async fn finish<S>(mut self, closing: Closing<S>) -> Result<Done>
    where
        S: Stream<Item = std::result::Result<Bytes, BodyError>> + Send + 'static,
    {
        let before = self.staged.clone();
        let mut result = Ok(());
        if let Some(body) = closing.body {
            result = self.take_bytes(body, true).await;
        }
        if let Err(error @ Error::BodyInterrupted { .. }) = result {
            // The bytes of a closing request are not durable yet: the client sends them again.
            return Err(match self.give_up(&before, error).await {
                Error::BodyInterrupted { .. } => Error::BodyInterrupted { received: before.offset() },
                other => other,
            });
        }
        let finished = match result {
            Ok(()) => {
                let blobs = self.lease.app.blobs.clone();
                let finishing = blobs.finish(&mut self.staged, &closing.digest);
                self.lease.during(finishing).await.and_then(|finished| finished.map_err(Error::from))
            }
            Err(error) => Err(error),
        };
        match finished {
            Ok(finished) => {
                let blob =
                    BlobRow { digest: closing.digest, object_key: finished.key.to_string(), size: finished.size };
                self.complete(blob).await
            }
            Err(error) if closing.keep_on_failure => Err(self.give_up(&before, error).await),
            Err(error) => {
                // Nobody knows of this session; what was staged is removed at once, or else when it expires.
                if let Err(cleanup) = self.discard().await {
                    tracing::warn!(error = %cleanup, "a failed upload could not be removed; it expires later");
                }
                Err(error)
            }
        }
    }

    /// Removes the staged bytes, then the rows. The other way round a crash would leave bytes that no row knows.
    pub(super) async fn discard(self) -> Result<()> {
        self.lease.app.blobs.abort(&self.staged).await?;
        // An object may be complete although its row never came (the database was gone at that moment).
        let keys: Vec<String> = self.staged.keys().iter().map(ToString::to_string).collect();
        let (id, owner, now) = (self.id().to_owned(), self.lease.owner.clone(), self.lease.app.now());
        self.lease
            .app
            .db
            .write(move |conn| {
                Box::pin(async move {
                    upload_parts::delete(conn, &id).await?;
                    if !uploads::delete(conn, &id, &owner).await? {
                        return Err(Error::UploadBusy { received: 0 });
                    }
                    Ok(removals::insert(conn, &keys, now).await?)
                })
            })
            .await
    }

    /// Streams a body into the store, having checked where it belongs and how long it is.
    async fn take_bytes<S>(&mut self, body: Body<S>, closing: bool) -> Result<()>
    where
        S: Stream<Item = std::result::Result<Bytes, BodyError>> + Send + 'static,
    {
        let received = self.staged.offset();
        let most = self.lease.app.config.limits.layer_bytes;
        let room = most.saturating_sub(received);
        let too_large = || Error::LimitExceeded(format!("The maximum size of a layer has been exceeded: {most} bytes"));
        let mut limit = None;
        if let Some(range) = body.range {
            let length = range.last - range.first + 1;
            if range.first != received {
                return Err(Error::OutOfOrder { received });
            }
            if body.length.is_some_and(|announced| announced != length) {
                return Err(Error::SizeInvalid);
            }
            limit = Some(length);
        }
        let blobs = self.lease.app.blobs.clone();
        if body.length.or(limit).is_some_and(|length| length > room) {
            return Err(too_large());
        }
        let about = Append { closing, length: body.length.or(limit), limit: Some(limit.unwrap_or(room)) };
        let appending = blobs.append(&mut self.staged, body.stream, about);
        match self.lease.during(appending).await? {
            Ok(()) if limit.is_some_and(|limit| self.staged.offset() - received != limit) => Err(Error::SizeInvalid),
            Ok(()) => Ok(()),
            Err(::blobs::Error::Body { source }) => {
                tracing::info!(error = %source, "a body was cut off");
                Err(Error::BodyInterrupted { received: self.staged.offset() })
            }
            Err(::blobs::Error::ChunkLimit { .. }) if limit.is_none() => Err(too_large()),
            Err(error) => Err(error.into()),
        }
    }

    /// Records what was taken and gives the session back.
    async fn record(&mut self, before: &Staged) -> Result<()> {
        let superseded: Vec<String> = self.staged.take_superseded().iter().map(ToString::to_string).collect();
        let now = self.lease.app.now();
        let progress = Progress {
            staged: to_json(&self.staged)?,
            object_key: self.staged.key().to_string(),
            tail_key: other_key(&self.staged),
            received: self.staged.offset(),
            parts: self.parts,
            expires_at: now.after(self.upload_ttl),
        };
        let first = before.parts().len();
        let parts = to_rows(&self.staged.parts()[first..])?;
        let (id, owner) = (self.id().to_owned(), self.lease.owner.clone());
        self.lease
            .app
            .db
            .write(move |conn| {
                Box::pin(async move {
                    if !uploads::update_progress(conn, &id, &owner, &progress).await? {
                        return Err(Error::UploadBusy { received: 0 });
                    }
                    upload_parts::upsert(conn, &id, first, &parts).await?;
                    Ok(removals::insert(conn, &superseded, now).await?)
                })
            })
            .await
    }

    /// Goes back to how the session was before this request. What the request stored beside it is removed later.
    async fn give_up(&mut self, before: &Staged, error: Error) -> Error {
        let kept = before.keys();
        let stray: Vec<String> =
            self.staged.keys().iter().filter(|key| !kept.contains(key)).map(ToString::to_string).collect();
        let (id, owner, now) = (self.id().to_owned(), self.lease.owner.clone(), self.lease.app.now());
        let released = self
            .lease
            .app
            .db
            .write(move |conn| {
                Box::pin(async move {
                    uploads::update_released(conn, &id, &owner).await?;
                    removals::insert(conn, &stray, now).await
                })
            })
            .await;
        if let Err(failure) = released {
            tracing::warn!(error = %failure, "an upload session could not be given back; its lease ends by itself");
        }
        match error {
            Error::UploadBusy { .. } => Error::UploadBusy { received: before.offset() },
            other => other,
        }
    }

    /// The bytes are durable: now the rows, all at once.
    async fn complete(mut self, blob: BlobRow) -> Result<Done> {
        let mut unneeded: Vec<String> = self.staged.take_superseded().iter().map(ToString::to_string).collect();
        unneeded.extend(self.staged.keys().iter().map(ToString::to_string).filter(|key| *key != blob.object_key));
        let (id, owner, now) = (self.id().to_owned(), self.lease.owner.clone(), self.lease.app.now());
        let (mut repository_id, target) = (self.repository_id, self.target);
        // One that came whole in one request is known to nobody who could finish it again.
        let finishable = if target.is_some() { Duration::ZERO } else { self.upload_ttl };
        let object_key = blob.object_key.clone();
        let brings_rules = target.as_ref().is_some_and(Target::brings_rules);
        let own = Arc::clone(&self.lease.app);
        let result = self
            .lease
            .app
            .db
            .write(move |conn| {
                Box::pin(async move {
                    upload_parts::delete(conn, &id).await?;
                    if !uploads::update_done(conn, &id, &owner, &blob.digest, now.after(REMEMBERED)).await? {
                        return Err(Error::UploadBusy { received: 0 });
                    }
                    let created = match target {
                        Some(target) => Some(target.create(conn, &own).await?),
                        None => None,
                    };
                    if let Some(created) = &created {
                        repository_id.clone_from(&created.row.repository_id);
                    }
                    if !store::repositories::lock_live(conn, &repository_id).await? {
                        return Err(Error::UploadUnknown);
                    }
                    let object_key = blob.object_key.clone();
                    let done = insert_blob(conn, &repository_id, blob, &mut unneeded, now).await?;
                    // An earlier attempt whose outcome was unknown put the object down for removal, or fsck did, which found
                    // no row for it. Asked after everything that may have waited for somebody.
                    if removals::contains(conn, &object_key).await? {
                        return Err(Error::UploadUnknown);
                    }
                    removals::insert(conn, &unneeded, now).await?;
                    if let Some(created) = created {
                        created.finish(conn, &own).await?;
                    }
                    Ok(done)
                })
            })
            .await;
        repositories::obey(&self.lease.app, result.is_ok() && brings_rules).await;
        if result.is_err() {
            // Whether the rows came is unknown; a repeated closing request finds out. If they did not, the object goes, but
            // not while the session can still be finished: that would not notice.
            let app = Arc::clone(&self.lease.app);
            let not_before = now.after(finishable).after(UNDECIDED);
            let put_down = app
                .db
                .write(move |conn| Box::pin(async move { removals::insert(conn, &[object_key], not_before).await }));
            if let Err(error) = put_down.await {
                tracing::warn!(%error, "an object may be left without a row; wharf fsck finds it");
            }
        }
        result
    }
}

async fn insert_blob(
    conn: &mut Conn,
    repository_id: &str,
    blob: BlobRow,
    unneeded: &mut Vec<String>,
    now: types::Timestamp,
) -> Result<Done> {
    let winner = store::blobs::insert(conn, &blob, now).await?;
    let new = repository_blobs::insert(conn, repository_id, &blob.digest, now).await?;
    garbage::await_reference(conn, repository_id, &[&blob.digest], now).await?;
    if winner != blob.object_key {
        // Somebody pushed the same content before: theirs counts, ours goes.
        unneeded.push(blob.object_key.clone());
    }
    Ok(Done { blob: BlobRow { object_key: winner, ..blob }, new })
}

fn to_json(staged: &Staged) -> Result<String> {
    serde_json::to_string(&staged.without_parts()).map_err(|error| {
        tracing::error!(%error, "an upload's state cannot be written");
        Error::Internal
    })
}

fn from_json(row: &UploadRow, parts: &[String]) -> Result<Staged> {
    let damaged = |error: &dyn std::fmt::Display| {
        tracing::error!(upload = row.upload_id, %error, "an upload's state cannot be read");
        Error::UploadUnknown
    };
    let staged: Staged = serde_json::from_str(&row.staged).map_err(|error| damaged(&error))?;
    let parts: std::result::Result<Vec<Part>, _> = parts.iter().map(|part| serde_json::from_str(part)).collect();
    staged.with_parts(parts.map_err(|error| damaged(&error))?).map_err(|error| damaged(&error))
}

fn to_rows(parts: &[Part]) -> Result<Vec<String>> {
    parts.iter().map(|part| serde_json::to_string(part).map_err(|_| Error::Internal)).collect()
}

/// An object of the session beside the one that it is to become.
fn other_key(staged: &Staged) -> Option<String> {
    staged.keys().iter().find(|key| *key != staged.key()).map(ToString::to_string)
}
