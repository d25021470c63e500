//! A control plane for tests: it takes whatever an agent calls, keeps it, and sends what the test says.
//!
//! It does not check signatures, and it answers only what agents ask.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use acs::api::SubmitTaskStateChangeRequest;
use acs::frame::{ToAgent, ToControl};
use acs::{PayloadMessage, Task};
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Message, Role};

pub const CLUSTER: &str = "default";
pub const INSTANCE: &str =
    "arn:aws:ecs:us-east-1:000000000000:container-instance/default/00000000000000000000000000000001";

#[derive(Default)]
struct Seen {
    /// Every call: the operation, and its input.
    calls: Vec<(String, Value)>,
    /// Every frame of agents.
    frames: Vec<ToControl>,
    /// How many websockets were opened.
    dials: usize,
    /// What a call of an operation is answered instead.
    refusals: BTreeMap<String, (u16, Value)>,
    /// Log streams and their events.
    streams: BTreeMap<String, Vec<(i64, String)>>,
    /// Batches of events that came with a token, by the token.
    batches: BTreeMap<String, Value>,
    /// Whether answers to batches of events are lost.
    loses_answers: bool,
}

/// The control plane. It ends with its last handle.
pub struct Fake {
    pub address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    out: broadcast::Sender<String>,
    server: JoinHandle<()>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Fake {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, out) = (Arc::<Mutex<Seen>>::default(), broadcast::channel(64).0);
        let server = tokio::spawn(serve(listener, seen.clone(), out.clone()));
        Self { address, seen, out, server }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    /// Answers calls of an operation so from now on; `None`: as usual.
    pub fn refuse(&self, operation: &str, answer: Option<(u16, Value)>) {
        let mut seen = self.seen();
        match answer {
            Some(answer) => drop(seen.refusals.insert(operation.to_owned(), answer)),
            None => drop(seen.refusals.remove(operation)),
        }
    }

    /// Takes events from now on and says that it did not; `false`: no more.
    pub fn lose_answers(&self, lose: bool) {
        self.seen().loses_answers = lose;
    }

    pub fn calls(&self, operation: &str) -> Vec<Value> {
        self.seen().calls.iter().filter(|(name, _)| name == operation).map(|(_, input)| input.clone()).collect()
    }

    pub fn frames(&self) -> Vec<ToControl> {
        self.seen().frames.clone()
    }

    pub fn dials(&self) -> usize {
        self.seen().dials
    }

    pub fn log(&self, stream: &str) -> Vec<String> {
        self.seen()
            .streams
            .get(stream)
            .map(|events| events.iter().map(|(_, text)| text.clone()).collect())
            .unwrap_or_default()
    }

    /// Sends to all agents that are connected, once there is one.
    pub async fn send(&self, message: &ToAgent) {
        eventually("an agent is connected", || self.out.receiver_count() > 0).await;
        self.out.send(message.encode()).unwrap();
    }

    /// Sends tasks, and waits until they are acknowledged.
    pub async fn payload(&self, sequence: i64, tasks: Vec<Task>) {
        let message_id = format!("payload-{sequence}-{}", uuid::Uuid::new_v4());
        let message = ToAgent::Payload(PayloadMessage {
            container_instance_arn: INSTANCE.to_owned(),
            cluster_arn: CLUSTER.to_owned(),
            tasks,
            message_id: message_id.clone(),
            seq_num: sequence,
            ..PayloadMessage::default()
        });
        self.send(&message).await;
        eventually("the payload is acknowledged", || self.is_acknowledged(&message_id)).await;
    }

    pub fn is_acknowledged(&self, message_id: &str) -> bool {
        self.frames().iter().any(|frame| matches!(frame, ToControl::Ack(ack) if ack.message_id == message_id))
    }

    /// What was said of a task, in order.
    pub fn changes(&self, arn: &str) -> Vec<SubmitTaskStateChangeRequest> {
        let changes =
            self.calls("SubmitTaskStateChange").into_iter().map(|input| serde_json::from_value(input).unwrap());
        changes.filter(|change: &SubmitTaskStateChangeRequest| change.task.as_deref() == Some(arn)).collect()
    }

    /// Waits until a task is said to be in a state, and gives what was said.
    pub async fn reaches(&self, arn: &str, status: &str) -> SubmitTaskStateChangeRequest {
        let find = || self.changes(arn).into_iter().find(|change| change.status.as_deref() == Some(status));
        eventually(&format!("{arn} is {status}"), || find().is_some()).await;
        find().unwrap()
    }
}

