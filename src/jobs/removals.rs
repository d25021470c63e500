//! Removes objects that no row needs any more, in batches: the objects first, then the rows that remember them.

use app::{App, Error, Result};
use blobs::Key;
use store::Pending;

const BATCH: usize = 500;

/// One batch. Whether there may be more.
pub(crate) async fn run(app: &App) -> Result<bool> {
    let now = app.now();
    let due = app
        .db()
        .write_in_background(move |conn| {
            Box::pin(async move {
                store::removals::delete_needed(conn, now).await?;
                Ok(store::removals::list_due(conn, now, BATCH).await?)
            }) as Pending<'_, Vec<String>, Error>
        })
        .await?;
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
