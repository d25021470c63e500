//! Forgetting what was found in images that are gone, and what layers held that are gone.

use store::{Conn, Pending, image_scan_findings, image_scans, layer_contents, scan_requests};
use types::Digest;

use crate::{App, Error, Result};

/// Rows that are looked for in one query.
const BATCH: usize = 100;

/// Forgets what nobody can ask for any more.
pub async fn sweep(app: &App) -> Result<()> {
    let mut after = (String::new(), String::new());
    loop {
        let mut conn = app.db.reader().await?;
        let gone = image_scans::list_gone(&mut conn, (&after.0, &after.1), BATCH).await?;
        drop(conn);
        let Some((repository_id, digest, _)) = gone.last() else { break };
        after = (repository_id.clone(), digest.to_string());
        app.db
            .write_in_background(move |conn| {
                Box::pin(async move {
                    for (repository_id, digest, run_id) in &gone {
                        forget(conn, repository_id, digest, run_id).await?;
                    }
                    Ok(())
                }) as Pending<'_, (), Error>
            })
            .await?;
    }
    let mut after = String::new();
    loop {
        let mut conn = app.db.reader().await?;
        let gone = layer_contents::list_gone(&mut conn, &after, BATCH).await?;
        drop(conn);
        let Some(last) = gone.last() else { return Ok(()) };
        after = last.to_string();
        app.db
            .write_in_background(move |conn| {
                Box::pin(async move {
                    for digest in &gone {
                        layer_contents::delete(conn, digest).await?;
                    }
                    Ok(())
                }) as Pending<'_, (), Error>
            })
            .await?;
    }
}

/// Forgets the scan of an image that is gone. False, and nothing happens, if it is not: it may have been pushed again.
pub(super) async fn forget(conn: &mut Conn, repository_id: &str, digest: &Digest, run_id: &str) -> Result<bool> {
    let gone = image_scans::delete_gone(conn, repository_id, digest).await?;
    if gone {
        image_scan_findings::delete(conn, run_id).await?;
        scan_requests::delete(conn, repository_id, digest).await?;
    }
    Ok(gone)
}