/// Waits for something that has to come.
pub async fn eventually(what: &str, mut is: impl FnMut() -> bool) {
    for _ in 0..600 {
        if is() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it does not come to this: {what}");
}

async fn serve(listener: TcpListener, seen: Arc<Mutex<Seen>>, out: broadcast::Sender<String>) {
    let mut connections = tokio::task::JoinSet::new();
    let address = listener.local_addr().unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (seen, out) = (seen.clone(), out.clone());
        connections.spawn(async move {
            let service = service_fn(|request| {
                let (seen, out) = (seen.clone(), out.clone());
                async move { Ok::<_, Infallible>(answer(request, address, seen, out).await) }
            });
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    out: broadcast::Sender<String>,
) -> Response<Full<Bytes>> {
    let header =
        |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    assert!(header("authorization").starts_with("AWS4-HMAC-SHA256 "), "everything is signed");
    if request.uri().path().ends_with("/ws") {
        return upgrade(request, seen, out);
    }
    let target = header("x-amz-target");
    let authorization = header("authorization");
    let key = authorization.split(['=', '/']).nth(1).unwrap_or_default().to_owned();
    let operation = target.split('.').nth(1).unwrap_or_default().to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let mut input: Value = serde_json::from_slice(&body).unwrap();
    // Whose key it is signed with, for tests that ask.
    input["signedBy"] = json!(key);
    let (status, body) = operate(&operation, &input, address, &mut seen.lock().unwrap());
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

fn operate(operation: &str, input: &Value, address: SocketAddr, seen: &mut Seen) -> (u16, Value) {
    seen.calls.push((operation.to_owned(), input.clone()));
    if let Some(refusal) = seen.refusals.get(operation) {
        return refusal.clone();
    }
    let stream = || input["logStreamName"].as_str().unwrap_or_default().to_owned();
    let missing =
        (400, json!({"__type": "ResourceNotFoundException", "message": "The specified log stream does not exist."}));
    let answer = match operation {
        "RegisterContainerInstance" => json!({"containerInstance": {
            "containerInstanceArn": input.get("containerInstanceArn").cloned().unwrap_or(json!(INSTANCE)),
            "attributes": input["attributes"],
        }}),
        "DiscoverPollEndpoint" => json!({
            "endpoint": format!("http://{address}/acs"),
            "telemetryEndpoint": format!("http://{address}/tcs"),
        }),
        // "AWS:password"
        "GetAuthorizationToken" => json!({"authorizationData": [{
            "authorizationToken": "QVdTOnBhc3N3b3Jk",
            "proxyEndpoint": "https://registry.example.com",
        }]}),
        "GetSecretValue" => match input["SecretId"].as_str() {
            Some("arn:aws:secretsmanager:us-east-1:000000000000:secret:hub") => {
                json!({"SecretString": r#"{"username": "me", "password": "hush"}"#})
            }
            _ => return (400, json!({"__type": "ResourceNotFoundException", "message": "no such secret"})),
        },
        "GetParameters" => json!({"Parameters": [{"Name": input["Names"][0], "Value": "a parameter"}]}),
        "ListTagsForResource" => match input["resourceArn"].as_str() {
            Some(INSTANCE) => json!({"tags": [{"key": "rack", "value": "1"}]}),
            _ => json!({"tags": [{"key": "team", "value": "a"}, {"key": "empty", "value": ""}]}),
        },
        "SubmitTaskStateChange" | "SubmitContainerStateChange" => json!({"acknowledgment": "taken"}),
        "CreateLogStream" => {
            if seen.streams.contains_key(&stream()) {
                return (400, json!({"__type": "ResourceAlreadyExistsException", "message": "it exists"}));
            }
            seen.streams.insert(stream(), Vec::new());
            json!({})
        }
        "PutLogEvents" => {
            let (batch, token) = (&input["logEvents"], input["sequenceToken"].as_str().unwrap_or_default());
            let at = |event: &Value| event["timestamp"].as_i64().unwrap();
            let times = || batch.as_array().unwrap().iter().map(at);
            if times().max().unwrap() - times().min().unwrap() > 24 * 60 * 60 * 1000 {
                return (
                    400,
                    json!({"__type": "InvalidParameterException", "message": "cannot span more than 24 hours"}),
                );
            }
            let Some(events) = seen.streams.get_mut(&stream()) else { return missing };
            // A batch that comes again is known.
            let known = seen.batches.insert(token.to_owned(), batch.clone());
            if token.is_empty() || known.as_ref() != Some(batch) {
                let line = |event: &Value| (at(event), event["message"].as_str().unwrap().to_owned());
                events.extend(batch.as_array().unwrap().iter().map(line));
            }
            if seen.loses_answers {
                return (500, json!({}));
            }
            json!({})
        }
        _ => return (400, json!({"__type": "UnknownOperationException", "message": operation})),
    };
    (200, answer)
}

fn upgrade(
    request: Request<Incoming>,
    seen: Arc<Mutex<Seen>>,
    out: broadcast::Sender<String>,
) -> Response<Full<Bytes>> {
    let key = request.headers()["sec-websocket-key"].as_bytes().to_owned();
    let telemetry = request.uri().path().starts_with("/tcs");
    // What a test sends is for the first kind of websocket alone.
    let (idle, never) = broadcast::channel(1);
    let messages = if telemetry { never } else { out.subscribe() };
    drop(out);
    tokio::spawn(async move {
        let Ok(upgraded) = hyper::upgrade::on(request).await else { return };
        let mut socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
        if !telemetry {
            seen.lock().unwrap().dials += 1;
            let heartbeat = acs::HeartbeatMessage { healthy: true, message_id: "heartbeat".to_owned() };
            let _ = socket.send(Message::text(ToAgent::Heartbeat(heartbeat).encode())).await;
        }
        talk(socket, messages, seen).await;
        drop(idle);
    });
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert("connection", "upgrade".parse().unwrap());
    headers.insert("upgrade", "websocket".parse().unwrap());
    headers.insert("sec-websocket-accept", derive_accept_key(&key).parse().unwrap());
    response
}

async fn talk(
    mut socket: WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>,
    mut messages: broadcast::Receiver<String>,
    seen: Arc<Mutex<Seen>>,
) {
    loop {
        tokio::select! {
            Ok(text) = messages.recv() => {
                if socket.send(Message::text(text)).await.is_err() {
                    return;
                }
            }
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let frame = ToControl::decode(&text).unwrap();
                    seen.lock().unwrap().frames.push(frame);
                }
                Some(Ok(_)) => {}
                _ => return,
            }
        }
    }
}
