//! Putting results down: the findings in place of those before, the event, and what is to be done with them, in one
//! transaction.

use store::image_scan_findings::FindingRow;
use store::image_scans::{self, ImageScanRow, Outcome, Status};
use store::repositories::RepositoryRow;
use store::{Conn, image_scan_findings, jobs};
use types::Digest;

use super::results::stored;
use super::run::subject;
use super::{Counts, referrers};
use crate::events::{self, ScanEvent};
use crate::{App, Result};

/// Findings that are kept of one image: the worst.
pub(super) const MAX_FINDINGS: usize = 20_000;

/// The outcome of a scan that cannot be done.
pub(super) fn failed(app: &App, description: String) -> Outcome {
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

/// What led to results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// Somebody asked for a scan.
    Request,
    /// There are other advisories.
    Advisories,
}

/// Puts results down in place of those of `row`. False, and nothing happens, if those are not the last any more.
/// `repository` is none if it is being deleted.
pub(super) async fn put_down(
    conn: &mut Conn,
    app: &App,
    repository: Option<&RepositoryRow>,
    row: &ImageScanRow,
    (outcome, rows): (&Outcome, &[FindingRow]),
    cause: Cause,
) -> Result<bool> {
    let (id, digest): (&str, &Digest) = (&row.repository_id, &row.digest);
    if !image_scans::update_end(conn, id, digest, &row.run_id, outcome).await? {
        return Ok(false);
    }
    image_scan_findings::delete(conn, &row.run_id).await?;
    image_scan_findings::insert(conn, &outcome.run_id, rows).await?;
    let same = row.status == outcome.status && row.counts == outcome.counts;
    // A repository that is being deleted has nobody to tell.
    let Some(repository) = repository.filter(|_| cause == Cause::Request || !same) else {
        return Ok(true);
    };
    let counts: Counts = stored(&outcome.counts)?;
    let event = ScanEvent { repository, digest, status: outcome.status.as_str(), counts: &counts };
    events::emit_scan(conn, app, event).await?;
    if cause == Cause::Request
        && outcome.status == Status::Complete
        && referrers::wanted(conn, &repository.registry, &repository.name).await?.is_some()
    {
        jobs::upsert(conn, &app.new_id(), referrers::JOB, &subject(id, digest), app.now()).await?;
    }
    Ok(true)
}
