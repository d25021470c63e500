//! How load balancers and their targets are changed: in one transaction that also moves the stamp, so that every balancer
//! learns of it.

use app::App;
use store::{Conn, Pending, stamps};

use crate::error::{Error, Result};

/// Runs `body` in a transaction, and wakes the balancer of this process when it is done.
///
/// The stamp is moved first. Its row is locked from then on, so changes come one after the other: what a rule has looked
/// at (nothing forwards to this target group, the priority is free) still holds when it writes.
pub(crate) async fn change<T, F>(app: &App, body: F) -> Result<T>
where
    F: for<'c> FnOnce(&'c mut Conn) -> Pending<'c, T, Error> + Send + 'static,
    T: Send + 'static,
{
    let done = app
        .db()
        .write(move |conn| {
            Box::pin(async move {
                stamps::update_next(conn, stamps::LOAD_BALANCING).await?;
                body(conn).await
            }) as Pending<'_, T, Error>
        })
        .await?;
    app.balancing().notify_one();
    Ok(done)
}

/// A document of ours as it is stored.
pub(crate) fn stored(document: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(document).map_err(|_| app::Error::Internal.into())
}

/// A document that was stored.
pub(crate) fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| app::Error::Internal.into())
}
