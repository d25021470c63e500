//! Tasks: their life from placement to the end. What an agent says of them is in `report`, what it is told in `payload`.
//!
//! Rows are locked in one order: cluster, task, container instance.

mod docker;
mod environment;
mod forget;
mod overrides;
pub(crate) mod payload;
mod platform;
mod report;
pub(crate) mod request;
pub(crate) mod start;

use std::net::IpAddr;

use acs::api::NetworkBinding;
use app::api::Call;
use aws::{Need, Resource};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::image_uses::User;
use store::tasks::TaskRow;
use store::{Conn, container_instances, image_uses, jobs, tasks};
use types::{Arn, RegistryId, Timestamp};

use crate::arns;
use crate::clusters::{self, Cluster, written};
use crate::container_instances::{ContainerInstance, Ports};
use crate::error::{Error, Result};
use crate::services;

pub use forget::forget_stopped;
pub(crate) use report::{report_container, report_task};

/// Nothing happened to it yet that somebody could see.
pub(crate) const PENDING: &str = "PENDING";
/// Its network interface is being made.
pub(crate) const PROVISIONING: &str = "PROVISIONING";
/// Its images are there.
pub(crate) const ACTIVATING: &str = "ACTIVATING";
/// Its containers run.
pub(crate) const RUNNING: &str = "RUNNING";
/// It leaves its target groups.
pub(crate) const DEACTIVATING: &str = "DEACTIVATING";
/// Its agent was told to stop it.
pub(crate) const STOPPING: &str = "STOPPING";
/// Its containers are gone, and its network interface is being taken away.
pub(crate) const DEPROVISIONING: &str = "DEPROVISIONING";
/// It is over.
pub(crate) const STOPPED: &str = "STOPPED";

/// Whether a task of this last status is on its way to running, as counts of pending tasks have it.
pub(crate) fn is_pending(last_status: &str) -> bool {
    matches!(last_status, PROVISIONING | PENDING | ACTIVATING)
}

/// What a row keeps of a task beside its state. Times are microseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Document {
    /// CPU units, as the client wrote them.
    pub(crate) cpu: Option<String>,
    /// MiB, as the client wrote them.
    pub(crate) memory: Option<String>,
    /// What it takes of its host.
    pub(crate) reserved: Reserved,
    /// Its containers, in the order of the definition.
    pub(crate) containers: Vec<Container>,
    /// What the client wants otherwise than in the definition, as sent.
    pub(crate) overrides: Value,
    /// Subnets and security groups, as sent.
    pub(crate) network_configuration: Option<Value>,
    /// Network interfaces and volumes, as answers show them.
    pub(crate) attachments: Vec<Attachment>,
    /// As what it is, or is to be, in target groups.
    pub(crate) targets: Vec<RegisteredTarget>,
    pub(crate) availability_zone: Option<String>,
    pub(crate) platform_version: Option<String>,
    pub(crate) capacity_provider_name: Option<String>,
    pub(crate) enable_execute_command: bool,
    /// `HEALTHY`, `UNHEALTHY`, `UNKNOWN`.
    pub(crate) health_status: Option<String>,
    pub(crate) connectivity_at: Option<i64>,
    pub(crate) pull_started_at: Option<i64>,
    pub(crate) pull_stopped_at: Option<i64>,
    pub(crate) started_at: Option<i64>,
    pub(crate) stopping_at: Option<i64>,
    pub(crate) execution_stopped_at: Option<i64>,
    pub(crate) stop_code: Option<String>,
    pub(crate) stopped_reason: Option<String>,
    /// Under which ids the agent keeps the credentials of its roles.
    pub(crate) task_credentials_id: Option<String>,
    pub(crate) execution_credentials_id: Option<String>,
    /// What the request asked for that made it, to tell a repetition from another one.
    pub(crate) request: Option<String>,
    /// Until when scale-in leaves it alone.
    pub(crate) protected_until: Option<i64>,
}

/// A task in a target group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RegisteredTarget {
    pub(crate) target_group_arn: String,
    /// What it is called there: its address, or the id of its host.
    pub(crate) id: String,
    pub(crate) address: IpAddr,
    pub(crate) port: u16,
}

/// What a task takes of its host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Reserved {
    /// CPU units.
    pub(crate) cpu: u64,
    /// MiB.
    pub(crate) memory: u64,
    /// Host ports.
    pub(crate) ports: Ports,
}

/// A container of a task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Container {
    pub(crate) name: String,
    /// The last part of its ARN.
    pub(crate) id: String,
    /// As the definition has it.
    pub(crate) image: String,
    /// What the tag meant when the deployment began, or what the agent has pulled.
    pub(crate) image_digest: Option<String>,
    pub(crate) essential: bool,
    /// Its id in the engine.
    pub(crate) runtime_id: Option<String>,
    /// `PENDING`, `RUNNING`, `STOPPED`.
    pub(crate) last_status: String,
    pub(crate) exit_code: Option<i64>,
    pub(crate) reason: Option<String>,
    pub(crate) network_bindings: Vec<NetworkBinding>,
    pub(crate) health_status: Option<String>,
    /// As the definition has them.
    pub(crate) cpu: Option<String>,
    pub(crate) memory: Option<String>,
    pub(crate) memory_reservation: Option<String>,
}

