//! `/`: the AWS services. Reads the body of a request within limits and hands it to the dispatcher; knows no operation.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use app::App;
use app::api::Api;
use aws::{Answer, Dispatcher, Head};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::any;
use http::{Method, Request};
use http_body::Body as _;
use http_body_util::{BodyExt, Limited};
use tokio::sync::Semaphore;
use types::Timestamp;

use crate::middleware::{Client, RequestId};

/// Bodies up to this size are read without asking for room.
const SMALL: usize = 256 << 10;
/// In what room is counted.
const UNIT: usize = 64 << 10;
/// How long a body may take that holds room others wait for.
const PATIENCE: Duration = Duration::from_secs(300);

struct Service {
    dispatcher: Dispatcher<Api>,
    /// Room for large bodies, with what is decoded from them.
    room: Semaphore,
    units: u32,
}

/// The one path of all AWS services. `memory` is what large bodies may take together.
pub(crate) fn router(app: &Arc<App>, memory: u64) -> Router {
    let services = vec![ecr::service(), iam::iam(), iam::sts()];
    let dispatcher = Dispatcher::new(Api::new(Arc::clone(app)), services);
    let units = u32::try_from(memory / UNIT as u64).unwrap_or(u32::MAX).clamp(1, 1 << 20);
    let service = Service { dispatcher, room: Semaphore::new(units as usize), units };
    Router::new().route("/", any(handle)).with_state(Arc::new(service))
}

async fn handle(State(service): State<Arc<Service>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let head = head(parts);
    let called =
        head.parts.method == Method::POST || (head.parts.method == Method::GET && Dispatcher::<Api>::is_call(&head));
    if !called {
        return oci::not_found().await;
    }
    let dispatcher = &service.dispatcher;
    let limit = match dispatcher.admit(&head) {
        Ok(limit) => limit,
        Err(answer) => return shaped(*answer),
    };
    let announced = body.size_hint().exact().map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    if announced.is_some_and(|length| length > limit) {
        return shaped(dispatcher.too_large(&head, limit));
    }
    // Nothing is held while it waits, so whoever has room goes on and gives it back.
    let _room = match announced.unwrap_or(limit) {
        length if length > SMALL => {
            let units = u32::try_from(2 * length / UNIT).unwrap_or(u32::MAX).clamp(1, service.units);
            service.room.acquire_many(units).await.ok()
        }
        _ => None,
    };
    match tokio::time::timeout(PATIENCE, Limited::new(body, limit).collect()).await {
        Ok(Ok(body)) => shaped(dispatcher.serve(head, body.to_bytes()).await),
        // Cut off, or longer than it may be: the client that is still there learns of the one it can do something about.
        Ok(Err(_)) | Err(_) => shaped(dispatcher.too_large(&head, limit)),
    }
}

fn head(parts: http::request::Parts) -> Head {
    let client = parts.extensions.get::<Client>();
    let request_id = parts.extensions.get::<RequestId>().map(|id| id.0.hyphenated().to_string());
    Head {
        source: client.map_or(std::net::Ipv4Addr::UNSPECIFIED.into(), |client| client.address),
        secure: client.is_some_and(|client| client.tls),
        host: client.and_then(|client| client.host.as_ref()).map(ToString::to_string),
        request_id: request_id.unwrap_or_default(),
        received_at: Timestamp::from(SystemTime::now()),
        parts,
    }
}

fn shaped(answer: Answer) -> Response {
    answer.map(Body::from)
}
