//! The server for containers: HTTP, one small answer for each request, with a clock on it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::{credentials, metadata};
use crate::engine::Engine;
use crate::host::Shared;
use crate::task::Task;

/// Connections at a time.
const CONNECTIONS: usize = 512;
/// And those from one address: a container that holds many must not keep the others from their credentials.
const OF_ONE: usize = 64;
/// How long a connection may last: clients ask once and are done.
const LIFE: Duration = Duration::from_secs(60);
/// How long the address of a container that has just started may be unknown.
const ADDRESS: Duration = Duration::from_secs(2);

/// An answer.
pub(super) type Answer = (StatusCode, serde_json::Value);

/// Answers until the task is dropped.
pub(super) async fn serve<E: Engine>(host: Shared<E>, listener: TcpListener) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let guests = Arc::new(Guests::default());
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection of a container cannot be taken");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Some(guest) = Guests::admit(&guests, peer.ip()) else { continue };
        let host = host.clone();
        tokio::spawn(async move {
            let (_place, _guest) = (place, guest);
            let local = stream.local_addr();
            let service = service_fn(|request| respond(&host, request, peer, local.as_ref().ok().copied()));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_secs(10))
                .max_buf_size(16 * 1024)
                .serve_connection(TokioIo::new(stream), service);
            let _ = tokio::time::timeout(LIFE, connection).await;
        });
    }
}

/// How many connections there are from each address.
#[derive(Default)]
struct Guests(Mutex<HashMap<IpAddr, usize>>);

/// A connection that is counted.
struct Guest {
    guests: Arc<Guests>,
    from: IpAddr,
}

impl Guests {
    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one more, unless there are too many.
    fn admit(guests: &Arc<Self>, from: IpAddr) -> Option<Guest> {
        let mut counts = guests.lock();
        let count = counts.entry(from).or_default();
        if *count >= OF_ONE {
            return None;
        }
        *count += 1;
        Some(Guest { guests: guests.clone(), from })
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut counts = self.guests.lock();
        if let Some(count) = counts.get_mut(&self.from) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.from);
            }
        }
    }
}

async fn respond<E: Engine>(
    host: &Shared<E>,
    request: Request<Incoming>,
    peer: SocketAddr,
    local: Option<SocketAddr>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let from = Source { peer, is_this_host: peer.ip().is_loopback() || local.is_some_and(|at| at.ip() == peer.ip()) };
    let (status, body) = if request.method() == Method::GET {
        route(host, request.uri().path(), from).await
    } else {
        (StatusCode::METHOD_NOT_ALLOWED, serde_json::json!({"error": "only GET"}))
    };
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
    Ok(response)
}

async fn route<E: Engine>(host: &Shared<E>, path: &str, from: Source) -> Answer {
    let mut parts = path.trim_matches('/').splitn(3, '/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("v2"), Some("credentials"), Some(id)) => credentials::answer(host, id, from).await,
        (Some("v3" | "v4"), Some(id), rest) => metadata::answer(host, id, rest.unwrap_or_default(), from).await,
        _ => (StatusCode::NOT_FOUND, serde_json::json!({"error": "there is nothing here"})),
    }
}

/// Where a connection comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    peer: SocketAddr,
    /// A process in the network of the host.
    is_this_host: bool,
}

impl Source {
    /// Whether it is the task. Of a task that has just started the address may not be known for a moment.
    pub(super) async fn is<E: Engine>(self, host: &Shared<E>, task: &Task) -> bool {
        let until = tokio::time::Instant::now() + ADDRESS;
        loop {
            let Some(task) = host.board.find(task.arn()) else { return false };
            match self.is_now(&task) {
                Some(is) => return is,
                None if tokio::time::Instant::now() >= until => return false,
                None => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// None: it is not among the addresses that are known, and there are containers whose address is not.
    fn is_now(self, task: &Task) -> Option<bool> {
        match task.wanted.network_mode.as_deref() {
            Some("host") => return Some(self.is_this_host),
            Some("none") => return Some(false),
            _ => {}
        }
        let peer = self.peer.ip().to_canonical().to_string();
        let holders = task.containers.iter().filter(|container| container.is_pause() || !task.has_own_network());
        let mut unknown = false;
        for container in holders {
            use crate::task::Phase;
            match (&container.address, container.phase) {
                // The address of a container that has ended may be another's by now.
                (_, Phase::Stopped) => {}
                (Some(address), _) if address.ip == peer => return Some(true),
                (Some(_), _) => {}
                (None, Phase::Starting | Phase::Running) => unknown = true,
                (None, _) => {}
            }
        }
        if unknown { None } else { Some(false) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Address;
    use crate::task::Phase;

    fn task(mode: &str, ip: Option<&str>, phase: Phase) -> Task {
        let container = acs::Container { name: "a".to_owned(), essential: true, ..Default::default() };
        let mut task = Task::new(acs::Task {
            network_mode: Some(mode.to_owned()),
            containers: vec![container],
            ..Default::default()
        });
        task.containers[0].phase = phase;
        task.containers[0].address = ip.map(|ip| Address { ip: ip.to_owned(), ..Default::default() });
        task
    }

    #[test]
    fn a_task_is_known_by_its_address() {
        let at = |ip: &str, is_this_host| Source { peer: format!("{ip}:1000").parse().unwrap(), is_this_host };
        let bridge = task("bridge", Some("172.17.0.2"), Phase::Running);
        assert_eq!(at("172.17.0.2", false).is_now(&bridge), Some(true));
        assert_eq!(at("172.17.0.3", false).is_now(&bridge), Some(false));
        assert_eq!(at("127.0.0.1", true).is_now(&bridge), Some(false), "the host is not the task");
        assert_eq!(at("172.17.0.2", false).is_now(&task("bridge", None, Phase::Starting)), None);
        let ended = task("bridge", Some("172.17.0.2"), Phase::Stopped);
        assert_eq!(at("172.17.0.2", false).is_now(&ended), Some(false), "the address may be another's");
        assert_eq!(at("127.0.0.1", true).is_now(&task("host", None, Phase::Running)), Some(true));
        assert_eq!(at("172.17.0.2", false).is_now(&task("host", None, Phase::Running)), Some(false));
        assert_eq!(at("127.0.0.1", true).is_now(&task("none", None, Phase::Running)), Some(false));
    }
}
