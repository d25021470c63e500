//! A container in Docker's own JSON.
//!
//! What the protocol carries in Docker's words (`dockerConfig`) is laid over what the agent makes of the rest: the image,
//! the command, the environment, ports, mounts, limits, labels and the network. Nothing of the image decides about the
//! host: its HEALTHCHECK is turned off unless the definition repeats it, as on ECS.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use acs::Volume;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use types::Secret;

use super::ports::{self, Port};
use super::{PAUSE, Task, label};
use crate::engine::VolumeSpec;

/// What the host adds to a container.
#[derive(Debug, Clone, Default)]
pub struct Surroundings<'a> {
    /// The name of the cluster.
    pub cluster: &'a str,
    /// Variables of the agent: where credentials and metadata are.
    pub variables: Vec<(String, String)>,
    /// Variables from secrets.
    pub secrets: Vec<(String, Secret)>,
    /// Options of the log driver from secrets.
    pub log_options: Vec<(String, Secret)>,
    /// Where on the host the ranges of its ports begin, in the order of [`Task::ranges`].
    pub ranges: Vec<u16>,
    /// The network of tasks that have one of their own.
    pub task_network: &'a str,
    /// The image of the container that holds such a network.
    pub pause_image: &'a str,
}

/// The log driver whose work the agent does.
const AWSLOGS: &str = "awslogs";

/// How much of a container's log the engine keeps. The agent reads it as it is written; what it could not send is here.
const LOG_FILE: &str = "32m";
const LOG_FILES: &str = "4";

impl Task {
    /// The name of a container on the host, always the same: a container is not made twice.
    pub fn container_name(&self, index: usize) -> String {
        let name = self.containers.get(index).map_or("", |container| container.name.as_str());
        self.host_name(if name == PAUSE { "internalecspause" } else { name })
    }

    /// `ecs-FAMILY-REVISION-NAME-<20 hexadecimal digits>`.
    fn host_name(&self, name: &str) -> String {
        let hash = hex::encode(Sha256::digest(format!("{}\n{name}", self.arn())));
        let hash = hash.get(..20).unwrap_or_default();
        let wholesome = |text: &str| -> String {
            text.chars().map(|c| if c.is_ascii_alphanumeric() || "_-".contains(c) { c } else { '-' }).collect()
        };
        format!("ecs-{}-{}-{}-{hash}", wholesome(&self.wanted.family), wholesome(&self.wanted.version), wholesome(name))
    }

    /// The volumes of the engine that the task needs, and whether they go with it.
    pub fn volumes(&self) -> Vec<(VolumeSpec, bool)> {
        let of = |volume: &Volume| {
            let source = self.source(volume);
            let docker = volume.docker_volume_configuration.as_ref();
            if source.starts_with('/') {
                return None;
            }
            let goes = docker.is_none_or(|docker| docker.scope != "shared");
            let made = docker.is_none_or(|docker| docker.scope != "shared" || docker.autoprovision);
            let spec = VolumeSpec {
                name: source,
                driver: docker.map(|docker| docker.driver.clone()).unwrap_or_default(),
                options: docker.map(|docker| docker.driver_opts.clone()).unwrap_or_default(),
                labels: docker.map(|docker| docker.labels.clone()).unwrap_or_default(),
            };
            made.then_some((spec, goes))
        };
        self.wanted.volumes.iter().filter_map(of).collect()
    }

    /// What is mounted: a path of the host, or the name of a volume of the engine.
    fn source(&self, volume: &Volume) -> String {
        match (&volume.host, &volume.docker_volume_configuration) {
            (Some(host), _) if !host.source_path.is_empty() => host.source_path.clone(),
            (_, Some(docker)) if docker.scope == "shared" => volume.name.clone(),
            // A scratch folder, or a volume that lives as long as the task.
            _ => self.host_name(&volume.name),
        }
    }

