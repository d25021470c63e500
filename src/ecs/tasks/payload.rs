//! A task in the words of the agent protocol: its definition with what the request overrides, and the credentials of its
//! roles. What Docker is told in its own words is in `docker`.

use acs::{
    Container, ContainerDependency, Device, DockerConfig, DockerVolumeConfiguration, EcrAuthData,
    ElasticNetworkInterface, EnvironmentFile, FirelensConfiguration, HostVolume, IamRoleCredentials,
    KernelCapabilities, LinuxParameters, MountPoint, PortMapping, RegistryAuthentication, ResourceRequirement,
    RestartPolicy, Volume, VolumeFrom,
};
use app::service_roles;
use app::sessions::Refusal;
use serde_json::json;
use types::Timestamp;

use super::overrides::{ContainerOverride, Overrides};
use super::{Attachment, Task, docker, environment};
use crate::arns;
use crate::error::{Error, Result};
use crate::sessions::Session;
use crate::task_definitions::container::{self, ContainerDefinition};
use crate::task_definitions::{self, Definition, definition};

/// Who acts with the roles of tasks.
const SERVICE: &str = "ecs-tasks.amazonaws.com";

/// The credentials of the roles of a task, with until when they are good.
#[derive(Default)]
pub(crate) struct Roles {
    /// What its containers act with.
    pub(crate) task: Option<(IamRoleCredentials, Timestamp)>,
    /// What the agent acts with.
    pub(crate) execution: Option<(IamRoleCredentials, Timestamp)>,
}

impl Roles {
    /// Until when all of them are good.
    pub(crate) fn until(&self) -> Option<Timestamp> {
        [&self.task, &self.execution].into_iter().flatten().map(|(_, until)| *until).min()
    }
}

/// The task, and until when its credentials are good if it was given any.
pub(crate) async fn write(session: &Session, task: &Task) -> Result<(acs::Task, Option<Timestamp>)> {
    let definition = definition_of(session, task).await?;
    let overrides = Overrides::of(task)?;
    let roles = match roles(session, task, &definition, &overrides) {
        // Its agent has what it was started with. That a role is gone ends no task that runs.
        Err(reason) if !task.is_starting() => {
            tracing::warn!(%reason, task = task.row.task_id, "a task that runs gets no credentials");
            Roles::default()
        }
        roles => roles?,
    };
    let until = roles.until();
    let has_execution_role = task.document.execution_credentials_id.is_some();
    let network_mode = definition.network_mode.clone().unwrap_or_else(|| "bridge".to_owned());
    let files = environment::read(session, task, &definition, &overrides, roles.execution.as_ref()).await?;
    let containers = definition.container_definitions.iter().map(|container| {
        let of_it = overrides.of_container(&container.name);
        let mut message = container_message(session, task, (container, &network_mode), of_it, has_execution_role);
        if let Some(variables) = files.get(&container.name) {
            environment::merge(&mut message, variables);
        }
        message
    });
    // What the definition or the request says of the whole task limits it. The sum of its containers only reserves: they may
    // use more of the processor while nobody else does, and more memory than they reserve.
    let sized = overrides.apply(&definition);
    let message = acs::Task {
        arn: session.task_arn(&task.row.task_id),
        task_cluster_arn: None,
        family: task.row.family.clone(),
        version: task.row.revision.to_string(),
        desired_status: task.row.desired_status.clone(),
        overrides: Some("{}".to_owned()),
        cpu: sized.task_cpu().map(|units| units as f64 / 1024.0),
        memory: sized.task_memory(),
        network_mode: Some(network_mode.clone()),
        pid_mode: definition.pid_mode.clone(),
        ipc_mode: definition.ipc_mode.clone(),
        launch_type: Some(task.row.launch_type.clone()),
        service_name: task.row.group.strip_prefix("service:").map(str::to_owned),
        group: Some(task.row.group.clone()),
        zone: task.document.availability_zone.clone(),
        task_definition_account_id: Some(session.registry.account.as_str().to_owned()),
        containers: containers.collect(),
        volumes: definition.volumes.iter().map(volume).collect(),
        role_credentials: roles.task.map(|(credentials, _)| credentials),
        execution_role_credentials: roles.execution.map(|(credentials, _)| credentials),
        elastic_network_interfaces: task
            .document
            .attachments
            .iter()
            .filter(|attachment| attachment.kind == "ElasticNetworkInterface")
            .map(|attachment| interface(session, attachment))
            .collect(),
        ..acs::Task::default()
    };
    Ok((message, until))
}

