//! Which of the hosts that could have a task is best, and which of those that have one is best to take it from.

use std::collections::HashMap;

use super::Host;
use crate::error::{Error, Result};

/// A placement strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Strategy {
    /// Any of them.
    Random,
    /// Where fewest tasks of the group are.
    Spread(Field),
    /// Where least is left.
    Binpack(Amount),
}

/// What tasks are spread over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Field {
    /// The hosts.
    Host,
    /// The values of an attribute.
    Attribute(String),
}

/// What hosts are filled up with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Amount {
    /// CPU units.
    Cpu,
    /// MiB.
    Memory,
}

impl Strategy {
    /// Reads one as it is on the wire.
    pub(crate) fn read(kind: &str, field: Option<&str>) -> Result<Self> {
        let invalid = |message: &str| Err(Error::InvalidParameter(message.to_owned()));
        let field = field.filter(|field| !field.is_empty());
        match (kind, field) {
            ("random", None) => Ok(Self::Random),
            ("random", Some(_)) => invalid("A field is not supported for placement strategies of type random."),
            ("binpack", Some(field)) if field.eq_ignore_ascii_case("cpu") => Ok(Self::Binpack(Amount::Cpu)),
            ("binpack", Some(field)) if field.eq_ignore_ascii_case("memory") => Ok(Self::Binpack(Amount::Memory)),
            ("binpack", _) => invalid("The field of a placement strategy of type binpack must be cpu or memory."),
            ("spread", Some("instanceId" | "host")) => Ok(Self::Spread(Field::Host)),
            ("spread", Some(field)) => match field.strip_prefix("attribute:") {
                Some(name) if !name.is_empty() => Ok(Self::Spread(Field::Attribute(name.to_owned()))),
                _ => invalid(
                    "The field of a placement strategy of type spread must be instanceId, host or attribute:NAME.",
                ),
            },
            ("spread", None) => invalid("A field is required for placement strategies of type spread."),
            _ => invalid("Invalid placement strategy type. Valid values are random, spread and binpack."),
        }
    }

    /// What services have that say nothing: spread over zones, and within a zone over hosts.
    pub(crate) fn of_services() -> Vec<Self> {
        vec![Self::Spread(Field::Attribute("ecs.availability-zone".to_owned())), Self::Spread(Field::Host)]
    }

    /// Keeps those of the candidates that are best for a new task.
    pub(super) fn narrow(&self, hosts: &[Host], group: &str, candidates: &mut Vec<usize>) {
        match self {
            Self::Random => {}
            Self::Spread(field) => {
                let counts = field.counts(hosts, group);
                keep_least(candidates, |index| counts.get(field.key(hosts, index)).copied().unwrap_or(0));
            }
            Self::Binpack(amount) => keep_least(candidates, |index| amount.left(hosts, index)),
        }
    }

    /// Keeps those of the candidates that are best to take a task from.
    pub(super) fn narrow_to_stop(&self, hosts: &[Host], group: &str, candidates: &mut Vec<usize>) {
        match self {
            Self::Random => {}
            Self::Spread(field) => {
                let counts = field.counts(hosts, group);
                keep_least(candidates, |index| u64::MAX - counts.get(field.key(hosts, index)).copied().unwrap_or(0));
            }
            // The emptiest first: so hosts become free as a whole.
            Self::Binpack(amount) => keep_least(candidates, |index| u64::MAX - amount.left(hosts, index)),
        }
    }
}

impl Field {
    /// What a host counts as. One without the attribute is like others without it.
    fn key<'h>(&self, hosts: &'h [Host], index: usize) -> &'h str {
        let host = hosts.get(index);
        let found = match self {
            Self::Host => host.map(|host| host.id.as_str()),
            Self::Attribute(name) => host.and_then(|host| host.attributes.get(name)).map(String::as_str),
        };
        found.unwrap_or_default()
    }

    /// How many tasks of a group there are by what hosts count as.
    fn counts<'h>(&self, hosts: &'h [Host], group: &str) -> HashMap<&'h str, u64> {
        let mut counts = HashMap::new();
        for (index, host) in hosts.iter().enumerate() {
            *counts.entry(self.key(hosts, index)).or_default() += host.tasks_of(group);
        }
        counts
    }
}

impl Amount {
    fn left(self, hosts: &[Host], index: usize) -> u64 {
        let left = hosts.get(index).map(|host| match self {
            Self::Cpu => host.cpu,
            Self::Memory => host.memory,
        });
        left.unwrap_or(0)
    }
}

fn keep_least(candidates: &mut Vec<usize>, measure: impl Fn(usize) -> u64) {
    let least = candidates.iter().map(|index| measure(*index)).min();
    candidates.retain(|index| Some(measure(*index)) == least);
}
