//! Versions of Debian's packages: `[epoch:]upstream[-revision]` (deb-version(7)).

use std::cmp::Ordering;

use super::{digits, run};

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let ((left_epoch, left), (right_epoch, right)) = (epoch(left), epoch(right));
    let ((left, left_revision), (right, right_revision)) = (revision(left), revision(right));
    digits(left_epoch, right_epoch).then_with(|| part(left, right)).then_with(|| part(left_revision, right_revision))
}

fn epoch(version: &str) -> (&str, &str) {
    match version.split_once(':') {
        Some((epoch, rest)) if epoch.bytes().all(|byte| byte.is_ascii_digit()) => (epoch, rest),
        _ => ("", version),
    }
}

fn revision(version: &str) -> (&str, &str) {
    version.rsplit_once('-').unwrap_or((version, ""))
}

/// Runs of other characters and runs of digits by turns.
fn part(mut left: &str, mut right: &str) -> Ordering {
    while !left.is_empty() || !right.is_empty() {
        let (left_text, left_rest) = run(left, |character| !character.is_ascii_digit());
        let (right_text, right_rest) = run(right, |character| !character.is_ascii_digit());
        // The end of a text weighs as much as a digit: more than a tilde, less than everything else.
        let weights = |text: &str| text.chars().map(weight).chain([(1, '\0')]).collect::<Vec<_>>();
        let (left_number, left_rest) = run(left_rest, |character| character.is_ascii_digit());
        let (right_number, right_rest) = run(right_rest, |character| character.is_ascii_digit());
        let order = weights(left_text).cmp(&weights(right_text)).then_with(|| digits(left_number, right_number));
        if order.is_ne() {
            return order;
        }
        (left, right) = (left_rest, right_rest);
    }
    Ordering::Equal
}

/// Tildes, then the end, then letters, then all other characters.
fn weight(character: char) -> (u8, char) {
    match character {
        '~' => (0, character),
        _ if character.is_ascii_alphabetic() => (2, character),
        _ => (3, character),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ascending, equal};
    use super::*;

    #[test]
    fn versions_are_ordered_as_dpkg_orders_them() {
        ascending(
            compare,
            &[
                "0~~",
                "0~~a",
                "0~",
                "0",
                "0a",
                "1.0~rc1-1",
                "1.0-1",
                "1.0-1+deb12u1",
                "1.0-1.1",
                "1.0a-1",
                "1.0+b-1",
                "1.2-1",
                "1.10-1",
                "3.0.11-1~deb12u1",
                "3.0.11-1~deb12u2",
                "3.0.11-1",
                "1:0.1",
                "2:0",
            ],
        );
        equal(compare, &["1.0", "0:1.0", "1.00", "1.0-", "1.0-0"]);
    }
}
