//! The opaque key of an object: where its bytes lie, and nothing about what they are.
//!
//! A key is random and used for one object only, so an object is never overwritten and a removal never races with a
//! push of the same content. The one place that knows how keys are spelled.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// The first segment of every key.
pub(crate) const FOLDER: &str = "blobs";
/// Hexadecimal digits of the random name.
const NAME_LENGTH: usize = 32;

/// The key of one object, `blobs/<two digits>/<32 hexadecimal digits>`; keys sort by bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key(String);

impl Key {
    /// A key that was never used before.
    pub fn generate() -> Self {
        let name = uuid::Uuid::new_v4().simple().to_string();
        Self(format!("{FOLDER}/{}/{name}", &name[..2]))
    }

    /// The whole key.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The two digits that choose one of 256 directories.
    pub(crate) fn shard(&self) -> &str {
        &self.0[FOLDER.len() + 1..FOLDER.len() + 3]
    }

    /// Which of the 256 directories that is.
    pub(crate) fn shard_number(&self) -> usize {
        usize::from_str_radix(self.shard(), 16).expect("a key begins with hexadecimal digits")
    }

    /// The random name, the last segment.
    pub(crate) fn name(&self) -> &str {
        &self.0[FOLDER.len() + 4..]
    }

    /// The key with this random name, if the name is one.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (name.len() == NAME_LENGTH && name.bytes().all(digit)).then(|| Self(format!("{FOLDER}/{}/{name}", &name[..2])))
    }
}

impl FromStr for Key {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let key = text.rsplit('/').next().and_then(Self::from_name);
        key.filter(|key| key.0 == text).ok_or_else(|| Error::InvalidKey { text: text.chars().take(80).collect() })
    }
}

impl TryFrom<String> for Key {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_key_parses_and_two_differ() {
        let key = Key::generate();
        assert_eq!(key.as_str().parse::<Key>().unwrap(), key);
        assert_eq!(Key::from_name(key.name()).unwrap(), key);
        assert_eq!(key.shard(), &key.name()[..2]);
        assert_ne!(key, Key::generate());
    }

    #[test]
    fn what_is_not_a_key_is_refused() {
        let name = "0123456789abcdef0123456789abcdef";
        for text in [
            String::new(),
            name.to_owned(),
            format!("blobs/02/{name}"),
            format!("blobs/01/{name}x"),
            format!("blobs/01/{}", name.to_uppercase()),
            format!("blobs/01/../{name}"),
            format!("/blobs/01/{name}"),
            format!("other/01/{name}"),
            "blobs/01/é123456789abcdef0123456789abcde".to_owned(),
        ] {
            assert!(text.parse::<Key>().is_err(), "{text}");
        }
        assert!(format!("blobs/01/{name}").parse::<Key>().is_ok());
    }
}
