//! Discards staged uploads that no row knows: what a crash left between the storage and the database.

use std::time::{Duration, SystemTime};

use app::{App, Result};
use types::Timestamp;

const BATCH: usize = 500;

/// How much older than any session a leftover must be.
const MARGIN: Duration = Duration::from_secs(3600);

/// One batch. Whether there may be more.
pub(crate) async fn run(app: &App) -> Result<bool> {
    let before = SystemTime::now() - app.config().upload_ttl - MARGIN;
    let found = app.blobs().leftovers(before, BATCH).await?;
    let keys: Vec<&str> = found.iter().map(|leftover| leftover.key.as_str()).collect();
    let mut conn = app.db().reader().await?;
    let known = store::blobs::list_known_object_keys(&mut conn, &keys, Timestamp::from_micros(i64::MAX)).await?;
    drop(conn);
    let mut discarded = 0;
    for leftover in found.iter().filter(|leftover| !known.iter().any(|key| key == leftover.key.as_str())) {
        app.blobs().discard(leftover).await?;
        discarded += 1;
    }
    Ok(discarded == BATCH)
}
