//! Secret text on the wire: read into a type that prints nothing, and written as it is.

use serde::{Deserialize, Deserializer, Serializer};
use types::Secret;

/// Reads a member that may be absent.
pub(crate) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Secret::new))
}

/// Reads a member.
pub(crate) fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

/// Writes a member.
pub(crate) fn write<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// Writes a member that is there; others are skipped.
pub(crate) fn write_optional<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => write(secret, serializer),
        None => serializer.serialize_none(),
    }
}
