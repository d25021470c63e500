//! Port mappings: what each network mode allows, and that no two of a task collide.

use std::collections::HashMap;

use super::super::container::PortMapping;
use super::super::definition::{Definition, NetworkMode};
use super::{one_of, refuse, refuse_setting};
use crate::error::Result;

/// How many port ranges a container may have.
const MOST_RANGES: usize = 100;

/// The ports that a container is reached at, from and to.
type Range = (i64, i64);

pub(super) fn check(definition: &Definition) -> Result<()> {
    let mode = definition.network_mode();
    // What is taken, of the host and of what the containers of a task share.
    let mut host: HashMap<(i64, &str), &str> = HashMap::new();
    let mut names: HashMap<&str, &str> = HashMap::new();
    for container in &definition.container_definitions {
        let name = container.name.as_str();
        if mode == NetworkMode::None && !container.port_mappings.is_empty() {
            return refuse("Port mappings are not supported when networkMode=none.");
        }
        if container.port_mappings.iter().filter(|mapping| mapping.container_port_range.is_some()).count() > MOST_RANGES
        {
            return refuse_setting(name, &format!("There can be at most {MOST_RANGES} port ranges."));
        }
        let mut inside: Vec<Range> = Vec::new();
        for mapping in &container.port_mappings {
            let protocol = mapping.protocol.as_deref().unwrap_or("tcp");
            one_of("portMappings.protocol", Some(protocol), &["tcp", "udp"])?;
            one_of("portMappings.appProtocol", mapping.app_protocol.as_deref(), &["http", "http2", "grpc"])?;
            if let Some(mapped) = mapping.name.as_deref() {
                check_name(name, mapped)?;
                if names.insert(mapped, name).is_some() {
                    return refuse(format!("Port mapping names must be unique. '{mapped}' is used more than once."));
                }
            } else if mapping.app_protocol.is_some() {
                return refuse_setting(name, "A port mapping with an appProtocol must have a name.");
            }
            let (first, last) = range(name, mode, mapping)?;
            // A port is mapped once, for one protocol.
            if inside.iter().any(|(from, to)| first <= *to && *from <= last) {
                return refuse_setting(name, &format!("Container port {first} is mapped more than once."));
            }
            inside.push((first, last));
            check_host(mode, mapping)?;
            if let Some(port) = mapping.host_port.filter(|port| *port != 0)
                && let Some(other) = host.insert((port, protocol), name)
            {
                return refuse(format!(
                    "Host port {port} for protocol {protocol} is used by containers '{other}' and '{name}'."
                ));
            }
        }
    }
    Ok(())
}

/// The ports of the container that a mapping is about.
fn range(container: &str, mode: NetworkMode, mapping: &PortMapping) -> Result<Range> {
    let port = |port: i64| (1..=65535).contains(&port);
    match (mapping.container_port, mapping.container_port_range.as_deref()) {
        (Some(one), None) if port(one) => Ok((one, one)),
        (None, Some(text)) => {
            if !matches!(mode, NetworkMode::Bridge | NetworkMode::Awsvpc) {
                return refuse_setting(container, "A containerPortRange needs network mode bridge or awsvpc.");
            }
            if mapping.host_port.is_some() {
                return refuse_setting(container, "A containerPortRange cannot have a hostPort.");
            }
            let bounds = text.split_once('-').and_then(|(from, to)| {
                let bound = |text: &str| text.parse::<u16>().ok().map(i64::from).filter(|one| port(*one));
                Some((bound(from)?, bound(to)?))
            });
            match bounds {
                Some((from, to)) if from <= to => Ok((from, to)),
                _ => refuse_setting(container, "A containerPortRange must be two ports with a hyphen between them."),
            }
        }
        (Some(_), Some(_)) => refuse_setting(container, "containerPort and containerPortRange exclude each other."),
        _ => refuse_setting(container, "A containerPort must be between 1 and 65535."),
    }
}

fn check_host(mode: NetworkMode, mapping: &PortMapping) -> Result<()> {
    if mapping.host_port.is_some_and(|port| !(0..=65535).contains(&port)) {
        return refuse("A hostPort must be between 0 and 65535.");
    }
    let same = mapping.container_port_range.is_some() || mapping.host_port == mapping.container_port;
    match mode {
        NetworkMode::Awsvpc if !same => {
            refuse("When networkMode=awsvpc, the host ports and container ports in port mappings must match.")
        }
        NetworkMode::Host if !same => {
            refuse("When networkMode=host, the host ports and container ports in port mappings must match.")
        }
        _ => Ok(()),
    }
}

fn check_name(container: &str, name: &str) -> Result<()> {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if first && name.len() <= 64 && name.bytes().all(legal) {
        return Ok(());
    }
    refuse_setting(container, "The name of a port mapping must have 1 to 64 lowercase letters, digits, '_' and '-'.")
}
