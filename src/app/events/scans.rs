//! "ECR Image Scan": a scan ended, or what it found is no longer what it was.

use std::collections::BTreeMap;

use serde_json::json;
use store::repositories::RepositoryRow;
use store::{Conn, tags};
use types::Digest;

use super::{ImageAction, Place, put_down};
use crate::{App, Result};

/// How a scan stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScanEvent<'e> {
    pub(crate) repository: &'e RepositoryRow,
    pub(crate) digest: &'e Digest,
    /// As ECR spells it.
    pub(crate) status: &'static str,
    /// Findings by severity.
    pub(crate) counts: &'e BTreeMap<String, u64>,
}

/// Puts an event down for everybody who wants it, in the transaction that stores the results.
pub(crate) async fn emit_scan(conn: &mut Conn, app: &App, event: ScanEvent<'_>) -> Result<()> {
    if !app.webhooks().want(ImageAction::Scan) {
        return Ok(());
    }
    let ScanEvent { repository, digest, status, counts } = event;
    let tags: Vec<String> = tags::list_of_manifests(conn, &repository.repository_id, &[digest])
        .await?
        .into_iter()
        .map(|(_, tag)| tag.as_str().to_owned())
        .collect();
    let describe = || {
        let detail = json!({
            "scan-status": status,
            "repository-name": repository.name.as_str(),
            "finding-severity-counts": counts,
            "image-digest": digest.as_str(),
            "image-tags": tags,
        });
        ("ECR Image Scan", detail)
    };
    let place = Place { registry: &repository.registry, repository: &repository.name };
    put_down(conn, app, ImageAction::Scan, place, describe).await
}
