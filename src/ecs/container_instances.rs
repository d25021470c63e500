//! Container instances: the hosts of a cluster, as their agents register them. Which task runs on which host is decided in
//! `placement` and noted in `tasks`.

use std::collections::BTreeSet;

use acs::api::{Attribute, PlatformDevice, Resource, VersionInfo};
use acs::telemetry::InstanceStatus;
use app::Grant;
use app::api::Call;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use store::container_instances::{self, ContainerInstanceRow};
use store::{Conn, ecs_tags, tasks};
use types::{Arn, RegistryId, Timestamp};

use crate::arns;
use crate::attributes;
use crate::clusters::{self, Cluster, write, written};
use crate::error::{Error, Result};
use crate::services;
use crate::shapes::container_instance::Counts;
use crate::tags::{self, Tag};
use crate::tasks::{RUNNING, is_pending};

/// Where every host is that does not say where it is.
const ZONE: &str = "ecs.availability-zone";

/// The most attributes that a host may have.
const MAX_ATTRIBUTES: usize = 200;

/// What a row keeps of what an agent said. Members are as on the wire.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Document {
    /// CPU units.
    pub(crate) cpu: u64,
    /// MiB.
    pub(crate) memory: u64,
    /// Host ports that are taken by something else.
    pub(crate) reserved_ports: BTreeSet<u16>,
    /// The same of UDP.
    pub(crate) reserved_udp_ports: BTreeSet<u16>,
    /// What the host is and can do.
    pub(crate) attributes: Vec<Attribute>,
    /// Versions of the agent and of the engine.
    pub(crate) version_info: Option<VersionInfo>,
    /// The name of the machine in its cloud, or what the agent calls it.
    pub(crate) ec2_instance_id: Option<String>,
    /// The address that its agent came from, where the ports of its tasks are.
    pub(crate) address: Option<String>,
    /// Devices such as GPUs.
    pub(crate) platform_devices: Vec<PlatformDevice>,
    /// Token of the registration.
    pub(crate) client_token: Option<String>,
    /// What its agent says of how well it is.
    pub(crate) health: Vec<InstanceStatus>,
}

/// Host ports that tasks have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Ports {
    pub(crate) tcp: BTreeSet<u16>,
    pub(crate) udp: BTreeSet<u16>,
}

/// A host with what its document says.
#[derive(Debug, Clone)]
pub(crate) struct ContainerInstance {
    pub(crate) row: ContainerInstanceRow,
    pub(crate) document: Document,
    /// Host ports that tasks of it have.
    pub(crate) used_ports: Ports,
}

/// What an agent says of its host.
#[derive(Debug, Default)]
pub(crate) struct Registration {
    /// The ARN that it got before.
    pub(crate) arn: Option<String>,
    /// Its resources.
    pub(crate) resources: Vec<Resource>,
    /// Everything else.
    pub(crate) document: Document,
    /// Tags of the host.
    pub(crate) tags: Vec<Tag>,
}

impl ContainerInstance {
    /// From its row.
    pub(crate) fn read(row: ContainerInstanceRow) -> Self {
        // Both were written here.
        let document = serde_json::from_str(&row.document).unwrap_or_default();
        let used_ports = serde_json::from_str(&row.used_ports).unwrap_or_default();
        Self { row, document, used_ports }
    }

    /// Whether it was deregistered.
    pub(crate) fn is_gone(&self) -> bool {
        self.row.status == "INACTIVE"
    }

    /// Whether its agent holds a connection, or did a moment ago.
    pub(crate) fn is_connected(&self, now: Timestamp) -> bool {
        self.row.connected_until > now && !self.is_gone()
    }

    /// What texts for people call it: by the name of its machine, if it has one.
    pub(crate) fn event_name(self) -> String {
        self.document.ec2_instance_id.unwrap_or(self.row.instance_id)
    }

    /// The value of an attribute; empty if it has none.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.document.attributes.iter().find(|attribute| attribute.name == name);
        found.map(|attribute| attribute.value.as_deref().unwrap_or_default())
    }

    /// Where it is.
    pub(crate) fn zone(&self) -> &str {
        self.attribute(ZONE).unwrap_or_default()
    }
}

/// What the ARN of a host ends with.
pub(crate) fn resource(cluster: &str, instance_id: &str) -> String {
    format!("container-instance/{cluster}/{instance_id}")
}

/// The ARN of a host.
pub(crate) fn arn(registry: &RegistryId, cluster: &str, instance_id: &str) -> Arn {
    arns::arn(registry, &resource(cluster, instance_id))
}