    /// The container at `index`, as the engine is told. An error says what of it makes no sense.
    pub fn body(&self, index: usize, around: &Surroundings<'_>) -> Result<Value, String> {
        let Some(container) = self.containers.get(index) else { return Err("no such container".to_owned()) };
        let Some(definition) = self.definition(index) else { return Ok(self.pause_body(around)) };
        let said = definition.docker_config.clone().unwrap_or_default();
        let mut config = object("config", said.config.as_deref())?;
        let mut host = object("hostConfig", said.host_config.as_deref())?;

        config.insert("Image".to_owned(), json!(definition.image));
        if !definition.command.is_empty() {
            config.insert("Cmd".to_owned(), json!(definition.command));
        }
        if !definition.entry_point.is_empty() {
            config.insert("Entrypoint".to_owned(), json!(definition.entry_point));
        }
        overlay_overrides(&mut config, definition)?;
        let environment = self.environment(definition, around, config.remove("Env"))?;
        config.insert("Env".to_owned(), json!(environment));
        config.insert("Labels".to_owned(), self.labels(&container.name, around, config.get("Labels")));
        if definition.health_check_type.as_deref() != Some("docker") && !config.contains_key("Healthcheck") {
            config.insert("Healthcheck".to_owned(), json!({"Test": ["NONE"]}));
        }

        let ports = ports::all(definition, &around.ranges);
        match self.wanted.network_mode.as_deref().unwrap_or("bridge") {
            "awsvpc" => {
                host.insert("NetworkMode".to_owned(), json!(format!("container:{}", self.container_name(0))));
                // They are those of the container that holds the network.
                for key in ["Hostname", "Domainname", "MacAddress"] {
                    config.remove(key);
                }
                for key in ["Dns", "DnsSearch", "DnsOptions", "ExtraHosts", "Links"] {
                    host.remove(key);
                }
            }
            "host" => drop(host.insert("NetworkMode".to_owned(), json!("host"))),
            "none" => drop(host.insert("NetworkMode".to_owned(), json!("none"))),
            _ => {
                host.entry("NetworkMode").or_insert_with(|| json!("bridge"));
                config.insert("ExposedPorts".to_owned(), exposed(&ports));
                host.insert("PortBindings".to_owned(), bound(&ports));
                if !definition.links.is_empty() {
                    host.insert("Links".to_owned(), json!(self.links(definition)));
                }
            }
        }
        self.limits(definition, &mut host);
        self.namespaces(index, &mut host);
        let mut binds = host.get("Binds").and_then(Value::as_array).cloned().unwrap_or_default();
        binds.extend(self.binds(definition)?);
        if !binds.is_empty() {
            host.insert("Binds".to_owned(), Value::Array(binds));
        }
        if !definition.volumes_from.is_empty() {
            host.insert("VolumesFrom".to_owned(), json!(self.volumes_from(definition)));
        }
        linux(definition, &mut host);
        if is_followed(&host) {
            let kept = json!({"Type": "json-file", "Config": {"max-size": LOG_FILE, "max-file": LOG_FILES}});
            host.insert("LogConfig".to_owned(), kept);
        } else if let Some(Value::Object(log)) = host.get_mut("LogConfig") {
            let options = log.entry("Config").or_insert_with(|| json!({})).as_object_mut();
            let secrets = around.log_options.iter().map(|(name, value)| (name.clone(), json!(value.expose())));
            options.ok_or("the options of the log driver are no JSON object")?.extend(secrets);
        }
        // The agent alone decides whether a container is started again.
        host.remove("RestartPolicy");
        host.remove("AutoRemove");
        config.insert("HostConfig".to_owned(), Value::Object(host));
        Ok(Value::Object(config))
    }

    /// The name of a task with a network of its own, in the engine's DNS. The id alone could be taken for a number.
    pub fn dns_name(&self) -> String {
        format!("task-{}", self.id())
    }

    fn pause_body(&self, around: &Surroundings<'_>) -> Value {
        let ports: Vec<_> = self.wanted.containers.iter().flat_map(|definition| ports::all(definition, &[])).collect();
        let hostname: String = self.id().chars().take(12).collect();
        json!({
            "Image": around.pause_image,
            "Entrypoint": ["/pause"],
            "Hostname": hostname,
            "ExposedPorts": exposed(&ports),
            "Labels": self.labels(PAUSE, around, None),
            "HostConfig": {
                "NetworkMode": around.task_network,
                "LogConfig": {"Type": "none"},
                "CapDrop": ["ALL"],
                "ReadonlyRootfs": true,
            },
            // The other tasks of the network find it by that.
            "NetworkingConfig": {"EndpointsConfig": {(around.task_network): {"Aliases": [self.dns_name()]}}},
        })
    }

