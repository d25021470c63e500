//! The values of secrets and parameters: sealed for the row that they are in, and opened again. The one place that knows
//! how; who may have a value is decided by whoever asks.

use store::secrets::SecretRow;
use store::{Conn, secret_stages, secret_versions, secrets};
use types::{AccountId, Region, RegistryId};
use zeroize::Zeroizing;

use crate::{App, Error, Result};

/// The stage of the version that counts.
pub const CURRENT: &str = "AWSCURRENT";

/// Characters behind the name in the ARN of a secret.
const SUFFIX: usize = 6;

/// A value in its row.
#[derive(Debug, Clone, Copy)]
pub enum Place<'p> {
    /// A version of a secret.
    Secret {
        /// The secret.
        secret_id: &'p str,
        /// Which of its versions.
        version_id: &'p str,
    },
    /// A version of a parameter.
    Parameter {
        /// The parameter.
        parameter_id: &'p str,
        /// Which of its versions.
        version: u64,
    },
}

impl Place<'_> {
    fn owner(&self) -> String {
        match self {
            Self::Secret { secret_id, version_id } => format!("secret {secret_id} {version_id}"),
            Self::Parameter { parameter_id, version } => format!("parameter {parameter_id} {version}"),
        }
    }
}

/// Seals a value for its row.
pub fn seal(app: &App, place: Place<'_>, value: &[u8]) -> Result<Vec<u8>> {
    app.sealer.seal(&place.owner(), value)
}

/// Opens a value of a row.
pub fn open(app: &App, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    app.sealer.open(&place.owner(), sealed).ok_or_else(|| {
        tracing::error!(?place, "a stored value was sealed with another key; put it there again");
        Error::Internal
    })
}

/// `secret:<name>-<suffix>`, as the resource of an ARN.
pub fn secret_resource(row: &SecretRow) -> String {
    format!("secret:{}-{}", row.name, row.arn_suffix)
}

/// The secret that a text behind `secret:` names: its name with the suffix, or the name alone.
pub async fn find_secret(conn: &mut Conn, registry: &RegistryId, text: &str) -> Result<Option<SecretRow>> {
    if let Some((name, suffix)) = split_suffix(text)
        && let Some(found) = secrets::find(conn, registry, name).await?.filter(|row| row.arn_suffix == suffix)
    {
        return Ok(Some(found));
    }
    Ok(secrets::find(conn, registry, text).await?)
}

/// Whose secret an ARN names, and what it says behind `secret:`.
pub fn read_arn(arn: &str) -> Option<(RegistryId, &str)> {
    let mut parts = arn.strip_prefix("arn:aws:secretsmanager:")?.splitn(3, ':');
    let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
    let registry = RegistryId { account: account.parse::<AccountId>().ok()?, region: region.parse::<Region>().ok()? };
    Some((registry, resource.strip_prefix("secret:")?))
}

/// The name and the suffix behind it.
fn split_suffix(text: &str) -> Option<(&str, &str)> {
    let (name, suffix) = text.split_at_checked(text.len().checked_sub(SUFFIX)?)?;
    let name = name.strip_suffix('-').filter(|name| !name.is_empty())?;
    suffix.bytes().all(|byte| byte.is_ascii_alphanumeric()).then_some((name, suffix))
}

/// The secret of a whole ARN. None if there is none, or it is to go.
pub(crate) async fn find_by_arn(conn: &mut Conn, secret_arn: &str) -> Result<Option<SecretRow>> {
    let Some((registry, rest)) = read_arn(secret_arn) else {
        return Ok(None);
    };
    let Some((name, suffix)) = split_suffix(rest) else {
        return Ok(None);
    };
    let found = secrets::find(conn, &registry, name).await?;
    Ok(found.filter(|row| row.arn_suffix == suffix && row.deletes_at.is_none()))
}

/// What the secret of a whole ARN holds at present, for what acts on an account's behalf. None if there is none, it is to
/// go, or it is no text.
pub(crate) async fn current(app: &App, secret_arn: &str) -> Result<Option<types::Secret>> {
    let mut conn = app.db.reader().await?;
    let Some(row) = find_by_arn(&mut conn, secret_arn).await? else {
        return Ok(None);
    };
    let Some(version_id) = secret_stages::find(&mut conn, &row.secret_id, CURRENT).await? else {
        return Ok(None);
    };
    let Some(version) = secret_versions::find(&mut conn, &row.secret_id, &version_id).await? else {
        return Ok(None);
    };
    let place = Place::Secret { secret_id: &row.secret_id, version_id: &version_id };
    let value = open(app, place, &version.sealed_value)?;
    Ok(std::str::from_utf8(&value).ok().filter(|_| version.is_text).map(types::Secret::new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suffix_is_what_looks_like_one() {
        assert_eq!(split_suffix("db/main-AbC123"), Some(("db/main", "AbC123")));
        for text in ["", "short", "-AbC123", "db/main", "db-AbC12", "db-AbC_12", "db-ÄbC12"] {
            assert_eq!(split_suffix(text), None, "{text}");
        }
    }
}
