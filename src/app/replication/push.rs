//! Pushes one image to a registry elsewhere: blobs before manifests, what is listed before what lists it, tags last, and
//! nothing that is there already. Where the upload of a large blob goes on is kept in a row, so that whoever takes over sends
//! only the rest.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use store::blobs::BlobRow;
use store::replication_targets::ReplicationTargetRow;
use store::repositories::RepositoryRow;
use store::{Pending, manifests, replication_uploads, replications, repository_blobs, tags};
use types::{Algorithm, Digest, RegistryId, Tag};
use upstream::{Begun, Mount, Payload, PushTo, Session};

use super::elsewhere::Trouble;
use super::{family, targets};
use crate::manifest::Manifest;
use crate::{App, Error};

/// Uploads of smaller blobs are begun anew rather than noted.
const WORTH_NOTING: u64 = 1 << 20;
/// Pieces for a registry that does not take a blob at once, or for something in front of it that does not.
const PIECE: u64 = 16 << 20;
/// No piece is larger, whatever the registry wants.
const LARGEST_PIECE: u64 = 256 << 20;
/// How often the upload of one blob is begun or taken up in one go.
const ATTEMPTS: usize = 6;
/// How long an upload is left alone that somebody else seems to be at: most likely we ourselves, before we were killed.
const SOON: Duration = Duration::from_secs(3);

type Result<T> = std::result::Result<T, Trouble>;

/// What one job pushes to one repository elsewhere.
pub(super) struct Push<'p> {
    app: &'p Arc<App>,
    source: &'p RepositoryRow,
    target: &'p ReplicationTargetRow,
    to: PushTo,
    /// The registry did not take a blob at once.
    pieces: bool,
}

impl<'p> Push<'p> {
    pub(super) fn new(
        app: &'p Arc<App>,
        source: &'p RepositoryRow,
        target: &'p ReplicationTargetRow,
        to: PushTo,
    ) -> Self {
        Self { app, source, target, to, pieces: false }
    }

    fn destination(&self) -> &RegistryId {
        &self.target.destination
    }

    fn client(&self) -> &upstream::Client {
        self.app.cache.client()
    }

    /// Pushes an image with what it lists, and its tags. One that is gone by now is not pushed.
    pub(super) async fn image(&mut self, digest: &Digest) -> Result<Vec<Tag>> {
        let id = &self.source.repository_id;
        let mut conn = self.app.db().reader().await?;
        if manifests::list_existing(&mut conn, id, &[digest]).await?.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<Tag> =
            tags::list_of_manifests(&mut conn, id, &[digest]).await?.into_iter().map(|(_, tag)| tag).collect();
        let members = family(&mut conn, id, digest).await?;
        drop(conn);
        let mut missing = Vec::new();
        for name in &names {
            // What is where it should be ends here: so images do not go round in circles.
            if self.client().pushed(&self.to, name.as_str()).await?.as_deref() != Some(digest.as_str()) {
                missing.push(name.as_str());
            }
        }
        if !names.is_empty() && missing.is_empty() {
            return Ok(names);
        }
        // A tag of one digest algorithm says nothing of another.
        if names.is_empty() || digest.algorithm() != Algorithm::Sha256 {
            missing.insert(0, digest.as_str());
        }
        for member in &members {
            let references = if member == digest { missing.clone() } else { vec![member.as_str()] };
            self.manifest(member, &references).await?;
        }
        Ok(names)
    }

    /// Pushes a manifest under references, with its blobs if it is not there.
    async fn manifest(&mut self, digest: &Digest, references: &[&str]) -> Result<()> {
        let here = self.client().pushed(&self.to, digest.as_str()).await?.is_some();
        let to_push: Vec<&str> =
            references.iter().copied().filter(|reference| !here || *reference != digest.as_str()).collect();
        if to_push.is_empty() {
            return Ok(());
        }
        let mut conn = self.app.db().reader().await?;
        let Some(row) = manifests::find(&mut conn, &self.source.repository_id, digest).await? else {
            // Sparse, or deleted meanwhile: the registry says what it thinks of what lists it.
            return Ok(());
        };
        drop(conn);
        let manifest = Manifest::parse(&row.bytes, Some(&row.media_type))?;
        if !here {
            for blob in manifest.config.iter().chain(&manifest.layers) {
                self.blob(blob).await?;
            }
        }
        let bytes = Bytes::from(row.bytes);
        for reference in to_push {
            self.client().put_manifest(&self.to, reference, &row.media_type, bytes.clone()).await?;
        }
        Ok(())
    }

    /// Deletes an image.
    pub(super) async fn delete(&mut self, digest: &Digest) -> Result<()> {
        Ok(self.client().delete_manifest(&self.to, digest.as_str()).await?)
    }

