//! Names of groups and streams, and what a call about them needs.

use app::api::Call;
use aws::{Fault, Need, Resource, Violations};
use types::{Arn, RegistryId};

use crate::error::Error;
use crate::failures;

const GROUP_PATTERN: &str = "[\\.\\-_/#A-Za-z0-9]+";
const STREAM_PATTERN: &str = "[^:*]*";
/// The most characters of a name.
const LENGTH: usize = 512;

/// The end of every range of names that has none.
pub(crate) const LAST: &str = "\u{10ffff}";

/// The name of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupName(String);

/// The name of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StreamName(String);

/// The names that begin with a text, as a half-open range.
pub(crate) fn beginning_with(prefix: &str) -> (String, String) {
    (prefix.to_owned(), format!("{prefix}{LAST}"))
}

/// Checks a text that names a group, or the beginning of one.
pub(crate) fn check_group(violations: &mut Violations, member: &str, text: &str) {
    let legal = |character: char| character.is_ascii_alphanumeric() || ".-_/#".contains(character);
    violations.length(member, text, 1..=LENGTH).pattern(member, text, GROUP_PATTERN, legal);
}

/// Checks a text that names a stream, or the beginning of one.
pub(crate) fn check_stream(violations: &mut Violations, member: &str, text: &str) {
    violations
        .length(member, text, 1..=LENGTH)
        .pattern(member, text, STREAM_PATTERN, |character| !matches!(character, ':' | '*') && !character.is_control());
}

/// AWS has a sentence of its own for names that are too long.
fn check_length(name: &str) -> Result<(), Error> {
    if name.chars().count() <= LENGTH {
        return Ok(());
    }
    Err(failures::invalid("Invalid LogGroup or LogStream, both must have length less than or equal to 512."))
}

/// Refuses what was noted, in the code of this service.
pub(crate) fn finish(violations: &Violations) -> Result<(), Error> {
    violations.finish().map_err(|fault| failures::invalid(fault.message()))
}

impl GroupName {
    /// Reads `logGroupName`.
    pub(crate) fn read(text: &str) -> Result<Self, Error> {
        check_length(text)?;
        let mut violations = Violations::new();
        check_group(&mut violations, "logGroupName", text);
        finish(&violations)?;
        Ok(Self(text.to_owned()))
    }

    /// No group: what is asked of all of them needs the one without a name.
    pub(crate) fn none() -> Self {
        Self(String::new())
    }

    /// Reads whichever of `logGroupName` and `logGroupIdentifier` was given: exactly one.
    pub(crate) fn read_either(call: &Call, name: Option<&str>, identifier: Option<&str>) -> Result<Self, Error> {
        match (name, identifier) {
            (Some(name), None) => Self::read(name),
            (None, Some(identifier)) if identifier.starts_with("arn:") => Self::read_arn(call, identifier),
            (None, Some(identifier)) => Self::read(identifier),
            (Some(_), Some(_)) => Err(failures::name_and_identifier()),
            (None, None) => Err(failures::invalid("You must specify either logGroupName or logGroupIdentifier.")),
        }
    }

    /// Reads the ARN of a group of the caller's, which may end with `:*`.
    pub(crate) fn read_arn(call: &Call, arn: &str) -> Result<Self, Error> {
        let registry = &call.ctx.registry;
        let start = Arn::log_group(registry, "");
        let name = arn.strip_prefix(start.as_str()).map(|name| name.strip_suffix(":*").unwrap_or(name));
        match name {
            Some(name) if !name.contains(':') => Self::read(name),
            // That of a stream, or of somebody else's.
            _ => Err(failures::invalid("The resource ARN does not name a log group of this account and region.")),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// What a call needs that is about the group as a whole: for policies that is the stream without a name.
    pub(crate) fn need(&self, call: &Call, action: &'static str) -> Need {
        let registry = &call.ctx.registry;
        Need::new(action, Resource::Arn(registry.account.clone(), Arn::log_stream(registry, &self.0, "")))
    }

    /// What a call needs that is about the tags of the group.
    pub(crate) fn need_for_tags(&self, call: &Call, action: &'static str) -> Need {
        let registry = &call.ctx.registry;
        Need::new(action, Resource::Arn(registry.account.clone(), Arn::log_group(registry, &self.0)))
    }
}

impl StreamName {
    /// Reads `logStreamName`.
    pub(crate) fn read(text: &str) -> Result<Self, Error> {
        check_length(text)?;
        let mut violations = Violations::new();
        check_stream(&mut violations, "logStreamName", text);
        finish(&violations)?;
        Ok(Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// What a call needs that is about the stream.
    pub(crate) fn need(&self, call: &Call, group: &GroupName, action: &'static str) -> Need {
        let registry = &call.ctx.registry;
        Need::new(action, Resource::Arn(registry.account.clone(), Arn::log_stream(registry, &group.0, &self.0)))
    }
}

/// The ARN that answers give for a group.
pub(crate) fn group_arn(registry: &RegistryId, name: &str) -> String {
    format!("{}:*", Arn::log_group(registry, name))
}

/// How a required member that is absent is refused.
pub(crate) fn missing(member: &str) -> Fault {
    match finish(Violations::new().missing(member)) {
        Err(error) => error.into(),
        Ok(()) => Fault::internal(),
    }
}
