//! Whether a tag, once pushed, may move: ECR's `imageTagMutability` and its exclusion filters.

use std::fmt;
use std::str::FromStr;

use crate::{Invalid, Tag, shown};

/// The four modes of ECR.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TagMutability {
    /// Every tag may move.
    #[default]
    Mutable,
    /// No tag may move.
    Immutable,
    /// Tags may move, but those that match a filter may not.
    MutableWithExclusion(Vec<TagFilter>),
    /// Tags may not move, but those that match a filter may.
    ImmutableWithExclusion(Vec<TagFilter>),
}

impl TagMutability {
    /// How many filters a repository may have.
    pub const MAX_FILTERS: usize = 5;

    /// Whether `tag` may be moved to another manifest.
    pub fn may_move(&self, tag: &Tag) -> bool {
        let matches = |filters: &[TagFilter]| filters.iter().any(|filter| filter.matches(tag));
        match self {
            Self::Mutable => true,
            Self::Immutable => false,
            Self::MutableWithExclusion(filters) => !matches(filters),
            Self::ImmutableWithExclusion(filters) => matches(filters),
        }
    }

    /// The mode as ECR spells it.
    pub fn mode(&self) -> &'static str {
        match self {
            Self::Mutable => "MUTABLE",
            Self::Immutable => "IMMUTABLE",
            Self::MutableWithExclusion(_) => "MUTABLE_WITH_EXCLUSION",
            Self::ImmutableWithExclusion(_) => "IMMUTABLE_WITH_EXCLUSION",
        }
    }

    /// The exclusion filters; empty for the plain modes.
    pub fn filters(&self) -> &[TagFilter] {
        match self {
            Self::Mutable | Self::Immutable => &[],
            Self::MutableWithExclusion(filters) | Self::ImmutableWithExclusion(filters) => filters,
        }
    }

    /// A mode and its filters. Filters with a plain mode, or an exclusion mode without filters, are refused as ECR does.
    pub fn new(mode: &str, filters: Vec<TagFilter>) -> Result<Self, Invalid> {
        if filters.len() > Self::MAX_FILTERS {
            return Err(Invalid::new(format!("at most {} tag filters are allowed", Self::MAX_FILTERS)));
        }
        match (mode, filters.is_empty()) {
            ("MUTABLE", true) => Ok(Self::Mutable),
            ("IMMUTABLE", true) => Ok(Self::Immutable),
            ("MUTABLE_WITH_EXCLUSION", false) => Ok(Self::MutableWithExclusion(filters)),
            ("IMMUTABLE_WITH_EXCLUSION", false) => Ok(Self::ImmutableWithExclusion(filters)),
            ("MUTABLE" | "IMMUTABLE", false) => Err(Invalid::new("exclusion filters need an exclusion mode")),
            ("MUTABLE_WITH_EXCLUSION" | "IMMUTABLE_WITH_EXCLUSION", true) => {
                Err(Invalid::new("an exclusion mode needs at least one filter"))
            }
            _ => Err(Invalid::new(format!("tag mutability '{}' is unknown", shown(mode)))),
        }
    }
}

/// A wildcard filter over whole tags: 1 to 128 of `[0-9a-zA-Z._*-]`, at most two `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagFilter(String);

impl TagFilter {
    /// The filter as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the whole of `tag` fits the filter; `*` stands for any run of characters.
    pub fn matches(&self, tag: &Tag) -> bool {
        let mut rest = tag.as_str();
        let mut pieces = self.0.split('*');
        let first = pieces.next().unwrap_or_default();
        let Some(after) = rest.strip_prefix(first) else {
            return false;
        };
        rest = after;
        let mut pieces: Vec<&str> = pieces.collect();
        let Some(last) = pieces.pop() else {
            return rest.is_empty(); // no wildcard at all
        };
        for piece in pieces {
            match rest.find(piece) {
                Some(at) => rest = &rest[at + piece.len()..],
                None => return false,
            }
        }
        rest.ends_with(last)
    }
}

impl FromStr for TagFilter {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let legal = (1..=128).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._*-".contains(&byte))
            && text.matches('*').count() <= 2;
        if legal {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new(format!(
                "tag filter '{}' must be 1 to 128 letters, digits, '.', '_', '-' and at most two '*'",
                shown(text)
            )))
        }
    }
}

impl fmt::Display for TagFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(text: &str) -> Tag {
        text.parse().unwrap()
    }

    #[test]
    fn filters_match_whole_tags() {
        for (filter, tags, others) in [
            ("latest", vec!["latest"], vec!["latest2", "xlatest", "late"]),
            ("dev-*", vec!["dev-", "dev-1"], vec!["dev", "xdev-1"]),
            ("*-rc", vec!["1-rc", "-rc-rc".trim_start_matches('-')], vec!["1-rc2"]),
            ("v*.*", vec!["v1.2", "v.", "v1.2.3"], vec!["v12", "1.2"]),
            ("*", vec!["a", "anything"], vec![]),
            ("a*a", vec!["aa", "aba"], vec!["a"]),
        ] {
            let filter: TagFilter = filter.parse().unwrap();
            for text in tags {
                assert!(filter.matches(&tag(text)), "{filter} should match {text}");
            }
            for text in others {
                assert!(!filter.matches(&tag(text)), "{filter} should not match {text}");
            }
        }
    }

    #[test]
    fn modes() {
        let filters = || vec!["dev-*".parse().unwrap()];
        assert!(TagMutability::Mutable.may_move(&tag("x")));
        assert!(!TagMutability::Immutable.may_move(&tag("x")));
        let mostly_fixed = TagMutability::new("IMMUTABLE_WITH_EXCLUSION", filters()).unwrap();
        assert!(mostly_fixed.may_move(&tag("dev-1")) && !mostly_fixed.may_move(&tag("v1")));
        let mostly_free = TagMutability::new("MUTABLE_WITH_EXCLUSION", filters()).unwrap();
        assert!(!mostly_free.may_move(&tag("dev-1")) && mostly_free.may_move(&tag("v1")));
        assert!(TagMutability::new("MUTABLE", filters()).is_err());
        assert!(TagMutability::new("IMMUTABLE_WITH_EXCLUSION", vec![]).is_err());
        assert!("a***".parse::<TagFilter>().is_err());
    }
}
