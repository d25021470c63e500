//! The job of a repository and a destination of another installation: one image after the other is pushed. What cannot be is
//! marked so; what may be in a moment, is tried again with patience, and keeps what comes behind it only if nothing can come
//! of asking.

use std::sync::Arc;
use std::time::Duration;

use store::replication_targets::ReplicationTargetRow;
use store::replications::ReplicationRow;
use store::repositories::RepositoryRow;
use store::{Pending, replication_targets, replication_uploads, replications};
use types::{RegistryId, Tag};

use super::push::Push;
use super::{BATCH, end, ending, forget, parse, postpone, targets};
use crate::turns::Turn;
use crate::{App, Error, Result, UpstreamFailure};

/// How long a registry is left alone that wants to be asked less and does not say until when.
const REST: Duration = Duration::from_secs(10);
/// How soon a destination is looked at again at which others were faster.
const SOON: Duration = Duration::from_secs(2);
/// Longer than this nobody can send us away.
const LONGEST_REST: Duration = Duration::from_secs(3600);

/// Why an image is not there yet.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It will not be there, for this reason.
    Never(&'static str),
    /// Nothing can come of asking now.
    Down(UpstreamFailure),
    /// The registry failed at this image. It may do better with others.
    Failed(u16),
    /// The trouble is here.
    Here(Error),
}

impl From<upstream::Error> for Trouble {
    fn from(error: upstream::Error) -> Self {
        match error {
            upstream::Error::Missing => Self::Never("RepositoryNotFound"),
            upstream::Error::Refused(_) => Self::Never("AccessDenied"),
            upstream::Error::Busy { retry_after } => {
                Self::Down(UpstreamFailure::Busy { retry_after: retry_after.unwrap_or(REST).min(LONGEST_REST) })
            }
            upstream::Error::Rejected { status: 413, .. } => Self::Never("ImageTooLarge"),
            upstream::Error::Rejected { code, .. } => Self::Never(match code.as_str() {
                "TAG_INVALID" => "TagImmutable",
                "MANIFEST_BLOB_UNKNOWN" | "BLOB_UNKNOWN" => "LayersNotFound",
                "DENIED" => "AccessDenied",
                _ => "ImageRejected",
            }),
            upstream::Error::Status(status) => Self::Failed(status),
            upstream::Error::Outbound(outbound::Error::Forbidden(..)) => Self::Never("AddressNotAllowed"),
            upstream::Error::Nonsense(_) | upstream::Error::Outbound(_) => Self::Down(UpstreamFailure::Down),
        }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Here(error)
    }
}

impl From<store::Error> for Trouble {
    fn from(error: store::Error) -> Self {
        Self::Here(error.into())
    }
}

/// Replicates what is asked for of a repository at a destination elsewhere. Says after which time somebody is to look again;
/// none: all is done.
pub async fn run(app: &Arc<App>, job: &str) -> Result<Option<Duration>> {
    let (repository_id, Some(destination)) = parse(job) else {
        return Ok(None);
    };
    let mut turn = None;
    loop {
        let mut conn = app.db().reader().await?;
        let Some(source) = store::repositories::find_by_id(&mut conn, repository_id).await? else {
            return Ok(None);
        };
        let open = replications::list_open(&mut conn, repository_id, &destination, BATCH).await?;
        let target = replication_targets::find(&mut conn, &source.registry.account, &destination).await?;
        drop(conn);
        if open.is_empty() {
            clear(app, repository_id, &destination).await?;
            return Ok(None);
        }
        if turn.is_none() {
            turn = app.replication_turns.begin(ending(&destination, &source.registry.account));
        }
        let Some(turn) = &turn else {
            return Ok(Some(SOON));
        };
        match &target {
            Some(target) => round(app, &source, target, turn, &open).await?,
            None => give_up(app, &source, &open, targets::UNKNOWN).await?,
        }
    }
}

/// Some images, one after the other.
async fn round(
    app: &Arc<App>,
    source: &RepositoryRow,
    target: &ReplicationTargetRow,
    turn: &Turn<'_>,
    open: &[ReplicationRow],
) -> Result<()> {
    let to = match targets::open(app, source, target).await? {
        Ok(to) => to,
        Err(code) => return give_up(app, source, open, code).await,
    };
    let mut push = Push::new(app, source, target, to);
    let down = || Error::Upstream { host: target.host.clone(), failure: UpstreamFailure::Down };
    let mut failed = None;
    for row in open {
        let outcome = match row.status.as_str() {
            "DELETING" => push.delete(&row.digest).await.map(|()| None),
            _ => push.image(&row.digest).await.map(Some),
        };
        match &outcome {
            Err(Trouble::Down(UpstreamFailure::Busy { retry_after })) => turn.failed(Some(*retry_after)),
            Err(Trouble::Down(_)) => turn.failed(None),
            Err(Trouble::Here(_)) => {}
            _ => turn.reached(),
        }
        match outcome {
            Ok(None) => forget(app, source, row).await?,
            Ok(Some(tags)) => done(app, source, target, row, tags).await?,
            Err(Trouble::Never(code)) => never(app, source, row, code).await?,
            Err(Trouble::Failed(status)) => {
                tracing::warn!(upstream = target.host, digest = %row.digest, status, "a registry failed at an image");
                postpone(app, source, row).await?;
                failed = Some(down());
            }
            Err(Trouble::Down(failure)) => {
                // It may be about this image alone: where a proxy closes the connection at something that it does not take.
                if !matches!(failure, UpstreamFailure::Busy { .. }) {
                    postpone(app, source, row).await?;
                }
                return Err(Error::Upstream { host: target.host.clone(), failure });
            }
            Err(Trouble::Here(error)) => {
                // If it is the database, nothing more can be noted either, and that ends the round.
                tracing::warn!(digest = %row.digest, %error, "an image could not be read to replicate it");
                postpone(app, source, row).await?;
                failed = Some(error);
            }
        }
    }
    failed.map_or(Ok(()), Err)
}

async fn done(
    app: &Arc<App>,
    source: &RepositoryRow,
    target: &ReplicationTargetRow,
    row: &ReplicationRow,
    tags: Vec<Tag>,
) -> Result<()> {
    let (repository, digest) = (source.name.as_str(), row.digest.as_str());
    tracing::info!(repository, digest, upstream = target.host, "an image was replicated to another installation");
    end(app, source, row, &source.registry, Ok(tags)).await
}

async fn never(app: &Arc<App>, source: &RepositoryRow, row: &ReplicationRow, code: &'static str) -> Result<()> {
    let (repository, digest) = (source.name.as_str(), row.digest.as_str());
    tracing::warn!(repository, digest, destination = ?row.destination, code, "an image was not replicated");
    if row.status == "DELETING" {
        return forget(app, source, row).await;
    }
    end(app, source, row, &source.registry, Err(code.to_owned())).await
}

async fn give_up(app: &Arc<App>, source: &RepositoryRow, open: &[ReplicationRow], code: &'static str) -> Result<()> {
    for row in open {
        never(app, source, row, code).await?;
    }
    Ok(())
}

/// Forgets uploads that nobody will go on with.
async fn clear(app: &App, repository_id: &str, destination: &RegistryId) -> Result<()> {
    let (id, destination) = (repository_id.to_owned(), destination.clone());
    app.db()
        .write_in_background(move |conn| {
            Box::pin(async move {
                replication_uploads::delete_all(conn, &id, &destination).await?;
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await
}
