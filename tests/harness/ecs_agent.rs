//! An ECS agent without containers: it registers a host, keeps its connection, and says of every task what the test wants.
//! By default tasks run a moment after they arrive, and stop a moment after they are told to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::Method;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::aws::Aws;
use super::client::encode;
use super::sigv4::{Unsigned, now};

/// How the agent treats the tasks of a family.
#[derive(Debug, Clone, Default)]
pub struct Behavior {
    /// Why they never start, if they do not.
    pub fails: Option<String>,
    /// With which code they exit right after they ran, if they do.
    pub exits: Option<i64>,
    /// That what they are told to do is not done.
    pub ignores: bool,
    /// The host ports that they get, one task after the other.
    pub ports: Vec<u16>,
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// An agent that runs until it is dropped.
pub struct EcsAgent {
    /// What it was registered as.
    pub instance_arn: String,
    shared: Arc<Shared>,
    job: JoinHandle<()>,
}

struct Shared {
    aws: Aws,
    cluster: String,
    behaviors: Mutex<HashMap<String, Behavior>>,
    /// Tasks that it was sent, with the last desired status.
    tasks: Mutex<HashMap<String, Value>>,
    /// The host port of each task that got one of those that a test chose.
    ports: Mutex<HashMap<String, u16>>,
    /// Frames that it was sent.
    frames: Mutex<Vec<Value>>,
    events: mpsc::UnboundedSender<(String, &'static str)>,
}

impl EcsAgent {
    /// Registers a host with this much CPU and memory and connects.
    pub async fn join(aws: &Aws, cluster: &str, cpu: i64, memory: i64) -> Self {
        Self::join_with(aws, cluster, cpu, memory, json!({})).await
    }

    /// Like [`EcsAgent::join`], with further members of RegisterContainerInstance.
    pub async fn join_with(aws: &Aws, cluster: &str, cpu: i64, memory: i64, further: Value) -> Self {
        let mut request = json!({
            "cluster": cluster,
            "totalResources": [
                { "name": "CPU", "type": "INTEGER", "integerValue": cpu },
                { "name": "MEMORY", "type": "INTEGER", "integerValue": memory },
                { "name": "PORTS", "type": "STRINGSET", "stringSetValue": ["22"] },
                { "name": "PORTS_UDP", "type": "STRINGSET", "stringSetValue": [] },
            ],
            "attributes": CAPABILITIES.iter().map(|name| json!({ "name": name })).collect::<Vec<_>>(),
            "versionInfo": { "agentVersion": "1.0.0", "agentHash": "0", "dockerVersion": "DockerVersion: 27.0.0" },
        });
        for (name, value) in further.as_object().expect("an object") {
            match (request.get_mut(name), value) {
                (Some(Value::Array(known)), Value::Array(more)) => known.extend(more.iter().cloned()),
                _ => request[name] = value.clone(),
            }
        }
        let answer = call(aws, "RegisterContainerInstance", &request).await;
        let instance_arn = answer["containerInstance"]["containerInstanceArn"].as_str().expect("an ARN").to_owned();
        let (events, received) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            aws: aws.clone(),
            cluster: cluster.to_owned(),
            behaviors: Mutex::default(),
            tasks: Mutex::default(),
            ports: Mutex::default(),
            frames: Mutex::default(),
            events,
        });
        let job = tokio::spawn(run(Arc::clone(&shared), instance_arn.clone(), received));
        let agent = Self { instance_arn, shared, job };
        agent.connected().await;
        agent
    }

    /// Treats the tasks of a family in another way from now on.
    pub fn behave(&self, family: &str, behavior: Behavior) {
        self.shared.behaviors.lock().expect("nobody panicked").insert(family.to_owned(), behavior);
    }

    /// The tasks that it was sent, by their ARNs.
    pub fn tasks(&self) -> HashMap<String, Value> {
        self.shared.tasks.lock().expect("nobody panicked").clone()
    }

    /// Frames of a type that it was sent.
    pub fn frames(&self, kind: &str) -> Vec<Value> {
        let frames = self.shared.frames.lock().expect("nobody panicked");
        frames.iter().filter(|frame| frame["type"] == kind).map(|frame| frame["message"].clone()).collect()
    }

