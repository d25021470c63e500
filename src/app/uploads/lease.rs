//! The right to write to a session, held by one request at a time. Leases are not flushed: whoever holds one loses it with
//! the power as well.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use store::Commit;

use crate::{App, Error, Result};

/// A lease that is not prolonged ends after this: its process died or lost the database.
pub(super) const LENGTH: Duration = Duration::from_secs(10);
const PROLONG_EVERY: Duration = Duration::from_secs(3);

/// A lease on one session.
pub(super) struct Lease {
    pub(super) app: Arc<App>,
    pub(super) upload_id: String,
    pub(super) owner: String,
}

impl Lease {
    /// Does `work` while prolonging the lease. If the lease is lost the work is dropped: somebody else may be writing.
    pub(super) async fn during<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        tokio::pin!(work);
        loop {
            match tokio::time::timeout(PROLONG_EVERY, &mut work).await {
                Ok(done) => return Ok(done),
                Err(_) => {
                    if !self.prolong().await? {
                        tracing::warn!(upload = self.upload_id, "an upload session was taken over");
                        return Err(Error::UploadBusy { received: 0 });
                    }
                }
            }
        }
    }

    /// False if the lease was lost. A database that does not answer for a moment does not end it: whether it is still
    /// ours is decided by the statement that records the outcome.
    async fn prolong(&self) -> Result<bool> {
        let until = self.app.now().after(LENGTH);
        let (id, owner) = (self.upload_id.clone(), self.owner.clone());
        let prolonged = self
            .app
            .db
            .write_with(Commit::Unflushed, move |conn| {
                Box::pin(async move { store::uploads::update_lease(conn, &id, &owner, until).await })
            })
            .await;
        match prolonged {
            Ok(held) => Ok(held),
            Err(error @ (store::Error::Unavailable(_) | store::Error::Conflict(_))) => {
                tracing::warn!(%error, "a lease could not be prolonged");
                Ok(true)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Gives the session back as it was.
    pub(super) async fn release(&self) -> Result<()> {
        let (id, owner) = (self.upload_id.clone(), self.owner.clone());
        self.app
            .db
            .write_with(Commit::Unflushed, move |conn| {
                Box::pin(async move { store::uploads::update_released(conn, &id, &owner).await })
            })
            .await
            .map(drop)
            .map_err(Error::from)
    }
}