    fn labels(&self, name: &str, around: &Surroundings<'_>, own: Option<&Value>) -> Value {
        let mut labels: BTreeMap<String, Value> = own
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        // Last: by these the agent finds its containers again, so nobody else may set them.
        for (key, value) in [
            (label::CLUSTER, around.cluster),
            (label::CONTAINER, name),
            (label::TASK, self.arn()),
            (label::FAMILY, &self.wanted.family),
            (label::REVISION, &self.wanted.version),
        ] {
            labels.insert(key.to_owned(), json!(value));
        }
        json!(labels)
    }

    /// The variables: those of the agent, those in Docker's words, those of the definition with what the request overrides in
    /// them, and the secrets. Each wins over the ones before.
    fn environment(
        &self,
        definition: &acs::Container,
        around: &Surroundings<'_>,
        docker: Option<Value>,
    ) -> Result<Vec<String>, String> {
        let mut all: BTreeMap<String, String> = around.variables.iter().cloned().collect();
        for line in docker.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            let (name, value) = line.split_once('=').unwrap_or((line, ""));
            all.insert(name.to_owned(), value.to_owned());
        }
        for (name, value) in &definition.environment {
            all.insert(name.clone(), value.expose().to_owned());
        }
        all.extend(around.secrets.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())));
        if all.keys().any(|name| name.is_empty() || name.contains(['=', '\0'])) {
            return Err("a variable with an impossible name".to_owned());
        }
        Ok(all.into_iter().map(|(name, value)| format!("{name}={value}")).collect())
    }

    fn links(&self, definition: &acs::Container) -> Vec<String> {
        let link = |text: &String| {
            let (name, alias) = text.split_once(':').unwrap_or((text, text));
            Some(format!("{}:{alias}", self.container_name(self.position(name)?)))
        };
        definition.links.iter().filter_map(link).collect()
    }

    fn volumes_from(&self, definition: &acs::Container) -> Vec<String> {
        let from = |from: &acs::VolumeFrom| {
            let mode = if from.read_only { "ro" } else { "rw" };
            Some(format!("{}:{mode}", self.container_name(self.position(&from.source_container)?)))
        };
        definition.volumes_from.iter().filter_map(from).collect()
    }

    fn binds(&self, definition: &acs::Container) -> Result<Vec<Value>, String> {
        let bind = |mount: &acs::MountPoint| {
            let volume = self.wanted.volumes.iter().find(|volume| volume.name == mount.source_volume);
            let volume = volume.ok_or_else(|| format!("there is no volume '{}'", mount.source_volume))?;
            if !["", "host", "docker"].contains(&volume.kind.as_str()) {
                return Err(format!("volumes of type {} are not there on this host", volume.kind));
            }
            let (source, path) = (self.source(volume), &mount.container_path);
            if source.contains(':') || path.contains(':') || !path.starts_with('/') {
                return Err(format!("'{source}' cannot be mounted at '{path}'"));
            }
            Ok(json!(if mount.read_only { format!("{source}:{path}:ro") } else { format!("{source}:{path}") }))
        };
        definition.mount_points.iter().map(bind).collect()
    }

    /// CPU and memory. A task's limit is not one of all containers together here: each of them has it.
    fn limits(&self, definition: &acs::Container, host: &mut Map<String, Value>) {
        // Docker's least; what a definition says less than is the same.
        host.entry("CpuShares").or_insert_with(|| json!(definition.cpu.max(2)));
        let memory = if definition.memory > 0 { Some(definition.memory) } else { self.wanted.memory };
        if let Some(memory) = memory.filter(|memory| *memory > 0) {
            host.entry("Memory").or_insert_with(|| json!(memory.saturating_mul(1 << 20)));
        }
        if let Some(cpu) = self.wanted.cpu.filter(|cpu| *cpu > 0.0) {
            #[expect(clippy::cast_possible_truncation, reason = "a host has fewer than 2^33 cores")]
            let nano = (cpu.min(1e6) * 1e9) as i64;
            host.entry("NanoCpus").or_insert_with(|| json!(nano));
        }
    }

    fn namespaces(&self, index: usize, host: &mut Map<String, Value>) {
        for (mode, key) in [(&self.wanted.pid_mode, "PidMode"), (&self.wanted.ipc_mode, "IpcMode")] {
            match mode.as_deref() {
                Some("host") => drop(host.insert(key.to_owned(), json!("host"))),
                Some("none") => drop(host.insert(key.to_owned(), json!("none"))),
                // It has to be one that others may join.
                Some("task") if self.namespace_holder() == Some(index) && key == "IpcMode" => {
                    drop(host.insert(key.to_owned(), json!("shareable")))
                }
                Some("task") => {
                    if let Some(holder) = self.joins(index) {
                        host.insert(key.to_owned(), json!(format!("container:{}", self.container_name(holder))));
                    }
                }
                _ => {}
            }
        }
    }
}

