//! Removes objects that no row needs any more, in batches: the objects first, then the rows that remember them.

use app::{App, Error, Result};
use blobs::Key;
use store::Pending;

const BATCH: usize = 500;

/// One batch. Whether there may be more.
pub(crate) async fn run(app: &App) -> Result<bool> {
    let mut conn = app.db().reader().await?;
    let due = store::removals::list_due(&mut conn, app.now(), BATCH).await?;
    drop(conn);
    if due.is_empty() {
        return Ok(false);
    }
    let keys: Vec<Key> = due.iter().filter_map(|key| key.parse().ok()).collect();
    app.blobs().delete(&keys).await?;
    let more = due.len() == BATCH;
    app.db()
        .write_in_background(move |conn| {
            Box::pin(async move { Ok(store::removals::delete(conn, &due).await?) }) as Pending<'_, u64, Error>
        })
        .await?;
    tracing::debug!(objects = keys.len(), "unneeded objects were removed");
    Ok(more)
}
