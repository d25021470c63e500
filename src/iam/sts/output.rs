//! What the operations that begin sessions have in common in their answers.

use app::sessions;
use aws::Iso;
use serde::Serialize;

/// Temporary credentials.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Credentials {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    expiration: Iso,
}

impl From<sessions::Credentials> for Credentials {
    fn from(credentials: sessions::Credentials) -> Self {
        Self {
            access_key_id: credentials.access_key_id,
            secret_access_key: credentials.secret_access_key.expose().to_owned(),
            session_token: credentials.session_token.expose().to_owned(),
            expiration: Iso(credentials.expires_at),
        }
    }
}

/// A session of a role, as policies and logs call it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AssumedRoleUser {
    pub(crate) assumed_role_id: String,
    pub(crate) arn: String,
}
