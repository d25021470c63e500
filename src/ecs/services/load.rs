//! What a decision about a service is made from: from how it stands, and from what more has to be read.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use app::App;
use store::{Conn, service_deployments, tasks};
use types::Timestamp;

use super::balance::Balanced;
use super::decide::model::Deployment as Rolled;
use super::decide::model::{Cause, Counters, Ended, Health, Rollout, Snapshot, Strategy, Task as Seen};
use super::deployments::Deployment;
use super::look::Standing;
use super::{Service, configuration, events, scale_in};
use crate::clusters::Cluster;
use crate::error::Result;
use crate::placement::{self, Host, Wish};
use crate::task_definitions;
use crate::tasks::start::Hosts;
use crate::tasks::{RUNNING, STOPPED, Task};

/// What is known of a service.
pub(super) struct Loaded {
    pub(super) snapshot: Snapshot,
    /// The newest first.
    pub(super) deployments: Vec<Deployment>,
    /// Tasks that are not over, by their ids.
    pub(super) tasks: HashMap<String, Task>,
    /// Read for DAEMON services only, which have one task on each.
    pub(super) hosts: Option<Hosts>,
    /// Whether a task that is over has to leave its target groups before it is accounted for.
    pub(super) waits: bool,
}

impl Loaded {
    /// Whether the last attempt to place a task found no host.
    pub(super) fn is_unplaceable(&self) -> bool {
        self.deployments.iter().any(|deployment| deployment.is_primary() && deployment.document.unplaceable)
    }
}

/// What can be told without reading more than how a service stands. None if more has to be known.
pub(super) fn glance(service: &Service, standing: &Standing, balanced: &Balanced) -> Option<Snapshot> {
    let strategy = configuration::scheduling_strategy(Some(&service.row.strategy)).ok()?;
    let primary = standing.primary()?;
    let tasks = seen(standing, balanced);
    let own = tasks.iter().filter(|task| task.deployment == primary.row.deployment_id && !task.stopping).count();
    let surplus = own > usize::try_from(service.row.desired_count).unwrap_or_default();
    let more = strategy == Strategy::Daemon || surplus || standing.ended().next().is_some();
    if more || primary.document.unplaceable || service.row.status == "INACTIVE" {
        return None;
    }
    let further = Further { tasks, ..Further::default() };
    // What the service would go back to is asked for when it has to.
    Some(snapshot(service, strategy, &standing.deployments, further))
}

/// Reads all that a decision needs. The caller holds the cluster and the service.
pub(super) async fn load(
    conn: &mut Conn,
    app: &App,
    cluster: &Cluster,
    service: &Service,
    standing: Standing,
    balanced: &Balanced,
) -> Result<Loaded> {
    let service_id = &service.row.service_id;
    let strategy = configuration::scheduling_strategy(Some(&service.row.strategy))?;
    let mut further = Further { tasks: seen(&standing, balanced), ..Further::default() };
    let primary_id = standing.primary().map(|primary| primary.row.deployment_id.as_str()).unwrap_or_default();
    let last_completed = service_deployments::find_completed(conn, service_id, primary_id).await?;
    further.last_completed = last_completed.map(|row| row.deployment_id);
    let mut hosts = None;
    if let (Strategy::Daemon, Some(primary)) = (strategy, standing.primary()) {
        let on: HashSet<&str> = standing.tasks.values().filter_map(|task| task.row.instance_id.as_deref()).collect();
        let (all, eligible) = eligible(conn, app, cluster, service, primary, &on).await?;
        (hosts, further.hosts) = (all, eligible);
    }
    if let (Strategy::Replica, Some(primary)) = (strategy, standing.primary()) {
        let desired = usize::try_from(service.row.desired_count).unwrap_or_default();
        scale_in::rank(conn, app, cluster, service, primary, desired, &mut further.tasks).await?;
    }
    let mut ended: Vec<&str> = standing.ended().collect();
    let mut waits = false;
    if !ended.is_empty() {
        let over: Vec<Task> = tasks::list_named(conn, &ended).await?.into_iter().map(Task::read).collect();
        let held: HashSet<&str> =
            over.iter().filter(|task| !balanced.has_let_go(task)).map(|task| task.row.task_id.as_str()).collect();
        waits = !held.is_empty();
        ended.retain(|id| !held.contains(id));
        let causes: HashMap<String, Cause> = over.iter().map(|task| (task.row.task_id.clone(), cause(task))).collect();
        let ended = ended.into_iter().filter_map(|id| standing.known.get(id)).map(|row| Ended {
            task: row.task_id.clone(),
            deployment: row.deployment_id.clone(),
            cause: causes.get(&row.task_id).copied().unwrap_or(Cause::Asked),
            was_healthy: row.was_healthy,
        });
        further.ended = ended.collect();
        further.ended.sort_by(|one, other| one.task.cmp(&other.task));
    }
    let snapshot = snapshot(service, strategy, &standing.deployments, further);
    Ok(Loaded { snapshot, deployments: standing.deployments, tasks: standing.tasks, hosts, waits })
}

