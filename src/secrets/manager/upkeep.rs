//! What is done in the background: secrets whose recovery window is over go for good.

use app::App;
use store::{Pending, secrets};

use super::secrets::remove;

/// Removes one secret whose time has come. True if there may be more.
pub async fn remove_deleted(app: &App) -> app::Result<bool> {
    let now = app.now();
    app.db()
        .write_in_background(move |conn| {
            Box::pin(async move {
                let Some(secret_id) = secrets::list_due(conn, now, 1).await?.into_iter().next() else {
                    return Ok(false);
                };
                // It may have been had back a moment ago.
                let due = secrets::lock(conn, &secret_id).await?.and_then(|row| row.deletes_at);
                if due.is_some_and(|at| at <= now) {
                    remove(conn, &secret_id).await?;
                }
                Ok(true)
            }) as Pending<'_, bool, app::Error>
        })
        .await
}
