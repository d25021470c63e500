//! Reading what a decision about a service is made from. The caller holds the cluster and the service.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use app::App;
use store::service_tasks::ServiceTaskRow;
use store::{Conn, container_instances, service_deployments, service_tasks, tasks};
use types::Timestamp;

use super::balance::Balanced;
use super::decide::model::Deployment as Rolled;
use super::decide::model::{Cause, Counters, Ended, Health, Rollout, Snapshot, Strategy, Task as Seen};
use super::deployments::Deployment;
use super::{Service, configuration, events, scale_in};
use crate::clusters::Cluster;
use crate::error::Result;
use crate::task_definitions;
use crate::tasks::start::Hosts;
use crate::tasks::{RUNNING, STOPPED, Task};

/// More hosts than that are not looked at.
const MOST_HOSTS: usize = 10_000;

/// What is known of a service.
pub(super) struct Loaded {
    pub(super) snapshot: Snapshot,
    /// The newest first.
    pub(super) deployments: Vec<Deployment>,
    /// Tasks that are not over, by their ids.
    pub(super) tasks: HashMap<String, Task>,
    /// Read for DAEMON services only, which have one task on each.
    pub(super) hosts: Option<Hosts>,
}

impl Loaded {
    /// Whether the last attempt to place a task found no host.
    pub(super) fn is_unplaceable(&self) -> bool {
        self.deployments.iter().any(|deployment| deployment.is_primary() && deployment.document.unplaceable)
    }
}

/// Reads it.
pub(super) async fn load(
    conn: &mut Conn,
    app: &App,
    cluster: &Cluster,
    service: &Service,
    balanced: &Balanced,
) -> Result<Loaded> {
    let (now, service_id) = (app.now(), &service.row.service_id);
    let rows = service_deployments::list_shown(conn, service_id).await?;
    let deployments: Vec<Deployment> = rows.into_iter().map(Deployment::read).collect();
    let primary = deployments.iter().find(|deployment| deployment.is_primary());
    let primary_id = primary.map(|deployment| deployment.row.deployment_id.as_str()).unwrap_or_default();
    let last_completed = service_deployments::find_completed(conn, service_id, primary_id).await?;
    let strategy = configuration::scheduling_strategy(Some(&service.row.strategy))?;
    let hosts = match strategy {
        Strategy::Daemon => Some(Hosts::read(conn, cluster, now).await?),
        Strategy::Replica => None,
    };
    let known: HashMap<String, ServiceTaskRow> =
        service_tasks::list(conn, service_id).await?.into_iter().map(|row| (row.task_id.clone(), row)).collect();
    let open = tasks::list_of_service(conn, service_id).await?;
    let open: HashMap<String, Task> = open.into_iter().map(|row| (row.task_id.clone(), Task::read(row))).collect();
    let eligible = match (&hosts, primary) {
        (Some(hosts), Some(primary)) => {
            let on: HashSet<&str> = open.values().filter_map(|task| task.row.instance_id.as_deref()).collect();
            eligible(conn, cluster, service, primary, hosts, &on).await?
        }
        _ => Vec::new(),
    };
    let leaving = leaving(conn, cluster).await?;
    let mut seen = Vec::new();
    for task in open.values() {
        seen.push(see(task, &known, &deployments, &leaving, balanced));
    }
    seen.sort_by(|one, other| one.id.cmp(&other.id));
    let desired = usize::try_from(service.row.desired_count).unwrap_or_default();
    if let (Strategy::Replica, Some(primary)) = (strategy, primary) {
        scale_in::rank(conn, app, cluster, service, primary, desired, &mut seen).await?;
    }
    let mut ended = Vec::new();
    for row in known.into_values().filter(|row| !open.contains_key(&row.task_id)) {
        let cause = tasks::find(conn, &row.task_id).await?.map_or(Cause::Asked, |task| cause(&Task::read(task)));
        ended.push(Ended { task: row.task_id, deployment: row.deployment_id, cause, was_healthy: row.was_healthy });
    }
    ended.sort_by(|one, other| one.task.cmp(&other.task));
    let configuration = &service.document.deployment_configuration;
    let percent = |given: Option<i64>, default| given.and_then(|given| u64::try_from(given).ok()).unwrap_or(default);
    let snapshot = Snapshot {
        draining: service.row.status == "DRAINING",
        strategy,
        desired,
        minimum_healthy_percent: percent(configuration.minimum_healthy_percent, 100),
        maximum_percent: percent(configuration.maximum_percent, 200),
        breaker: configuration.breaker(),
        grace: Duration::from_secs(service.document.health_check_grace_period_seconds.unwrap_or_default()),
        deployments: deployments.iter().map(rolled).collect(),
        last_completed: last_completed.map(|row| row.deployment_id),
        tasks: seen,
        ended,
        hosts: eligible,
    };
    Ok(Loaded { snapshot, deployments, tasks: open, hosts })
}

