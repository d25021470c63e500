//! `/`, and the paths of services that speak CBOR: the AWS services. Reads the body of a request within limits and hands it to the dispatcher; knows no operation.
//!
//! A body is held as a whole, and parts of layers are large. So large bodies take their memory from one budget, and those
//! that find none wait.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use app::App;
use app::api::Api;
use aws::{Answer, Dispatcher, Head};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http::{Method, Request, StatusCode};
use http_body::Body as _;
use http_body_util::{BodyExt, Limited};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use types::Timestamp;

use crate::middleware::{Client, RequestId};

/// A body up to this size asks for no memory: there are no more of them than connections.
const SMALL: usize = 64 << 10;

/// The budget is counted in pieces of this size.
const PIECE: usize = 16 << 10;

/// The largest body and what is decoded from it fit into this; less would let none pass.
const LEAST: u64 = 64 << 20;

/// A large body that takes longer than this is given up: others wait for its memory.
const PATIENCE: Duration = Duration::from_secs(300);

struct Services {
    dispatcher: Dispatcher<Api>,
    /// Pieces of memory that nobody has.
    memory: Semaphore,
}

/// The paths of all AWS services. `memory` is what large bodies may take together, in bytes.
pub(crate) fn router(app: &Arc<App>, memory: u64) -> Router {
    let services = vec![
        autoscaling::service(),
        cloudwatch::cbor(),
        cloudwatch::json(),
        cloudwatch::query(),
        ecr::service(),
        ecs::service(),
        elb::service(),
        iam::iam(),
        iam::sts(),
        logs::service(),
        secrets::manager(),
        secrets::parameters(),
    ];
    let pieces = usize::try_from(memory.max(LEAST)).unwrap_or(usize::MAX) / PIECE;
    let services = Services {
        dispatcher: Dispatcher::new(Api::new(Arc::clone(app)), services),
        memory: Semaphore::new(pieces.min(Semaphore::MAX_PERMITS)),
    };
    Router::new()
        .route("/", any(handle))
        .route("/service/{service}/operation/{operation}", any(handle))
        .with_state(Arc::new(services))
}

async fn handle(State(services): State<Arc<Services>>, request: Request<Body>) -> Response {
    let dispatcher = &services.dispatcher;
    let (parts, body) = request.into_parts();
    let head = head(parts);
    let called =
        head.parts.method == Method::POST || (head.parts.method == Method::GET && Dispatcher::<Api>::is_call(&head));
    if !called {
        return oci::not_found().await;
    }
    let limit = match dispatcher.admit(&head).await {
        Ok(limit) => limit,
        Err(answer) => return shaped(*answer),
    };
    // As long as the body says it is, or as long as it may be.
    let length = body.size_hint().exact().map_or(limit, |length| usize::try_from(length).unwrap_or(usize::MAX));
    if length > limit {
        return shaped(dispatcher.too_large(&head, limit));
    }
    let held = if length > SMALL { services.memory.acquire_many(pieces(length)).await.ok() } else { None };
    let answer = match timeout(PATIENCE, Limited::new(body, limit).collect()).await {
        Ok(Ok(body)) => dispatcher.serve(head, body.to_bytes()).await,
        Ok(Err(_)) => dispatcher.too_large(&head, limit),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    drop(held);
    shaped(answer)
}

/// The pieces that a body and what is decoded from it take.
fn pieces(length: usize) -> u32 {
    u32::try_from((2 * length).div_ceil(PIECE)).unwrap_or(u32::MAX)
}

/// A request without its body, with what the listener knows of it.
pub(crate) fn head(parts: http::request::Parts) -> Head {
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
