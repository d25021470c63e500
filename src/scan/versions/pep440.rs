//! Versions of Python packages (PEP 440, as packaging's `version.py` orders them). What is none of these comes before all.

use std::cmp::Ordering;

use super::{digits, run};

struct Version<'v> {
    epoch: &'v str,
    release: Vec<&'v str>,
    /// `a`, `b` or `rc`, with its number.
    pre: Option<(u8, &'v str)>,
    post: Option<&'v str>,
    dev: Option<&'v str>,
    local: Option<&'v str>,
}

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.trim().to_ascii_lowercase(), right.trim().to_ascii_lowercase());
    match (parse(&left), parse(&right)) {
        (None, None) => left.cmp(&right),
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(left), Some(right)) => order(&left, &right),
    }
}

fn order(left: &Version<'_>, right: &Version<'_>) -> Ordering {
    let release = || {
        let all = left.release.len().max(right.release.len());
        (0..all)
            .map(|at| digits(left.release.get(at).unwrap_or(&""), right.release.get(at).unwrap_or(&"")))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    };
    digits(left.epoch, right.epoch)
        .then_with(release)
        .then_with(|| stage(left).cmp(&stage(right)))
        .then_with(|| digits(left.pre.map_or("", |pre| pre.1), right.pre.map_or("", |pre| pre.1)))
        .then_with(|| optional(left.post, right.post))
        // Development comes before what it leads to.
        .then_with(|| match (left.dev, right.dev) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(left), Some(right)) => digits(left, right),
        })
        .then_with(|| local(left.local, right.local))
}

/// Development of a release, its pre-releases, the release.
fn stage(version: &Version<'_>) -> u8 {
    match version.pre {
        Some((kind, _)) => kind + 1,
        None if version.post.is_none() && version.dev.is_some() => 0,
        None => 4,
    }
}

fn optional(left: Option<&str>, right: Option<&str>) -> Ordering {
    left.is_some().cmp(&right.is_some()).then_with(|| digits(left.unwrap_or_default(), right.unwrap_or_default()))
}

fn local(left: Option<&str>, right: Option<&str>) -> Ordering {
    let (Some(left), Some(right)) = (left, right) else {
        return left.is_some().cmp(&right.is_some());
    };
    let (mut left, mut right) = (left.split(['.', '-', '_']), right.split(['.', '-', '_']));
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(left), Some(right)) => match (number(left), number(right)) {
                (true, true) => digits(left, right),
                (false, false) => left.cmp(right),
                (left, right) => left.cmp(&right),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn parse(text: &str) -> Option<Version<'_>> {
    let digit = |character: char| character.is_ascii_digit();
    let rest = text.strip_prefix('v').unwrap_or(text);
    let (rest, local) = rest.split_once('+').map_or((rest, None), |(rest, local)| (rest, Some(local)));
    let (epoch, rest) = rest.split_once('!').unwrap_or(("", rest));
    if !epoch.chars().all(digit) {
        return None;
    }
    let (first, mut rest) = run(rest, digit);
    if first.is_empty() {
        return None;
    }
    let mut version = Version { epoch, release: vec![first], pre: None, post: None, dev: None, local };
    while let Some((number, behind)) = rest.strip_prefix('.').map(|rest| run(rest, digit)).filter(|it| !it.0.is_empty())
    {
        version.release.push(number);
        rest = behind;
    }
    // Each at most once, and in this order; with or without something between.
    let separator = |text: &'_ str| text.starts_with(['.', '-', '_']);
    let word = |rest: &'_ str| -> (usize, usize) {
        let start = usize::from(separator(rest));
        (start, start + run(&rest[start..], |character| character.is_ascii_lowercase()).0.len())
    };
    let (start, end) = word(rest);
    let kind = match &rest[start..end] {
        "a" | "alpha" => Some(0),
        "b" | "beta" => Some(1),
        "rc" | "c" | "pre" | "preview" => Some(2),
        _ => None,
    };
    if let Some(kind) = kind {
        let (number, behind) = trailing_number(&rest[end..]);
        version.pre = Some((kind, number));
        rest = behind;
    }
    let (start, end) = word(rest);
    if matches!(&rest[start..end], "post" | "rev" | "r") {
        let (number, behind) = trailing_number(&rest[end..]);
        version.post = Some(number);
        rest = behind;
    } else if let Some((number, behind)) =
        rest.strip_prefix('-').map(|rest| run(rest, digit)).filter(|it| !it.0.is_empty())
    {
        version.post = Some(number);
        rest = behind;
    }
    let (start, end) = word(rest);
    if &rest[start..end] == "dev" {
        let (number, behind) = trailing_number(&rest[end..]);
        version.dev = Some(number);
        rest = behind;
    }
    rest.is_empty().then_some(version)
}

fn trailing_number(text: &str) -> (&str, &str) {
    let digit = |character: char| character.is_ascii_digit();
    let (number, rest) = run(text, digit);
    if number.is_empty()
        && let Some((number, rest)) =
            text.strip_prefix(['.', '-', '_']).map(|rest| run(rest, digit)).filter(|it| !it.0.is_empty())
    {
        return (number, rest);
    }
    (number, rest)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ascending, equal};
    use super::*;

    #[test]
    fn versions_are_ordered_as_python_orders_them() {
        ascending(
            compare,
            &[
                "no version",
                "1.0.dev456",
                "1.0a1",
                "1.0a2.dev456",
                "1.0a12.dev456",
                "1.0a12",
                "1.0b1.dev456",
                "1.0b2",
                "1.0b2.post345.dev456",
                "1.0b2.post345",
                "1.0rc1.dev456",
                "1.0rc1",
                "1.0",
                "1.0+abc.5",
                "1.0+abc.7",
                "1.0+5",
                "1.0.post456.dev34",
                "1.0.post456",
                "1.1.dev1",
                "1.1",
                "1.10",
                "1!0.1",
            ],
        );
        equal(compare, &["1.0", "v1.0.0", "1", "0!1.0"]);
        equal(compare, &["1.0rc1", "1.0-RC.1", "1.0c1", "1.0.preview1"]);
        equal(compare, &["1.0.post1", "1.0-1", "1.0rev1"]);
    }
}