/// The hosts that are to have a task of a DAEMON service. It is on some of them already.
async fn eligible(
    conn: &mut Conn,
    cluster: &Cluster,
    service: &Service,
    primary: &Deployment,
    hosts: &Hosts,
    on: &HashSet<&str>,
) -> Result<Vec<String>> {
    let revision = &primary.document.revision;
    let registry = &cluster.row.registry;
    let definition = task_definitions::find_revision(conn, registry, &revision.family, revision.revision).await?;
    let Some(definition) = definition else {
        return Ok(Vec::new());
    };
    let constraints = configuration::all_constraints(&definition, &service.document.placement_constraints)?;
    let attributes = definition.definition.demand().attributes;
    let group = format!("service:{}", service.row.name);
    // A host whose agent is away for a moment keeps what it has.
    let all = hosts.all().iter().filter(|host| host.active && (host.connected || on.contains(host.id.as_str())));
    let wanted = all.filter(|host| host.allows(&attributes, &constraints, &group));
    Ok(wanted.map(|host| host.id.clone()).collect())
}

/// The hosts that are being drained.
async fn leaving(conn: &mut Conn, cluster: &Cluster) -> Result<HashSet<String>> {
    let rows = container_instances::list(conn, &cluster.row.cluster_id, "DRAINING", "", MOST_HOSTS).await?;
    Ok(rows.into_iter().map(|row| row.instance_id).collect())
}

fn rolled(deployment: &Deployment) -> Rolled {
    let Deployment { row, document } = deployment;
    Rolled {
        id: row.deployment_id.clone(),
        primary: deployment.is_primary(),
        rollout: match row.rollout.as_str() {
            "COMPLETED" => Rollout::Completed,
            "FAILED" => Rollout::Failed,
            _ => Rollout::InProgress,
        },
        instead_of: document.instead_of.clone(),
        rollback_requested: document.rollback_requested,
        counters: Counters {
            failures: document.failures,
            failed_tasks: document.failed_tasks,
            failed_starts: document.failed_starts,
            retry_at: document.retry_at.map(Timestamp::from_micros),
            unplaceable: document.unplaceable,
        },
    }
}

fn see(
    task: &Task,
    known: &HashMap<String, ServiceTaskRow>,
    deployments: &[Deployment],
    leaving: &HashSet<String>,
    balanced: &Balanced,
) -> Seen {
    let Task { row, document } = task;
    let named = row.deployment_id.as_deref().unwrap_or_default();
    let id = named.strip_prefix("ecs-svc/").unwrap_or(named);
    let deployment = deployments.iter().find(|deployment| deployment.row.deployment_id == id);
    let checks = deployment.is_some_and(|deployment| deployment.document.checks_health);
    let since = document.started_at.map_or(row.created_at, Timestamp::from_micros);
    Seen {
        id: row.task_id.clone(),
        deployment: id.to_owned(),
        running_since: (row.last_status == RUNNING).then_some(since),
        stopping: row.desired_status == STOPPED,
        health: match document.health_status.as_deref() {
            _ if !checks => Health::Unchecked,
            Some("HEALTHY") => Health::Healthy,
            Some("UNHEALTHY") => Health::Unhealthy,
            _ => Health::Unknown,
        },
        target: balanced.of(&row.task_id),
        protected_until: document.protected_until.map(Timestamp::from_micros),
        host: row.instance_id.clone(),
        host_leaving: row.instance_id.as_ref().is_some_and(|id| leaving.contains(id)),
        rank: None,
        was_healthy: known.get(&row.task_id).is_some_and(|row| row.was_healthy),
    }
}

/// Why a task is over.
fn cause(task: &Task) -> Cause {
    let reason = task.document.stopped_reason.as_deref().unwrap_or_default();
    match task.document.stop_code.as_deref() {
        Some("TaskFailedToStart") => Cause::FailedToStart,
        Some("EssentialContainerExited") if task.document.started_at.is_none() => Cause::FailedToStart,
        Some("EssentialContainerExited") => Cause::Exited,
        Some("ServiceSchedulerInitiated") if events::is_of_health(reason) => Cause::Unhealthy,
        _ => Cause::Asked,
    }
}
