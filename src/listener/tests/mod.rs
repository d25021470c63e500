//! Tests of the listener over real sockets: a small router behind it, and clients that misbehave in front.

mod files;
mod shutdown;
mod slow_clients;
mod tls;
mod traffic;

use std::{net::SocketAddr, time::Duration};

use axum::{
    Extension, Router,
    body::{Body, to_bytes},
    http::StatusCode,
    routing::{get, post},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{Limits, Listener, Peer, Stopped, Tls};

/// Longer than anything takes here, and shorter than a test may hang.
const PATIENCE: Duration = Duration::from_secs(10);

/// Limits that a test can wait for.
fn quick() -> Limits {
    let millis = Duration::from_millis;
    Limits {
        handshake: millis(200),
        header: millis(300),
        idle: millis(900),
        stall: millis(400),
        grace: Duration::from_secs(5),
        tls_check: millis(30),
        ..Limits::default()
    }
}

fn router() -> Router {
    Router::new()
        .route("/", get(|Extension(peer): Extension<Peer>| async move { format!("tls={}", peer.tls) }))
        .route("/count", post(count))
        .route("/file", get(files::answer))
        .route("/copied-file", get(files::copied_answer))
        .route("/short-file", get(files::short_answer))
        .route("/large", get(|| async { vec![7u8; 64 << 20] }))
        .route("/slow", get(|| async { sleep(Duration::from_millis(600)).await }))
        .route("/never", get(std::future::pending::<()>))
}

/// Answers with the length of the body, or 408 when it does not arrive.
async fn count(body: Body) -> (StatusCode, String) {
    match to_bytes(body, usize::MAX).await {
        Ok(bytes) => (StatusCode::OK, bytes.len().to_string()),
        Err(_) => (StatusCode::REQUEST_TIMEOUT, String::new()),
    }
}

/// A listener that runs until it is told to stop.
struct Running {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<Stopped>,
}

impl Running {
    fn start(limits: Limits) -> Self {
        Self::start_with(limits, None)
    }

    fn start_with(limits: Limits, tls: Option<Tls>) -> Self {
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), tls, limits).unwrap();
        let (address, stop) = (listener.local_address(), CancellationToken::new());
        let stopping = stop.clone();
        let task = tokio::spawn(async move { listener.serve(router(), stopping.cancelled_owned()).await });
        Self { address, stop, task }
    }

    async fn connect(&self) -> Client {
        Client(TcpStream::connect(self.address).await.unwrap())
    }

    async fn stop(self) -> Stopped {
        self.stop.cancel();
        timeout(PATIENCE, self.task).await.expect("the listener stops").unwrap()
    }
}

/// A client that writes what it likes.
struct Client(TcpStream);

impl Client {
    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// Everything until the server closes the connection.
    async fn read_to_end(&mut self) -> String {
        let mut bytes = Vec::new();
        // A reset is an end too: the server closed while something of ours was still unread.
        let _ = timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await.expect("the server closes the connection");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Everything until the text ends like this.
    async fn read_until(&mut self, end: &str) -> String {
        let mut bytes = Vec::new();
        let reading = async {
            while !bytes.ends_with(end.as_bytes()) {
                bytes.push(self.0.read_u8().await.unwrap());
            }
        };
        timeout(PATIENCE, reading).await.expect("the answer arrives");
        String::from_utf8(bytes).unwrap()
    }

    /// Whether the server says nothing for a while.
    async fn hears_nothing_for(&mut self, time: Duration) -> bool {
        timeout(time, self.0.read_u8()).await.is_err()
    }
}
