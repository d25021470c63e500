//! What a task takes of a host: what placement compares with what is left there. Overrides of a single task are put over
//! the definition before it is asked.

use super::definition::{Attribute, Definition, NetworkMode};

/// Resources of one task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Demand {
    /// CPU units.
    pub(crate) cpu: u64,
    /// MiB.
    pub(crate) memory: u64,
    /// Ports of the host that must be free for TCP.
    pub(crate) tcp: Vec<u16>,
    /// Ports of the host that must be free for UDP.
    pub(crate) udp: Vec<u16>,
    /// GPUs.
    pub(crate) gpus: u64,
    /// What the host must have.
    pub(crate) attributes: Vec<Attribute>,
}

impl Definition {
    /// What a task of it takes. What the task says goes before the sum of what its containers say.
    pub(crate) fn demand(&self) -> Demand {
        let size = |size: i64| u64::try_from(size).unwrap_or(0);
        let containers = &self.container_definitions;
        let cpu = self.task_cpu().unwrap_or_else(|| containers.iter().map(|container| container.cpu).sum());
        let memory =
            self.task_memory().unwrap_or_else(|| containers.iter().map(|container| container.reserved_memory()).sum());
        let requirements = containers.iter().flat_map(|container| container.resource_requirements.iter().flatten());
        let gpus = requirements.filter(|one| one.r#type == "GPU").filter_map(|one| one.value.parse::<u64>().ok());
        Demand {
            cpu: size(cpu),
            memory: size(memory),
            tcp: self.host_ports("tcp"),
            udp: self.host_ports("udp"),
            gpus: gpus.fold(0, u64::saturating_add),
            attributes: self.requires_attributes.clone(),
        }
    }

    /// Ports of the host that are taken by name. A task with an address of its own takes none, and 0 stands for any that
    /// is free.
    fn host_ports(&self, protocol: &str) -> Vec<u16> {
        if matches!(self.network_mode(), NetworkMode::Awsvpc | NetworkMode::None) {
            return Vec::new();
        }
        let mappings = self.container_definitions.iter().flat_map(|container| &container.port_mappings);
        let mut ports: Vec<u16> = mappings
            .filter(|mapping| mapping.protocol.as_deref().unwrap_or("tcp") == protocol)
            .filter_map(|mapping| mapping.host_port.and_then(|port| u16::try_from(port).ok()))
            .filter(|port| *port != 0)
            .collect();
        ports.sort_unstable();
        ports.dedup();
        ports
    }
}
