//! What a container and its task are, version 4 of ECS's metadata (version 3 is answered in the same words).

use http::StatusCode;
use serde_json::{Map, Value, json};
use types::Timestamp;

use super::server::{Answer, Source};
use super::tags;
use crate::engine::Engine;
use crate::host::Shared;
use crate::task::{Container, Phase, Task, label};

/// What is asked of the container with this id, if it is its task that asks.
pub(super) async fn answer<E: Engine>(host: &Shared<E>, id: &str, what: &str, from: Source) -> Answer {
    let unknown = || {
        let text = format!("V4 container metadata handler: unable to get container ID from request: {}", shown(id));
        (StatusCode::NOT_FOUND, json!(text))
    };
    let has = |task: &Task| task.containers.iter().position(|container| container.metadata_id == id);
    let Some((task, index)) = host.board.all().into_iter().find_map(|task| Some((task.clone(), has(&task)?))) else {
        return unknown();
    };
    if !from.is(host, &task).await {
        return unknown();
    }
    // It may have changed while we waited for its address.
    let task = host.board.find(task.arn()).unwrap_or(task);
    let Some(container) = task.containers.get(index) else { return unknown() };
    match what {
        "" => (StatusCode::OK, of_container(host, &task, container)),
        "task" => (StatusCode::OK, of_task(host, &task)),
        "taskWithTags" => {
            let mut answer = of_task(host, &task);
            tags::put(host, task.arn(), &mut answer).await;
            (StatusCode::OK, answer)
        }
        "stats" => (StatusCode::OK, stats(host, container).await),
        "task/stats" => {
            let mut all = Map::new();
            for container in &task.containers {
                if let Some(id) = &container.runtime_id {
                    all.insert(id.clone(), stats(host, container).await);
                }
            }
            (StatusCode::OK, Value::Object(all))
        }
        _ => (StatusCode::NOT_FOUND, json!("there is nothing here")),
    }
}

fn shown(id: &str) -> String {
    id.chars().filter(char::is_ascii_alphanumeric).take(64).collect()
}

async fn stats<E: Engine>(host: &Shared<E>, container: &Container) -> Value {
    match &container.runtime_id {
        Some(id) if container.phase == Phase::Running => {
            host.engine.usage(id).await.map_or(Value::Null, |usage| usage.raw)
        }
        _ => Value::Null,
    }
}

fn of_task<E: Engine>(host: &Shared<E>, task: &Task) -> Value {
    let wanted = &task.wanted;
    let mut limits = Map::new();
    if let Some(cpu) = wanted.cpu {
        limits.insert("CPU".to_owned(), json!(cpu));
    }
    if let Some(memory) = wanted.memory {
        limits.insert("Memory".to_owned(), json!(memory));
    }
    let containers: Vec<Value> = task
        .containers
        .iter()
        .filter(|container| container.runtime_id.is_some())
        .map(|container| of_container(host, task, container))
        .collect();
    let mut answer = json!({
        "Cluster": host.config.cluster,
        "TaskARN": task.arn(),
        "Family": wanted.family,
        "Revision": wanted.version,
        "DesiredStatus": desired(task),
        "KnownStatus": task.status().name(),
        "Containers": containers,
        "LaunchType": wanted.launch_type.as_deref().unwrap_or("EC2"),
    });
    put(&mut answer, "Limits", (!limits.is_empty()).then_some(Value::Object(limits)));
    put(&mut answer, "ServiceName", wanted.service_name.as_ref().map(|name| json!(name)));
    put(&mut answer, "AvailabilityZone", wanted.zone.as_ref().map(|zone| json!(zone)));
    put(&mut answer, "PullStartedAt", time(task.pull_started_at));
    put(&mut answer, "PullStoppedAt", time(task.pull_stopped_at));
    put(&mut answer, "ExecutionStoppedAt", time(task.execution_stopped_at));
    answer
}

