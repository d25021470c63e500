//! What opens other registries: secrets of Secrets Manager, as ECR has them. A secret is a JSON text with `username` and
//! `accessToken`, named `ecr-pullthroughcache/…`, of the same account as the rule.
//!
//! Whoever says to which host it goes has been allowed to read it: that is asked when a rule gets its secret.

use serde::Deserialize;
use types::{AccountId, Secret};
use upstream::Credentials;

use crate::registry::cache_rules::{is_secret, secret_account};
use crate::{App, Result, sealed};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Login {
    username: String,
    access_token: String,
}

/// What an account opens another registry with. None if there is no such secret, it is another account's, or is no login.
pub(crate) async fn open(app: &App, account: &AccountId, credential_arn: &str) -> Result<Option<Credentials>> {
    if !is_secret(credential_arn) || secret_account(credential_arn) != Some(account.as_str()) {
        return Ok(None);
    }
    let Some(text) = sealed::current(app, credential_arn).await? else {
        return Ok(None);
    };
    // What serde says of it could repeat a part of the secret.
    let Ok(Login { username, access_token }) = serde_json::from_str(text.expose()) else {
        tracing::warn!(credential_arn, "a secret is no JSON text with username and accessToken");
        return Ok(None);
    };
    Ok(Some(Credentials { username, password: Secret::new(access_token) }))
}
