//! Reads single settings into their types. Each function notes a fault under the setting's environment name, which says
//! the same to everyone wherever the value came from, and returns `None`.

use std::{fmt, ops::RangeInclusive, time::Duration};

use super::{duration, problems::Problems, size, sources::Sources};

/// Notes a fault of the setting `key`.
pub(crate) fn fault(key: &str, fault: impl fmt::Display, problems: &mut Problems) {
    problems.add(&format!("WHARF_{}", key.to_ascii_uppercase()), fault);
}

/// Reads a setting with `parse`, which says what is wrong with a text.
pub(crate) fn read<T, E: fmt::Display>(
    sources: &Sources,
    key: &str,
    problems: &mut Problems,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Option<T> {
    parse(sources.text(key)).map_err(|error| fault(key, error, problems)).ok()
}

/// Reads a setting that may be unset.
pub(crate) fn optional<T, E: fmt::Display>(
    sources: &Sources,
    key: &str,
    problems: &mut Problems,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Option<Option<T>> {
    match sources.given(key).map(parse).transpose() {
        Ok(value) => Some(value),
        Err(error) => {
            fault(key, error, problems);
            None
        }
    }
}

/// Reads a switch.
pub(crate) fn switch(sources: &Sources, key: &str, problems: &mut Problems) -> Option<bool> {
    read(sources, key, problems, |text| match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(format!("'{text}' is neither true nor false")),
    })
}

/// Reads one of a few words.
pub(crate) fn word<T: Copy>(sources: &Sources, key: &str, problems: &mut Problems, words: [(&str, T); 2]) -> Option<T> {
    read(sources, key, problems, |text| {
        let found = words.iter().find(|(word, _)| text.eq_ignore_ascii_case(word)).map(|(_, value)| *value);
        found.ok_or_else(|| format!("'{text}' is neither {} nor {}", words[0].0, words[1].0))
    })
}

/// Reads a whole number within limits.
pub(crate) fn number(sources: &Sources, key: &str, problems: &mut Problems, range: RangeInclusive<u32>) -> Option<u32> {
    read(sources, key, problems, |text| match text.parse::<u32>() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!("'{text}' is not a number from {} to {}", range.start(), range.end())),
    })
}

/// Reads a size in bytes within limits; `limits` says them in words.
pub(crate) fn bytes(
    sources: &Sources,
    key: &str,
    problems: &mut Problems,
    range: RangeInclusive<u64>,
    limits: &str,
) -> Option<u64> {
    read(sources, key, problems, |text| match size::parse(text)? {
        bytes if range.contains(&bytes) => Ok(bytes),
        _ => Err(format!("'{text}' is not {limits}")),
    })
}

/// Reads a duration within limits; `limits` says them in words.
pub(crate) fn time(
    sources: &Sources,
    key: &str,
    problems: &mut Problems,
    range: RangeInclusive<Duration>,
    limits: &str,
) -> Option<Duration> {
    read(sources, key, problems, |text| match duration::parse(text)? {
        time if range.contains(&time) => Ok(time),
        _ => Err(format!("'{text}' is not {limits}")),
    })
}

/// Reads two settings of which one is useless without the other.
pub(crate) fn pair<'a>(
    sources: &'a Sources,
    first: &str,
    second: &str,
    problems: &mut Problems,
) -> Option<(&'a str, &'a str)> {
    let missing = |missing: &str, present: &str, problems: &mut Problems| {
        fault(missing, format_args!("must be set too when WHARF_{} is", present.to_ascii_uppercase()), problems);
        None
    };
    match (sources.given(first), sources.given(second)) {
        (Some(a), Some(b)) => Some((a, b)),
        (None, None) => None,
        (Some(_), None) => missing(second, first, problems),
        (None, Some(_)) => missing(first, second, problems),
    }
}
