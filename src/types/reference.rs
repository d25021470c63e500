//! What may stand behind `/manifests/`: a tag or a digest.

use std::fmt;
use std::str::FromStr;

use crate::{Digest, Invalid, Tag};

/// A tag or a digest. A digest holds a colon and a tag cannot, so the two never collide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// A name that may move.
    Tag(Tag),
    /// The content itself.
    Digest(Digest),
}

impl FromStr for Reference {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.contains(':') { text.parse().map(Self::Digest) } else { text.parse().map(Self::Tag) }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => fmt::Display::fmt(digest, f),
        }
    }
}
