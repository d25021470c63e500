//! Repository names, as the OCI Distribution specification ("Pulling manifests") and ECR (since its OCI grammar) define them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::{Invalid, shown};

/// A repository name: path components of lowercase letters and digits joined by `.`, `_`, `__` or a run of `-`,
/// and components joined by `/`; 1 to 256 characters.
///
/// ECR starts at two characters; one is legal for OCI, so the shorter form is accepted here.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoName(Arc<str>);

impl RepoName {
    /// The longest name that is accepted, ECR's. Many clients cap host and name together at 255 characters.
    pub const MAX_LENGTH: usize = 256;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RepoName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.len() > Self::MAX_LENGTH {
            return Err(Invalid::new(format!(
                "repository name '{}' is longer than {} characters",
                shown(text),
                Self::MAX_LENGTH
            )));
        }
        if text.split('/').all(is_component) {
            Ok(Self(text.into()))
        } else {
            Err(Invalid::new(format!(
                "repository name '{}' must be lowercase letters and digits joined by '.', '_', '__', '-' or '/'",
                shown(text)
            )))
        }
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(text: &str) -> bool {
    let mut separator = 0..0; // the run of separators being read, as a byte range
    let bytes = text.as_bytes();
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    if !is_word(first) || !is_word(last) {
        return false;
    }
    for (at, &byte) in bytes.iter().enumerate() {
        if is_word(byte) {
            if !matches!(&bytes[separator.clone()], b"" | b"." | b"_" | b"__")
                && !bytes[separator.clone()].iter().all(|&b| b == b'-')
            {
                return false;
            }
            separator = at + 1..at + 1;
        } else if matches!(byte, b'.' | b'_' | b'-') {
            separator.end = at + 1;
        } else {
            return false;
        }
    }
    true
}

impl fmt::Display for RepoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RepoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl AsRef<str> for RepoName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_specification_are_accepted() {
        for name in ["a", "library/alpine", "a.b_c__d-e---f/g0", "0/1", "blobs/uploads", "tags/list/manifests/x"] {
            assert_eq!(name.parse::<RepoName>().unwrap().as_str(), name);
        }
        assert!("a".repeat(256).parse::<RepoName>().is_ok());
    }

    #[test]
    fn everything_else_is_refused() {
        for name in [
            "", "/", "a/", "/a", "a//b", "A", "a/B", "a..b", "a___b", "a._b", "a-.b", ".a", "a.", "-a", "a-", "_a",
            "a_", "a b", "a%2fb", "../a", "a/..", "ä", "a\0", "a:b", "a@b", "a\n",
        ] {
            assert!(name.parse::<RepoName>().is_err(), "{name:?} was accepted");
        }
        assert!("a".repeat(257).parse::<RepoName>().is_err());
    }
}
