//! The work: going on with the scan of an image, and matching images again.

use std::sync::Arc;
use std::time::Duration;

use store::image_scan_findings::FindingRow;
use store::image_scans::{self, ImageScanRow, Outcome, Status};
use store::{Pending, manifests, repositories, stamps};
use types::Digest;

use super::built_in::match_bill;
use super::finish::{self, Cause, failed};
use super::results::stored;
use super::scanner::{self, Scan, Step};
use super::{Bill, fetching, sweep};
use crate::{App, Error, Result};

/// The kind of the jobs that scan images, each for one.
pub const JOB: &str = "scan image";

/// Images that are matched again in one go.
const BATCH: usize = 20;

/// Goes on with the scan of the image that a job is about: `REPOSITORY_ID DIGEST`. Says after which time somebody is to
/// look again; none: it is over.
pub async fn run(app: &Arc<App>, subject: &str) -> Result<Option<Duration>> {
    let Some(scan) = under_way(app, subject).await? else {
        return Ok(None);
    };
    if fetching::hand_over(app, &scan).await? {
        return Ok(None);
    }
    match scanner::chosen(app).step(app, &scan).await? {
        Step::Wait(pause) => Ok(Some(pause)),
        Step::Ended(outcome, rows) => {
            end(app, scan, outcome, rows).await?;
            Ok(None)
        }
    }
}

/// How the jobs of a scan name its image. Of some kinds, more follows.
pub(super) fn subject(repository_id: &str, digest: &Digest) -> String {
    format!("{repository_id} {digest}")
}

/// The scan that a job is about, if it is not over.
pub(super) async fn under_way(app: &App, subject: &str) -> Result<Option<Scan>> {
    let mut parts = subject.split(' ');
    let (Some(repository_id), Some(digest)) = (parts.next(), parts.next()) else {
        return Ok(None);
    };
    let digest: Digest = digest.parse()?;
    loop {
        let mut conn = app.db.reader().await?;
        let repository = repositories::find_by_id(&mut conn, repository_id).await?;
        let image = manifests::find(&mut conn, repository_id, &digest).await?;
        let row = image_scans::find(&mut conn, repository_id, &digest).await?;
        drop(conn);
        // If it is not in progress, results came by another way.
        let (Some(repository), Some(row)) = (repository, row.filter(|row| row.status == Status::InProgress)) else {
            return Ok(None);
        };
        if let Some(image) = image {
            return Ok(Some(Scan { repository, image, row }));
        }
        // If it stayed, the image would not be scanned when it is pushed again: somebody would seem to be at it.
        if forget(app, row).await? {
            return Ok(None);
        }
    }
}

/// Forgets a scan whose image is gone. False if the image is there again.
async fn forget(app: &App, row: ImageScanRow) -> Result<bool> {
    app.db
        .write_in_background(move |conn| {
            Box::pin(async move { sweep::forget(conn, &row.repository_id, &row.digest, &row.run_id).await })
                as Pending<'_, bool, Error>
        })
        .await
}

/// Puts down what came of a scan.
pub(super) async fn end(app: &Arc<App>, scan: Scan, outcome: Box<Outcome>, rows: Vec<FindingRow>) -> Result<()> {
    let own = Arc::clone(app);
    app.db
        .write_in_background(move |conn| {
            Box::pin(async move {
                let results = (&*outcome, rows.as_slice());
                finish::put_down(conn, &own, Some(&scan.repository), &scan.row, results, Cause::Request).await?;
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await
}

/// Matches images again that were matched before advisories were imported. Whether there may be more.
pub async fn match_again(app: &Arc<App>) -> Result<bool> {
    let mut conn = app.db.reader().await?;
    let version = stamps::find(&mut conn, stamps::ADVISORIES).await?.unwrap_or_default();
    let rows = image_scans::list_matched_before(&mut conn, version, BATCH).await?;
    drop(conn);
    let more = rows.len() == BATCH;
    for ImageScanRow { repository_id, digest, packages, .. } in rows {
        let Some(packages) = packages else { continue };
        let (outcome, rows) = match stored::<Bill>(&packages) {
            Ok(bill) => match_bill(app, &bill).await?,
            Err(_) => (failed(app, "what the image holds cannot be read; scan it again".to_owned()), Vec::new()),
        };
        let own = Arc::clone(app);
        app.db
            .write_in_background(move |conn| {
                Box::pin(async move {
                    let Some(row) = image_scans::find(conn, &repository_id, &digest).await? else {
                        return Ok(());
                    };
                    // If the image was asked for anew since it was matched, that counts.
                    if row.status == Status::InProgress {
                        return Ok(());
                    }
                    let repository = repositories::find_by_id(conn, &repository_id).await?;
                    let results = (&outcome, rows.as_slice());
                    finish::put_down(conn, &own, repository.as_ref(), &row, results, Cause::Advisories).await?;
                    Ok(())
                }) as Pending<'_, (), Error>
            })
            .await?;
    }
    Ok(more)
}
