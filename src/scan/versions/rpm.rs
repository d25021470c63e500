//! Versions of RPM packages: `[epoch:]version[-release]`, each part by rpmvercmp (rpm, rpmvercmp.c).

use std::cmp::Ordering;

use super::{digits, run};

/// A piece of a version. Where two versions have different ones, the kinds decide, in this order.
enum Piece<'v> {
    Tilde,
    End,
    Caret,
    Text(&'v str),
    Number(&'v str),
}

impl Piece<'_> {
    fn kind(&self) -> u8 {
        match self {
            Self::Tilde => 0,
            Self::End => 1,
            Self::Caret => 2,
            Self::Text(_) => 3,
            Self::Number(_) => 4,
        }
    }
}

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let ((left_epoch, left), (right_epoch, right)) = (epoch(left), epoch(right));
    let ((left, left_release), (right, right_release)) = (release(left), release(right));
    digits(left_epoch, right_epoch).then_with(|| part(left, right)).then_with(|| part(left_release, right_release))
}

fn epoch(version: &str) -> (&str, &str) {
    match version.split_once(':') {
        Some((epoch, rest)) if epoch.bytes().all(|byte| byte.is_ascii_digit()) => (epoch, rest),
        _ => ("", version),
    }
}

fn release(version: &str) -> (&str, &str) {
    version.rsplit_once('-').unwrap_or((version, ""))
}

fn part(left: &str, right: &str) -> Ordering {
    for (left, right) in pieces(left).iter().zip(&pieces(right)) {
        let order = left.kind().cmp(&right.kind()).then_with(|| match (left, right) {
            (Piece::Text(left), Piece::Text(right)) => left.cmp(right),
            (Piece::Number(left), Piece::Number(right)) => digits(left, right),
            _ => Ordering::Equal,
        });
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

fn pieces(mut text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    while let Some(first) = text.chars().next() {
        text = match first {
            '~' => {
                pieces.push(Piece::Tilde);
                &text[1..]
            }
            '^' => {
                pieces.push(Piece::Caret);
                &text[1..]
            }
            _ if first.is_ascii_digit() => {
                let (number, rest) = run(text, |character| character.is_ascii_digit());
                pieces.push(Piece::Number(number));
                rest
            }
            _ if first.is_ascii_alphabetic() => {
                let (word, rest) = run(text, |character| character.is_ascii_alphabetic());
                pieces.push(Piece::Text(word));
                rest
            }
            // Everything else only parts.
            _ => &text[first.len_utf8()..],
        };
    }
    pieces.push(Piece::End);
    pieces
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ascending, equal};
    use super::*;

    #[test]
    fn versions_are_ordered_as_rpm_orders_them() {
        ascending(
            compare,
            &[
                "1.0~rc1-1",
                "1.0",
                "1.0-1.el9",
                "1.0-1.el9_2",
                "1.0-10.el9",
                "1.0^git1-1",
                "1.0a-1",
                "1.0.1-1",
                "1.2-1",
                "1.10-1",
                "1:0.5-1",
                "2:0.1-1",
            ],
        );
        equal(compare, &["1.0-1", "0:1.0-1", "1_0-1", "1.00-01"]);
    }
}
