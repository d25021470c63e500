//! What is said over the second websocket of an agent: what its containers use, what their health checks say, and how well the
//! host is. Health is noted with the tasks and the host; figures become metrics of CloudWatch.

use acs::frame::{ToAgent, ToControl};
use acs::telemetry::{PublishHealthRequest, PublishInstanceStatusRequest, PublishMetricsRequest, TaskHealth};
use acs::{Complaint, HeartbeatMessage};
use cloudwatch::metrics;
use std::time::Duration;
use store::{container_instances, tasks};
use tokio::time::interval;

use super::{Connection, Session, send};
use crate::arns;
use crate::clusters;
use crate::container_instances::{ContainerInstance, note_health};
use crate::error::{Error, Result};
use crate::tasks::{Task, save};
use crate::utilization::{Registered, Round, Usage};

/// How often an agent hears that this side is there.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(30);

/// What something of a host can be, and how much of it is kept.
const STATUSES: [&str; 4] = ["OK", "IMPAIRED", "INSUFFICIENT_DATA", "INITIALIZING"];
const MOST_STATUSES: usize = 10;

/// Listens until the connection ends.
pub(super) async fn run(session: Session, mut connection: Connection) {
    let mut heartbeat = interval(HEARTBEAT_EVERY);
    let mut round = Round::default();
    loop {
        let said = tokio::select! {
            said = connection.incoming.recv() => said,
            _ = heartbeat.tick() => {
                if !session.is_welcome().await {
                    return;
                }
                let message = HeartbeatMessage { healthy: true, message_id: String::new() };
                if !send(&connection.outgoing, &ToAgent::Heartbeat(message)).await {
                    return;
                }
                continue;
            }
        };
        let Some(said) = said else { return };
        let done = Complaint { message: "accepted".to_owned() };
        let answer = match ToControl::decode(&said) {
            Ok(ToControl::PublishMetrics(said)) => {
                if let Err(error) = take_metrics(&session, &mut round, said).await {
                    tracing::warn!(%error, instance = session.instance_id, "what tasks use could not be noted");
                }
                ToAgent::AckPublishMetric(done)
            }
            Ok(ToControl::PublishHealth(health)) => {
                if let Err(error) = take_health(&session, health).await {
                    tracing::warn!(%error, instance = session.instance_id, "the health of tasks could not be noted");
                }
                ToAgent::AckPublishHealth(done)
            }
            Ok(ToControl::PublishInstanceStatus(said)) => {
                if let Err(error) = take_status(&session, said).await {
                    tracing::warn!(%error, instance = session.instance_id, "the health of a host could not be noted");
                }
                ToAgent::AckPublishInstanceStatus(done)
            }
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(%error, instance = session.instance_id, "an agent sent what cannot be read");
                return;
            }
        };
        if !send(&connection.outgoing, &answer).await {
            return;
        }
    }
}

/// Notes what tasks of this host use. The time is ours: that of a host may be wrong, and it is from now anyway.
async fn take_metrics(session: &Session, round: &mut Round, said: PublishMetricsRequest) -> Result<()> {
    let now = session.now();
    let mut conn = session.app.db().reader().await?;
    let Some(host) = container_instances::find(&mut conn, &session.instance_id).await?.map(ContainerInstance::read)
    else {
        return Ok(());
    };
    let registered = Registered { cpu: host.document.cpu, memory: host.document.memory };
    let cluster = session.cluster.as_str();
    let mut data = Vec::new();
    round.enter(&said.metadata.message_id);
    for said in &said.task_metrics {
        let Some(id) = arns::in_cluster(&session.registry, "task", cluster, &said.task_arn) else {
            continue;
        };
        let Some(task) = tasks::find(&mut conn, id).await?.map(Task::read).filter(|task| !task.is_over()) else {
            continue;
        };
        if task.row.instance_id.as_deref() != Some(&session.instance_id) {
            continue;
        }
        let usage = Usage::of(said);
        round.add(usage);
        let service = task.row.service_id.as_ref().and_then(|_| task.row.group.strip_prefix("service:"));
        if let Some(service) = service {
            data.extend(usage.of_service(registered, &task.document.reserved, (cluster, service), now));
        }
    }
    if said.metadata.fin {
        // A host without tasks counts while there are some elsewhere.
        if round.has_tasks || clusters::is_at_work(&mut conn, &host.row.cluster_id).await? {
            data.extend(round.end(registered, cluster, now));
        }
        *round = Round::default();
    }
    drop(conn);
    if data.is_empty() {
        return Ok(());
    }
    let registry = session.registry.clone();
    let done = session.app.db().write_in_background(move |conn| {
        Box::pin(async move { Ok(metrics::put(conn, &registry, &data, now).await?) }) as store::Pending<'_, (), Error>
    });
    done.await
}

async fn take_status(session: &Session, said: PublishInstanceStatusRequest) -> Result<()> {
    let mut health = said.statuses;
    // There are four kinds; agents may be anybody's.
    health.retain(|one| one.kind.len() <= 64 && STATUSES.contains(&one.status.as_str()));
    health.truncate(MOST_STATUSES);
    let (registry, cluster, id) = (session.registry.clone(), session.cluster.clone(), session.instance_id.clone());
    let done = session.app.db().write_in_background(move |conn| {
        Box::pin(async move { note_health(conn, &registry, &cluster, &id, health).await })
            as store::Pending<'_, (), Error>
    });
    done.await
}

async fn take_health(session: &Session, health: PublishHealthRequest) -> Result<()> {
    for said in health.tasks {
        let Some(id) = arns::in_cluster(&session.registry, "task", &session.cluster, &said.task_arn) else {
            continue;
        };
        let (id, instance_id, now) = (id.to_owned(), session.instance_id.clone(), session.now());
        let done = session.app.db().write_in_background(move |conn| {
            Box::pin(async move {
                let found = tasks::lock(conn, &id).await?;
                let Some(mut task) = found.map(Task::read).filter(|task| !task.is_over()) else {
                    return Ok(());
                };
                if task.row.instance_id.as_deref() != Some(&instance_id) {
                    return Ok(());
                }
                let before = task.document.clone();
                apply(&mut task, &said);
                if task.document == before { Ok(()) } else { save(conn, &mut task, now).await }
            }) as store::Pending<'_, (), Error>
        });
        done.await?;
    }
    Ok(())
}

/// The task is unhealthy if an essential container is, unknown if one is not known, else healthy.
fn apply(task: &mut Task, said: &TaskHealth) {
    for health in &said.containers {
        let found = task.document.containers.iter_mut().find(|container| container.name == health.container_name);
        if let Some(container) = found {
            container.health_status = Some(health.health_status.clone());
        }
    }
    let checked: Vec<&str> = task
        .document
        .containers
        .iter()
        .filter(|container| container.essential)
        .filter_map(|container| container.health_status.as_deref())
        .collect();
    let status = match () {
        () if checked.contains(&"UNHEALTHY") => "UNHEALTHY",
        () if checked.is_empty() || checked.iter().any(|status| *status != "HEALTHY") => "UNKNOWN",
        () => "HEALTHY",
    };
    task.document.health_status = Some(status.to_owned());
}
