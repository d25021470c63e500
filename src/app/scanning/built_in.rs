//! The scanner that needs nothing but the layers and the advisories in the database.

use std::collections::BTreeSet;
use std::sync::Arc;

use store::Pending;
use store::image_scan_findings::FindingRow;
use store::image_scans::{Outcome, Status};

use super::contents::{self, Fault};
use super::finish::{MAX_FINDINGS, failed};
use super::matching::{self, Matched};
use super::scanner::{Scan, Scanner, Step};
use super::{Bill, SUCCESS, UNSUPPORTED};
use crate::{App, Error, Result};

/// The built-in scanner.
pub(super) struct BuiltIn;

impl Scanner for BuiltIn {
    fn step<'s>(&'s self, app: &'s Arc<App>, scan: &'s Scan) -> Pending<'s, Step, Error> {
        Box::pin(async move {
            let (repository_id, digest) = (&scan.repository.repository_id, &scan.image.digest);
            let (outcome, rows) = match contents::of_image(app, repository_id, &scan.image.bytes).await {
                Ok(bill) => match_bill(app, &bill).await?,
                // The storage does not answer: somebody tries again in a while.
                Err(Fault::Here(error @ (Error::Unavailable(_) | Error::NoSpace | Error::Encryption { .. }))) => {
                    return Err(error);
                }
                Err(Fault::Here(error)) => {
                    tracing::error!(%error, repository_id, image.digest = %digest, "an image could not be scanned");
                    (failed(app, "the scan failed; the log of the registry says why".to_owned()), Vec::new())
                }
                Err(Fault::Image(reason)) => {
                    tracing::info!(repository_id, image.digest = %digest, reason, "an image cannot be scanned");
                    (failed(app, reason), Vec::new())
                }
            };
            Ok(Step::Ended(Box::new(outcome), rows))
        })
    }
}

/// Matches what an image holds with the advisories of today.
pub(super) async fn match_bill(app: &App, bill: &Bill) -> Result<(Outcome, Vec<FindingRow>)> {
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
    let outcome = Outcome {
        run_id: app.new_id(),
        status,
        description,
        packages: Some(serde_json::to_string(bill).map_err(|_| Error::Internal)?),
        counts: serde_json::to_string(&matched.counts).map_err(|_| Error::Internal)?,
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
