//! Digests of layers.

use app::images;
use aws::invalid_parameter;
use types::Digest;

use crate::error::Error;

/// Reads the digest of a layer. None if it is well formed, but of an algorithm that nothing is stored under.
pub(crate) fn digest(member: &str, text: &str) -> Result<Option<Digest>, Error> {
    if !images::is_digest(text) {
        let what = "must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'";
        return Err(invalid_parameter(member, what).into());
    }
    Ok(text.parse().ok())
}
