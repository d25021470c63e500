//! Versions of Alpine's packages: `1.2.3a_rc1-r4` (apk-tools, version.c).

use std::cmp::Ordering;

use super::{digits, run};

/// A piece of a version. Where two versions have different ones, the kinds decide, in this order.
enum Piece<'v> {
    /// `_alpha`, `_beta`, `_pre`, `_rc`: what comes before the release.
    Before(u8, &'v str),
    End,
    Revision(&'v str),
    /// `_cvs`, `_svn`, `_git`, `_hg`, `_p`: what comes behind it.
    Behind(u8, &'v str),
    /// What apk does not know, by its text.
    Unknown(&'v str),
    Letter(char),
    Number(&'v str),
}

impl Piece<'_> {
    fn kind(&self) -> u8 {
        match self {
            Self::Before(..) => 0,
            Self::End => 1,
            Self::Revision(_) => 2,
            Self::Behind(..) => 3,
            Self::Unknown(_) => 4,
            Self::Letter(_) => 5,
            Self::Number(_) => 6,
        }
    }
}

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (pieces(left), pieces(right));
    for (at, (left, right)) in left.iter().zip(&right).enumerate() {
        let order = left.kind().cmp(&right.kind()).then_with(|| match (left, right) {
            (Piece::Before(left, left_number), Piece::Before(right, right_number))
            | (Piece::Behind(left, left_number), Piece::Behind(right, right_number)) => {
                left.cmp(right).then_with(|| digits(left_number, right_number))
            }
            (Piece::Revision(left), Piece::Revision(right)) => digits(left, right),
            (Piece::Unknown(left), Piece::Unknown(right)) => left.cmp(right),
            (Piece::Letter(left), Piece::Letter(right)) => left.cmp(right),
            // Behind a point a number that begins with 0 is a fraction.
            (Piece::Number(left), Piece::Number(right))
                if at > 0 && (left.starts_with('0') || right.starts_with('0')) =>
            {
                left.cmp(right)
            }
            (Piece::Number(left), Piece::Number(right)) => digits(left, right),
            _ => Ordering::Equal,
        });
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

fn pieces(version: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = version;
    let digit = |character: char| character.is_ascii_digit();
    let (number, behind) = run(rest, digit);
    if !number.is_empty() {
        pieces.push(Piece::Number(number));
        rest = behind;
        while let Some((number, behind)) =
            rest.strip_prefix('.').map(|rest| run(rest, digit)).filter(|it| !it.0.is_empty())
        {
            pieces.push(Piece::Number(number));
            rest = behind;
        }
        if let Some(letter) = rest.chars().next().filter(char::is_ascii_lowercase) {
            pieces.push(Piece::Letter(letter));
            rest = &rest[1..];
        }
    }
    while let Some(suffix) = rest.strip_prefix('_') {
        let (name, behind) = run(suffix, |character| character.is_ascii_lowercase());
        let (number, behind) = run(behind, digit);
        pieces.push(match name {
            "alpha" => Piece::Before(0, number),
            "beta" => Piece::Before(1, number),
            "pre" => Piece::Before(2, number),
            "rc" => Piece::Before(3, number),
            "cvs" => Piece::Behind(0, number),
            "svn" => Piece::Behind(1, number),
            "git" => Piece::Behind(2, number),
            "hg" => Piece::Behind(3, number),
            "p" => Piece::Behind(4, number),
            _ => break,
        });
        rest = behind;
    }
    // The hash of a commit orders nothing.
    if let Some(hash) = rest.strip_prefix('~') {
        rest = run(hash, |character| character.is_ascii_hexdigit()).1;
    }
    if let Some((revision, "")) = rest.strip_prefix("-r").map(|rest| run(rest, digit)) {
        pieces.push(Piece::Revision(revision));
    } else if !rest.is_empty() {
        pieces.push(Piece::Unknown(rest));
    }
    pieces.push(Piece::End);
    pieces
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ascending, equal};
    use super::*;

    #[test]
    fn versions_are_ordered_as_apk_orders_them() {
        ascending(
            compare,
            &[
                "1.0",
                "1.1_alpha2",
                "1.1_rc1",
                "1.1_rc1-r1",
                "1.1",
                "1.1-r0",
                "1.1-r2",
                "1.1-r10",
                "1.1_git20240101",
                "1.1_p1",
                "1.1_p1-r1",
                "1.1a",
                "1.1b",
                "1.1.05",
                "1.1.1",
                "1.1.10",
                "1.2.4-r1",
                "1.2.4-r2",
                "2",
            ],
        );
        equal(compare, &["1.0-r1", "1.0~abcdef-r1", "1.0-r01"]);
    }
}