/// What is enough to stop a task.
pub(crate) fn to_stop(session: &Session, task_id: &str) -> acs::Task {
    acs::Task {
        arn: session.task_arn(task_id),
        desired_status: super::STOPPED.to_owned(),
        overrides: Some("{}".to_owned()),
        ..acs::Task::default()
    }
}

/// New credentials for the roles of a task, under the ids that it has.
pub(crate) async fn credentials(session: &Session, task: &Task) -> Result<Roles> {
    let definition = definition_of(session, task).await?;
    roles(session, task, &definition, &Overrides::of(task)?)
}

/// New credentials of the execution role of a task, if the agent puts away with them what its containers write.
pub(crate) async fn log_credentials(session: &Session, task: &Task) -> Result<Option<IamRoleCredentials>> {
    if task.document.execution_credentials_id.is_none() {
        return Ok(None);
    }
    let definition = definition_of(session, task).await?;
    if !definition.container_definitions.iter().any(is_logged_by_agent) {
        return Ok(None);
    }
    let roles = roles(session, task, &definition, &Overrides::of(task)?)?;
    Ok(roles.execution.map(|(credentials, _)| credentials))
}

fn is_logged_by_agent(container: &ContainerDefinition) -> bool {
    container.log_driver() == Some("awslogs")
}

async fn definition_of(session: &Session, task: &Task) -> Result<Definition> {
    let mut conn = session.app.db().reader().await?;
    let (family, revision) = (&task.row.family, task.row.revision);
    let found = task_definitions::find_revision(&mut conn, &session.registry, family, revision).await?;
    found.map(|found| found.definition).ok_or_else(|| Error::Client("TaskDefinition not found.".to_owned()))
}

fn roles(session: &Session, task: &Task, definition: &Definition, overrides: &Overrides) -> Result<Roles> {
    let document = &task.document;
    let assume = |arn: Option<&String>, id: Option<&String>| match (arn, id) {
        (Some(arn), Some(id)) => assume(session, task, arn, id).map(Some),
        _ => Ok(None),
    };
    let task_role = overrides.task_role_arn.as_ref().or(definition.task_role_arn.as_ref());
    let execution_role = overrides.execution_role_arn.as_ref().or(definition.execution_role_arn.as_ref());
    Ok(Roles {
        task: assume(task_role, document.task_credentials_id.as_ref())?,
        execution: assume(execution_role, document.execution_credentials_id.as_ref())?,
    })
}

fn assume(session: &Session, task: &Task, role_arn: &str, id: &str) -> Result<(IamRoleCredentials, Timestamp)> {
    // Session names have at most 64 characters; the id of a task has 32, and tells whose actions these were.
    let assumed = service_roles::assume(&session.app, &session.registry, SERVICE, role_arn, &task.row.task_id);
    let assumed = assumed.map_err(|refusal| match refusal {
        Refusal::Rule(app::Error::Denied(message)) => Error::Client(message),
        Refusal::Rule(rule) => Error::Rule(rule),
        _ => Error::Client(format!("ECS was unable to assume the role '{role_arn}'.")),
    })?;
    let credentials = assumed.credentials;
    let until = credentials.expires_at;
    let message = IamRoleCredentials {
        credentials_id: id.to_owned(),
        role_arn: role_arn.to_owned(),
        access_key_id: credentials.access_key_id,
        secret_access_key: credentials.secret_access_key.expose().into(),
        session_token: credentials.session_token.expose().into(),
        expiration: until.rfc3339(),
        credential_scope: None,
    };
    Ok((message, until))
}

