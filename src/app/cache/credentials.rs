//! What opens other registries. ECR reads it from Secrets Manager; here an operator stores it, sealed, under the ARN that
//! cache rules name, for one host: a rule that names the ARN beside another host gets nothing.

use store::upstream_credentials::{self as rows, UpstreamCredentialRow};
use store::{Commit, Pending};
use types::{AccountId, Secret};
use upstream::Credentials;

use crate::registry::cache_rules::{is_secret, secret_account};
use crate::{App, Error, Result};

/// Stores what an ARN stands for.
pub async fn set(app: &App, credential_arn: &str, host: &str, username: &str, password: &Secret) -> Result<()> {
    if !is_secret(credential_arn) {
        return Err(Error::Invalid(format!(
            "'{credential_arn}' is not the ARN of a secret named ecr-pullthroughcache/…"
        )));
    }
    if host.is_empty() || host.contains(['/', ' ']) {
        return Err(Error::Invalid(format!("'{host}' is not a host as cache rules name it")));
    }
    if username.is_empty() || username.contains(':') || password.expose().is_empty() {
        return Err(Error::Invalid("a username without a colon and a password are needed".to_owned()));
    }
    let row = UpstreamCredentialRow {
        credential_arn: credential_arn.to_owned(),
        upstream_host: host.to_owned(),
        username: username.to_owned(),
        sealed_password: app.sealer.seal(&owner(credential_arn, host, username), password.expose().as_bytes())?,
        updated_at: app.now(),
    };
    app.db
        .write_with(Commit::Flushed, move |conn| {
            Box::pin(async move { Ok(rows::upsert(conn, &row).await?) }) as Pending<'_, (), Error>
        })
        .await
}

/// Forgets what an ARN stands for. Whether it stood for anything.
pub async fn remove(app: &App, credential_arn: &str) -> Result<bool> {
    let credential_arn = credential_arn.to_owned();
    app.db
        .write(move |conn| {
            Box::pin(async move { Ok(rows::delete(conn, &credential_arn).await?) }) as Pending<'_, bool, Error>
        })
        .await
}

/// What an account opens a host with. None if that is not stored, is for another host, or is another account's.
pub(crate) async fn open(
    app: &App,
    account: &AccountId,
    credential_arn: &str,
    host: &str,
) -> Result<Option<Credentials>> {
    if secret_account(credential_arn) != Some(account.as_str()) {
        return Ok(None);
    }
    let found = rows::find(&mut app.db.reader().await?, credential_arn).await?;
    let Some(row) = found.filter(|row| row.upstream_host == host) else {
        return Ok(None);
    };
    match app.sealer.open_text(&owner(credential_arn, host, &row.username), &row.sealed_password) {
        Some(password) => Ok(Some(Credentials { username: row.username, password })),
        None => {
            tracing::error!(credential_arn, "a stored credential was sealed with another key; set it again");
            Ok(None)
        }
    }
}

/// What a password is sealed for: whoever moves it to another host in the database cannot open it.
fn owner(credential_arn: &str, host: &str, username: &str) -> String {
    format!("upstream credential {credential_arn} of {username} at {host}")
}