/// Registers a host. An agent that was here before says so, and keeps its place; one that did not hear the answer says the
/// same again, with the same token, and is the same host.
pub(crate) async fn register(
    call: &Call,
    grant: &Grant,
    cluster: &str,
    said: Registration,
) -> Result<(Cluster, ContainerInstance)> {
    grant.require("ecs:RegisterContainerInstance")?;
    tags::check(&said.tags)?;
    let mut document = said.document;
    take_resources(&mut document, &said.resources)?;
    document.address = Some(call.ctx.source.to_string());
    if document.attributes.len() > MAX_ATTRIBUTES {
        return Err(Error::InvalidParameter(format!(
            "A container instance can not have more than {MAX_ATTRIBUTES} attributes."
        )));
    }
    let registry = call.ctx.registry.clone();
    if !document.attributes.iter().any(|attribute| attribute.name == ZONE) {
        let value = Some(format!("{}a", registry.region));
        document.attributes.push(Attribute { name: ZONE.to_owned(), value, target_type: None, target_id: None });
    }
    let (name, now) = (cluster.to_owned(), call.ctx.app.now());
    let fresh = call.ctx.app.new_uuid().replace('-', "");
    let token = document.client_token.clone().filter(|token| !token.is_empty());
    write(call, move |conn| {
        Box::pin(async move {
            let cluster = clusters::lock(conn, &registry, &name).await?;
            let (before, fresh) = match (&said.arn, &token) {
                (Some(arn), _) => {
                    let before = find_in(conn, &cluster, arn).await?.ok_or_else(|| {
                        Error::Client("The container instance was deregistered; it must be registered anew.".to_owned())
                    })?;
                    (Some(before), fresh)
                }
                (None, Some(token)) => of_token(conn, &cluster, token, fresh).await?,
                (None, None) => (None, fresh),
            };
            if let Some(before) = &before {
                attributes::keep_custom(&mut document, &before.document);
            }
            let row = ContainerInstanceRow {
                instance_id: before.as_ref().map_or(fresh, |instance| instance.row.instance_id.clone()),
                cluster_id: cluster.row.cluster_id.clone(),
                status: before.as_ref().map_or_else(|| "ACTIVE".to_owned(), |instance| instance.row.status.clone()),
                connected_until: now,
                version: 1,
                document: written(&document)?,
                used_cpu: 0,
                used_memory: 0,
                used_ports: "{}".to_owned(),
                registered_at: now,
            };
            container_instances::upsert(conn, &row).await?;
            tags::set(conn, &registry, &resource(&name, &row.instance_id), &said.tags).await?;
            let row = container_instances::find(conn, &row.instance_id).await?;
            let instance = row.map(ContainerInstance::read).ok_or(Error::Rule(app::Error::Internal))?;
            services::wake_all(conn, &cluster.row.cluster_id, now).await?;
            Ok((cluster, instance))
        })
    })
    .await
}

/// The host that a token of a registration has made, if it is there, and else the id of the one that it makes: `fresh`, if the
/// host that it has made was deregistered since.
async fn of_token(
    conn: &mut Conn,
    cluster: &Cluster,
    token: &str,
    fresh: String,
) -> Result<(Option<ContainerInstance>, String)> {
    let hash = hex::encode(Sha256::digest(format!("{}\n{token}", cluster.row.cluster_id)));
    let id = hash.get(..32).unwrap_or_default().to_owned();
    Ok(match container_instances::find(conn, &id).await?.map(ContainerInstance::read) {
        Some(host) if host.is_gone() => (None, fresh),
        there => (there, id),
    })
}

/// The host of a cluster that a request names, unless it was deregistered.
pub(crate) async fn find_in(conn: &mut Conn, cluster: &Cluster, given: &str) -> Result<Option<ContainerInstance>> {
    Ok(find_any_in(conn, cluster, given).await?.filter(|host| !host.is_gone()))
}

/// The host of a cluster that a request names, whether or not it was deregistered.
pub(crate) async fn find_any_in(conn: &mut Conn, cluster: &Cluster, given: &str) -> Result<Option<ContainerInstance>> {
    let registry = &cluster.row.registry;
    let Some(id) = arns::in_cluster(registry, "container-instance", &cluster.row.name, given) else {
        return Ok(None);
    };
    let found = container_instances::find(conn, &arns::instance_id(id)).await?;
    let found = found.filter(|row| row.cluster_id == cluster.row.cluster_id);
    Ok(found.map(ContainerInstance::read))
}

