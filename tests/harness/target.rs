//! A server on this machine that a load balancer forwards to: it tells what it was asked, notes it, and misbehaves as its path
//! says. It can end as a process that is killed ends: at once, in the middle of everything.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

struct State {
    name: String,
    /// The status of `/health`.
    health: AtomicU16,
    asked: AtomicUsize,
    /// Method and path of what came, checks left out.
    seen: Mutex<Vec<String>>,
    /// Connections that were made to it.
    connections: AtomicUsize,
    /// Requests for `/held` that may be answered.
    let_go: Semaphore,
}

/// A running target; it ends when dropped.
pub struct Target {
    address: SocketAddr,
    state: Arc<State>,
    task: Option<JoinHandle<()>>,
}

impl Target {
    /// Listens on a free port of the loopback interface.
    pub async fn start(name: &str) -> Self {
        Self::start_on(name, "127.0.0.1:0".parse().expect("an address")).await
    }

    /// Listens where it is told.
    pub async fn start_on(name: &str, address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.expect("a loopback port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let state = Arc::new(State {
            name: name.to_owned(),
            health: AtomicU16::new(200),
            asked: AtomicUsize::new(0),
            seen: Mutex::new(Vec::new()),
            connections: AtomicUsize::new(0),
            let_go: Semaphore::new(0),
        });
        let own = Arc::clone(&state);
        let task = tokio::spawn(async move {
            // Dropped with this task, and every connection with it.
            let mut connections = JoinSet::new();
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                own.connections.fetch_add(1, Relaxed);
                let own = Arc::clone(&own);
                connections.spawn(async move {
                    let service = hyper::service::service_fn(move |request| answer(Arc::clone(&own), request));
                    let connection =
                        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                    let _ = connection.with_upgrades().await;
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Self { address, state, task: Some(task) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What `/health` answers from now on.
    pub fn set_health(&self, status: u16) {
        self.state.health.store(status, Relaxed);
    }

    /// How often it was asked, checks left out.
    pub fn asked(&self) -> usize {
        self.state.asked.load(Relaxed)
    }

    /// How many connections were made to it.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Relaxed)
    }

    /// Method and path of what came, checks left out.
    pub fn seen(&self) -> Vec<String> {
        self.state.seen.lock().expect("nobody panics with the lock").clone()
    }

    /// Answers one request for `/held`, which waits until then.
    pub fn let_go(&self) {
        self.state.let_go.add_permits(1);
    }

    /// Ends it at once, with all of its connections.
    pub fn kill(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.kill();
    }
}

fn shown(headers: &HeaderMap) -> Value {
    let pairs = headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), Value::from(value))
    });
    Value::Object(pairs.collect())
}

async fn answer(state: Arc<State>, mut request: Request<Incoming>) -> Result<Response<Full<Bytes>>, std::io::Error> {
    let path = request.uri().path().to_owned();
    if path == "/health" {
        let status = StatusCode::from_u16(state.health.load(Relaxed)).expect("a status");
        return Ok(Response::builder().status(status).body(Full::default()).expect("an answer"));
    }
    state.asked.fetch_add(1, Relaxed);
    let line = format!("{} {}", request.method(), request.uri());
    state.seen.lock().expect("nobody panics with the lock").push(line);
    if let Some(millis) = path.strip_prefix("/slow/").and_then(|text| text.parse().ok()) {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
    if path == "/held" {
        state.let_go.acquire().await.map_err(std::io::Error::other)?.forget();
    }
    if path == "/hang-up" {
        return Err(std::io::Error::other("as it was asked to"));
    }
    if path == "/websocket" {
        return Ok(websocket(&mut request).unwrap_or_else(|never| match never {}));
    }
    let status = path.strip_prefix("/status/").and_then(|text| text.parse().ok()).unwrap_or(200);
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
    let told = json!({
        "target": state.name, "method": parts.method.as_str(), "uri": parts.uri.to_string(),
        "version": format!("{:?}", parts.version), "headers": shown(&parts.headers), "body": body.len(),
    });
    let answer = Response::builder()
        .status(StatusCode::from_u16(status).expect("a status"))
        .header("x-target", &state.name)
        .header("connection", "x-hop")
        .header("x-hop", "of one connection")
        .body(Full::from(told.to_string()));
    Ok(answer.expect("an answer"))
}

/// Gives everything back that comes once the protocol was switched.
fn websocket(request: &mut Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let upgrade = hyper::upgrade::on(request);
    tokio::spawn(async move {
        let Ok(stream) = upgrade.await else { return };
        let mut stream = TokioIo::new(stream);
        let mut piece = [0; 4096];
        while let Ok(count) = stream.read(&mut piece).await {
            if count == 0 || stream.write_all(&piece[..count]).await.is_err() {
                return;
            }
        }
    });
    let answer = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, "websocket")
        .header("sec-websocket-accept", "from the target")
        .body(Full::default());
    Ok(answer.expect("an answer"))
}