    /// Says that a task ended by itself.
    pub async fn exit(&self, task_arn: &str, code: i64) {
        let task =
            self.shared.tasks.lock().expect("nobody panicked").get(task_arn).cloned().expect("a task of this agent");
        submit(&self.shared, &task, "STOPPED", None, Some(code)).await;
    }

    /// Publishes what tasks use over the second websocket, and waits until it was taken.
    pub async fn publish(&self, task_metrics: Value) {
        let message = json!({ "taskMetrics": task_metrics, "timestamp": 0 });
        self.tell("PublishMetricsRequest", message, "AckPublishMetric").await;
    }

    /// Publishes something over the second websocket, and waits for the answer.
    pub async fn tell(&self, kind: &str, message: Value, answered: &str) {
        self.tell_often(kind, message, answered, 1).await;
    }

    /// Publishes something so often over one websocket, and then waits for all answers. Frames begin with signed lines, as those of
    /// Amazon's agent do.
    pub async fn tell_often(&self, kind: &str, mut message: Value, answered: &str, count: usize) {
        let cluster = format!(
            "{}:cluster/{}",
            self.instance_arn.split(":container-instance/").next().expect("an ARN"),
            self.shared.cluster
        );
        let target = format!(
            "/tcs/ws?agentHash=0&agentVersion=1.0.0&cluster={}&containerInstance={}",
            encode(&cluster),
            encode(&self.instance_arn)
        );
        let mut socket = dial(&self.shared.aws, target).await.expect("the second websocket");
        let metadata =
            json!({ "cluster": cluster, "containerInstance": self.instance_arn, "messageId": "m", "fin": true });
        message["metadata"] = metadata;
        let frame = json!({ "type": kind, "message": message });
        let frame = format!("Authorization: AWS4-HMAC-SHA256 Credential=a\r\nHost: h\r\nX-Amz-Date: d\r\n\r\n{frame}");
        for _ in 0..count {
            socket.send(Message::Text(frame.clone().into())).await.expect("it is sent");
        }
        let mut left = count;
        while let Ok(Some(Ok(answer))) = tokio::time::timeout(Duration::from_secs(30), socket.next()).await {
            left -= usize::from(answer.to_text().is_ok_and(|text| text.contains(answered)));
            if left == 0 {
                return;
            }
        }
        panic!("of {count} that were published {left} were not taken");
    }

