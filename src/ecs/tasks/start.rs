//! Starting tasks: a host is chosen and the row is written, in the transaction of whoever wants the task. That it runs is
//! seen later, from what its agent says.

use std::collections::HashMap;

use app::App;
use app::images::reference;
use serde_json::Value;
use store::image_uses::UsedImage;
use store::tasks::TaskRow;
use store::{Conn, container_instances, image_uses, tasks};
use types::{Digest, Timestamp};

use super::overrides::Overrides;
use super::{
    Attachment, Container, Detail, Document, PENDING, PROVISIONING, RUNNING, Reserved, platform, resource, user,
};
use crate::clusters::{Cluster, written};
use crate::container_instances::{ContainerInstance, Ports};
use crate::error::{Error, Result};
use crate::placement::{self, Constraint, Host, Strategy, Unplaced, Wish};
use crate::tags::{self, Tag};
use crate::task_definitions::TaskDefinition;
use crate::task_definitions::definition::NetworkMode;
use crate::task_definitions::demand::Demand;

/// More hosts than that are not looked at.
const MOST_HOSTS: usize = 10_000;

/// A task that is wanted.
#[derive(Debug, Clone)]
pub(crate) struct Launch<'l> {
    pub(crate) cluster: &'l Cluster,
    pub(crate) definition: &'l TaskDefinition,
    /// `family:F`, `service:S`, or what the client said.
    pub(crate) group: &'l str,
    pub(crate) started_by: Option<&'l str>,
    /// `EC2`, `FARGATE` or `EXTERNAL`.
    pub(crate) launch_type: &'l str,
    pub(crate) capacity_provider: Option<&'l str>,
    pub(crate) platform_version: Option<&'l str>,
    /// The id of a service, and of its deployment.
    pub(crate) service: Option<(&'l str, &'l str)>,
    /// As sent.
    pub(crate) overrides: &'l Value,
    /// As sent.
    pub(crate) network_configuration: Option<&'l Value>,
    pub(crate) constraints: &'l [Constraint],
    pub(crate) strategies: &'l [Strategy],
    pub(crate) tags: &'l [Tag],
    pub(crate) enable_execute_command: bool,
    /// The host by which images of this server are named.
    pub(crate) host: &'l str,
    /// What the tags of images mean, by the names of containers, if that is settled.
    pub(crate) image_digests: &'l HashMap<String, String>,
    /// The token of the request, and what it asked for.
    pub(crate) token: Option<(&'l str, &'l str)>,
    /// Where it must run.
    pub(crate) instance_id: Option<&'l str>,
}

/// The hosts of a cluster as placement sees them, held until the end of the transaction by the lock on their cluster.
pub(crate) struct Hosts {
    instances: Vec<ContainerInstance>,
    hosts: Vec<Host>,
}

impl Hosts {
    /// Reads those that take tasks, for one of a group with constraints. The caller holds the cluster.
    ///
    /// The tasks that are on them are counted as far as it matters: those of the group. Only for a constraint that is about
    /// other tasks, all of the cluster are.
    pub(crate) async fn read(
        conn: &mut Conn,
        cluster: &Cluster,
        now: Timestamp,
        group: &str,
        constraints: &[Constraint],
    ) -> Result<Self> {
        let mut hosts = Self::with_status(conn, cluster, &["ACTIVE"], now).await?;
        if constraints.iter().any(Constraint::asks_for_tasks) {
            hosts.count_all(conn, cluster).await?;
            return Ok(hosts);
        }
        for (instance_id, count) in tasks::count_of_group(conn, &cluster.row.cluster_id, group).await? {
            hosts.add(&instance_id, group.to_owned(), count);
        }
        Ok(hosts)
    }

    /// Those of some statuses, sorted by their ids, without a count of their tasks.
    pub(crate) async fn with_status(
        conn: &mut Conn,
        cluster: &Cluster,
        statuses: &[&str],
        now: Timestamp,
    ) -> Result<Self> {
        let mut instances = Vec::new();
        for status in statuses {
            let rows = container_instances::list(conn, &cluster.row.cluster_id, status, "", MOST_HOSTS).await?;
            instances.extend(rows.into_iter().map(ContainerInstance::read));
        }
        instances.sort_by(|one, other| one.row.instance_id.cmp(&other.row.instance_id));
        let hosts = instances.iter().map(|instance| host(instance, now)).collect();
        Ok(Self { instances, hosts })
    }

    /// Counts all tasks that are on them.
    pub(crate) async fn count_all(&mut self, conn: &mut Conn, cluster: &Cluster) -> Result<()> {
        for (instance_id, group, count) in tasks::count_by_instance(conn, &cluster.row.cluster_id).await? {
            self.add(&instance_id, group, count);
        }
        Ok(())
    }

