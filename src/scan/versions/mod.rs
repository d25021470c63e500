//! The order of versions, as each ecosystem has it. Every order is total: what is no version at all has a place too, so
//! that an odd text in an image or an advisory leads to an answer and not to a failure.

mod apk;
mod deb;
mod gem;
mod maven;
mod pep440;
mod rpm;
mod semver;

use std::cmp::Ordering;

/// How versions are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// As dpkg does.
    Deb,
    /// As apk does.
    Apk,
    /// As rpm does.
    Rpm,
    /// Semantic versioning, leniently.
    Semver,
    /// As Python does.
    Pep440,
    /// As RubyGems does.
    Gem,
    /// As Maven does.
    Maven,
}

impl Scheme {
    /// The order of an ecosystem of OSV, which may have a release behind a colon. None if it is not known here.
    pub fn of(ecosystem: &str) -> Option<Self> {
        Some(match ecosystem.split(':').next().unwrap_or_default() {
            "Debian" | "Ubuntu" => Self::Deb,
            "Alpine" | "Wolfi" | "Chainguard" | "Alpaquita" | "MinimOS" => Self::Apk,
            "Rocky Linux" | "AlmaLinux" | "openSUSE" | "SUSE" | "Red Hat" | "Mageia" | "Photon OS" | "Azure Linux"
            | "openEuler" => Self::Rpm,
            "npm" | "crates.io" | "Go" => Self::Semver,
            "PyPI" => Self::Pep440,
            "RubyGems" => Self::Gem,
            "Maven" => Self::Maven,
            _ => return None,
        })
    }

    /// Which of two versions is newer.
    pub fn compare(self, left: &str, right: &str) -> Ordering {
        match self {
            Self::Deb => deb::compare(left, right),
            Self::Apk => apk::compare(left, right),
            Self::Rpm => rpm::compare(left, right),
            Self::Semver => semver::compare(left, right),
            Self::Pep440 => pep440::compare(left, right),
            Self::Gem => gem::compare(left, right),
            Self::Maven => maven::compare(left, right),
        }
    }
}

/// Compares two runs of digits as numbers, however long they are.
fn digits(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// Splits the first characters that fulfil a condition from a text.
fn run(text: &str, of: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|character| !of(character)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SCHEMES: [Scheme; 7] =
        [Scheme::Deb, Scheme::Apk, Scheme::Rpm, Scheme::Semver, Scheme::Pep440, Scheme::Gem, Scheme::Maven];

    #[track_caller]
    pub(super) fn ascending(compare: fn(&str, &str) -> Ordering, versions: &[&str]) {
        for (at, left) in versions.iter().enumerate() {
            for (beside, right) in versions.iter().enumerate() {
                assert_eq!(compare(left, right), at.cmp(&beside), "{left} and {right}");
            }
        }
    }

    #[track_caller]
    pub(super) fn equal(compare: fn(&str, &str) -> Ordering, versions: &[&str]) {
        for left in versions {
            for right in versions {
                assert_eq!(compare(left, right), Ordering::Equal, "{left} and {right}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]
        /// Of pieces that versions are made of, so that many have much in common.
        #[test]
        fn every_order_is_total(
            left in r"(0|1|2|10|01|a|b|rc|alpha|sp|dev|post|final|_p|_rc|-r1|\.|-|\+|~|\^|:|!|v|_|é){0,7}",
            middle in r"(0|1|2|10|01|a|b|rc|alpha|sp|dev|post|final|_p|_rc|-r1|\.|-|\+|~|\^|:|!|v|_|é){0,7}",
            right in r"(0|1|2|10|01|a|b|rc|alpha|sp|dev|post|final|_p|_rc|-r1|\.|-|\+|~|\^|:|!|v|_|é){0,7}",
        ) {
            for scheme in SCHEMES {
                let of = |a: &str, b: &str| scheme.compare(a, b);
                prop_assert_eq!(of(&left, &left), Ordering::Equal);
                prop_assert_eq!(of(&left, &right), of(&right, &left).reverse());
                let mut sorted = [&left, &middle, &right];
                sorted.sort_by(|a, b| of(a, b));
                prop_assert!(of(sorted[0], sorted[1]) != Ordering::Greater);
                prop_assert!(of(sorted[1], sorted[2]) != Ordering::Greater);
                prop_assert!(of(sorted[0], sorted[2]) != Ordering::Greater, "{:?} {:?}", scheme, sorted);
                if of(sorted[0], sorted[1]).is_eq() && of(sorted[1], sorted[2]).is_eq() {
                    prop_assert!(of(sorted[0], sorted[2]).is_eq(), "{:?} {:?}", scheme, sorted);
                }
            }
        }
    }

    #[test]
    fn long_numbers_do_not_overflow() {
        let (small, large) = ("9".repeat(400), format!("1{}", "0".repeat(400)));
        for scheme in SCHEMES {
            assert_eq!(scheme.compare(&small, &large), Ordering::Less, "{scheme:?}");
        }
    }
}