    async fn connected(&self) {
        for _ in 0..600 {
            let request = json!({ "cluster": self.shared.cluster, "containerInstances": [self.instance_arn] });
            let answer = call(&self.shared.aws, "DescribeContainerInstances", &request).await;
            if answer["containerInstances"][0]["agentConnected"] == true
                && !self.frames("TaskManifestMessage").is_empty()
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the agent does not get connected");
    }
}

impl Drop for EcsAgent {
    fn drop(&mut self) {
        self.job.abort();
    }
}

/// What hosts say that they can.
const CAPABILITIES: &[&str] = &[
    "com.amazonaws.ecs.capability.docker-remote-api.1.17",
    "com.amazonaws.ecs.capability.docker-remote-api.1.18",
    "com.amazonaws.ecs.capability.docker-remote-api.1.19",
    "com.amazonaws.ecs.capability.docker-remote-api.1.21",
    "com.amazonaws.ecs.capability.docker-remote-api.1.24",
    "com.amazonaws.ecs.capability.docker-remote-api.1.29",
    "com.amazonaws.ecs.capability.docker-remote-api.1.32",
    "com.amazonaws.ecs.capability.logging-driver.json-file",
    "com.amazonaws.ecs.capability.logging-driver.awslogs",
    "com.amazonaws.ecs.capability.ecr-auth",
    "com.amazonaws.ecs.capability.task-iam-role",
    "com.amazonaws.ecs.capability.task-iam-role-network-host",
    "com.amazonaws.ecs.capability.privileged-container",
    "ecs.capability.env-files.s3",
    "ecs.capability.execution-role-ecr-pull",
    "ecs.capability.execution-role-awslogs",
    "ecs.capability.container-ordering",
    "ecs.capability.container-health-check",
    "ecs.capability.docker-plugin.local",
    "ecs.capability.task-eni",
    "ecs.capability.full-sync",
];

/// A signed call of ECS that must succeed.
pub async fn call(aws: &Aws, operation: &str, body: &Value) -> Value {
    let request = Unsigned {
        method: Method::POST,
        target: "/".to_owned(),
        headers: vec![
            ("content-type".to_owned(), "application/x-amz-json-1.1".to_owned()),
            ("x-amz-target".to_owned(), format!("AmazonEC2ContainerServiceV20141113.{operation}")),
        ],
        body: body.to_string().into_bytes(),
        service: "ecs".to_owned(),
        time: now(0),
    };
    let answer = request.sign(aws).send(&aws.endpoint).await;
    let text = String::from_utf8_lossy(answer.body()).into_owned();
    assert_eq!(answer.status(), 200, "{operation}: {text}");
    serde_json::from_str(&text).expect("an answer is JSON")
}

async fn run(shared: Arc<Shared>, instance_arn: String, mut events: mpsc::UnboundedReceiver<(String, &'static str)>) {
    let own = Arc::clone(&shared);
    let reports = tokio::spawn(async move {
        while let Some((task_arn, status)) = events.recv().await {
            let task = own.tasks.lock().expect("nobody panicked").get(&task_arn).cloned().unwrap_or_default();
            let family = task["family"].as_str().unwrap_or_default().to_owned();
            let behavior = own.behaviors.lock().expect("nobody panicked").get(&family).cloned().unwrap_or_default();
            if behavior.ignores {
                continue;
            }
            match (status, &behavior.fails, behavior.exits) {
                ("RUNNING", Some(reason), _) => report(&own, &task, "STOPPED", Some(reason), None).await,
                ("RUNNING", None, Some(code)) => {
                    report(&own, &task, "RUNNING", None, None).await;
                    report(&own, &task, "STOPPED", None, Some(code)).await;
                }
                ("RUNNING", None, None) => report(&own, &task, "RUNNING", None, None).await,
                _ => report(&own, &task, "STOPPED", None, Some(137)).await,
            }
        }
    });
    loop {
        listen(&shared, &instance_arn).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        if reports.is_finished() {
            return;
        }
    }
}

/// Dials a websocket with a signed request.
async fn dial(aws: &Aws, target: String) -> Option<Socket> {
    let request = Unsigned {
        method: Method::GET,
        target: target.clone(),
        headers: Vec::new(),
        body: Vec::new(),
        service: "ecs".to_owned(),
        time: now(0),
    };
    let signed = request.sign(aws);
    let url = format!("{}{target}", aws.endpoint.replacen("http", "ws", 1));
    let mut request = url.into_client_request().expect("a URL");
    for (name, value) in &signed.headers {
        let name = http::HeaderName::from_bytes(name.as_bytes()).expect("a header name");
        request.headers_mut().insert(name, value.parse().expect("a header value"));
    }
    Some(tokio_tungstenite::connect_async(request).await.ok()?.0)
}

/// One connection.
async fn listen(shared: &Shared, instance_arn: &str) {
    let cluster_arn = format!(
        "{}:cluster/{}",
        instance_arn.split(":container-instance/").next().expect("there is a first part"),
        shared.cluster
    );
    let target = format!(
        "/acs/ws?agentHash=0&agentVersion=1.0.0&clusterArn={}&containerInstanceArn={}&protocolVersion=2&seqNum=1",
        encode(&cluster_arn),
        encode(instance_arn)
    );
    let Some(mut socket) = dial(&shared.aws, target).await else {
        return;
    };
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else {
            continue;
        };
        let frame: Value = serde_json::from_str(text.as_str()).expect("frames are JSON");
        let body = frame["message"].clone();
        let answer = match frame["type"].as_str().unwrap_or_default() {
            "HeartbeatMessage" => {
                Some(json!({ "type": "HeartbeatAckRequest", "message": { "messageId": body["messageId"] } }))
            }
            "PayloadMessage" => {
                for task in body["tasks"].as_array().into_iter().flatten() {
                    take(shared, task);
                }
                Some(ack(&body))
            }
            "TaskManifestMessage" => Some(ack(&body)),
            _ => None,
        };
        shared.frames.lock().expect("nobody panicked").push(frame);
        if let Some(answer) = answer
            && socket.send(Message::Text(answer.to_string().into())).await.is_err()
        {
            return;
        }
    }
}

fn ack(body: &Value) -> Value {
    json!({
        "type": "AckRequest",
        "message": {
            "messageId": body["messageId"],
            "cluster": body["clusterArn"],
            "containerInstance": body["containerInstanceArn"],
        },
    })
}

/// A task that is to run is started once, and stopped once.
fn take(shared: &Shared, task: &Value) {
    let arn = task["arn"].as_str().expect("a task has an ARN").to_owned();
    let wanted = task["desiredStatus"].as_str().unwrap_or_default().to_owned();
    let before = {
        let mut tasks = shared.tasks.lock().expect("nobody panicked");
        let before = tasks.get(&arn).map(|task| task["desiredStatus"].clone());
        match (&before, wanted.as_str()) {
            // What comes to stop need not say what it was.
            (Some(_), "STOPPED") => tasks.get_mut(&arn).expect("it is there")["desiredStatus"] = json!("STOPPED"),
            _ => {
                tasks.insert(arn.clone(), task.clone());
            }
        }
        before
    };
    let event = match (before, wanted.as_str()) {
        (None, "RUNNING") => "RUNNING",
        (Some(before), "STOPPED") if before == "RUNNING" => "STOPPED",
        (None, "STOPPED") => "STOPPED",
        _ => return,
    };
    let _ = shared.events.send((arn, event));
}

/// Says what became of a task until it is heard: the server may be away for a moment.
async fn report(
    shared: &Arc<Shared>,
    task: &Value,
    status: &'static str,
    reason: Option<&str>,
    exit_code: Option<i64>,
) {
    // As long as a server may take to start, and more.
    for _ in 0..300 {
        let (own, task, reason) = (Arc::clone(shared), task.clone(), reason.map(str::to_owned));
        let said = tokio::spawn(async move { submit(&own, &task, status, reason.as_deref(), exit_code).await });
        if said.await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("nobody hears what became of a task");
}

/// The host port of a task, if a test chose those of its family.
fn chosen_port(shared: &Shared, task: &Value) -> Option<u16> {
    let arn = task["arn"].as_str().unwrap_or_default();
    let mut ports = shared.ports.lock().expect("nobody panicked");
    if !ports.contains_key(arn) {
        let mut behaviors = shared.behaviors.lock().expect("nobody panicked");
        let left = &mut behaviors.get_mut(task["family"].as_str().unwrap_or_default())?.ports;
        if left.is_empty() {
            return None;
        }
        ports.insert(arn.to_owned(), left.remove(0));
    }
    ports.get(arn).copied()
}

async fn submit(shared: &Shared, task: &Value, status: &str, reason: Option<&str>, exit_code: Option<i64>) {
    let chosen = chosen_port(shared, task);
    let containers: Vec<Value> = task["containers"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
        .map(|(index, container)| {
            let bindings: Vec<Value> = container["portMappings"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|mapping| {
                    let dynamic = chosen.map_or(32768 + index as i64, i64::from);
                    let host = mapping["hostPort"].as_i64().filter(|port| *port != 0).unwrap_or(dynamic);
                    json!({
                        "bindIP": "0.0.0.0", "containerPort": mapping["containerPort"], "hostPort": host, "protocol": "tcp",
                    })
                })
                .collect();
            let mut change = json!({
                "containerName": container["name"], "status": status, "runtimeId": "0123456789ab", "networkBindings": bindings,
            });
            if let Some(code) = exit_code {
                change["exitCode"] = json!(code);
            }
            change
        })
        .collect();
    let mut request =
        json!({ "cluster": shared.cluster, "task": task["arn"], "status": status, "containers": containers });
    if let Some(reason) = reason {
        request["reason"] = json!(reason);
    }
    call(&shared.aws, "SubmitTaskStateChange", &request).await;
}
