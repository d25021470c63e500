//! Checks of members, refused in the words of ECR. botocore sends patterns and enums unchecked.

use std::ops::RangeInclusive;

use types::{AccountId, RepoName};

use crate::{Error, Result};

/// The refusal of a member.
pub(super) fn invalid(parameter: &'static str, constraint: impl Into<String>) -> Error {
    Error::InvalidParameter { parameter, constraint: constraint.into() }
}

/// The length of a text in characters.
pub(super) fn length(member: &'static str, text: &str, range: RangeInclusive<usize>) -> Result<()> {
    between(member, text.chars().count(), range)
}

/// The number of entries of a list.
pub(super) fn entries<T>(member: &'static str, list: &[T], range: RangeInclusive<usize>) -> Result<()> {
    between(member, list.len(), range)
}

fn between(member: &'static str, actual: usize, range: RangeInclusive<usize>) -> Result<()> {
    if actual < *range.start() {
        return Err(invalid(member, format!("must have length greater than or equal to {}", range.start())));
    }
    if actual > *range.end() {
        return Err(invalid(member, format!("must have length less than or equal to {}", range.end())));
    }
    Ok(())
}

/// A word of an enumeration.
pub(super) fn one_of(member: &'static str, word: &str, words: &[&str]) -> Result<()> {
    if words.contains(&word) {
        return Ok(());
    }
    Err(invalid(member, format!("must satisfy enum value set: [{}]", words.join(", "))))
}

/// A text that fits a regular expression, which `fits` knows and `expression` is how ECR prints it.
pub(super) fn pattern(member: &'static str, fits: bool, expression: &str) -> Result<()> {
    if fits { Ok(()) } else { Err(invalid(member, format!("must satisfy regular expression '{expression}'"))) }
}

/// The prefix that stands for all repositories that no other prefix fits.
pub(super) const ROOT: &str = "ROOT";

/// A prefix of names of repositories, with or without the slash at its end; or [`ROOT`].
pub(super) fn is_prefix(text: &str) -> bool {
    text == ROOT || text.strip_suffix('/').unwrap_or(text).parse::<RepoName>().is_ok()
}

/// How ECR prints [`is_prefix`].
pub(super) const PREFIX: &str = r"^([a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*\/?|ROOT)$";

/// The parts of an ARN, `arn:<partition>:<service>:<region>:<account>:<resource>`.
pub(super) struct ArnParts<'t> {
    pub(super) service: &'t str,
    pub(super) region: &'t str,
    pub(super) account: &'t str,
    pub(super) resource: &'t str,
}

/// Reads an ARN of a partition of AWS.
pub(super) fn arn(text: &str) -> Option<ArnParts<'_>> {
    let mut parts = text.splitn(6, ':');
    let mut next = || parts.next();
    if next()? != "arn" {
        return None;
    }
    let partition = next()?;
    let word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let legal = match partition.strip_prefix("aws") {
        Some("") => true,
        Some(rest) => rest.starts_with('-') && rest[1..].split('-').all(word),
        None => false,
    };
    legal.then_some(())?;
    Some(ArnParts { service: next()?, region: next()?, account: next()?, resource: next()? })
}

/// Twelve digits.
pub(super) fn is_account(text: &str) -> bool {
    text.parse::<AccountId>().is_ok()
}

/// `[a-z0-9-]+`
pub(super) fn is_region(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes() {
        for text in ["ROOT", "a", "prod", "prod/", "a/b__c", "a/b/"] {
            assert!(is_prefix(text), "{text}");
        }
        for text in ["", "/", "root/", "Root", "prod//", "/prod", "prod*", "ROOT/"] {
            assert_eq!(is_prefix(text), text == "root/", "{text}");
        }
    }

    #[test]
    fn arns() {
        let parts = arn("arn:aws-us-gov:iam::000000000000:role/a:b").unwrap();
        assert_eq!((parts.service, parts.region, parts.account), ("iam", "", "000000000000"));
        assert_eq!(parts.resource, "role/a:b");
        for text in
            ["", "arn", "arn:aws:iam", "aws:aws:iam::1:x", "arn:gcp:iam::1:x", "arn:aws-:iam::1:x", "arn:awsx:i::1:x"]
        {
            assert!(arn(text).is_none(), "{text}");
        }
    }
}
