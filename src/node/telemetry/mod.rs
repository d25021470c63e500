//! The second websocket: what containers used and how healthy they are, every 20 seconds.

mod samples;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use acs::frame::{ToAgent, ToControl};
use acs::telemetry::{
    ContainerHealth, HealthMetadata, MetricsMetadata, PublishHealthRequest, PublishMetricsRequest, TaskHealth,
    TaskMetric,
};
use futures_util::{StreamExt as _, stream};
use tokio::sync::mpsc;

use crate::backoff::{Backoff, fraction};
use crate::engine::{Engine, Health};
use crate::host::Shared;
use crate::register::{self, cluster_arn, discover};
use crate::runner::{Message, now};
use crate::socket::Socket;
use crate::task::{Phase, Task};
use crate::{Error, Result};

use samples::Samples;

/// How often it is published.
const PUBLISH: Duration = Duration::from_secs(20);
/// How often containers are measured.
const MEASURE: Duration = Duration::from_secs(5);
/// How long the engine may take to measure one: nothing is published meanwhile.
const PATIENCE: Duration = Duration::from_secs(2);
/// Containers that are measured side by side.
const AT_ONCE: usize = 16;
/// Tasks of one message.
const TASKS: usize = 10;
/// A connection on which nothing comes for this long is dead: every message is answered.
const SILENCE: Duration = Duration::from_secs(150);
const LIFE: Duration = Duration::from_secs(30 * 60);
const WAITS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// A state of health, in the protocol.
pub(crate) fn health_name(health: Health) -> &'static str {
    match health {
        Health::Unknown => "UNKNOWN",
        Health::Healthy => "HEALTHY",
        Health::Unhealthy => "UNHEALTHY",
    }
}

/// Publishes until the runner is gone.
pub(crate) async fn run<E: Engine>(
    host: Shared<E>,
    instance: Arc<str>,
    engine_version: Arc<str>,
    runner: mpsc::Sender<Message>,
) {
    let mut backoff = Backoff::new(WAITS.0, WAITS.1);
    let mut samples = BTreeMap::new();
    while !runner.is_closed() {
        let publish = publish(&host, &instance, &engine_version, &mut samples, &mut backoff);
        let outcome = tokio::select! {
            outcome = publish => outcome,
            () = runner.closed() => return,
        };
        let wait = match outcome {
            Ok(()) => WAITS.0.mul_f64(fraction()),
            Err(error) => {
                tracing::debug!(%error, "metrics are not published");
                backoff.next()
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = runner.closed() => {}
        }
    }
}

async fn publish<E: Engine>(
    host: &Shared<E>,
    instance: &str,
    engine_version: &str,
    samples: &mut BTreeMap<String, Samples>,
    backoff: &mut Backoff,
) -> Result<()> {
    let found = discover(host, instance).await?;
    if found.telemetry_endpoint.is_empty() {
        return Err(Error::Malformed("no endpoint for telemetry".to_owned()));
    }
    let cluster = cluster_arn(instance, &host.config.cluster);
    let version = register::version(engine_version);
    let query = [
        ("agentHash", version.agent_hash.as_str()),
        ("agentVersion", &version.agent_version),
        ("cluster", &cluster),
        ("containerInstance", instance),
        ("dockerVersion", &version.docker_version),
    ];
    let mut socket = Socket::dial(&host.control, &found.telemetry_endpoint, &query).await?;
    let until = tokio::time::Instant::now() + LIFE.mul_f64(1.0 + fraction() / 3.0);
    let mut publish = tokio::time::interval_at(tokio::time::Instant::now() + PUBLISH, PUBLISH);
    let mut measure = tokio::time::interval(MEASURE);
    measure.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            received = tokio::time::timeout(SILENCE, socket.receive()) => {
                let Ok(received) = received else {
                    return Err(Error::Broken("the control plane fell silent".to_owned()));
                };
                let Some(text) = received? else { return Err(Error::Broken("it was closed".to_owned())) };
                backoff.reset();
                match ToAgent::decode(&text) {
                    Ok(ToAgent::Exception(kind, complaint)) => {
                        return Err(Error::Refused { kind, message: complaint.message });
                    }
                    Ok(ToAgent::Close(_) | ToAgent::StopTelemetrySession(_)) => return Ok(()),
                    Ok(_) => {}
                    Err(error) => tracing::warn!(%error, "an answer to metrics is not understood"),
                }
            }
            _ = measure.tick() => measure_all(host, samples).await,
            _ = publish.tick() => {
                let tasks = running(host);
                for message in metrics(&tasks, samples, instance, &cluster) {
                    socket.send(ToControl::PublishMetrics(message).encode()).await?;
                }
                for message in health(&tasks, instance, &cluster) {
                    socket.send(ToControl::PublishHealth(message).encode()).await?;
                }
            }
            () = tokio::time::sleep_until(until) => {
                socket.close().await;
                return Ok(());
            }
        }
    }
}

fn running<E: Engine>(host: &Shared<E>) -> Vec<Arc<Task>> {
    let runs = |task: &Arc<Task>| task.containers.iter().any(|container| container.phase == Phase::Running);
    host.board.all().into_iter().filter(runs).collect()
}

