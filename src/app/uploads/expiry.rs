//! Sessions that nobody went on with: their bytes are removed, so that abandoned pushes do not fill the store.

use std::sync::Arc;

use super::session::Session;
use crate::{App, Error, Result};

/// Sessions that are looked at in one go.
const BATCH: usize = 100;

/// Gives up sessions that are past their time. Returns how many; call again at once when it was a whole batch.
pub async fn expire(app: &Arc<App>) -> Result<usize> {
    let now = app.now();
    app.db
        .write_in_background(move |conn| {
            Box::pin(async move { store::uploads::delete_done(conn, now, BATCH * 10).await })
        })
        .await
        .map_err(Error::from)?;
    let mut conn = app.db.reader().await?;
    let expired = store::uploads::list_expired(&mut conn, now, BATCH).await?;
    drop(conn);
    let mut ended = 0;
    for upload_id in &expired {
        let Some(session) = Session::claim(app, upload_id).await? else {
            continue; // a request came back to it just now
        };
        match session.discard().await {
            Ok(()) => ended += 1,
            Err(error) => tracing::warn!(upload = upload_id, %error, "an expired upload could not be removed yet"),
        }
    }
    Ok(ended)
}
