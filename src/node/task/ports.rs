//! The ports of a container: what its definition maps, what the engine is told of it, and how the control plane hears where
//! they are.
//!
//! A range of ports is bound to as many ports of the host in a row, so that it can be told as a range. Which ones is found
//! out on the host (`network::ports`) just before the container is made; afterwards the engine knows. So are those of a
//! container that may be started again in place: the engine would give it others each time, and nobody hears of them.

use std::ops::RangeInclusive;

use acs::PortMapping;
use acs::api::NetworkBinding;

use super::Task;
use crate::engine::Binding;

/// A port of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Port {
    /// The port in the container.
    pub(super) container: u16,
    /// `tcp` or `udp`.
    pub(super) protocol: &'static str,
    /// The port of the host; 0 is any.
    pub(super) host: u16,
}

/// A range of ports that a container maps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The ports in the container.
    pub ports: RangeInclusive<u16>,
    /// `tcp` or `udp`.
    pub protocol: &'static str,
}

impl Task {
    /// The ranges for which ports of the host in a row are to be found before the container at `index` is made. Some are of
    /// one port.
    pub fn ranges(&self, index: usize) -> Vec<Range> {
        let bridge = self.wanted.network_mode.as_deref().is_none_or(|mode| mode == "bridge");
        let Some(definition) = self.definition(index).filter(|_| bridge) else { return Vec::new() };
        definition.port_mappings.iter().filter_map(|mapping| placed(definition, mapping)).collect()
    }
}

/// The ports of a container, with those of its ranges where they begin on the host. A range whose place is not said gets any
/// ports.
pub(super) fn all(definition: &acs::Container, begins: &[u16]) -> Vec<Port> {
    let mut begins = begins.iter();
    let mut ports = Vec::new();
    for mapping in &definition.port_mappings {
        if let Some(Range { ports: range, protocol }) = placed(definition, mapping) {
            let begin = begins.next().copied().unwrap_or_default();
            let host = |index: u16| if begin == 0 { 0 } else { begin.saturating_add(index) };
            let each = range.enumerate().map(|(index, container)| {
                let index = u16::try_from(index).unwrap_or(u16::MAX);
                Port { container, protocol, host: host(index) }
            });
            ports.extend(each);
        } else if let Ok(container @ 1..) = u16::try_from(mapping.container_port) {
            let host = u16::try_from(mapping.host_port).unwrap_or_default();
            ports.push(Port { container, protocol: protocol(&mapping.protocol), host });
        }
    }
    ports
}

/// Where the ports of a container are, as the engine says it: ranges as such, if they are in a row on the host.
pub(super) fn bound(definition: &acs::Container, bindings: &[Binding]) -> Vec<NetworkBinding> {
    let mut left: Vec<&Binding> = bindings.iter().collect();
    let mut told = Vec::new();
    for Range { ports, protocol } in definition.port_mappings.iter().filter_map(range) {
        let of_it = |binding: &Binding| binding.protocol == protocol && ports.contains(&binding.container_port);
        let mut addresses: Vec<&str> = left.iter().filter(|one| of_it(one)).map(|one| one.address.as_str()).collect();
        addresses.sort_unstable();
        addresses.dedup();
        for address in addresses {
            let (of_range, rest): (Vec<&Binding>, Vec<&Binding>) =
                left.iter().copied().partition(|binding| of_it(binding) && binding.address == address);
            let begin = of_range.iter().map(|binding| binding.host_port).min().unwrap_or_default();
            let in_row = |binding: &&Binding| {
                binding.host_port.checked_sub(begin) == binding.container_port.checked_sub(*ports.start())
            };
            if of_range.len() == ports.len() && of_range.iter().all(in_row) {
                let end = begin.saturating_add(ports.end() - ports.start());
                told.push(a_range(address, &ports, &(begin..=end), protocol));
                left = rest;
            }
        }
    }
    left.into_iter().map(a_port).chain(told).collect()
}

/// Where the ports of a container are that has the address of its task, or of its host: nowhere else.
pub(super) fn unmapped(definition: &acs::Container, address: &str) -> Vec<NetworkBinding> {
    let of_mapping = |mapping: &PortMapping| match range(mapping) {
        Some(Range { ports, protocol }) => Some(a_range(address, &ports, &ports, protocol)),
        None if mapping.container_port > 0 => Some(NetworkBinding {
            bind_ip: Some(address.to_owned()),
            container_port: Some(mapping.container_port),
            host_port: Some(mapping.container_port),
            protocol: Some(protocol(&mapping.protocol).to_owned()),
            ..NetworkBinding::default()
        }),
        None => None,
    };
    definition.port_mappings.iter().filter_map(of_mapping).collect()
}

fn a_port(binding: &Binding) -> NetworkBinding {
    NetworkBinding {
        bind_ip: Some(binding.address.clone()),
        container_port: Some(i64::from(binding.container_port)),
        host_port: Some(i64::from(binding.host_port)),
        protocol: Some(binding.protocol.clone()),
        ..NetworkBinding::default()
    }
}

