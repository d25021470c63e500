//! How anything that decides about access is changed: in one transaction that also moves the stamp, so that every process
//! learns of it.

use app::App;
use store::{Conn, Pending, stamps};

use crate::error::Error;

/// Runs `body` in a transaction, and obeys the outcome before it returns.
///
/// The stamp is moved first. Its row is locked from then on, so changes come one after the other: what a rule has looked
/// at (no user has this name, no access key is left) still holds when it writes.
pub(crate) async fn change<T, F>(app: &App, body: F) -> Result<T, Error>
where
    F: for<'c> FnOnce(&'c mut Conn) -> Pending<'c, T, Error> + Send + 'static,
    T: Send + 'static,
{
    let done = app
        .db()
        .write(move |conn| {
            Box::pin(async move {
                stamps::update_next(conn, stamps::AUTHORIZATION).await?;
                body(conn).await
            }) as Pending<'_, T, Error>
        })
        .await?;
    if let Err(error) = app.refresh().await {
        // It is done all the same; this process looks again within a second.
        tracing::warn!(%error, "a change of users and policies could not be read back at once");
    }
    Ok(done)
}