    fn add(&mut self, instance_id: &str, group: String, count: u64) {
        // They are sorted.
        if let Ok(index) = self.hosts.binary_search_by(|host| host.id.as_str().cmp(instance_id)) {
            self.hosts[index].running_tasks += count;
            *self.hosts[index].groups.entry(group).or_default() += count;
        }
    }

    /// As placement sees them.
    pub(crate) fn all(&self) -> &[Host] {
        &self.hosts
    }
}

/// A host as placement sees it.
fn host(instance: &ContainerInstance, now: Timestamp) -> Host {
    let document = &instance.document;
    let taken = |reserved: &std::collections::BTreeSet<u16>, used: &std::collections::BTreeSet<u16>| {
        reserved.union(used).copied().collect()
    };
    Host {
        id: instance.row.instance_id.clone(),
        ec2_instance_id: document.ec2_instance_id.clone(),
        active: instance.row.status == "ACTIVE",
        connected: instance.is_connected(now),
        cpu: document.cpu.saturating_sub(instance.row.used_cpu),
        memory: document.memory.saturating_sub(instance.row.used_memory),
        tcp: taken(&document.reserved_ports, &instance.used_ports.tcp),
        udp: taken(&document.reserved_udp_ports, &instance.used_ports.udp),
        attributes: document
            .attributes
            .iter()
            .map(|attribute| (attribute.name.clone(), attribute.value.clone().unwrap_or_default()))
            .collect(),
        // None are given out yet.
        gpus: 0,
        running_tasks: 0,
        groups: HashMap::new(),
        registered_at: instance.row.registered_at,
        agent_version: document.version_info.as_ref().map(|info| info.agent_version.clone()),
    }
}

/// Starts a task, or says why no host takes it. The caller holds the cluster, and wakes the agents once the transaction is
/// done.
pub(crate) async fn start(
    conn: &mut Conn,
    app: &App,
    hosts: &mut Hosts,
    launch: &Launch<'_>,
) -> Result<std::result::Result<TaskRow, Unplaced>> {
    let overrides = Overrides::read(launch.overrides)?;
    let definition = overrides.apply(&launch.definition.definition);
    let demand = definition.demand();
    let wish =
        Wish { demand: &demand, constraints: launch.constraints, strategies: launch.strategies, group: launch.group };
    let random = usize::from_str_radix(&app.new_uuid()[..8], 16).unwrap_or_default();
    let mut draw = |of: usize| random % of;
    let found = match launch.instance_id {
        Some(id) => hosts.on(id, wish),
        None => placement::place(&hosts.hosts, wish, &mut draw),
    };
    let index = match found {
        Ok(index) => index,
        Err(reason) => return Ok(Err(reason)),
    };
    let now = app.now();
    let registry = &launch.cluster.row.registry;
    let task_id = app.new_uuid().replace('-', "");
    let zone = hosts.instances[index].zone().to_owned();
    let awsvpc = definition.network_mode() == NetworkMode::Awsvpc;
    let has_task_role = overrides.task_role_arn.is_some() || definition.task_role_arn.is_some();
    let has_execution_role = overrides.execution_role_arn.is_some() || definition.execution_role_arn.is_some();
    let fargate = launch.launch_type == "FARGATE";
    let document = Document {
        cpu: definition.cpu.clone().or_else(|| Some(demand.cpu.to_string())),
        memory: definition.memory.clone().or_else(|| Some(demand.memory.to_string())),
        reserved: reserved(&demand),
        containers: definition
            .container_definitions
            .iter()
            .map(|container| Container {
                name: container.name.clone(),
                id: app.new_uuid(),
                image: container.image.clone(),
                image_digest: launch.image_digests.get(&container.name).cloned(),
                essential: container.is_essential(),
                last_status: PENDING.to_owned(),
                cpu: Some(container.cpu.to_string()),
                memory: container.memory.map(|memory| memory.to_string()),
                memory_reservation: container.memory_reservation.map(|memory| memory.to_string()),
                ..Container::default()
            })
            .collect(),
        overrides: shown(launch.overrides),
        network_configuration: launch.network_configuration.cloned(),
        attachments: if awsvpc { vec![interface(app, launch.network_configuration)] } else { Vec::new() },
        availability_zone: Some(zone).filter(|zone| !zone.is_empty()),
        platform_version: fargate.then(|| launch.platform_version.unwrap_or(platform::LATEST).to_owned()),
        capacity_provider_name: launch.capacity_provider.map(str::to_owned),
        enable_execute_command: launch.enable_execute_command,
        task_credentials_id: has_task_role.then(|| app.new_uuid()),
        execution_credentials_id: has_execution_role.then(|| app.new_uuid()),
        request: launch.token.map(|(_, asked)| asked.to_owned()),
        ..Document::default()
    };
    let row = TaskRow {
        task_id,
        cluster_id: launch.cluster.row.cluster_id.clone(),
        instance_id: Some(hosts.instances[index].row.instance_id.clone()),
        service_id: launch.service.map(|(service_id, _)| service_id.to_owned()),
        deployment_id: launch.service.map(|(_, deployment_id)| deployment_id.to_owned()),
        family: launch.definition.family.clone(),
        revision: launch.definition.revision,
        group: launch.group.to_owned(),
        started_by: launch.started_by.map(str::to_owned),
        launch_type: launch.launch_type.to_owned(),
        desired_status: RUNNING.to_owned(),
        last_status: if awsvpc { PROVISIONING } else { PENDING }.to_owned(),
        client_token: launch.token.map(|(token, _)| token.to_owned()),
        version: 1,
        document: written(&document)?,
        created_at: now,
        stopped_at: None,
    };
    tasks::insert(conn, &row, launch.capacity_provider).await?;
    use_images(conn, app, launch, &row, &document).await?;
    tags::set(conn, registry, &resource(&launch.cluster.row.name, &row.task_id), launch.tags).await?;
    hosts.take(conn, index, &demand, launch.group).await?;
    Ok(Ok(row))
}

