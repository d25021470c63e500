//! Checks of parameters, worded as Elastic Load Balancing words them.

use std::ops::RangeInclusive;

use aws::Violations;

use crate::arns::{Kind, is_name};
use crate::error::{Error, Result};

/// A name of a load balancer or target group.
pub(crate) fn name(kind: Kind, name: &str) -> Result<()> {
    let what = if kind == Kind::TargetGroup { "Target group name" } else { "The load balancer name" };
    let shown: String = name.chars().filter(|character| !character.is_control()).take(64).collect();
    let refused = |why: &str| Err(Error::Validation(format!("{what} '{shown}' {why}")));
    if name.is_empty() {
        return refused("cannot be empty");
    }
    if name.chars().count() > 32 {
        return refused("cannot be longer than '32' characters");
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return refused("can only contain characters that are alphanumeric characters or hyphens(-)");
    }
    if !is_name(name) {
        return refused("cannot begin or end with a hyphen(-)");
    }
    if kind == Kind::LoadBalancer && name.starts_with("internal-") {
        return refused("cannot begin with 'internal-'");
    }
    Ok(())
}

/// A number within a range. `member` in lower camel case.
pub(crate) fn range(member: &str, value: Option<i64>, range: RangeInclusive<i64>) -> Result<()> {
    match value {
        Some(value) => Ok(Violations::new().range(member, value, range).finish()?),
        None => Ok(()),
    }
}

/// A text that is one of a set.
pub(crate) fn one_of(member: &str, value: &str, set: &[&str]) -> Result<()> {
    Ok(Violations::new().one_of(member, value, set).finish()?)
}

/// A text of a length.
pub(crate) fn length(member: &str, value: &str, range: RangeInclusive<usize>) -> Result<()> {
    Ok(Violations::new().length(member, value, range).finish()?)
}

/// A port.
pub(crate) fn port(member: &str, value: i64) -> Result<u16> {
    range(member, Some(value), 1..=65535)?;
    u16::try_from(value).map_err(|_| Error::Validation(format!("Port '{value}' is not valid")))
}
