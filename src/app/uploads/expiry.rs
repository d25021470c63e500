//! Sessions that nobody went on with: their bytes are removed, so that abandoned pushes do not fill the store.

use std::sync::Arc;

use store::{removals, upload_parts, uploads};

use super::session::Session;
use crate::{App, Error, Result};

/// Sessions that are looked at in one go.
const BATCH: usize = 100;

/// Gives up sessions that are past their time. Returns how many; call again at once when it was a whole batch.
pub async fn expire(app: &Arc<App>) -> Result<usize> {
    let now = app.now();
    app.db
        .write_in_background(move |conn| Box::pin(async move { uploads::delete_done(conn, now, BATCH * 10).await }))
        .await
        .map_err(Error::from)?;
    let mut conn = app.db.reader().await?;
    let expired = uploads::list_expired(&mut conn, now, BATCH).await?;
    drop(conn);
    let mut ended = 0;
    for upload_id in &expired {
        let session = match Session::claim(app, upload_id).await {
            Ok(Some(session)) => session,
            Ok(None) => continue, // a request came back to it just now
            // Nobody knows what it stored. What no row knows any more is found among the leftovers.
            Err(Error::UploadUnknown) => {
                forget(app, upload_id).await?;
                ended += 1;
                continue;
            }
            Err(error) => return Err(error),
        };
        match session.discard().await {
            Ok(()) => ended += 1,
            Err(error) => tracing::warn!(upload = upload_id, %error, "an expired upload could not be removed yet"),
        }
    }
    Ok(ended)
}

/// Forgets a session whose state cannot be read, with the objects that its row names.
async fn forget(app: &Arc<App>, upload_id: &str) -> Result<()> {
    let (id, now) = (upload_id.to_owned(), app.now());
    app.db
        .write_in_background(move |conn| {
            Box::pin(async move {
                upload_parts::delete(conn, &id).await?;
                let keys = uploads::delete_damaged(conn, &id, now).await?;
                removals::insert(conn, &keys, now).await
            })
        })
        .await
        .map_err(Error::from)
}