/// Something that is attached to a task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Attachment {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) status: String,
    /// Names with their values.
    pub(crate) details: Vec<Detail>,
}

impl Attachment {
    /// Whether it is the network interface of a task of network mode `awsvpc`.
    pub(crate) fn is_interface(&self) -> bool {
        self.kind == "ElasticNetworkInterface"
    }
}

/// A property of an attachment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Detail {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// A task with what its document says.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) row: TaskRow,
    pub(crate) document: Document,
    /// Whether it was over when it was read: then its host has back what it had.
    was_over: bool,
}

#[cfg(test)]
impl Task {
    /// One that a test changes as it needs.
    pub(crate) fn example(desired_status: &str, last_status: &str) -> Self {
        Self::read(TaskRow {
            task_id: "0".repeat(32),
            cluster_id: String::new(),
            instance_id: None,
            service_id: None,
            deployment_id: None,
            family: "web".to_owned(),
            revision: 1,
            group: "family:web".to_owned(),
            started_by: None,
            launch_type: "EC2".to_owned(),
            desired_status: desired_status.to_owned(),
            last_status: last_status.to_owned(),
            client_token: None,
            version: 1,
            document: String::new(),
            created_at: Timestamp::from_micros(0),
            stopped_at: None,
        })
    }
}

impl Task {
    /// From its row.
    pub(crate) fn read(row: TaskRow) -> Self {
        // It was written here.
        let document = serde_json::from_str(&row.document).unwrap_or_default();
        let was_over = row.last_status == STOPPED;
        Self { row, document, was_over }
    }

    /// Whether it is over.
    pub(crate) fn is_over(&self) -> bool {
        self.row.last_status == STOPPED
    }

    /// Whether nothing of it was begun on its host, as far as its agent has said: what it needs for that it does not have yet.
    pub(crate) fn is_starting(&self) -> bool {
        matches!(self.row.last_status.as_str(), PROVISIONING | PENDING)
    }

    /// Whether it acts with roles, or its agent does for it.
    pub(crate) fn has_roles(&self) -> bool {
        self.document.task_credentials_id.is_some() || self.document.execution_credentials_id.is_some()
    }

    /// Wants it stopped. The first reason is the one that counts.
    pub(crate) fn want_stopped(&mut self, stop_code: &str, reason: &str, now: Timestamp) {
        if self.row.desired_status == STOPPED {
            return;
        }
        STOPPED.clone_into(&mut self.row.desired_status);
        if self.row.last_status == RUNNING && !self.document.targets.is_empty() {
            // Its agent hears of it when nothing is sent to it any more.
            DEACTIVATING.clone_into(&mut self.row.last_status);
        }
        self.document.stopping_at = Some(now.micros());
        self.document.stop_code = Some(stop_code.to_owned());
        self.document.stopped_reason = Some(reason.to_owned());
    }

    /// Its containers have ended. It is over, unless it has a network interface: then that goes first.
    pub(crate) fn containers_ended(&mut self, now: Timestamp) {
        if !self.document.attachments.iter().any(Attachment::is_interface) {
            self.end(now);
            return;
        }
        STOPPED.clone_into(&mut self.row.desired_status);
        DEPROVISIONING.clone_into(&mut self.row.last_status);
        for container in &mut self.document.containers {
            STOPPED.clone_into(&mut container.last_status);
        }
        for attachment in self.document.attachments.iter_mut().filter(|attachment| attachment.is_interface()) {
            "DETACHING".clone_into(&mut attachment.status);
        }
    }

    /// Ends it.
    pub(crate) fn end(&mut self, now: Timestamp) {
        STOPPED.clone_into(&mut self.row.desired_status);
        STOPPED.clone_into(&mut self.row.last_status);
        self.row.stopped_at = Some(now);
        self.document.stopping_at.get_or_insert(now.micros());
        for container in &mut self.document.containers {
            STOPPED.clone_into(&mut container.last_status);
        }
        for attachment in &mut self.document.attachments {
            "DELETED".clone_into(&mut attachment.status);
        }
    }
}

/// What the ARN of a task ends with.
pub(crate) fn resource(cluster: &str, task_id: &str) -> String {
    format!("task/{cluster}/{task_id}")
}

/// The ARN of a task.
pub(crate) fn arn(registry: &RegistryId, cluster: &str, task_id: &str) -> Arn {
    arns::arn(registry, &resource(cluster, task_id))
}

