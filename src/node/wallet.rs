//! The credentials of roles that this agent was given. They are in memory only: an agent that starts again asks for them
//! when it connects (`sendCredentials`).

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use acs::IamRoleCredentials;
use aws::Credentials;
use tokio::sync::Notify;
use types::Secret;

/// Credentials by their id.
#[derive(Default)]
pub(crate) struct Wallet {
    held: Mutex<HashMap<String, IamRoleCredentials>>,
    came: Notify,
}

impl Wallet {
    /// Takes credentials; they replace those of the same id.
    pub(crate) fn put(&self, credentials: IamRoleCredentials) {
        if credentials.credentials_id.is_empty() {
            return;
        }
        self.lock().insert(credentials.credentials_id.clone(), credentials);
        self.came.notify_waiters();
    }

    pub(crate) fn find(&self, id: &str) -> Option<IamRoleCredentials> {
        self.lock().get(id).cloned()
    }

    pub(crate) fn delete(&self, id: &str) {
        self.lock().remove(id);
    }

    /// Credentials to sign with. After a start they may be on their way for a moment.
    pub(crate) async fn signing(&self, id: &str) -> Option<Credentials> {
        for _ in 0..5 {
            let came = self.came.notified();
            if let Some(found) = self.find(id) {
                return Some(Credentials {
                    access_key_id: found.access_key_id,
                    secret_access_key: Secret::new(found.secret_access_key.expose()),
                    session_token: (!found.session_token.is_empty()).then(|| Secret::new(found.session_token.expose())),
                });
            }
            let _ = tokio::time::timeout(std::time::Duration::from_secs(1), came).await;
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, IamRoleCredentials>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