/// What a snapshot has beside the service and its deployments.
#[derive(Default)]
struct Further {
    last_completed: Option<String>,
    tasks: Vec<Seen>,
    ended: Vec<Ended>,
    hosts: Vec<String>,
}

fn snapshot(service: &Service, strategy: Strategy, deployments: &[Deployment], further: Further) -> Snapshot {
    let configuration = &service.document.deployment_configuration;
    let percent = |given: Option<i64>, default| given.and_then(|given| u64::try_from(given).ok()).unwrap_or(default);
    Snapshot {
        draining: service.row.status == "DRAINING",
        strategy,
        desired: usize::try_from(service.row.desired_count).unwrap_or_default(),
        minimum_healthy_percent: percent(configuration.minimum_healthy_percent, 100),
        maximum_percent: percent(configuration.maximum_percent, 200),
        breaker: configuration.breaker(),
        grace: Duration::from_secs(service.document.health_check_grace_period_seconds.unwrap_or_default()),
        deployments: deployments.iter().map(rolled).collect(),
        last_completed: further.last_completed,
        tasks: further.tasks,
        ended: further.ended,
        hosts: further.hosts,
    }
}

/// The tasks that are not over, by their ids.
fn seen(standing: &Standing, balanced: &Balanced) -> Vec<Seen> {
    let mut seen: Vec<Seen> = standing.tasks.values().map(|task| see(task, standing, balanced)).collect();
    seen.sort_by(|one, other| one.id.cmp(&other.id));
    seen
}

/// The hosts, and those that are to have a task of a DAEMON service. It is on some of them already.
async fn eligible(
    conn: &mut Conn,
    app: &App,
    cluster: &Cluster,
    service: &Service,
    primary: &Deployment,
    on: &HashSet<&str>,
) -> Result<(Option<Hosts>, Vec<String>)> {
    let revision = &primary.document.revision;
    let registry = &cluster.row.registry;
    let definition = task_definitions::find_revision(conn, registry, &revision.family, revision.revision).await?;
    let Some(definition) = definition else {
        return Ok((None, Vec::new()));
    };
    let constraints = configuration::all_constraints(&definition, &service.document.placement_constraints)?;
    let demand = definition.definition.demand();
    let group = format!("service:{}", service.row.name);
    let hosts = Hosts::read(conn, cluster, app.now(), &group, &constraints).await?;
    // A host whose agent is away for a moment keeps what it has.
    let all = hosts.all().iter().filter(|host| host.active && (host.connected || on.contains(host.id.as_str())));
    let wanted = all.filter(|host| host.allows(&demand.attributes, &constraints, &group));
    // A decision tries only some of them: those that are full must not be in the way of the others.
    let wish = Wish { demand: &demand, constraints: &constraints, strategies: &[], group: &group };
    let has_room = |host: &&Host| placement::place(std::slice::from_ref(*host), wish, &mut |_| 0).is_ok();
    let (mut first, full): (Vec<&Host>, Vec<&Host>) = wanted.partition(has_room);
    first.extend(full);
    let wanted = first.into_iter().map(|host| host.id.clone()).collect();
    Ok((Some(hosts), wanted))
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
            failed_at: document.failed_at.map(Timestamp::from_micros),
            retry_at: document.retry_at.map(Timestamp::from_micros),
            unplaceable: document.unplaceable,
        },
    }
}

fn see(task: &Task, standing: &Standing, balanced: &Balanced) -> Seen {
    let Standing { deployments, known, leaving, .. } = standing;
    let Task { row, document, .. } = task;
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
