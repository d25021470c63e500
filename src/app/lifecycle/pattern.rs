//! Patterns of `tagPatternList`: whole tags, with `*` for any run of characters.

use super::policy::PolicyFault;

/// A pattern, cut at its wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagPattern {
    /// What a tag begins with.
    first: String,
    /// What comes between, in this order.
    middle: Vec<String>,
    /// What it ends with; `None` if the pattern has no wildcard and `first` is all of it.
    last: Option<String>,
}

/// The most wildcards in a pattern.
const MAX_WILDCARDS: usize = 4;

impl TagPattern {
    pub(super) fn parse(text: &str) -> Result<Self, PolicyFault> {
        if text.matches('*').count() > MAX_WILDCARDS {
            return Err(PolicyFault::new("tagPatternList entries can have at most 4 wildcards (*)"));
        }
        let mut pieces = text.split('*').map(str::to_owned);
        let first = pieces.next().unwrap_or_default();
        let mut middle: Vec<String> = pieces.collect();
        let last = middle.pop();
        Ok(Self { first, middle, last })
    }

    /// Whether the whole of a tag fits.
    pub fn matches(&self, tag: &str) -> bool {
        let Some(last) = &self.last else {
            return tag == self.first;
        };
        let Some(mut rest) = tag.strip_prefix(self.first.as_str()) else {
            return false;
        };
        for piece in &self.middle {
            match rest.find(piece.as_str()) {
                Some(at) => rest = &rest[at + piece.len()..],
                None => return false,
            }
        }
        rest.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_tags() {
        for (pattern, fitting, others) in [
            ("prod", vec!["prod"], vec!["prod1", "xprod", "pro"]),
            ("prod*", vec!["prod", "prod-1"], vec!["xprod", "pro"]),
            ("*-rc", vec!["-rc", "1-rc", "1-rc-rc"], vec!["1-rc2"]),
            ("a*b*c", vec!["abc", "axxbyyc", "abcbc"], vec!["ab", "acb", "abcx"]),
            ("*a*b*c*", vec!["abc", "xaxbxcx"], vec!["cba", "ab"]),
            ("**", vec!["", "x"], vec![]),
            ("a*a", vec!["aa", "aba"], vec!["a"]),
        ] {
            let parsed = TagPattern::parse(pattern).unwrap();
            for tag in fitting {
                assert!(parsed.matches(tag), "{pattern} should match {tag}");
            }
            for tag in others {
                assert!(!parsed.matches(tag), "{pattern} should not match {tag}");
            }
        }
        assert!(TagPattern::parse("*****").is_err());
    }
}