async fn measure_all<E: Engine>(host: &Shared<E>, samples: &mut BTreeMap<String, Samples>) {
    let host_units = register::cpu_units(&host.config);
    let mut here: Vec<(String, Option<String>)> = Vec::new();
    for task in running(host) {
        // Of containers that share a network, the one that holds it has the figures.
        let pause = task.containers.first().filter(|first| first.is_pause()).and_then(|pause| pause.runtime_id.clone());
        let runs = task.visible().filter(|container| container.phase == Phase::Running);
        here.extend(runs.filter_map(|container| Some((container.runtime_id.clone()?, pause.clone()))));
    }
    samples.retain(|id, _| here.iter().any(|(here, _)| here == id));
    let measures = here.into_iter().map(|(id, pause)| async move {
        let measure = async {
            let mut usage = host.engine.usage(&id).await.ok()?;
            if let Some(pause) = pause
                && let Ok(network) = host.engine.usage(&pause).await
            {
                (usage.received, usage.sent) = (network.received, network.sent);
            }
            Some((id, usage, now()))
        };
        // One that hangs must not keep the figures of the others.
        tokio::time::timeout(PATIENCE, measure).await.ok().flatten()
    });
    let mut measures = stream::iter(measures).buffer_unordered(AT_ONCE);
    while let Some(measured) = measures.next().await {
        if let Some((id, usage, at)) = measured {
            samples.entry(id).or_default().take(&usage, host_units, at);
        }
    }
}

fn metrics(
    tasks: &[Arc<Task>],
    samples: &mut BTreeMap<String, Samples>,
    instance: &str,
    cluster: &str,
) -> Vec<PublishMetricsRequest> {
    let message_id = uuid::Uuid::new_v4().to_string();
    let all: Vec<TaskMetric> = tasks
        .iter()
        .map(|task| TaskMetric {
            task_arn: task.arn().to_owned(),
            cluster_arn: None,
            task_definition_family: task.wanted.family.clone(),
            task_definition_version: task.wanted.version.clone(),
            container_metrics: task
                .visible()
                .filter_map(|container| {
                    let measured = samples.get_mut(container.runtime_id.as_ref()?)?.drain()?;
                    let arn = task.wanted.containers.iter().find(|definition| definition.name == container.name);
                    Some(acs::telemetry::ContainerMetric {
                        container_name: container.name.clone(),
                        container_arn: arn.and_then(|definition| definition.container_arn.clone()),
                        ..measured
                    })
                })
                .collect(),
        })
        .filter(|metric| !metric.container_metrics.is_empty())
        .collect();
    let request = |tasks: &[TaskMetric], fin| PublishMetricsRequest {
        metadata: MetricsMetadata {
            cluster: cluster.to_owned(),
            container_instance: instance.to_owned(),
            message_id: message_id.clone(),
            idle: all.is_empty(),
            fin,
        },
        task_metrics: tasks.to_vec(),
        instance_metrics: None,
        timestamp: seconds_now(),
    };
    if all.is_empty() {
        return vec![request(&[], true)];
    }
    let count = all.chunks(TASKS).len();
    all.chunks(TASKS).enumerate().map(|(place, tasks)| request(tasks, place + 1 == count)).collect()
}

fn health(tasks: &[Arc<Task>], instance: &str, cluster: &str) -> Vec<PublishHealthRequest> {
    let message_id = uuid::Uuid::new_v4().to_string();
    let of = |task: &Arc<Task>| {
        let checked = |name: &str| {
            let definition = task.wanted.containers.iter().find(|definition| definition.name == name);
            definition.is_some_and(|definition| definition.health_check_type.as_deref() == Some("docker"))
        };
        let containers: Vec<ContainerHealth> = task
            .visible()
            .filter(|container| checked(&container.name))
            .map(|container| ContainerHealth {
                container_name: container.name.clone(),
                health_status: health_name(container.health).to_owned(),
                status_since: container.health_since.map(crate::task::seconds),
                status_message: (!container.health_output.is_empty()).then(|| container.health_output.clone()),
            })
            .collect();
        (!containers.is_empty()).then(|| TaskHealth {
            task_arn: task.arn().to_owned(),
            cluster_arn: None,
            task_definition_family: task.wanted.family.clone(),
            task_definition_version: task.wanted.version.clone(),
            containers,
        })
    };
    let all: Vec<TaskHealth> = tasks.iter().filter_map(of).collect();
    let count = all.chunks(TASKS).len();
    let request = |(place, tasks): (usize, &[TaskHealth])| PublishHealthRequest {
        metadata: HealthMetadata {
            cluster: cluster.to_owned(),
            container_instance: instance.to_owned(),
            message_id: message_id.clone(),
            fin: place + 1 == count,
        },
        tasks: tasks.to_vec(),
        timestamp: seconds_now(),
    };
    all.chunks(TASKS).enumerate().map(request).collect()
}

fn seconds_now() -> f64 {
    crate::task::seconds(now().micros())
}