/// Notes what an agent says of how well its host is, if that has changed.
pub(crate) async fn note_health(
    conn: &mut Conn,
    registry: &RegistryId,
    cluster: &str,
    instance_id: &str,
    health: Vec<InstanceStatus>,
) -> Result<()> {
    let states = |all: &[InstanceStatus]| -> Vec<(String, String)> {
        all.iter().map(|one| (one.kind.clone(), one.status.clone())).collect()
    };
    let found = container_instances::find(conn, instance_id).await?.map(ContainerInstance::read);
    if found.is_none_or(|host| states(&host.document.health) == states(&health)) {
        return Ok(());
    }
    // Others change the document, too, with the cluster held.
    clusters::lock(conn, registry, cluster).await?;
    let Some(mut host) = container_instances::find(conn, instance_id).await?.map(ContainerInstance::read) else {
        return Ok(());
    };
    host.document.health = health;
    container_instances::update_document(conn, instance_id, &written(&host.document)?).await?;
    Ok(())
}

/// How many tasks a host has.
pub(crate) async fn count(conn: &mut Conn, instance_id: &str) -> Result<Counts> {
    let on_it = tasks::list_status_of_instance(conn, instance_id).await?;
    let of = |wanted: fn(&str) -> bool| on_it.iter().filter(|(_, _, last_status)| wanted(last_status)).count() as u64;
    Ok(Counts { running: of(|status| status == RUNNING), pending: of(is_pending) })
}

/// The host, or the refusal of an operation that needs one.
pub(crate) async fn require(conn: &mut Conn, cluster: &Cluster, given: &str) -> Result<ContainerInstance> {
    let found = find_in(conn, cluster, given).await?;
    found.ok_or_else(|| Error::InvalidParameter("The referenced container instance was not found.".to_owned()))
}

/// Takes a host out of its cluster. With tasks on it only by force; then they are not ours any more.
pub(crate) async fn deregister(
    call: &Call,
    cluster: &str,
    given: &str,
    force: bool,
) -> Result<(Cluster, ContainerInstance)> {
    let (registry, name, given, now) =
        (call.ctx.registry.clone(), cluster.to_owned(), given.to_owned(), call.ctx.app.now());
    write(call, move |conn| {
        Box::pin(async move {
            let cluster = clusters::lock(conn, &registry, &name).await?;
            let mut instance = require(conn, &cluster, &given).await?;
            let id = instance.row.instance_id.clone();
            let left = tasks::list_of_instance(conn, &id).await?;
            if !left.is_empty() && !force {
                return Err(Error::InvalidParameter(
                    "Found running tasks on the instance. To deregister it, stop them or use force.".to_owned(),
                ));
            }
            crate::tasks::lose_all(conn, &id, "Container instance deregistration forced by user", now).await?;
            container_instances::update_gone(conn, &id, now).await?;
            ecs_tags::delete_all(conn, &registry, &resource(&name, &id)).await?;
            "INACTIVE".clone_into(&mut instance.row.status);
            services::wake_all(conn, &cluster.row.cluster_id, now).await?;
            Ok((cluster, instance))
        })
    })
    .await
}

/// Makes hosts take new tasks, or not.
pub(crate) async fn set_status(
    call: &Call,
    cluster: &str,
    given: String,
    status: String,
) -> Result<Option<(ContainerInstance, Counts)>> {
    let (registry, name, now) = (call.ctx.registry.clone(), cluster.to_owned(), call.ctx.app.now());
    write(call, move |conn| {
        Box::pin(async move {
            let cluster = clusters::lock(conn, &registry, &name).await?;
            let Some(mut instance) = find_in(conn, &cluster, &given).await? else {
                return Ok(None);
            };
            container_instances::update_status(conn, &instance.row.instance_id, &status).await?;
            // Services of its tasks replace them, and others may have room now.
            services::wake_all(conn, &cluster.row.cluster_id, now).await?;
            instance.row.status = status;
            let counts = count(conn, &instance.row.instance_id).await?;
            Ok(Some((instance, counts)))
        })
    })
    .await
}

/// CPU, memory and ports, as agents name them.
fn take_resources(document: &mut Document, resources: &[Resource]) -> Result<()> {
    for resource in resources {
        let number = || {
            u64::try_from(resource.integer_value.or(resource.long_value).unwrap_or_default())
                .map_err(|_| Error::InvalidParameter(format!("Invalid value for resource {}.", resource.name)))
        };
        let ports =
            || -> BTreeSet<u16> { resource.string_set_value.iter().filter_map(|port| port.parse().ok()).collect() };
        match resource.name.as_str() {
            "CPU" => document.cpu = number()?,
            "MEMORY" => document.memory = number()?,
            "PORTS" => document.reserved_ports = ports(),
            "PORTS_UDP" => document.reserved_udp_ports = ports(),
            // GPUs and what later agents have: told back as attributes say, not given out.
            _ => {}
        }
    }
    Ok(())
}
