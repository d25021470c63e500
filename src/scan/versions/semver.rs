//! Semantic versions (semver.org, clause 11), leniently: with a `v` in front, with any number of numbers.

use std::cmp::Ordering;

use super::digits;

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let ((left, left_pre), (right, right_pre)) = (split(left), split(right));
    numbers(left, right).then_with(|| match (left_pre, right_pre) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(left), Some(right)) => pre_release(left, right),
    })
}

/// The numbers, and the pre-release if there is one. What was built from it orders nothing.
fn split(version: &str) -> (&str, Option<&str>) {
    let version = version.trim_start_matches(['v', '=', ' ']);
    let version = version.split('+').next().unwrap_or_default();
    version.split_once('-').map_or((version, None), |(numbers, pre)| (numbers, Some(pre)))
}

fn numbers(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let (left, right) = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (left, right) => (left.unwrap_or_default(), right.unwrap_or_default()),
        };
        let order = identifier(left, right);
        if order.is_ne() {
            return order;
        }
    }
}

fn pre_release(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(left), Some(right)) => identifier(left, right),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Numbers come before words. None at all is 0.
fn identifier(left: &str, right: &str) -> Ordering {
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match (number(left), number(right)) {
        (true, true) => digits(left, right),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => left.cmp(right),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ascending, equal};
    use super::*;

    #[test]
    fn versions_are_ordered_as_the_specification_says() {
        ascending(
            compare,
            &[
                "0",
                "0.9.0",
                "1.0.0-alpha",
                "1.0.0-alpha.1",
                "1.0.0-alpha.beta",
                "1.0.0-beta",
                "1.0.0-beta.2",
                "1.0.0-beta.11",
                "1.0.0-rc.1",
                "1.0.0",
                "1.0.1-0.20200101000000-abcdef",
                "1.0.1",
                "1.2.0",
                "1.10.0",
                "2",
            ],
        );
        equal(compare, &["1.2.0", "v1.2.0", "1.2", "1.2.0+build", "1.2.0+incompatible"]);
    }
}