/// Notes the images of this server that a task runs, so that no lifecycle policy takes them away.
async fn use_images(conn: &mut Conn, app: &App, launch: &Launch<'_>, row: &TaskRow, document: &Document) -> Result<()> {
    for container in &document.containers {
        let account = &launch.cluster.row.registry.account;
        let Some(named) = reference::of_account(app, account, launch.host, &container.image) else {
            continue;
        };
        let settled = container.image_digest.as_ref().and_then(|digest| digest.parse::<Digest>().ok());
        let digest = match settled {
            Some(digest) => Some(digest),
            None => named.digest(conn).await?,
        };
        if let Some(digest) = digest {
            let image = UsedImage { registry: &named.registry, repository: &named.repository, digest: &digest };
            image_uses::insert(conn, image, user(&row.task_id), row.created_at).await?;
        }
    }
    Ok(())
}

impl Hosts {
    /// Whether one host takes a task.
    fn on(&self, id: &str, wish: Wish<'_>) -> std::result::Result<usize, Unplaced> {
        let index = self.hosts.iter().position(|host| host.id == id);
        let index = index.ok_or(Unplaced { failures: Vec::new() })?;
        placement::place(&self.hosts[index..=index], wish, &mut |_| 0).map(|_| index).map_err(|unplaced| Unplaced {
            failures: unplaced.failures.into_iter().map(|(_, why)| (index, why)).collect(),
        })
    }

    /// Gives a task what it takes of a host. What is free may be more by now than when the hosts were read: tasks that end give
    /// back what they had without the lock on the cluster, and it must not be taken from the host again.
    async fn take(&mut self, conn: &mut Conn, index: usize, demand: &Demand, group: &str) -> Result<()> {
        let held = container_instances::lock(conn, &self.instances[index].row.instance_id).await?;
        let mut instance = held.map(ContainerInstance::read).ok_or(Error::Rule(app::Error::Internal))?;
        instance.row.used_cpu += demand.cpu;
        instance.row.used_memory += demand.memory;
        instance.used_ports.tcp.extend(&demand.tcp);
        instance.used_ports.udp.extend(&demand.udp);
        self.hosts[index].add(demand, group);
        let row = &instance.row;
        let ports = written(&instance.used_ports)?;
        container_instances::update_used(conn, &row.instance_id, row.used_cpu, row.used_memory, &ports).await?;
        Ok(())
    }
}

fn reserved(demand: &Demand) -> Reserved {
    let ports = Ports { tcp: demand.tcp.iter().copied().collect(), udp: demand.udp.iter().copied().collect() };
    Reserved { cpu: demand.cpu, memory: demand.memory, ports }
}

/// Overrides as answers show them: there is always a list of containers.
fn shown(sent: &Value) -> Value {
    let mut shown = match sent {
        Value::Object(_) => sent.clone(),
        _ => Value::Object(serde_json::Map::new()),
    };
    for name in ["containerOverrides", "inferenceAcceleratorOverrides"] {
        if shown.get(name).is_none() {
            shown[name] = Value::Array(Vec::new());
        }
    }
    shown
}

/// The interface of a task of network mode `awsvpc`. Its address is known once the agent has made it.
fn interface(app: &App, network_configuration: Option<&Value>) -> Attachment {
    let subnet = network_configuration.and_then(|network| network["awsvpcConfiguration"]["subnets"][0].as_str());
    let detail = |name: &str, value: String| Detail { name: name.to_owned(), value };
    let id = app.new_uuid();
    let interface = format!("eni-{}", &id.replace('-', "")[..17]);
    Attachment {
        id,
        kind: "ElasticNetworkInterface".to_owned(),
        status: "PRECREATED".to_owned(),
        details: vec![
            detail("subnetId", subnet.unwrap_or_default().to_owned()),
            detail("networkInterfaceId", interface),
        ],
    }
}