fn of_container<E: Engine>(host: &Shared<E>, task: &Task, container: &Container) -> Value {
    let definition = task.wanted.containers.iter().find(|definition| definition.name == container.name);
    let index = task.position(&container.name).unwrap_or_default();
    let known = match container.phase {
        Phase::Waiting | Phase::Pulling => "NONE",
        Phase::Pulled | Phase::Creating => "PULLED",
        Phase::Created | Phase::Starting => "CREATED",
        Phase::Running | Phase::Stopping => "RUNNING",
        Phase::Stopped => "STOPPED",
    };
    let mut answer = json!({
        "DockerId": container.runtime_id.as_deref().unwrap_or_default(),
        "Name": container.name,
        "DockerName": task.container_name(index),
        "Image": definition.map_or(crate::network::pause::IMAGE, |definition| &definition.image),
        "ImageID": container.image_id.as_deref().unwrap_or_default(),
        "Labels": {
            label::CLUSTER: host.config.cluster,
            label::CONTAINER: container.name,
            label::TASK: task.arn(),
            label::FAMILY: task.wanted.family,
            label::REVISION: task.wanted.version,
        },
        "DesiredStatus": desired(task),
        "KnownStatus": known,
        "Type": if container.is_pause() { "CNI_PAUSE" } else { "NORMAL" },
        "Networks": networks(task, container),
    });
    if let Some(definition) = definition {
        answer["Limits"] = json!({"CPU": definition.cpu, "Memory": definition.memory});
        if let Some(arn) = &definition.container_arn {
            answer["ContainerARN"] = json!(arn);
        }
        if definition.restart_policy.as_ref().is_some_and(|policy| policy.enabled) {
            answer["RestartCount"] = json!(container.restarts);
        }
        if let Some((driver, options)) = crate::task::body::log_driver(definition) {
            answer["LogDriver"] = json!(driver);
            answer["LogOptions"] = json!(options);
        }
    }
    put(&mut answer, "ExitCode", container.exit_code.map(|code| json!(code)));
    put(&mut answer, "CreatedAt", time(container.created_at));
    put(&mut answer, "StartedAt", time(container.started_at));
    put(&mut answer, "FinishedAt", time(container.finished_at));
    if !container.bindings.is_empty() {
        let ports = container.bindings.iter().map(|binding| {
            json!({
                "ContainerPort": binding.container_port,
                "Protocol": binding.protocol,
                "HostPort": binding.host_port,
                "HostIp": binding.address,
            })
        });
        answer["Ports"] = ports.collect();
    }
    let checked = definition.is_some_and(|definition| definition.health_check_type.as_deref() == Some("docker"));
    if checked {
        let status = crate::telemetry::health_name(container.health);
        answer["Health"] = json!({"status": status, "output": container.health_output});
    }
    answer
}

/// Members that are not known are absent.
fn put(answer: &mut Value, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        answer[name] = value;
    }
}

fn desired(task: &Task) -> &'static str {
    if task.ends() { "STOPPED" } else { "RUNNING" }
}

fn networks(task: &Task, container: &Container) -> Value {
    let mode = task.wanted.network_mode.as_deref().unwrap_or("bridge");
    let holder = if task.has_own_network() { task.containers.first() } else { Some(container) };
    let mut network = json!({"NetworkMode": mode});
    if let Some(address) = holder.and_then(|holder| holder.address.as_ref()) {
        network["IPv4Addresses"] = json!([address.ip]);
        if task.has_own_network() {
            network["MACAddress"] = json!(address.mac);
            network["PrivateDNSName"] = json!(task.dns_name());
            network["IPv4SubnetCIDRBlock"] = json!(format!("{}/{}", address.ip, address.prefix));
            network["SubnetGatewayIpv4Address"] = json!(format!("{}/{}", address.gateway, address.prefix));
        }
    }
    json!([network])
}

fn time(micros: Option<i64>) -> Option<Value> {
    Some(json!(Timestamp::from_micros(micros?).rfc3339()))
}
