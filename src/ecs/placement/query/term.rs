//! One term of an expression and what it says of a host. A negated operator says the opposite of the plain one, also where a
//! host has no such attribute; comparing by size with what is not there never holds.

use std::cmp::Ordering;

use regex::{Regex, RegexBuilder};
use types::Timestamp;

use super::super::Host;

/// Bytes that a compiled pattern may take. `\w` alone takes some tens of thousands.
const PATTERN_SIZE: usize = 1 << 20;

/// What a term is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Whether the agent is connected.
    AgentConnected,
    /// The version of the agent.
    AgentVersion,
    /// An attribute.
    Attribute(String),
    /// The name of the machine in its cloud.
    Ec2InstanceId,
    /// When it was registered.
    RegisteredAt,
    /// How many tasks run there.
    RunningTasksCount,
    /// The groups of the tasks there.
    TaskGroup,
}

/// How sizes compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// What is said of a subject.
#[derive(Debug, Clone)]
pub(crate) enum Claim {
    Exists,
    /// It is one of these.
    In(Vec<String>),
    Compares(Comparison, String),
    Matches(Regex),
}

/// A subject and what is said of it.
#[derive(Debug, Clone)]
pub(crate) struct Term {
    pub(crate) subject: Subject,
    pub(crate) negated: bool,
    pub(crate) claim: Claim,
}

/// A pattern that has to match all of a text, as Java's `matches` does.
pub(super) fn pattern(text: &str) -> Option<Regex> {
    let build = |text: &str| RegexBuilder::new(text).size_limit(PATTERN_SIZE).dfa_size_limit(PATTERN_SIZE).build().ok();
    // By itself first: `a)|(b` would be one only between the parentheses.
    build(text)?;
    build(&format!("^(?:{text})$"))
}

/// A time in an expression: whole, or a day.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    text.parse().or_else(|_| format!("{text}T00:00:00Z").parse()).ok()
}

/// `1.105.1`, perhaps with something behind it that does not count.
fn version(text: &str) -> Vec<u64> {
    let number = |part: &str| {
        let digits = part.find(|character: char| !character.is_ascii_digit()).unwrap_or(part.len());
        part.get(..digits).and_then(|digits| digits.parse().ok()).unwrap_or(0)
    };
    let mut parts: Vec<u64> = text.trim_start_matches('v').split('.').map(number).collect();
    // 1.2 and 1.2.0 are the same.
    while parts.last() == Some(&0) {
        parts.pop();
    }
    parts
}

impl Comparison {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
        }
    }
}

impl Subject {
    /// How a value of it compares with an argument: numbers, versions and times by size, all else as text.
    fn compare(&self, value: &str, argument: &str) -> Option<Ordering> {
        match self {
            Self::AgentVersion => Some(version(value).cmp(&version(argument))),
            Self::RegisteredAt => Some(time(value)?.cmp(&time(argument)?)),
            _ => match (value.parse::<f64>(), argument.parse::<f64>()) {
                (Ok(value), Ok(argument)) => value.partial_cmp(&argument),
                _ => Some(value.cmp(argument)),
            },
        }
    }

    fn is(&self, value: &str, argument: &str) -> bool {
        match self {
            Self::AgentVersion | Self::RegisteredAt | Self::RunningTasksCount => {
                self.compare(value, argument) == Some(Ordering::Equal)
            }
            Self::AgentConnected => value.eq_ignore_ascii_case(argument),
            Self::Attribute(_) | Self::Ec2InstanceId | Self::TaskGroup => value == argument,
        }
    }
}

impl Term {
    pub(super) fn matches(&self, host: &Host) -> bool {
        self.claim_holds(host) != self.negated
    }

    fn claim_holds(&self, host: &Host) -> bool {
        let one = |value: Option<&str>| value.is_some_and(|value| self.holds_for(value));
        match &self.subject {
            Subject::AgentConnected => one(Some(if host.connected { "true" } else { "false" })),
            Subject::AgentVersion => one(host.agent_version.as_deref()),
            Subject::Attribute(name) => one(host.attributes.get(name).map(String::as_str)),
            Subject::Ec2InstanceId => one(host.ec2_instance_id.as_deref()),
            Subject::RegisteredAt => one(Some(&host.registered_at.rfc3339())),
            Subject::RunningTasksCount => one(Some(&host.running_tasks.to_string())),
            Subject::TaskGroup => host.groups.iter().any(|(group, tasks)| *tasks > 0 && self.holds_for(group)),
        }
    }

    fn holds_for(&self, value: &str) -> bool {
        match &self.claim {
            Claim::Exists => true,
            Claim::In(arguments) => arguments.iter().any(|argument| self.subject.is(value, argument)),
            Claim::Compares(comparison, argument) => {
                self.subject.compare(value, argument).is_some_and(|ordering| comparison.holds(ordering))
            }
            Claim::Matches(pattern) => pattern.is_match(value),
        }
    }
}
