//! Tags, as the OCI Distribution specification ("Pulling manifests") defines them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::{Invalid, shown};

/// A tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`, case sensitive.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(Arc<str>);

impl Tag {
    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let bytes = text.as_bytes();
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let legal = (1..=128).contains(&bytes.len())
            && is_word(bytes[0])
            && bytes.iter().all(|&byte| is_word(byte) || byte == b'.' || byte == b'-');
        if legal {
            Ok(Self(text.into()))
        } else {
            Err(Invalid::new(format!(
                "tag '{}' must be 1 to 128 letters, digits, '_', '.' or '-' and not begin with '.' or '-'",
                shown(text)
            )))
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grammar() {
        for tag in ["latest", "v1.0_x-y", "_", "A", "sha256-abc.sig"] {
            assert_eq!(tag.parse::<Tag>().unwrap().as_str(), tag);
        }
        assert!("a".repeat(128).parse::<Tag>().is_ok());
        for tag in ["", ".a", "-a", "a b", "a:b", "a/b", "a+b", "ä", "a\n"] {
            assert!(tag.parse::<Tag>().is_err(), "{tag:?} was accepted");
        }
        assert!("a".repeat(129).parse::<Tag>().is_err());
    }
}
