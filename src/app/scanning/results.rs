//! What scans found, for whoever asks.

use serde::{Deserialize, Serialize};
use store::image_scan_findings;
use store::image_scans::{self, Status};
use types::{Digest, Timestamp};

use super::Counts;
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
    let continuous = complete && {
        let of = configuration::of_registry(&mut conn, permit.registry()).await?;
        of.of(permit.repository(), repository.scan_on_push).scan_frequency == "CONTINUOUS_SCAN"
    };
    let (status, description) = match continuous {
        // ECR's words.
        true => ("ACTIVE", "Continuous scan is selected for image.".to_owned()),
        false => (row.status.as_str(), row.description),
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
    })
}

/// What this program stored, or a newer one.
pub(super) fn stored<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        tracing::error!(%error, "what a scan stored cannot be read");
        Error::Internal
    })
}
