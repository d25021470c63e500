//! Deletes events that are older than they are kept.

use store::Pending;

use super::place;
use crate::{App, Error, Result};

/// Events of one transaction.
const BATCH: usize = 2_000;

/// One batch. Whether there may be more.
pub async fn discard_old(app: &App) -> Result<bool> {
    let before = place(app.now().before(app.audit.retention));
    let deleted = app
        .db
        .write_in_background(move |conn| {
            Box::pin(async move { Ok(store::audit_events::delete_before(conn, &before, BATCH).await?) })
                as Pending<'_, u64, Error>
        })
        .await?;
    Ok(deleted == BATCH as u64)
}