/// What an operation on one task needs. `missing` is how it says that what was given names none.
pub(crate) fn need(
    call: &Call,
    action: &'static str,
    cluster: Option<&str>,
    given: &str,
    missing: fn() -> Error,
) -> Result<Need> {
    let registry = &call.ctx.registry;
    let name = arns::cluster_name(registry, cluster)?;
    let id = arns::in_cluster(registry, "task", name, given).ok_or_else(missing)?;
    let resource = Resource::Arn(call.account().clone(), arn(registry, name, id));
    Ok(Need::new(action, resource).with("ecs:cluster", [clusters::arn(call, cluster)?.to_string()]))
}

/// The task of a cluster that is given, or that it is not there.
pub(crate) async fn find_in(
    conn: &mut Conn,
    cluster: &Cluster,
    given: &str,
    missing: fn() -> Error,
) -> Result<TaskRow> {
    let id = arns::in_cluster(&cluster.row.registry, "task", &cluster.row.name, given).ok_or_else(missing)?;
    let found = tasks::find(conn, id).await?;
    found.filter(|row| row.cluster_id == cluster.row.cluster_id).ok_or_else(missing)
}

/// Writes what became of a task, and wakes whoever looks after it. If it is over by now, its host gets back what it had.
pub(crate) async fn save(conn: &mut Conn, task: &mut Task, now: Timestamp) -> Result<()> {
    let ends = task.is_over() && !task.was_over;
    put(conn, task).await?;
    if let (true, Some(instance_id)) = (ends, &task.row.instance_id) {
        release(conn, instance_id, std::slice::from_ref(task)).await?;
    }
    changed(conn, &task.row, now).await
}

/// Writes what became of a task.
async fn put(conn: &mut Conn, task: &mut Task) -> Result<()> {
    task.row.document = written(&task.document)?;
    tasks::update(conn, &task.row).await?;
    if task.is_over() && !task.was_over {
        image_uses::delete(conn, user(&task.row.task_id)).await?;
        task.was_over = true;
    }
    Ok(())
}

/// A task as somebody who uses images.
pub(crate) fn user(task_id: &str) -> User<'_> {
    User { kind: "task", id: task_id }
}

/// Gives a host back what tasks of it had.
async fn release(conn: &mut Conn, instance_id: &str, tasks: &[Task]) -> Result<()> {
    let Some(instance) = container_instances::lock(conn, instance_id).await?.map(ContainerInstance::read) else {
        return Ok(());
    };
    let Ports { mut tcp, mut udp } = instance.used_ports;
    let (mut cpu, mut memory) = (instance.row.used_cpu, instance.row.used_memory);
    for Reserved { cpu: its_cpu, memory: its_memory, ports } in tasks.iter().map(|task| &task.document.reserved) {
        (cpu, memory) = (cpu.saturating_sub(*its_cpu), memory.saturating_sub(*its_memory));
        tcp.retain(|port| !ports.tcp.contains(port));
        udp.retain(|port| !ports.udp.contains(port));
    }
    container_instances::update_used(conn, instance_id, cpu, memory, &written(&Ports { tcp, udp })?).await?;
    Ok(())
}

/// Wakes the service of a task.
pub(crate) async fn changed(conn: &mut Conn, task: &TaskRow, now: Timestamp) -> Result<()> {
    if let Some(service_id) = &task.service_id {
        jobs::upsert(conn, &uuid::Uuid::now_v7().simple().to_string(), "reconcile services", service_id, now).await?;
    }
    Ok(())
}

/// Wants a task stopped. One that no agent has heard of is over at once.
pub(crate) async fn stop(conn: &mut Conn, row: TaskRow, stop_code: &str, reason: &str, now: Timestamp) -> Result<Task> {
    let Some(row) = tasks::lock(conn, &row.task_id).await? else {
        return Ok(Task::read(row));
    };
    let mut task = Task::read(row);
    if task.row.desired_status == STOPPED {
        return Ok(task);
    }
    task.want_stopped(stop_code, reason, now);
    if task.row.instance_id.is_none() {
        task.end(now);
    }
    save(conn, &mut task, now).await?;
    Ok(task)
}

/// Ends all tasks of a host that is gone. The caller holds the cluster.
pub(crate) async fn lose_all(conn: &mut Conn, instance_id: &str, reason: &str, now: Timestamp) -> Result<()> {
    let rows = tasks::lock_of_instance(conn, instance_id).await?;
    let mut lost: Vec<Task> = rows.into_iter().map(Task::read).collect();
    for task in &mut lost {
        task.want_stopped("TerminationNotice", reason, now);
        task.end(now);
        put(conn, task).await?;
    }
    if lost.is_empty() {
        return Ok(());
    }
    release(conn, instance_id, &lost).await?;
    let services = lost.into_iter().filter_map(|task| task.row.service_id).collect();
    services::wake_some(conn, &services, now).await
}
