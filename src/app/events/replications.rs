//! What became of the replication of an image. As on ECR it is an event of the registry that the image was replicated to;
//! the one that it comes from is told too, and of failures, of which ECR tells nobody.

use serde_json::{Value, json};
use store::Conn;
use types::{Digest, RegistryId, RepoName, Tag};

use super::{ImageAction, Place, put_down};
use crate::{App, Result};

/// What became of the replication of an image.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReplicationEvent<'e> {
    /// Where it was pushed.
    pub(crate) source: &'e RegistryId,
    /// Where it was to go.
    pub(crate) destination: &'e RegistryId,
    /// Whose webhooks are told.
    pub(crate) listener: &'e RegistryId,
    pub(crate) repository: &'e RepoName,
    pub(crate) digest: &'e Digest,
    /// A tag that it has there; none if it has none, or did not get there.
    pub(crate) tag: Option<&'e Tag>,
    /// Why it cannot be replicated.
    pub(crate) failure_code: Option<&'e str>,
}

/// Puts it down for everybody who wants it, in the transaction that makes it true.
pub(crate) async fn emit_replication(conn: &mut Conn, app: &App, event: &ReplicationEvent<'_>) -> Result<()> {
    let place = Place { registry: event.destination, repository: event.repository };
    let describe = || ("ECR Replication Action", describe(event));
    put_down(conn, app, ImageAction::Replicate, event.listener, place, describe).await
}

fn describe(event: &ReplicationEvent<'_>) -> Value {
    let mut detail = json!({
        "result": if event.failure_code.is_none() { "SUCCESS" } else { "FAILURE" },
        "action-type": ImageAction::Replicate.as_str(),
        "repository-name": event.repository.as_str(),
        "image-digest": event.digest.as_str(),
        "source-account": event.source.account.as_str(),
        "source-region": event.source.region.as_str(),
    });
    for (name, value) in [("image-tag", event.tag.map(Tag::as_str)), ("failure-code", event.failure_code)] {
        if let Some(value) = value {
            detail[name] = value.into();
        }
    }
    detail
}
