//! The launch types that a definition can run as, and why it cannot run as one that it requires.

use super::attributes::is_ecr_image;
use super::container::ContainerDefinition;
use super::definition::{Definition, NetworkMode};

/// Sizes of Fargate tasks: CPU units, and from and to how many MiB in which steps.
const FARGATE_SIZES: &[(i64, i64, i64, i64)] = &[
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16384, 1024),
    (4096, 8192, 30720, 1024),
    (8192, 16384, 61440, 4096),
    (16384, 32768, 122_880, 8192),
];

/// All that it can run as, in the order that ECS has.
pub(crate) fn possible(definition: &Definition) -> Vec<String> {
    let all: [(&str, fn(&Definition) -> Result<(), String>); 3] =
        [("EXTERNAL", external), ("EC2", ec2), ("FARGATE", fargate)];
    all.into_iter().filter(|(_, check)| check(definition).is_ok()).map(|(name, _)| name.to_owned()).collect()
}

/// Why it cannot run as one.
pub(crate) fn check(definition: &Definition, launch_type: &str) -> Result<(), String> {
    match launch_type {
        "EC2" => ec2(definition),
        "EXTERNAL" => external(definition),
        "FARGATE" => fargate(definition),
        other => Err(format!("Compatibility {other} is not supported.")),
    }
}

fn ec2(definition: &Definition) -> Result<(), String> {
    if definition.ephemeral_storage.is_some() {
        return Err("EC2 does not support ephemeralStorage.".to_owned());
    }
    Ok(())
}

fn external(definition: &Definition) -> Result<(), String> {
    if definition.network_mode() == NetworkMode::Awsvpc {
        return Err("External instances do not support network mode 'awsvpc'.".to_owned());
    }
    if definition.volumes.iter().any(|volume| volume.efs_volume_configuration.is_some()) {
        return Err("External instances do not support EFS volumes.".to_owned());
    }
    if definition.proxy_configuration.is_some() {
        return Err("External instances do not support proxyConfiguration.".to_owned());
    }
    if definition.ephemeral_storage.is_some() {
        return Err("External instances do not support ephemeralStorage.".to_owned());
    }
    Ok(())
}

fn fargate(definition: &Definition) -> Result<(), String> {
    let Some(cpu) = definition.task_cpu() else {
        return Err("Fargate requires that 'cpu' be defined at the task level.".to_owned());
    };
    let Some(memory) = definition.task_memory() else {
        return Err("Fargate requires that 'memory' be defined at the task level.".to_owned());
    };
    if !is_fargate_size(cpu, memory) {
        return Err(format!("No Fargate configuration exists for given values: {cpu} CPU, {memory} memory."));
    }
    if definition.network_mode() != NetworkMode::Awsvpc {
        return Err("Fargate only supports network mode 'awsvpc'.".to_owned());
    }
    if definition.pid_mode.as_deref() == Some("host") {
        return Err("Tasks using the Fargate launch type do not support pidMode 'host'. The supported value for \
                    pidMode is 'task'."
            .to_owned());
    }
    if definition.ipc_mode.is_some() {
        return Err(unsupported("ipcMode"));
    }
    if !definition.placement_constraints.is_empty() {
        return Err(unsupported("placementConstraints"));
    }
    if definition.inference_accelerators.iter().flatten().next().is_some() {
        return Err(unsupported("inferenceAccelerators"));
    }
    for volume in &definition.volumes {
        if volume.docker_volume_configuration.is_some() {
            return Err(unsupported("dockerVolumeConfiguration"));
        }
        if volume.host.as_ref().is_some_and(|host| host.source_path.is_some()) {
            return Err(unsupported("host.sourcePath"));
        }
        if volume.fsx_windows_file_server_volume_configuration.is_some() {
            return Err(unsupported("fsxWindowsFileServerVolumeConfiguration"));
        }
    }
    definition.container_definitions.iter().try_for_each(|container| fargate_container(definition, container))
}

fn unsupported(member: &str) -> String {
    format!("Tasks using the Fargate launch type do not support {member}.")
}

fn is_fargate_size(cpu: i64, memory: i64) -> bool {
    if cpu == 256 {
        return matches!(memory, 512 | 1024 | 2048);
    }
    FARGATE_SIZES
        .iter()
        .any(|(units, from, to, step)| *units == cpu && (*from..=*to).contains(&memory) && memory % step == 0)
}

fn fargate_container(definition: &Definition, container: &ContainerDefinition) -> Result<(), String> {
    let needs_role =
        |what: &str| Err(format!("Fargate requires task definition to have execution role ARN to support {what}."));
    let driver = container.log_driver();
    if let Some(other) = driver.filter(|driver| !matches!(*driver, "awslogs" | "splunk" | "awsfirelens")) {
        return Err(format!("Tasks using the Fargate launch type do not support log driver '{other}'."));
    }
    if definition.execution_role_arn.is_none() {
        if is_ecr_image(&container.image) {
            return needs_role("ECR images");
        }
        if driver == Some("awslogs") {
            return needs_role("log driver awslogs");
        }
    }
    let option = |name: &str| container.log_configuration.as_ref()?.options.as_ref()?.get(name);
    if driver == Some("awslogs") && option("awslogs-stream-prefix").is_none() {
        return Err("Log driver awslogs requires options: awslogs-stream-prefix".to_owned());
    }
    let given = |list: &Option<Vec<String>>| list.iter().flatten().next().is_some();
    let linux = container.linux_parameters.as_ref();
    let member = if container.privileged == Some(true) {
        "privileged"
    } else if given(&container.docker_security_options) {
        "dockerSecurityOptions"
    } else if container.disable_networking == Some(true) {
        "disableNetworking"
    } else if linux.is_some_and(|linux| !linux.devices.is_empty()) {
        "linuxParameters.devices"
    } else if linux.is_some_and(|linux| linux.shared_memory_size.is_some()) {
        "linuxParameters.sharedMemorySize"
    } else if linux.is_some_and(|linux| !linux.tmpfs.is_empty()) {
        "linuxParameters.tmpfs"
    } else if linux.is_some_and(|linux| linux.max_swap.is_some() || linux.swappiness.is_some()) {
        "linuxParameters.maxSwap and linuxParameters.swappiness"
    } else if container.resource_requirements.iter().flatten().any(|one| one.r#type == "GPU") {
        "resourceRequirements of type GPU"
    } else {
        "" // nothing that it lacks
    };
    if !member.is_empty() {
        return Err(unsupported(member));
    }
    let added = linux.and_then(|linux| linux.capabilities.as_ref()).map(|capabilities| &capabilities.add);
    if let Some(other) = added.into_iter().flatten().find(|capability| *capability != "SYS_PTRACE") {
        return Err(format!("Tasks using the Fargate launch type do not support adding capability '{other}'."));
    }
    if container.stop_timeout.is_some_and(|seconds| seconds > 120) {
        return Err("Tasks using the Fargate launch type support a stopTimeout of at most 120 seconds.".to_owned());
    }
    Ok(())
}