/// Whether the agent ships what a container writes.
fn is_followed(host: &Map<String, Value>) -> bool {
    host.get("LogConfig").and_then(|log| log.get("Type")).and_then(Value::as_str) == Some(AWSLOGS)
}

/// The options of the log driver, if the agent ships what the container writes.
pub fn followed(definition: &acs::Container) -> Option<BTreeMap<String, String>> {
    log_driver(definition).filter(|(driver, _)| driver == AWSLOGS).map(|(_, options)| options)
}

/// The log driver that the definition asks for, with the options that are no secrets.
pub fn log_driver(definition: &acs::Container) -> Option<(String, BTreeMap<String, String>)> {
    let host = definition.docker_config.as_ref()?.host_config.as_deref()?;
    let host = object("hostConfig", Some(host)).ok()?;
    let log = host.get("LogConfig")?;
    let driver = log.get("Type")?.as_str()?.to_owned();
    let options = log.get("Config").and_then(Value::as_object).cloned().unwrap_or_default();
    let options = options.into_iter().filter_map(|(key, value)| Some((key, value.as_str()?.to_owned())));
    Some((driver, options.collect()))
}

fn object(what: &str, text: Option<&str>) -> Result<Map<String, Value>, String> {
    match text.map(str::trim).filter(|text| !text.is_empty()).map(serde_json::from_str::<Value>) {
        None | Some(Ok(Value::Null)) => Ok(Map::new()),
        Some(Ok(Value::Object(object))) => Ok(object.into_iter().filter(|(_, value)| !value.is_null()).collect()),
        _ => Err(format!("the {what} of the container is no JSON object")),
    }
}

/// What is overridden of this container, as Amazon's control plane writes it: `{"command": [...]}`.
fn overlay_overrides(config: &mut Map<String, Value>, definition: &acs::Container) -> Result<(), String> {
    let overrides = object("overrides", definition.overrides.as_deref())?;
    if let Some(command) = overrides.get("command").filter(|command| command.is_array()) {
        config.insert("Cmd".to_owned(), command.clone());
    }
    Ok(())
}

fn exposed(ports: &[Port]) -> Value {
    Value::Object(ports.iter().map(|port| (format!("{}/{}", port.container, port.protocol), json!({}))).collect())
}

fn bound(ports: &[Port]) -> Value {
    let mut bound: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for Port { container, protocol, host } in ports {
        let host = if *host > 0 { host.to_string() } else { String::new() };
        bound.entry(format!("{container}/{protocol}")).or_default().push(json!({"HostPort": host}));
    }
    json!(bound)
}

/// What of Linux the definition asks for, unless Docker's words say it already.
fn linux(definition: &acs::Container, host: &mut Map<String, Value>) {
    if definition.privileged == Some(true) {
        host.insert("Privileged".to_owned(), json!(true));
    }
    let Some(linux) = &definition.linux_parameters else { return };
    if let Some(capabilities) = &linux.capabilities {
        host.entry("CapAdd").or_insert_with(|| json!(capabilities.add));
        host.entry("CapDrop").or_insert_with(|| json!(capabilities.drop));
    }
    if let Some(init) = linux.init_process_enabled {
        host.entry("Init").or_insert_with(|| json!(init));
    }
    if let Some(size) = linux.shared_memory_size.filter(|size| *size > 0) {
        host.entry("ShmSize").or_insert_with(|| json!(size.saturating_mul(1 << 20)));
    }
    if !linux.devices.is_empty() {
        let devices: Vec<Value> = linux
            .devices
            .iter()
            .map(|device| {
                let letter = |permission: &String| match permission.as_str() {
                    "read" => "r",
                    "write" => "w",
                    _ => "m",
                };
                let all = device.permissions.is_empty();
                let permissions: String =
                    if all { "rwm".to_owned() } else { device.permissions.iter().map(letter).collect() };
                json!({
                    "PathOnHost": device.host_path,
                    "PathInContainer": device.container_path.as_ref().unwrap_or(&device.host_path),
                    "CgroupPermissions": permissions,
                })
            })
            .collect();
        host.entry("Devices").or_insert_with(|| json!(devices));
    }
}