fn a_range(
    address: &str,
    ports: &RangeInclusive<u16>,
    host: &RangeInclusive<u16>,
    protocol: &'static str,
) -> NetworkBinding {
    let text = |range: &RangeInclusive<u16>| Some(format!("{}-{}", range.start(), range.end()));
    NetworkBinding {
        bind_ip: Some(address.to_owned()),
        container_port_range: text(ports),
        host_port_range: text(host),
        protocol: Some(protocol.to_owned()),
        ..NetworkBinding::default()
    }
}

/// The range whose place on the host is chosen here, if a mapping is one: it may be a single port that the engine must not
/// choose anew.
fn placed(definition: &acs::Container, mapping: &PortMapping) -> Option<Range> {
    let is_kept = definition.restart_policy.as_ref().is_some_and(|policy| policy.enabled) && mapping.host_port == 0;
    let single = || {
        let port = u16::try_from(mapping.container_port).ok().filter(|port| is_kept && *port > 0)?;
        Some(Range { ports: port..=port, protocol: protocol(&mapping.protocol) })
    };
    range(mapping).or_else(single)
}

/// The range of a mapping, if it is one.
fn range(mapping: &PortMapping) -> Option<Range> {
    let (first, last) = mapping.container_port_range.as_deref()?.split_once('-')?;
    let (first, last): (u16, u16) = (first.parse().ok()?, last.parse().ok()?);
    (0 < first && first <= last).then(|| Range { ports: first..=last, protocol: protocol(&mapping.protocol) })
}

fn protocol(named: &str) -> &'static str {
    if named.eq_ignore_ascii_case("udp") { "udp" } else { "tcp" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition() -> acs::Container {
        let range = |range: &str, protocol: &str| PortMapping {
            container_port_range: Some(range.to_owned()),
            protocol: protocol.to_owned(),
            ..PortMapping::default()
        };
        let port = PortMapping { container_port: 80, protocol: "tcp".to_owned(), ..PortMapping::default() };
        let port_mappings = vec![range("8000-8002", "tcp"), port, range("53-54", "udp")];
        acs::Container { port_mappings, ..acs::Container::default() }
    }

    fn binding(address: &str, container_port: u16, host_port: u16, protocol: &str) -> Binding {
        Binding { address: address.to_owned(), host_port, container_port, protocol: protocol.to_owned() }
    }

    #[test]
    fn a_range_is_in_a_row_on_the_host() {
        let port = |container, protocol, host| Port { container, protocol, host };
        let placed = [
            port(8000, "tcp", 40_000),
            port(8001, "tcp", 40_001),
            port(8002, "tcp", 40_002),
            port(80, "tcp", 0),
            port(53, "udp", 0),
            port(54, "udp", 0),
        ];
        assert_eq!(all(&definition(), &[40_000]), placed);
        let restart_policy = Some(acs::RestartPolicy { enabled: true, ..acs::RestartPolicy::default() });
        let kept = acs::Container { restart_policy, ..definition() };
        let all_kept = all(&kept, &[40_000, 41_000, 42_000]);
        assert_eq!(all_kept[3..], [port(80, "tcp", 41_000), port(53, "udp", 42_000), port(54, "udp", 42_001)]);
        let impossible = PortMapping { container_port_range: Some("9-x".to_owned()), ..PortMapping::default() };
        let odd = acs::Container { port_mappings: vec![impossible], ..acs::Container::default() };
        assert_eq!(all(&odd, &[]), []);
    }

    #[test]
    fn a_range_is_told_as_one_if_it_is_in_a_row() {
        let mut bindings = vec![binding("0.0.0.0", 80, 32_768, "tcp")];
        for address in ["0.0.0.0", "::"] {
            bindings.extend((0..3).map(|index| binding(address, 8000 + index, 40_000 + index, "tcp")));
        }
        bindings.extend([binding("0.0.0.0", 53, 50_001, "udp"), binding("0.0.0.0", 54, 50_000, "udp")]);
        let told = bound(&definition(), &bindings);
        let row = |address: &str| a_range(address, &(8000..=8002), &(40_000..=40_002), "tcp");
        let single = |index: usize| a_port(&bindings[index]);
        assert_eq!(told, [single(0), single(7), single(8), row("0.0.0.0"), row("::")]);
        // One of them is missing.
        bindings.remove(1);
        assert!(
            bound(&definition(), &bindings)
                .iter()
                .all(|one| one.bind_ip.as_deref() != Some("0.0.0.0") || one.container_port_range.is_none())
        );
    }

    #[test]
    fn where_nothing_is_mapped_a_range_is_itself() {
        let told = unmapped(&definition(), "10.0.0.2");
        assert_eq!(told[0], a_range("10.0.0.2", &(8000..=8002), &(8000..=8002), "tcp"));
        assert_eq!((told[1].container_port, told[1].host_port), (Some(80), Some(80)));
        assert_eq!(told[2].protocol.as_deref(), Some("udp"));
    }
}
