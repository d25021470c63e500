//! Versions of Maven's artifacts (Maven's "POM Reference", Version Order Specification; ComparableVersion).

use std::cmp::Ordering;

use super::{digits, run};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token<'v> {
    Qualifier(u8, &'v str),
    /// Behind a hyphen, or where letters end.
    Hyphen(&'v str),
    /// Behind a point.
    Point(&'v str),
}

/// The release itself among qualifiers.
const RELEASE: Token<'_> = Token::Qualifier(5, "");

impl Token<'_> {
    fn kind(self) -> u8 {
        match self {
            Self::Qualifier(..) => 0,
            Self::Hyphen(_) => 1,
            Self::Point(_) => 2,
        }
    }

    fn is_null(self) -> bool {
        match self {
            Self::Qualifier(rank, _) => rank == 5,
            Self::Hyphen(number) | Self::Point(number) => number.bytes().all(|byte| byte == b'0'),
        }
    }

    fn compare(self, other: Self) -> Ordering {
        self.kind().cmp(&other.kind()).then_with(|| match (self, other) {
            (Self::Qualifier(left, left_text), Self::Qualifier(right, right_text)) => {
                left.cmp(&right).then_with(|| left_text.cmp(right_text))
            }
            (Self::Hyphen(left), Self::Hyphen(right)) | (Self::Point(left), Self::Point(right)) => digits(left, right),
            _ => Ordering::Equal,
        })
    }
}

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.to_ascii_lowercase(), right.to_ascii_lowercase());
    let (left, right) = (tokens(&left), tokens(&right));
    // What a version lacks has no weight beside what the other has there.
    let null = |beside: Option<&Token<'_>>| match beside {
        Some(Token::Point(_)) => Token::Point(""),
        _ => RELEASE,
    };
    for at in 0..left.len().max(right.len()) {
        let (left, right) = (left.get(at), right.get(at));
        let order = left.copied().unwrap_or(null(right)).compare(right.copied().unwrap_or(null(left)));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

fn tokens(version: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut rest = version;
    let mut point = true;
    while !rest.is_empty() {
        if let Some(number) = Some(run(rest, |character| character.is_ascii_digit())).filter(|it| !it.0.is_empty()) {
            if !point {
                trim(&mut tokens);
            }
            tokens.push(if point { Token::Point(number.0) } else { Token::Hyphen(number.0) });
            rest = number.1;
        } else {
            let (word, behind) =
                run(rest, |character| !character.is_ascii_digit() && !matches!(character, '.' | '-' | '_'));
            if !word.is_empty() {
                trim(&mut tokens);
                tokens.push(qualifier(word, behind.starts_with(|next: char| next.is_ascii_digit())));
            }
            rest = behind;
        }
        // A change from digits to letters or back counts as a hyphen.
        point = rest.starts_with('.');
        if rest.starts_with(['.', '-', '_']) {
            rest = &rest[1..];
        }
    }
    trim(&mut tokens);
    tokens
}

fn trim(tokens: &mut Vec<Token<'_>>) {
    while tokens.last().is_some_and(|token| token.is_null()) {
        tokens.pop();
    }
}

fn qualifier(word: &str, before_number: bool) -> Token<'_> {
    let rank = match word {
        "alpha" => 0,
        "a" if before_number => 0,
        "beta" => 1,
        "b" if before_number => 1,
        "milestone" => 2,
        "m" if before_number => 2,
        "rc" | "cr" => 3,
        "snapshot" => 4,
        "final" | "ga" | "release" => 5,
        "sp" => 6,
        _ => return Token::Qualifier(7, word),
    };
    Token::Qualifier(rank, "")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ascending, equal};
    use super::*;

    #[test]
    fn versions_are_ordered_as_maven_orders_them() {
        ascending(
            compare,
            &[
                "1-alpha",
                "1-alpha2",
                "1-alpha-10",
                "1-beta",
                "1-milestone",
                "1-rc",
                "1-SNAPSHOT",
                "1",
                "1-sp",
                "1-abc",
                "1-xyz",
                "1-1",
                "1.0.1",
                "1.1",
                "1.2.0-jre",
                "1.2.1",
                "1.10",
                "2.0-rc1",
                "2.0",
                "2.14.1",
                "2.17.0",
            ],
        );
        equal(compare, &["1", "1.0", "1.0.0", "1-ga", "1.final", "1-0", "1.0.RELEASE"]);
        equal(compare, &["1-a1", "1-alpha-1", "1.0.alpha1", "1alpha1"]);
    }
}
