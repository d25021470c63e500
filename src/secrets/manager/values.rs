//! What a secret holds: a text or bytes.

use app::App;
use app::sealed::{self, Place};
use aws::Blob;
use store::secret_versions::SecretVersionRow;
use types::Secret;
use zeroize::Zeroizing;

use super::failures;
use crate::error::Error;

/// In bytes.
const LARGEST: usize = 64 << 10;

/// A value.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Text(Secret),
    /// It prints how many bytes it has.
    Bytes(Blob),
}

impl Value {
    /// Of the members `SecretString` and `SecretBinary`; none if neither is there.
    pub(crate) fn of(text: Option<Secret>, bytes: Option<Blob>) -> Result<Option<Self>, Error> {
        let value = match (text, bytes) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => {
                return Err(failures::invalid(
                    "You can't specify both a binary secret value and a string secret value.",
                ));
            }
            (Some(text), None) => Self::Text(text),
            (None, Some(bytes)) => Self::Bytes(bytes),
        };
        match value.bytes().len() {
            0 => Err(failures::invalid("You must provide either SecretString or SecretBinary.")),
            length if length > LARGEST => Err(failures::malformed(format!(
                "1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have \
                 length less than or equal to {LARGEST}"
            ))),
            _ => Ok(Some(value)),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.expose().as_bytes(),
            Self::Bytes(bytes) => &bytes.0,
        }
    }

    fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// The row of a new version with it.
    pub(crate) fn seal(&self, app: &App, secret_id: &str, version_id: &str) -> Result<SecretVersionRow, Error> {
        Ok(SecretVersionRow {
            secret_id: secret_id.to_owned(),
            version_id: version_id.to_owned(),
            is_text: self.is_text(),
            sealed_value: sealed::seal(app, Place::Secret { secret_id, version_id }, self.bytes())?,
            created_at: app.now(),
        })
    }

    /// What a row holds.
    pub(crate) fn open(app: &App, row: &SecretVersionRow) -> Result<Self, Error> {
        let opened = opened(app, row)?;
        if !row.is_text {
            return Ok(Self::Bytes(Blob(opened.to_vec())));
        }
        let text = std::str::from_utf8(&opened).map_err(|_| app::Error::Internal)?;
        Ok(Self::Text(Secret::new(text)))
    }

    /// Whether a row holds the same.
    pub(crate) fn is_in(&self, app: &App, row: &SecretVersionRow) -> Result<bool, Error> {
        Ok(row.is_text == self.is_text() && opened(app, row)?.as_slice() == self.bytes())
    }
}

fn opened(app: &App, row: &SecretVersionRow) -> Result<Zeroizing<Vec<u8>>, Error> {
    let place = Place::Secret { secret_id: &row.secret_id, version_id: &row.version_id };
    Ok(sealed::open(app, place, &row.sealed_value)?)
}
