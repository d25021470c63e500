//! Placement: on which host a task runs, and which task goes first when there are too many. Pure: hosts and wishes in, a
//! decision or the reason why there is none out. Randomness is an argument. One placement looks at each host a few times
//! and at no pair of them.
//!
//! Where the figures come from and what a decision causes is elsewhere.

mod constraint;
mod host;
#[cfg(test)]
mod properties;
pub(crate) mod query;
mod scale_in;
mod strategy;
#[cfg(test)]
mod tests;
mod unplaced;

use crate::task_definitions::demand::Demand;

pub(crate) use self::constraint::Constraint;
pub(crate) use self::host::Host;
pub(crate) use self::scale_in::first_to_stop;
pub(crate) use self::strategy::Strategy;
pub(crate) use self::unplaced::{Reason, Unplaced};

/// Draws one of so many, from 0; what it is given is never 0.
pub(crate) type Draw<'d> = &'d mut dyn FnMut(usize) -> usize;

/// A task that wants a host.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish<'w> {
    /// What it takes.
    pub(crate) demand: &'w Demand,
    /// What has to hold for its host, all of them.
    pub(crate) constraints: &'w [Constraint],
    /// Which of the hosts is best, by the first that makes a difference.
    pub(crate) strategies: &'w [Strategy],
    /// Its group: `family:F`, `service:S`, or what the client says. What is spread is spread among tasks of one group.
    pub(crate) group: &'w str,
}

/// The index of the host for a task.
pub(crate) fn place(hosts: &[Host], wish: Wish<'_>, draw: Draw<'_>) -> Result<usize, Unplaced> {
    let mut candidates = Vec::new();
    let mut failures = Vec::new();
    for (index, host) in hosts.iter().enumerate() {
        // A host that is draining is none at all to what is new.
        if !host.active {
            continue;
        }
        match unfit(host, wish) {
            None => candidates.push(index),
            Some(reason) => failures.push((index, reason)),
        }
    }
    if candidates.is_empty() {
        return Err(Unplaced { failures });
    }
    for strategy in wish.strategies {
        strategy.narrow(hosts, wish.group, &mut candidates);
    }
    let drawn = draw(candidates.len()) % candidates.len();
    candidates.get(drawn).copied().ok_or(Unplaced { failures })
}

/// Why a host cannot have a task, in the order in which ECS looks.
fn unfit(host: &Host, wish: Wish<'_>) -> Option<Reason> {
    let demand = wish.demand;
    if !host.connected {
        return Some(Reason::Agent);
    }
    if !demand.attributes.iter().all(|attribute| host.has(attribute)) {
        return Some(Reason::Attribute);
    }
    if let Some(broken) = wish.constraints.iter().find(|constraint| !constraint.holds(host, wish.group)) {
        return Some(broken.reason());
    }
    if host.gpus < demand.gpus {
        return Some(Reason::Gpu);
    }
    if host.cpu < demand.cpu {
        return Some(Reason::Cpu);
    }
    if host.memory < demand.memory {
        return Some(Reason::Memory);
    }
    let taken = demand.tcp.iter().any(|port| host.tcp.contains(port));
    if taken || demand.udp.iter().any(|port| host.udp.contains(port)) {
        return Some(Reason::Ports);
    }
    None
}
