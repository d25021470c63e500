//! Somebody on this machine who takes what is posted, and answers as a test wants.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// What was posted.
#[derive(Clone, Debug)]
pub struct Posted {
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// What was answered.
    pub answered: StatusCode,
}

struct State {
    posted: Mutex<Vec<Posted>>,
    status: Mutex<StatusCode>,
}

/// A running receiver.
pub struct Receiver {
    url: String,
    state: Arc<State>,
    task: tokio::task::JoinHandle<()>,
}

impl Receiver {
    /// Starts one on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/events", listener.local_addr().expect("an address"));
        let state = Arc::new(State { posted: Mutex::default(), status: Mutex::new(StatusCode::OK) });
        let own = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&own);
                let service = service_fn(move |request| take(Arc::clone(&state), request));
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Self { url, state, task }
    }

    /// Where to post to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Everything that was posted so far.
    pub fn posted(&self) -> Vec<Posted> {
        self.state.posted.lock().expect("nobody panicked").clone()
    }

    /// Answers with this status from now on.
    pub fn answer(&self, status: u16) {
        *self.state.status.lock().expect("nobody panicked") = StatusCode::from_u16(status).expect("a status");
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await;
    let answered = *state.status.lock().expect("nobody panicked");
    if let Ok(body) = body {
        let posted = Posted { headers: parts.headers, body: body.to_bytes(), answered };
        state.posted.lock().expect("nobody panicked").push(posted);
    }
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = answered;
    Ok(answer)
}