fn container_message(
    session: &Session,
    task: &Task,
    (definition, network_mode): (&ContainerDefinition, &str),
    overrides: Option<&ContainerOverride>,
    has_execution_role: bool,
) -> Container {
    let nothing = ContainerOverride::default();
    let overrides = overrides.unwrap_or(&nothing);
    let known = task.document.containers.iter().find(|container| container.name == definition.name);
    let mut environment: std::collections::BTreeMap<String, acs::Sensitive> = std::collections::BTreeMap::new();
    for pair in definition.environment.iter().chain(&overrides.environment) {
        environment.insert(pair.name.clone(), pair.value.as_str().into());
    }
    let files = environment::files(definition, overrides);
    let number = |text: Option<i64>, other: Option<i64>| text.or(other).unwrap_or_default();
    Container {
        name: definition.name.clone(),
        image: pinned(&definition.image, known.and_then(|container| container.image_digest.as_deref())),
        container_arn: known.map(|container| {
            let resource = format!("container/{}/{}/{}", session.cluster, task.row.task_id, container.id);
            arns::arn(&session.registry, &resource).to_string()
        }),
        overrides: overrides.command.as_ref().map(|command| json!({ "command": command }).to_string()),
        command: overrides.command.clone().or_else(|| definition.command.clone()).unwrap_or_default(),
        entry_point: definition.entry_point.clone().unwrap_or_default(),
        environment,
        environment_files: files
            .iter()
            .map(|file| EnvironmentFile { value: file.value.clone(), kind: file.r#type.clone() })
            .collect(),
        cpu: number(overrides.cpu, Some(definition.cpu)),
        memory: number(overrides.memory, definition.memory),
        essential: definition.is_essential(),
        links: definition.links.clone().unwrap_or_default(),
        port_mappings: definition.port_mappings.iter().map(port_mapping).collect(),
        mount_points: definition
            .mount_points
            .iter()
            .map(|mount| MountPoint {
                source_volume: mount.source_volume.clone(),
                container_path: mount.container_path.clone(),
                read_only: mount.read_only.unwrap_or_default(),
            })
            .collect(),
        volumes_from: definition
            .volumes_from
            .iter()
            .map(|from| VolumeFrom {
                source_container: from.source_container.clone(),
                read_only: from.read_only.unwrap_or_default(),
            })
            .collect(),
        secrets: secrets(session, definition),
        depends_on: definition
            .dependencies()
            .iter()
            .map(|on| ContainerDependency {
                container_name: on.container_name.clone(),
                condition: on.condition.clone(),
            })
            .collect(),
        start_timeout: definition.start_timeout,
        stop_timeout: definition.stop_timeout,
        restart_policy: definition.restart_policy.as_ref().map(|policy| RestartPolicy {
            enabled: policy.enabled,
            ignored_exit_codes: policy.ignored_exit_codes.clone().unwrap_or_default(),
            restart_attempt_period: policy.restart_attempt_period,
        }),
        health_check_type: definition.is_checked().then(|| "docker".to_owned()),
        logs_auth_strategy: (has_execution_role && is_logged_by_agent(definition)).then(|| "ExecutionRole".to_owned()),
        registry_authentication: registry_authentication(session, definition, has_execution_role),
        firelens_configuration: definition.firelens_configuration.as_ref().map(|firelens| FirelensConfiguration {
            kind: firelens.r#type.clone(),
            options: firelens.options.clone().unwrap_or_default(),
        }),
        linux_parameters: definition.linux_parameters.as_ref().map(linux_parameters),
        privileged: definition.privileged,
        managed_agents: Vec::new(),
        resource_requirements: definition
            .resource_requirements
            .iter()
            .flatten()
            .map(|one| ResourceRequirement { value: one.value.clone(), kind: one.r#type.clone() })
            .collect(),
        docker_config: Some(DockerConfig {
            version: docker::VERSION.to_owned(),
            config: Some(docker::config(definition).to_string()),
            host_config: Some(docker::host_config(session, network_mode, definition, overrides).to_string()),
        }),
    }
}

/// The interface of a task, which the agent is to make.
fn interface(session: &Session, attachment: &Attachment) -> ElasticNetworkInterface {
    let detail = |name: &str| attachment.details.iter().find(|detail| detail.name == name);
    ElasticNetworkInterface {
        attachment_arn: arns::arn(&session.registry, &format!("attachment/{}", attachment.id)).to_string(),
        ec2_id: detail("networkInterfaceId").map(|detail| detail.value.clone()).unwrap_or_default(),
        mac_address: detail("macAddress").map(|detail| detail.value.clone()).unwrap_or_default(),
        ..ElasticNetworkInterface::default()
    }
}

/// The image by the digest that its tag had when the deployment began, if that is known.
fn pinned(image: &str, digest: Option<&str>) -> String {
    let Some(digest) = digest else {
        return image.to_owned();
    };
    if image.contains('@') {
        return image.to_owned();
    }
    // A colon behind the last slash begins a tag; one before it a port.
    let (host, last) = image.rsplit_once('/').map_or(("", image), |(host, last)| (host, last));
    let name = last.split_once(':').map_or(last, |(name, _)| name);
    if host.is_empty() { format!("{name}@{digest}") } else { format!("{host}/{name}@{digest}") }
}

/// How the agent logs in for an image: by asking this server, if the image is in one of its registries.
fn registry_authentication(
    session: &Session,
    definition: &ContainerDefinition,
    use_execution_role: bool,
) -> Option<RegistryAuthentication> {
    if let Some(credentials) = &definition.repository_credentials {
        return Some(RegistryAuthentication {
            kind: "asm".to_owned(),
            asm_auth_data: Some(acs::AsmAuthData {
                credentials_parameter: credentials.credentials_parameter.clone(),
                region: region_of(session, &credentials.credentials_parameter),
            }),
            ecr_auth_data: None,
        });
    }
    let registry = session.call.registry_of_image(&definition.image)?;
    Some(RegistryAuthentication {
        kind: "ecr".to_owned(),
        ecr_auth_data: Some(EcrAuthData {
            registry_id: registry.account.as_str().to_owned(),
            region: registry.region.as_str().to_owned(),
            endpoint_override: session.call.url(),
            use_execution_role,
        }),
        asm_auth_data: None,
    })
}

fn port_mapping(mapping: &container::PortMapping) -> PortMapping {
    PortMapping {
        container_port: mapping.container_port.unwrap_or_default(),
        host_port: mapping.host_port.unwrap_or_default(),
        container_port_range: mapping.container_port_range.clone(),
        protocol: mapping.protocol.clone().unwrap_or_else(|| "tcp".to_owned()),
    }
}

/// What the agent looks up: secrets that become variables, and those that become options of the log driver.
fn secrets(session: &Session, definition: &ContainerDefinition) -> Vec<acs::Secret> {
    let of_container = definition.secrets().iter().map(|secret| (secret, "CONTAINER", Some("ENVIRONMENT_VARIABLE")));
    let options = definition.log_configuration.iter().flat_map(|log| log.secret_options.iter().flatten());
    of_container
        .chain(options.map(|secret| (secret, "LOG_DRIVER", None)))
        .map(|(secret, target, kind)| secret_message(session, secret, target, kind))
        .collect()
}

fn secret_message(session: &Session, secret: &container::Secret, target: &str, kind: Option<&str>) -> acs::Secret {
    let of_manager = secret.value_from.starts_with("arn:aws:secretsmanager:");
    acs::Secret {
        name: secret.name.clone(),
        value_from: secret.value_from.clone(),
        provider: if of_manager { "asm" } else { "ssm" }.to_owned(),
        region: region_of(session, &secret.value_from),
        target: Some(target.to_owned()),
        kind: kind.map(str::to_owned),
    }
}

/// The region that an ARN names, or that of the task.
fn region_of(session: &Session, reference: &str) -> String {
    let named = reference.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(2));
    named.filter(|region| !region.is_empty()).unwrap_or(session.registry.region.as_str()).to_owned()
}

fn linux_parameters(parameters: &container::LinuxParameters) -> LinuxParameters {
    LinuxParameters {
        capabilities: parameters
            .capabilities
            .as_ref()
            .map(|both| KernelCapabilities { add: both.add.clone(), drop: both.drop.clone() }),
        devices: parameters
            .devices
            .iter()
            .map(|device| Device {
                host_path: device.host_path.clone(),
                container_path: device.container_path.clone(),
                permissions: device.permissions.clone(),
            })
            .collect(),
        init_process_enabled: parameters.init_process_enabled,
        shared_memory_size: parameters.shared_memory_size,
    }
}

fn volume(volume: &definition::Volume) -> Volume {
    let host = volume.host.as_ref();
    let docker = volume.docker_volume_configuration.as_ref();
    Volume {
        name: volume.name.clone(),
        kind: if docker.is_some() { "docker" } else { "host" }.to_owned(),
        host: docker
            .is_none()
            .then(|| HostVolume { source_path: host.and_then(|host| host.source_path.clone()).unwrap_or_default() }),
        docker_volume_configuration: docker.map(|docker| DockerVolumeConfiguration {
            scope: docker.scope.clone().unwrap_or_else(|| "task".to_owned()),
            autoprovision: docker.autoprovision.unwrap_or_default(),
            driver: docker.driver.clone().unwrap_or_else(|| "local".to_owned()),
            driver_opts: docker.driver_opts.clone().unwrap_or_default(),
            labels: docker.labels.clone().unwrap_or_default(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_pinned_to_its_digest() {
        let digest = "sha256:0123";
        for (image, expected) in [
            ("web", "web@sha256:0123"),
            ("web:v1", "web@sha256:0123"),
            ("127.0.0.1:5000/team/web", "127.0.0.1:5000/team/web@sha256:0123"),
            ("127.0.0.1:5000/team/web:v1", "127.0.0.1:5000/team/web@sha256:0123"),
            ("web@sha256:4567", "web@sha256:4567"),
        ] {
            assert_eq!(pinned(image, Some(digest)), expected);
        }
        assert_eq!(pinned("web:v1", None), "web:v1");
    }
}