    /// Sends a blob, unless it is there. One that is not here is not sent.
    async fn blob(&mut self, digest: &Digest) -> Result<()> {
        if self.client().has_blob(&self.to, digest.as_str()).await? {
            return Ok(());
        }
        let mut conn = self.app.db().reader().await?;
        let found = repository_blobs::find_by_id(&mut conn, &self.source.repository_id, digest).await?;
        let Some((_, _, blob)) = found else {
            return Ok(());
        };
        let noted = match blob.size >= WORTH_NOTING {
            true => {
                replication_uploads::find(&mut conn, &self.source.repository_id, self.destination(), digest).await?
            }
            false => None,
        };
        drop(conn);
        let mut session = match noted {
            Some(location) => self.client().find_upload(&self.to, &location).await?,
            None => None,
        };
        let mut failure = Trouble::Never("LayerRejected");
        for attempt in 1..=ATTEMPTS {
            let resumed = session.is_some();
            let at = match session.take() {
                Some(at) if at.offset <= blob.size => at,
                _ => match self.begin(&blob).await? {
                    Some(at) => at,
                    None => return Ok(()),
                },
            };
            let error = match self.send(&blob, &at).await? {
                Ok(()) => return self.sent(&blob).await,
                Err(error) => error,
            };
            match &error {
                // The login has been renewed meanwhile.
                upstream::Error::Refused(401) => session = self.client().find_upload(&self.to, &at.location).await?,
                upstream::Error::Rejected { status: 413, .. } if !self.pieces => self.pieces = true,
                upstream::Error::Rejected { status: 416, .. } if resumed && attempt + 2 < ATTEMPTS => {
                    tokio::time::sleep(SOON).await;
                    session = self.client().find_upload(&self.to, &at.location).await?;
                }
                // The registry has lost the upload. It has the repository, or none would have begun there.
                upstream::Error::Missing => {}
                // What was noted is not to be gone on with.
                upstream::Error::Rejected { .. } if resumed => {}
                _ => return Err(error.into()),
            }
            failure = match error {
                upstream::Error::Missing => Trouble::Failed(404),
                error => error.into(),
            };
        }
        Err(failure)
    }

    /// Begins the upload of a blob. None if it was mounted.
    async fn begin(&self, blob: &BlobRow) -> Result<Option<Session>> {
        let id = &self.source.repository_id;
        let mut conn = self.app.db().reader().await?;
        let from =
            replications::find_mount(&mut conn, &self.source.registry, id, &blob.digest, self.destination()).await?;
        drop(conn);
        let from = from.map(|name| targets::named(self.target, &name));
        let mount = from.as_deref().map(|from| Mount { digest: blob.digest.as_str(), from });
        let begun = match self.client().begin_upload(&self.to, mount).await {
            // Some refuse what they could answer with an upload: to mount from where one may not read.
            Err(upstream::Error::Refused(_) | upstream::Error::Missing | upstream::Error::Rejected { .. })
                if mount.is_some() =>
            {
                self.client().begin_upload(&self.to, None).await?
            }
            begun => begun?,
        };
        let Begun::Session(session) = begun else {
            return Ok(None);
        };
        self.note(blob, &session.location).await?;
        Ok(Some(session))
    }

    /// Notes where the upload of a large blob goes on.
    async fn note(&self, blob: &BlobRow, location: &str) -> Result<()> {
        if blob.size < WORTH_NOTING {
            return Ok(());
        }
        let (id, destination) = (self.source.repository_id.clone(), self.destination().clone());
        let (digest, location, now) = (blob.digest.clone(), location.to_owned(), self.app.now());
        self.app
            .db()
            .write_in_background(move |conn| {
                Box::pin(async move {
                    Ok(replication_uploads::upsert(conn, &id, &destination, &digest, &location, now).await?)
                }) as Pending<'_, (), Error>
            })
            .await?;
        Ok(())
    }

    async fn sent(&self, blob: &BlobRow) -> Result<()> {
        if blob.size < WORTH_NOTING {
            return Ok(());
        }
        let (id, destination, digest) =
            (self.source.repository_id.clone(), self.destination().clone(), blob.digest.clone());
        self.app
            .db()
            .write_in_background(move |conn| {
                Box::pin(async move {
                    replication_uploads::delete(conn, &id, &destination, &digest).await?;
                    Ok(())
                }) as Pending<'_, (), Error>
            })
            .await?;
        Ok(())
    }

    /// Sends what a session lacks, in one request or in pieces. The last request of a large blob brings nothing: registries
    /// keep what came of a `PATCH` that broke off, and not what came of a `PUT`.
    async fn send(&self, blob: &BlobRow, from: &Session) -> Result<std::result::Result<(), upstream::Error>> {
        let mut session = from.clone();
        let piece = if self.pieces { session.least.unwrap_or_default().clamp(PIECE, LARGEST_PIECE) } else { u64::MAX };
        while blob.size >= WORTH_NOTING && session.offset < blob.size {
            let length = piece.min(blob.size - session.offset);
            let payload = self.bytes(blob, session.offset, length).await?;
            session = match self.client().append_upload(&self.to, &session, length, payload).await {
                Ok(session) => session,
                Err(error) => return Ok(Err(error)),
            };
            self.note(blob, &session.location).await?;
        }
        let payload = self.bytes(blob, session.offset, blob.size - session.offset).await?;
        Ok(self.client().finish_upload(&self.to, &session, blob.digest.as_str(), payload).await)
    }

    async fn bytes(&self, blob: &BlobRow, from: u64, length: u64) -> Result<Payload> {
        if length == 0 {
            return Ok(Payload::Whole(Bytes::new()));
        }
        let key = blob.object_key.parse().map_err(Error::from)?;
        match self.app.blobs().read(&key, from..from + length, None).await {
            Ok(stream) => Ok(Payload::Stream(length, stream.map_err(Into::into).boxed())),
            Err(::blobs::Error::NotFound { key }) => {
                tracing::error!(%key, "the object of a blob is missing; run wharf fsck --repair");
                Err(Trouble::Never("LayerNotFound"))
            }
            Err(error) => Err(Error::from(error).into()),
        }
    }
}
