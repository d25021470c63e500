//! The work: scanning an image, and matching images again.

use std::collections::BTreeSet;

use store::image_scan_findings::FindingRow;
use store::image_scans::{self, ImageScanRow, Outcome, Status};
use store::{Pending, image_scan_findings, manifests, stamps};
use types::Digest;

use super::contents::{self, Fault};
use super::matching::Matched;
use super::results::stored;
use super::{Bill, Counts, SUCCESS, UNSUPPORTED, matching};
use crate::{App, Error, Result};

/// The kind of the jobs that scan images, each for one.
pub const JOB: &str = "scan image";

/// Images that are matched again in one go.
const BATCH: usize = 20;
/// Findings that are kept of one image: the worst.
const MAX_FINDINGS: usize = 20_000;

/// Scans the image that a job is about: `REPOSITORY_ID DIGEST`.
pub async fn run(app: &App, subject: &str) -> Result<()> {
    let Some((repository_id, digest)) = subject.split_once(' ') else {
        return Ok(());
    };
    let digest: Digest = digest.parse()?;
    let mut conn = app.db.reader().await?;
    let row = manifests::find(&mut conn, repository_id, &digest).await?;
    drop(conn);
    let Some(row) = row else {
        return Ok(());
    };
    let outcome = match contents::of_image(app, repository_id, &row.bytes).await {
        Ok(bill) => match_bill(app, &bill).await?,
        // The storage does not answer: somebody tries again in a while.
        Err(Fault::Here(error @ (Error::Unavailable(_) | Error::NoSpace))) => return Err(error),
        Err(Fault::Here(error)) => {
            tracing::error!(%error, repository_id, image.digest = %digest, "an image could not be scanned");
            (failed(app, "the scan failed; the log of the registry says why".to_owned()), Vec::new())
        }
        Err(Fault::Image(reason)) => {
            tracing::info!(repository_id, image.digest = %digest, reason, "an image cannot be scanned");
            (failed(app, reason), Vec::new())
        }
    };
    finish(app, repository_id, digest, outcome, false).await
}

/// Matches images again that were matched before advisories were imported. Whether there may be more.
pub async fn match_again(app: &App) -> Result<bool> {
    let mut conn = app.db.reader().await?;
    let version = stamps::find(&mut conn, stamps::ADVISORIES).await?.unwrap_or_default();
    let rows = image_scans::list_matched_before(&mut conn, version, BATCH).await?;
    drop(conn);
    let more = rows.len() == BATCH;
    for ImageScanRow { repository_id, digest, packages, .. } in rows {
        let Some(packages) = packages else { continue };
        let outcome = match stored::<Bill>(&packages) {
            Ok(bill) => match_bill(app, &bill).await?,
            Err(_) => (failed(app, "what the image holds cannot be read; scan it again".to_owned()), Vec::new()),
        };
        finish(app, &repository_id, digest, outcome, true).await?;
    }
    Ok(more)
}

fn failed(app: &App, description: String) -> Outcome {
    Outcome {
        run_id: app.new_id(),
        status: Status::Failed,
        description,
        packages: None,
        counts: "{}".to_owned(),
        completed_at: app.now(),
        source_updated_at: None,
        matched_version: None,
    }
}

async fn match_bill(app: &App, bill: &Bill) -> Result<(Outcome, Vec<FindingRow>)> {
    if bill.packages.is_empty() {
        return Ok((failed(app, UNSUPPORTED.to_owned()), Vec::new()));
    }
    let mut conn = app.db.reader().await?;
    let matched = matching::find(&mut conn, bill).await?;
    drop(conn);
    let (status, mut description) = verdict(&matched);
    if status == Status::Complete && bill.unread > 0 {
        description.push_str(&format!(" {} files were too large to look into.", bill.unread));
    }
    let json = |value: &Counts| serde_json::to_string(value).map_err(|_| Error::Internal);
    let outcome = Outcome {
        run_id: app.new_id(),
        status,
        description,
        packages: Some(serde_json::to_string(bill).map_err(|_| Error::Internal)?),
        counts: json(&matched.counts)?,
        completed_at: app.now(),
        source_updated_at: matched.updated_at,
        matched_version: Some(matched.version),
    };
    let rows = (1..).zip(matched.findings.into_iter().take(MAX_FINDINGS)).map(|(position, (severity, finding))| {
        let document = serde_json::to_string(&finding).map_err(|_| Error::Internal)?;
        Ok(FindingRow { position, severity: severity as i64, document })
    });
    Ok((outcome, rows.collect::<Result<_>>()?))
}

/// What is said of a match. An image without findings for want of advisories is not said to be without findings.
fn verdict(matched: &Matched) -> (Status, String) {
    let list = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    if !matched.any {
        let reason = format!(
            "AdvisoriesMissingError: there are no advisories for {}; an operator imports them by wharf advisories import.",
            list(&matched.missing)
        );
        return (Status::Failed, reason);
    }
    if matched.missing.is_empty() {
        return (Status::Complete, SUCCESS.to_owned());
    }
    (
        Status::Complete,
        format!(
            "{SUCCESS} There are no advisories for {}: packages of these were not looked at.",
            list(&matched.missing)
        ),
    )
}

/// Puts the results down in place of those before. If the image was asked for anew since it was matched, that counts.
async fn finish(
    app: &App,
    repository_id: &str,
    digest: Digest,
    (outcome, rows): (Outcome, Vec<FindingRow>),
    again: bool,
) -> Result<()> {
    let id = repository_id.to_owned();
    app.db
        .write_in_background(move |conn| {
            Box::pin(async move {
                let Some(row) = image_scans::find(conn, &id, &digest).await? else {
                    return Ok(());
                };
                if again && row.status == Status::InProgress {
                    return Ok(());
                }
                if image_scans::update_end(conn, &id, &digest, &row.run_id, &outcome).await? {
                    image_scan_findings::delete(conn, &row.run_id).await?;
                    image_scan_findings::insert(conn, &outcome.run_id, &rows).await?;
                }
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await
}
