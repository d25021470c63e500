//! What a host must be able to do to run a definition, from the features that it uses. The names are those that Amazon's
//! agent registers its host with.

use std::collections::BTreeSet;

use super::container::ContainerDefinition;
use super::definition::{Attribute, Definition, NetworkMode};

/// The attributes, sorted by name, each once.
pub(crate) fn required(definition: &Definition) -> Vec<Attribute> {
    let mut needed = Needed::default();
    of_task(definition, &mut needed);
    for container in &definition.container_definitions {
        of_container(definition, container, &mut needed);
    }
    let mut attributes: Vec<Attribute> = needed.names.into_iter().map(|name| Attribute { name, value: None }).collect();
    attributes.extend(platform(definition));
    attributes.sort();
    attributes
}

#[derive(Default)]
struct Needed {
    names: BTreeSet<String>,
}

impl Needed {
    /// A capability that agents have had from the beginning.
    fn old(&mut self, name: impl AsRef<str>) {
        self.names.insert(format!("com.amazonaws.ecs.capability.{}", name.as_ref()));
    }

    /// A capability that came later.
    fn add(&mut self, name: impl AsRef<str>) {
        self.names.insert(format!("ecs.capability.{}", name.as_ref()));
    }

    /// A version of the engine's API.
    fn api(&mut self, version: &str) {
        self.old(format!("docker-remote-api.{version}"));
    }
}

fn of_task(definition: &Definition, needed: &mut Needed) {
    if definition.network_mode() == NetworkMode::Awsvpc {
        needed.add("task-eni");
    }
    if definition.task_role_arn.is_some() {
        needed.old("task-iam-role");
        if definition.network_mode() == NetworkMode::Host {
            needed.old("task-iam-role-network-host");
        }
    }
    if definition.pid_mode.is_some() || definition.ipc_mode.is_some() {
        needed.add("pid-ipc-namespace-sharing");
    }
    if definition.proxy_configuration.is_some() {
        needed.add("aws-appmesh");
    }
    if definition.inference_accelerators.iter().flatten().next().is_some() {
        needed.add("task-eia");
    }
    for volume in &definition.volumes {
        if let Some(docker) = &volume.docker_volume_configuration {
            needed.add(format!("docker-plugin.{}", docker.driver.as_deref().unwrap_or("local")));
            needed.api("1.25");
        }
        if let Some(efs) = &volume.efs_volume_configuration {
            needed.add(if efs.authorization_config.is_some() { "efsAuth" } else { "efs" });
        }
        if volume.fsx_windows_file_server_volume_configuration.is_some() {
            needed.add("fsxWindowsFileServer");
        }
        if volume.s3_files_volume_configuration.is_some() {
            needed.add("s3files");
        }
        if volume.configured_at_launch == Some(true) {
            needed.add("storage.ebs-task-volume-attach");
        }
    }
}

fn of_container(definition: &Definition, container: &ContainerDefinition, needed: &mut Needed) {
    let has_execution_role = definition.execution_role_arn.is_some();
    if is_ecr_image(&container.image) {
        needed.old("ecr-auth");
        needed.api("1.19");
        if has_execution_role {
            needed.add("execution-role-ecr-pull");
        }
    }
    if container.repository_credentials.is_some() {
        needed.add("private-registry-authentication.secretsmanager");
    }
    if let Some(log) = &container.log_configuration {
        needed.old(format!("logging-driver.{}", log.log_driver));
        needed.api("1.18");
        if log.log_driver == "awslogs" && has_execution_role {
            needed.add("execution-role-awslogs");
        }
        for secret in log.secret_options.iter().flatten() {
            needed.add(format!("secrets.{}.bootstrap.log-driver", provider(&secret.value_from)));
        }
    }
    for secret in container.secrets() {
        needed.add(format!("secrets.{}.environment-variables", provider(&secret.value_from)));
    }
    if !container.environment_files().is_empty() {
        needed.add("env-files.s3");
    }
    if !container.dependencies().is_empty() {
        needed.add("container-ordering");
    }
    if container.health_check.is_some() {
        needed.add("container-health-check");
        needed.api("1.24");
    }
    if container.restart_policy.as_ref().is_some_and(|policy| policy.enabled) {
        needed.add("container-restart-policy");
    }
    if container.port_mappings.iter().any(|mapping| mapping.container_port_range.is_some()) {
        needed.add("container-port-range");
    }
    if let Some(firelens) = &container.firelens_configuration {
        needed.add(format!("firelens.{}", firelens.r#type));
        let option = |name: &str| firelens.options.as_ref().and_then(|options| options.get(name));
        if let Some(kind) = option("config-file-type") {
            needed.add(format!("firelens.options.config.{kind}"));
        }
    }
    if container.privileged == Some(true) {
        needed.old("privileged-container");
    }
    if container.memory_reservation.is_some() {
        needed.api("1.21");
    }
    if container.ulimits.iter().flatten().next().is_some() {
        needed.api("1.18");
    }
    if let Some(linux) = &container.linux_parameters {
        if linux.shared_memory_size.is_some() || !linux.tmpfs.is_empty() {
            needed.api("1.22");
        }
        if linux.init_process_enabled == Some(true) {
            needed.api("1.25");
        }
    }
}

/// The system that it was built for, if it says: hosts name theirs.
fn platform(definition: &Definition) -> Vec<Attribute> {
    let Some(platform) = &definition.runtime_platform else {
        return Vec::new();
    };
    let attribute = |name: &str, value: &str| Attribute { name: name.to_owned(), value: Some(value.to_owned()) };
    let architecture = match platform.cpu_architecture.as_deref() {
        Some("ARM64") => Some(attribute("ecs.cpu-architecture", "arm64")),
        Some("X86_64") => Some(attribute("ecs.cpu-architecture", "x86_64")),
        _ => None,
    };
    let system = platform
        .operating_system_family
        .as_deref()
        .map(|family| attribute("ecs.os-type", if family.starts_with("WINDOWS") { "windows" } else { "linux" }));
    architecture.into_iter().chain(system).collect()
}

/// Whether an image is in a registry of ECR's kind of name: `ACCOUNT.dkr.ecr.REGION.…`.
pub(crate) fn is_ecr_image(image: &str) -> bool {
    let host = image.split_once('/').map_or("", |(host, _)| host);
    let mut labels = host.split('.');
    let account = labels.next().unwrap_or_default();
    account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && labels.next() == Some("dkr")
        && labels.next() == Some("ecr")
}

/// `asm` for the ARN of a secret, else `ssm`: names and ARNs of parameters.
pub(crate) fn provider(value_from: &str) -> &'static str {
    match value_from.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(1)) {
        Some("secretsmanager") => "asm",
        _ => "ssm",
    }
}
