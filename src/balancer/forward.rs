//! Forwards a request: a target group by weight, a target of it, and another target if that one was not reached.
//!
//! A request goes to another target only where nobody can have seen it twice to harm: nothing of it was sent, or it is safe
//! (RFC 9110, section 9.2.1), has no body, and its target went away without a word of an answer. It goes to the same target
//! once more if that ended a connection that had been used before.

use std::sync::Arc;
use std::time::{Duration, Instant};

use elb::health::State;
use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::uri::{Authority, PathAndQuery};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, Version, request};
use http_body::Body as _;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use listener::{Peer, RequestBody, Slot};
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use crate::body::{AnyBody, Download, Upload, empty};
use crate::choice;
use crate::cookie;
use crate::headers::{self, Arrival};
use crate::live::{Group, Listener, Routes};
use crate::pool::{self, Failure, Unreached};
use crate::pulse::Pulse;
use crate::reply;
use crate::target::{InFlight, Target};
use crate::tunnel;

/// How many targets a request is taken to.
const ATTEMPTS: usize = 4;

/// A request that a rule forwards.
pub(crate) struct Asked {
    pub(crate) request: Request<RequestBody>,
    pub(crate) host: Option<Authority>,
    pub(crate) peer: Peer,
    pub(crate) port: u16,
    /// The client's side of a websocket that it wants.
    pub(crate) upgrade: Option<OnUpgrade>,
}

