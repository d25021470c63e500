//! Connections to one target: those that nobody uses are kept for a while, and each request gets one of its own.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::body::AnyBody;
use crate::patient::Patient;
use crate::target::Target;

/// The most connections that are kept.
const KEPT: usize = 64;

/// How long they are kept. Many servers close theirs after 5 seconds; the sooner ours is closed, the rarer both meet.
const KEPT_FOR: Duration = Duration::from_secs(4);

/// How long making one may take.
const CONNECT: Duration = Duration::from_secs(5);

/// The longest head of an answer.
const HEAD: usize = 64 << 10;

/// The most fields of a head, of an answer or a request.
pub(crate) const FIELDS: usize = 500;

/// Why there is no answer.
pub(crate) enum Failure {
    /// Nothing of the request was sent: it can go to another target.
    NotSent(Box<Request<AnyBody>>, Unreached),
    /// The target may have seen it. `reused`: on a connection that had been used before, which the target may have been
    /// about to close.
    Lost { why: String, reused: bool },
}

/// Why a target was not reached.
pub(crate) struct Unreached {
    pub(crate) why: String,
    /// Whether it took too long.
    pub(crate) late: bool,
}

impl Unreached {
    fn because(why: impl ToString) -> Self {
        Self { why: why.to_string(), late: false }
    }
}

/// Connections that nobody uses.
#[derive(Default)]
pub(crate) struct Pool(Mutex<Vec<Idle>>);

struct Idle {
    sender: SendRequest<AnyBody>,
    since: Instant,
}

impl Pool {
    /// The connection that was used last: the others get old and are closed.
    fn take(&self) -> Option<SendRequest<AnyBody>> {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |one: &Idle| one.since.elapsed() < KEPT_FOR && one.sender.is_ready();
        loop {
            let last = idle.pop()?;
            if fresh(&last) {
                return Some(last.sender);
            }
        }
    }

    fn put(&self, sender: SendRequest<AnyBody>) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|one| one.since.elapsed() < KEPT_FOR);
        if idle.len() < KEPT {
            idle.push(Idle { sender, since: Instant::now() });
        }
    }

    /// Closes those that are old.
    pub(crate) fn tidy(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|one| one.since.elapsed() < KEPT_FOR);
    }

    /// Closes all.
    pub(crate) fn close(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Sends a request to a target, over a connection that is there or a new one.
pub(crate) async fn exchange(
    target: &Arc<Target>,
    mut request: Request<AnyBody>,
) -> Result<Response<Incoming>, Failure> {
    while let Some(sender) = target.pool.take() {
        match send(target, sender, request, true).await {
            // The target closed it meanwhile, before it saw anything.
            Err(Failure::NotSent(unsent, _)) => request = *unsent,
            done => return done,
        }
    }
    match connect(target.address).await {
        Ok(sender) => send(target, sender, request, false).await,
        Err(why) => Err(Failure::NotSent(Box::new(request), why)),
    }
}

/// A new connection.
pub(crate) async fn connect(address: SocketAddr) -> Result<SendRequest<AnyBody>, Unreached> {
    let stream = match timeout(CONNECT, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(Unreached::because(error)),
        Err(_) => return Err(Unreached { late: true, ..Unreached::because("connecting took too long") }),
    };
    let _ = stream.set_nodelay(true);
    let stream = TokioIo::new(Patient::new(stream));
    let handshake = http1::Builder::new().max_buf_size(HEAD).max_headers(FIELDS).handshake(stream).await;
    let (sender, connection) = handshake.map_err(Unreached::because)?;
    // It ends when its last request is done and nobody keeps the sender.
    tokio::spawn(async move {
        if let Err(error) = connection.with_upgrades().await {
            tracing::debug!(%address, %error, "a connection to a target ended early");
        }
    });
    Ok(sender)
}

async fn send(
    target: &Arc<Target>,
    mut sender: SendRequest<AnyBody>,
    request: Request<AnyBody>,
    reused: bool,
) -> Result<Response<Incoming>, Failure> {
    match sender.try_send_request(request).await {
        Ok(response) => {
            let target = Arc::clone(target);
            // It is ready again once the answer was read whole, and never if it was not.
            tokio::spawn(async move {
                if sender.ready().await.is_ok() && !target.gone.is_cancelled() {
                    target.pool.put(sender);
                }
            });
            Ok(response)
        }
        Err(mut error) => {
            let why = error.error().to_string();
            Err(match error.take_message() {
                Some(unsent) => Failure::NotSent(Box::new(unsent), Unreached::because(why)),
                None => Failure::Lost { why, reused },
            })
        }
    }
}
