//! A host as placement sees it: what is left there, what it is, and what runs on it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use types::Timestamp;

use super::Constraint;
use crate::task_definitions::definition::Attribute;
use crate::task_definitions::demand::Demand;

/// A container instance with what remains of it.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    /// Of the container instance.
    pub(crate) id: String,
    /// Whether it takes new tasks: `ACTIVE`, not `DRAINING`.
    pub(crate) active: bool,
    /// Whether its agent is connected.
    pub(crate) connected: bool,
    /// What it is and can do; empty where there is no value.
    pub(crate) attributes: BTreeMap<String, String>,
    /// CPU units that are left.
    pub(crate) cpu: u64,
    /// MiB that are left.
    pub(crate) memory: u64,
    /// GPUs that are left.
    pub(crate) gpus: u64,
    /// Ports that are taken, by tasks or for good.
    pub(crate) tcp: BTreeSet<u16>,
    /// The same for UDP.
    pub(crate) udp: BTreeSet<u16>,
    /// How many tasks are on it that are not over.
    pub(crate) running_tasks: u64,
    /// How many of them are of which group; those of a service are of `service:S`.
    pub(crate) groups: HashMap<String, u64>,
    /// When it was registered.
    pub(crate) registered_at: Timestamp,
    /// The version of its agent.
    pub(crate) agent_version: Option<String>,
    /// The name of the machine in its cloud.
    pub(crate) ec2_instance_id: Option<String>,
}

impl Host {
    /// How many tasks of a group it has.
    pub(crate) fn tasks_of(&self, group: &str) -> u64 {
        self.groups.get(group).copied().unwrap_or(0)
    }

    /// Whether a task with these wishes may be here, whatever is left of the host.
    pub(crate) fn allows(&self, attributes: &[Attribute], constraints: &[Constraint], group: &str) -> bool {
        // That there is one already is no reason against it.
        let holds = |one: &Constraint| matches!(one, Constraint::DistinctInstance) || one.holds(self, group);
        attributes.iter().all(|attribute| self.has(attribute)) && constraints.iter().all(holds)
    }

    /// Whether it has an attribute, with the value if one is wanted.
    pub(super) fn has(&self, wanted: &Attribute) -> bool {
        let found = self.attributes.get(&wanted.name);
        found.is_some_and(|found| wanted.value.as_ref().is_none_or(|value| value == found))
    }

    /// Notes a task that was placed here, so that the next one of the same decision sees it.
    pub(crate) fn add(&mut self, demand: &Demand, group: &str) {
        self.cpu = self.cpu.saturating_sub(demand.cpu);
        self.memory = self.memory.saturating_sub(demand.memory);
        self.gpus = self.gpus.saturating_sub(demand.gpus);
        self.tcp.extend(&demand.tcp);
        self.udp.extend(&demand.udp);
        self.running_tasks += 1;
        *self.groups.entry(group.to_owned()).or_default() += 1;
    }

    /// Notes that a task is gone from here, or is to go.
    pub(crate) fn remove(&mut self, demand: &Demand, group: &str) {
        self.cpu = self.cpu.saturating_add(demand.cpu);
        self.memory = self.memory.saturating_add(demand.memory);
        self.gpus = self.gpus.saturating_add(demand.gpus);
        self.tcp.retain(|port| !demand.tcp.contains(port));
        self.udp.retain(|port| !demand.udp.contains(port));
        self.running_tasks = self.running_tasks.saturating_sub(1);
        if let Some(tasks) = self.groups.get_mut(group) {
            *tasks = tasks.saturating_sub(1);
        }
    }
}
