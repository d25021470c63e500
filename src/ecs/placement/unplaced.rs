//! Why no host could have a task, as answers and service events say it.

use super::Host;

/// Why one host cannot have a task. Later ones are closer: they are looked at last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// Its agent is not connected.
    Agent,
    /// It lacks an attribute that the definition requires.
    Attribute,
    /// It is not one of those that an expression is about.
    MemberOf,
    /// It has a task of the group.
    DistinctInstance,
    /// Too few GPUs are left.
    Gpu,
    /// Too little CPU is left.
    Cpu,
    /// Too little memory is left.
    Memory,
    /// A port is taken.
    Ports,
}

impl Reason {
    /// The word in `failures` of RunTask.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "AGENT",
            Self::Attribute => "ATTRIBUTE",
            Self::MemberOf => "MemberOf placement constraint unsatisfied.",
            Self::DistinctInstance => "DistinctInstance placement constraint unsatisfied.",
            Self::Gpu => "RESOURCE:GPU",
            Self::Cpu => "RESOURCE:CPU",
            Self::Memory => "RESOURCE:MEMORY",
            Self::Ports => "RESOURCE:PORTS",
        }
    }

    /// What a service event says of the closest host.
    fn event(self) -> &'static str {
        match self {
            Self::Agent => "encountered error \"AGENT\".",
            Self::Attribute => "is missing an attribute required by your task.",
            Self::MemberOf => "encountered error \"MemberOf placement constraint unsatisfied.\".",
            Self::DistinctInstance => "encountered error \"DistinctInstance placement constraint unsatisfied.\".",
            Self::Gpu => "has insufficient GPU resource available.",
            Self::Cpu => "has insufficient CPU units available.",
            Self::Memory => "has insufficient memory available.",
            Self::Ports => "is already using a port required by your task.",
        }
    }
}

/// That a task could not be placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unplaced {
    /// By the indexes of hosts. Empty: there is no active host at all.
    pub(crate) failures: Vec<(usize, Reason)>,
}

impl Unplaced {
    /// The host that came closest.
    pub(crate) fn closest(&self) -> Option<(usize, Reason)> {
        self.failures.iter().copied().reduce(|best, next| if next.1 > best.1 { next } else { best })
    }

    /// How the event of a service goes on that could not place a task.
    pub(crate) fn event(&self, hosts: &[Host]) -> String {
        match self.closest() {
            None => "Reason: No Container Instances were found in your cluster.".to_owned(),
            Some((index, reason)) => {
                let id = hosts.get(index).map(|host| host.id.as_str()).unwrap_or_default();
                format!("The closest matching (container-instance {id}) {}", reason.event())
            }
        }
    }
}
