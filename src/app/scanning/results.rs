//! What scans found, for whoever asks.

use serde::{Deserialize, Serialize};
use store::image_scans::{self, ImageScanRow, Status};
use store::{Conn, image_scan_findings, manifests, tags};
use types::{Digest, RegistryId, RepoName, Tag, Timestamp};

use super::{Counts, LIMITED, UNSUPPORTED};
use crate::images::{self, ImageId};
use crate::registry::scanning as configuration;
use crate::{Action, Ctx, Error, Permit, Result, page_token, repositories};

/// A vulnerability of a package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Its CVE, or the name of the advisory.
    pub name: String,
    /// All other names.
    pub aliases: Vec<String>,
    /// What it is about.
    pub description: String,
    /// Where there is more.
    pub url: String,
    /// As ECR spells it.
    pub severity: String,
    /// The package.
    pub package: String,
    /// The version that is there.
    pub version: String,
    /// The version that no longer has it, if there is one.
    pub fixed: Option<String>,
    /// The vector of CVSS, if there is one.
    pub vector: Option<String>,
    /// What that comes to.
    pub score: Option<f64>,
    /// The ecosystem of OSV that the package is of, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecosystem: Option<String>,
}

/// How the scan of an image stands, with a page of what it found.
#[derive(Debug)]
pub struct Findings {
    /// The image.
    pub digest: Digest,
    /// As ECR spells it.
    pub status: &'static str,
    /// What there is to say about that.
    pub description: String,
    /// When findings were last found; none before that.
    pub completed_at: Option<Timestamp>,
    /// When the advisories were last imported.
    pub source_updated_at: Option<Timestamp>,
    /// Findings by severity.
    pub counts: Counts,
    /// The page, the worst first.
    pub items: Vec<Finding>,
    /// Names the next page, if there is one.
    pub next_token: Option<String>,
    /// What findings are told with where scanning is enhanced; none where it is basic.
    pub enhanced: Option<Enhanced>,
}

/// What the findings of enhanced scanning are told with.
#[derive(Debug)]
pub struct Enhanced {
    /// In whose registry the image is.
    pub registry: RegistryId,
    /// In which repository.
    pub repository: RepoName,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// When it was pushed.
    pub pushed_at: Timestamp,
    /// When the scan was asked for.
    pub requested_at: Timestamp,
}

/// How the scan of an image stands, with at most `limit` of its findings.
pub async fn findings(
    ctx: &Ctx,
    permit: &Permit,
    id: &ImageId,
    next_token: Option<&str>,
    limit: usize,
) -> Result<Findings> {
    permit.require(Action::DescribeImageScanFindings)?;
    let digest = images::find(ctx, permit, id).await?;
    let mut conn = ctx.app.db.reader().await?;
    let repository = repositories::find(&mut conn, permit).await?;
    let unknown = || Error::ScanUnknown {
        registry: permit.registry().clone(),
        repository: permit.repository().clone(),
        id: ImageId { digest: Some(digest.to_string()), tag: id.tag.clone() },
    };
    let row = image_scans::find(&mut conn, &repository.repository_id, &digest).await?.ok_or_else(unknown)?;
    // The results of another run are other results, which a token of the old one does not open.
    let list = format!("scan findings {}", row.run_id);
    let complete = row.status == Status::Complete;
    let after: i64 = page_token::open_next(&ctx.app, &list, next_token)?.unwrap_or_default();
    let (mut items, mut next_token) = (Vec::new(), None);
    if complete {
        let mut rows = image_scan_findings::list(&mut conn, &row.run_id, after, limit + 1).await?;
        if rows.len() > limit {
            rows.truncate(limit);
            let last = rows.last().map_or(0, |row| row.position);
            next_token = Some(page_token::seal(&ctx.app, &list, &last)?);
        }
        for row in rows {
            items.push(stored(&row.document)?);
        }
    }
    let of = configuration::of_registry(&mut conn, permit.registry()).await?;
    let frequency = of.of(permit.repository(), repository.scan_on_push).scan_frequency;
    let enhanced = match of.scan_type.as_str() {
        "ENHANCED" => enhanced(&mut conn, permit, &row).await?,
        _ => None,
    };
    // What another scanner found is as old as its scan.
    let continuous = complete && frequency == "CONTINUOUS_SCAN" && row.matched_version.is_some();
    let (status, description) = match row.status {
        // ECR's words.
        _ if continuous => ("ACTIVE", "Continuous scan is selected for image.".to_owned()),
        Status::InProgress if enhanced.is_some() => ("PENDING", row.description),
        Status::Failed if row.description == LIMITED => ("LIMIT_EXCEEDED", row.description),
        Status::Failed if enhanced.is_some() && row.description == UNSUPPORTED => {
            ("UNSUPPORTED_IMAGE", row.description)
        }
        status => (status.as_str(), row.description),
    };
    Ok(Findings {
        digest,
        status,
        description,
        completed_at: row.completed_at.filter(|_| complete),
        source_updated_at: row.source_updated_at,
        counts: stored(&row.counts)?,
        items,
        next_token,
        enhanced,
    })
}

async fn enhanced(conn: &mut Conn, permit: &Permit, row: &ImageScanRow) -> Result<Option<Enhanced>> {
    let tags = tags::list_of_manifests(conn, &row.repository_id, &[&row.digest]).await?;
    let image = manifests::find(conn, &row.repository_id, &row.digest).await?;
    Ok(image.map(|image| Enhanced {
        registry: permit.registry().clone(),
        repository: permit.repository().clone(),
        tags: tags.into_iter().map(|(_, tag)| tag).collect(),
        pushed_at: image.pushed_at,
        requested_at: row.requested_at,
    }))
}

/// What this program stored, or a newer one.
pub(super) fn stored<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        tracing::error!(%error, "what a scan stored cannot be read");
        Error::Internal
    })
}
