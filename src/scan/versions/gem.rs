//! Versions of gems (rubygems, Gem::Version).

use std::cmp::Ordering;

use super::{digits, run};

#[derive(PartialEq, Eq)]
enum Segment<'v> {
    Text(&'v str),
    Number(&'v str),
}

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (segments(left), segments(right));
    for at in 0..left.len().max(right.len()) {
        // What is not there is 0.
        let order = match (left.get(at).unwrap_or(&Segment::Number("")), right.get(at).unwrap_or(&Segment::Number("")))
        {
            (Segment::Text(left), Segment::Text(right)) => left.cmp(right),
            (Segment::Text(_), Segment::Number(_)) => Ordering::Less,
            (Segment::Number(_), Segment::Text(_)) => Ordering::Greater,
            (Segment::Number(left), Segment::Number(right)) => digits(left, right),
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// Numbers and words, without zeros before the first word and at the end.
fn segments(mut version: &str) -> Vec<Segment<'_>> {
    let mut segments = Vec::new();
    let trim = |segments: &mut Vec<Segment<'_>>| {
        while matches!(segments.last(), Some(Segment::Number(number)) if number.bytes().all(|byte| byte == b'0')) {
            segments.pop();
        }
    };
    let mut words = false;
    while let Some(first) = version.chars().next() {
        if first.is_ascii_digit() {
            let (number, rest) = run(version, |character| character.is_ascii_digit());
            segments.push(Segment::Number(number));
            version = rest;
            continue;
        }
        let word = if first == '-' {
            version = &version[1..];
            "pre"
        } else if first.is_ascii_alphabetic() {
            let (word, rest) = run(version, |character| character.is_ascii_alphabetic());
            version = rest;
            word
        } else {
            version = &version[first.len_utf8()..];
            continue;
        };
        if !words {
            trim(&mut segments);
            words = true;
        }
        segments.push(Segment::Text(word));
    }
    trim(&mut segments);
    segments
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ascending, equal};
    use super::*;

    #[test]
    fn versions_are_ordered_as_rubygems_orders_them() {
        ascending(
            compare,
            &[
                "0.9",
                "1.0.a",
                "1.0.a1",
                "1.0.b",
                "1.0-1",
                "1.0.rc1",
                "1.0",
                "1.0.1",
                "1.2.0.pre1",
                "1.2",
                "1.10",
                "2.0.0",
            ],
        );
        equal(compare, &["1", "1.0", "1.0.0"]);
        equal(compare, &["1.0.a", "1.a"]);
    }
}