/// Forwards it. `place` is its own among all requests that may be under way.
pub(crate) async fn forward(
    routes: &Routes,
    listener: &Listener,
    groups: &[(String, u32)],
    stickiness: Option<Duration>,
    asked: Asked,
    place: OwnedSemaphorePermit,
) -> Response<AnyBody> {
    let place = Arc::new(place);
    let failed = |status: StatusCode| {
        listener.counts.failed(status);
        reply::failure(status)
    };
    let Some(group_id) = choose_group(listener, groups, stickiness, &asked) else {
        return failed(StatusCode::SERVICE_UNAVAILABLE);
    };
    let Some(group) = routes.groups.get(group_id) else {
        return failed(StatusCode::SERVICE_UNAVAILABLE);
    };
    let wanted = group.spec.stickiness.and_then(|_| cookie::read(asked.request.headers(), cookie::TARGET));
    let idle = listener.load_balancer.idle_timeout;
    let slot = asked.request.extensions().get::<Slot>().cloned();
    let (mut parts, body) = head(listener, asked.request, asked.host.as_ref(), asked.peer, asked.port);
    if asked.upgrade.is_some() {
        headers::ask_for_websocket(&mut parts.headers);
    }
    let pulse = Pulse::new();
    let bodyless = body.is_end_stream();
    let again = bodyless && matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    if !bodyless && !parts.headers.contains_key(CONTENT_LENGTH) {
        // Said by us: nothing else says that a `GET` has a body, and it would go without.
        parts.headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    if bodyless && matches!(parts.method, Method::POST | Method::PUT | Method::PATCH) {
        // HTTP/2 ends a request without a word of its length, and many servers refuse these methods then (411; RFC 9110,
        // section 8.6).
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    let body = if bodyless { empty() } else { Upload::new(body, pulse.clone()).boxed_unsync() };
    let hostless = !parts.headers.contains_key(HOST);
    let mut request = Request::from_parts(parts.clone(), body);
    let mut tried: Vec<Arc<Target>> = Vec::new();
    let mut stale = false;
    // What it comes to if no other target is left.
    let mut so_far = StatusCode::SERVICE_UNAVAILABLE;
    loop {
        let Some(target) = choose_target(group, wanted, &tried) else {
            return failed(so_far);
        };
        tried.push(Arc::clone(&target));
        if target.gone.is_cancelled() {
            // Others were tried for so long that the table is another one by now.
            continue;
        }
        // A client of HTTP/1.0 need not say whom it asks; a target of HTTP/1.1 refuses what does not.
        if hostless && let Ok(host) = HeaderValue::from_str(&target.address.to_string()) {
            request.headers_mut().insert(HOST, host);
        }
        let in_flight = target.enter(&place);
        let begun = Instant::now();
        pulse.beat();
        let outcome = tokio::select! {
            outcome = pool::exchange(&target, request) => outcome,
            // AWS answers so too when the deregistration delay is over.
            () = target.gone.cancelled() => return failed(StatusCode::BAD_GATEWAY),
            () = pulse.silence(idle) => {
                return failed(if pulse.has_client_failed() {
                    StatusCode::BAD_REQUEST
                } else if pulse.awaits_client() {
                    StatusCode::REQUEST_TIMEOUT
                } else {
                    StatusCode::GATEWAY_TIMEOUT
                });
            }
        };
        let last = tried.len() >= ATTEMPTS;
        let why = match outcome {
            // Its bytes are not those of the content, and nothing could tell the client so.
            Ok(answer) if headers::is_coded(answer.headers()) => return failed(StatusCode::BAD_GATEWAY),
            Ok(answer) => {
                let took = begun.elapsed();
                listener.counts.answered(answer.status(), took);
                group.counts.answered(answer.status(), took);
                let mut answer = match (answer.status(), asked.upgrade) {
                    (StatusCode::SWITCHING_PROTOCOLS, Some(client)) => switched(answer, client, idle, in_flight, slot),
                    // Nobody asked it to.
                    (StatusCode::SWITCHING_PROTOCOLS, None) => return failed(StatusCode::BAD_GATEWAY),
                    _ => passed_on(answer, pulse, idle, in_flight),
                };
                if let Some(duration) = group.spec.stickiness {
                    cookie::set(answer.headers_mut(), cookie::TARGET, target.token, duration);
                }
                if let Some(duration) = stickiness {
                    cookie::set(answer.headers_mut(), cookie::GROUP, cookie::token(group_id), duration);
                }
                return answer;
            }
            Err(Failure::NotSent(unsent, Unreached { why, late })) => {
                so_far = if late { StatusCode::GATEWAY_TIMEOUT } else { StatusCode::BAD_GATEWAY };
                listener.counts.connection_error();
                group.counts.connection_error();
                target.avoid();
                request = *unsent;
                why
            }
            Err(Failure::Lost { why, reused }) if again => {
                so_far = StatusCode::BAD_GATEWAY;
                if reused && !stale {
                    // Most likely it closed what nobody had used for a while, which says nothing of how it is.
                    stale = true;
                    target.pool.close();
                    tried.pop();
                } else {
                    target.avoid();
                }
                request = Request::from_parts(parts.clone(), empty());
                why
            }
            Err(Failure::Lost { why, .. }) => {
                tracing::debug!(target = %target.address, why, "a target ended a request without an answer");
                let client = pulse.has_client_failed();
                return failed(if client { StatusCode::BAD_REQUEST } else { StatusCode::BAD_GATEWAY });
            }
        };
        tracing::debug!(target = %target.address, why, "a target was not reached");
        if last {
            return failed(so_far);
        }
    }
}

/// The group that a client stays with, or one by weight.
fn choose_group<'g>(
    listener: &Listener,
    groups: &'g [(String, u32)],
    stickiness: Option<Duration>,
    asked: &Asked,
) -> Option<&'g String> {
    let token = stickiness.and_then(|_| cookie::read(asked.request.headers(), cookie::GROUP));
    let known = token.and_then(|token| groups.iter().find(|(id, weight)| *weight > 0 && cookie::token(id) == token));
    match (known, groups) {
        (Some((id, _)), _) => Some(id),
        // A group that is alone gets all, unless its weight says nothing.
        (None, [(id, weight)]) => (*weight > 0).then_some(id),
        _ => choice::by_weight(groups, listener.turns.spread()),
    }
}

