//! The first start: the account, its root access key, and the key that signs tokens. Later starts find them.

use std::sync::Arc;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use store::access_keys::AccessKeyRow;
use store::{Conn, Pending, access_keys, accounts, signing_keys, stamps};
use types::{AccountId, Secret};

use crate::authn::token::SigningKey;
use crate::{App, Error, Result};

/// An access key with its secret, at the one moment when both are known.
#[derive(Debug, Clone)]
pub struct AccessKey {
    /// `AKIA…`
    pub access_key_id: String,
    /// 40 characters.
    pub secret_access_key: Secret,
}

/// A root access key to propose, if the default account has none. It counts once [`run`] says so: whoever is to see it must
/// have kept it before, since nobody can ask for its secret afterwards.
pub fn propose(app: &App) -> Result<Option<AccessKey>> {
    (!app.snapshot().has_root_key(&app.config.registry.account)).then(generate).transpose()
}

/// Whether the master key is the one of this database: it opens an access key, if there are any. What another one seals
/// could be opened by nobody else. Whoever has lost the master key begins anew: by configuring a root key that is not there yet.
pub async fn fits_master_key(app: &App, configured: Option<&str>) -> Result<bool> {
    if app.snapshot().has_access_keys() {
        return Ok(true);
    }
    // Those that another process has made since, too.
    let rows = access_keys::list(&mut app.db.reader().await?).await?;
    let opens = |row: &AccessKeyRow| app.sealer.open_text(&row.access_key_id, &row.sealed_secret).is_some();
    let new = configured.is_some_and(|id| rows.iter().all(|row| row.access_key_id != id));
    Ok(rows.is_empty() || new || rows.iter().any(opens))
}

/// Makes sure that the default account exists, with a root access key and a signing key. `configured` is the key that
/// the operator chose, `proposed` one for when there is none. Returns whether the proposed one is in force now.
///
/// Processes that start at once do this once: every step is "insert, unless it is there".
pub async fn run(app: &Arc<App>, configured: Option<AccessKey>, proposed: Option<AccessKey>) -> Result<bool> {
    let account = app.config.registry.account.clone();
    let snapshot = app.snapshot();
    let chosen = configured.as_ref().or(proposed.as_ref());
    let unchanged = chosen.is_none_or(|chosen| {
        snapshot
            .access_key(&chosen.access_key_id)
            .is_some_and(|key| key.secret.matches(chosen.secret_access_key.expose()))
    });
    if unchanged && snapshot.signing_key().is_some() && snapshot.has_root_key(&account) {
        return Ok(false);
    }
    let key = match chosen {
        Some(chosen) => Some(sealed(app, &account, None, chosen)?),
        None => None,
    };
    let signing_key = SigningKey::generate(&app.sealer, app.new_id(), app.now())?;
    let (now, replace) = (app.now(), configured.is_some());
    let own = Arc::clone(app);
    let won = app
        .db
        .write(move |conn| {
            Box::pin(async move {
                accounts::insert(conn, &account, now).await?;
                // Locks the stamp first: the second of two starting processes waits here and then finds the keys.
                stamps::update_next(conn, stamps::AUTHORIZATION).await?;
                // Keys that were sealed with a master key that is lost sign nothing; a new one is made beside them.
                let keys = signing_keys::list(conn).await?;
                if !keys.iter().any(|row| SigningKey::open(row, &own.sealer).is_some()) {
                    signing_keys::insert(conn, &signing_key).await?;
                }
                let Some(key) = key else { return Ok(false) };
                insert_root_key(conn, &account, &key, replace).await
            }) as Pending<'_, bool, Error>
        })
        .await?;
    app.refresh().await?;
    Ok(won && configured.is_none())
}

/// Adds the root key. A configured one replaces the secret of the same id; a generated one is for an account that has
/// no root key yet. Returns whether the key is in force.
async fn insert_root_key(conn: &mut Conn, account: &AccountId, key: &AccessKeyRow, replace: bool) -> Result<bool> {
    let existing = access_keys::list(conn).await?;
    if let Some(same) = existing.iter().find(|other| other.access_key_id == key.access_key_id) {
        if same.account != *account || same.user_id.is_some() {
            return Err(Error::Invalid(format!(
                "access key '{}' belongs to somebody else and cannot be the root key",
                key.access_key_id
            )));
        }
        access_keys::update_secret(conn, &key.access_key_id, &key.sealed_secret).await?;
        access_keys::update_status(conn, &key.access_key_id, true).await?;
        return Ok(true);
    }
    let has_root = existing.iter().any(|other| other.account == *account && other.user_id.is_none() && other.active);
    if has_root && !replace {
        return Ok(false);
    }
    Ok(access_keys::insert(conn, key).await?)
}

/// A key as its row holds it.
pub fn sealed(app: &App, account: &AccountId, user_id: Option<String>, key: &AccessKey) -> Result<AccessKeyRow> {
    Ok(AccessKeyRow {
        access_key_id: key.access_key_id.clone(),
        account: account.clone(),
        user_id,
        sealed_secret: app.sealer.seal(&key.access_key_id, key.secret_access_key.expose().as_bytes())?,
        active: true,
        created_at: app.now(),
        last_used: None,
    })
}

/// A new access key in AWS's form: `AKIA` and 16 of `A-Z2-7`; 40 characters of 240 random bits.
pub fn generate() -> Result<AccessKey> {
    Ok(AccessKey { access_key_id: format!("AKIA{}", random_base32(16)?), secret_access_key: secret_access_key()? })
}

/// A new secret access key: 40 characters of 240 random bits. The first is no `-`: `aws configure set` and others would take the
/// secret for an option.
pub(crate) fn secret_access_key() -> Result<Secret> {
    loop {
        let text = random_text(40)?;
        if !text.starts_with('-') {
            return Ok(Secret::new(text));
        }
    }
}

/// A new id of a user, group, role or policy: four letters that say of what, and 17 of `A-Z2-7`.
pub fn unique_id(prefix: &str) -> Result<String> {
    Ok(format!("{prefix}{}", random_base32(17)?))
}

/// `length` random characters of `A-Z2-7`, as ids of AWS have them.
fn random_base32(length: usize) -> Result<String> {
    random(length, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
}

/// Letters and digits, `-` and `_`: nothing that a shell, a URL or a `docker login` line would take apart.
fn random_text(length: usize) -> Result<String> {
    random(length, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
}

/// The alphabet's length must be a power of two, so that every character is as likely as every other.
fn random(length: usize, alphabet: &[u8]) -> Result<String> {
    debug_assert!(alphabet.len().is_power_of_two());
    let mut bytes = vec![0; length];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::Internal)?;
    Ok(bytes.iter().map(|byte| char::from(alphabet[usize::from(*byte) % alphabet.len()])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_looks_like_an_option() {
        for _ in 0..2000 {
            let secret = secret_access_key().unwrap();
            assert!(secret.expose().len() == 40 && !secret.expose().starts_with('-'));
        }
    }
}