/// The target that is next: the one that the client stays with, or one in turn. Those that are healthy come first; if none
/// is, all get requests, as on AWS: checks may be wrong, and a failure is no worse than none.
fn choose_target(group: &Group, wanted: Option<u64>, tried: &[Arc<Target>]) -> Option<Arc<Target>> {
    let healthy = group.open.iter().any(|target| target.state() == State::Healthy);
    let untried = |target: &&Arc<Target>| !tried.iter().any(|other| Arc::ptr_eq(other, target));
    let fit = |target: &&Arc<Target>| !healthy || target.state() == State::Healthy;
    let able: Vec<&Arc<Target>> = group.open.iter().filter(fit).filter(untried).collect();
    if let Some(target) = able.iter().find(|target| Some(target.token) == wanted) {
        return Some(Arc::clone(target));
    }
    let reached: Vec<&Arc<Target>> = able.iter().copied().filter(|target| !target.is_avoided()).collect();
    let from = if reached.is_empty() { able } else { reached };
    let turn = group.turns.next(from.len());
    let in_turn = from.iter().cycle().skip(turn).take(from.len());
    let next = if group.spec.least_outstanding {
        in_turn.min_by_key(|target| target.in_flight())
    } else {
        in_turn.into_iter().next()
    };
    next.map(|target| Arc::clone(target))
}

/// The head of the request to a target.
fn head(
    listener: &Listener,
    request: Request<RequestBody>,
    host: Option<&Authority>,
    peer: Peer,
    port: u16,
) -> (request::Parts, RequestBody) {
    let (mut parts, body) = request.into_parts();
    let id = Uuid::now_v7().simple().to_string();
    let arrival = Arrival {
        load_balancer: &listener.load_balancer,
        client: std::net::SocketAddr::new(peer.address.ip().to_canonical(), peer.address.port()),
        tls: peer.tls,
        port,
        trace_id: format!("Root=1-{}-{}", &id[..8], &id[8..]),
    };
    headers::forward(&mut parts.headers, &arrival);
    if let (false, Some(host)) = (parts.headers.contains_key(HOST), host)
        && let Ok(value) = HeaderValue::from_str(host.as_str())
    {
        parts.headers.insert(HOST, value);
    }
    // HTTP/2 carries cookies in several fields, HTTP/1.1 in one.
    join_cookies(&mut parts.headers);
    let path = parts.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    parts.uri = Uri::from(path);
    parts.version = Version::HTTP_11;
    parts.extensions.clear();
    (parts, body)
}

fn join_cookies(headers: &mut http::HeaderMap) {
    let all: Vec<&[u8]> = headers.get_all(http::header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if all.len() > 1
        && let Ok(joined) = HeaderValue::from_bytes(&all.join(&b"; "[..]))
    {
        headers.insert(http::header::COOKIE, joined);
    }
}

/// The answer of a target, as the client gets it.
fn passed_on(answer: Response<Incoming>, pulse: Pulse, idle: Duration, in_flight: InFlight) -> Response<AnyBody> {
    let (mut parts, body) = answer.into_parts();
    if parts.headers.contains_key(TRANSFER_ENCODING) {
        // How the body was framed counts, whatever else is said of its length (RFC 9112, section 6.3).
        parts.headers.remove(CONTENT_LENGTH);
    }
    headers::strip(&mut parts.headers);
    // Each side has a version of its own.
    parts.version = Version::HTTP_11;
    parts.extensions.clear();
    Response::from_parts(parts, Download::new(body, pulse, idle, in_flight).boxed_unsync())
}

/// The answer that opens a websocket.
fn switched(
    mut answer: Response<Incoming>,
    client: OnUpgrade,
    idle: Duration,
    in_flight: InFlight,
    slot: Option<Slot>,
) -> Response<AnyBody> {
    let target = hyper::upgrade::on(&mut answer);
    tunnel::open(client, target, idle, in_flight, slot);
    let (mut parts, _) = answer.into_parts();
    headers::strip(&mut parts.headers);
    headers::ask_for_websocket(&mut parts.headers);
    parts.extensions.clear();
    Response::from_parts(parts, empty())
}
