//! `/`: the AWS services. Reads the body of a request within limits and hands it to the dispatcher; knows no operation.

use std::sync::Arc;
use std::time::SystemTime;

use app::App;
use app::api::Api;
use aws::{Answer, Dispatcher, Head};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::any;
use http::{Method, Request};
use http_body_util::{BodyExt, Limited};
use types::Timestamp;

use crate::middleware::{Client, RequestId};

/// The one path of all AWS services.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let services = vec![ecr::service(), iam::iam(), iam::sts()];
    let dispatcher = Arc::new(Dispatcher::new(Api::new(Arc::clone(app)), services));
    Router::new().route("/", any(handle)).with_state(dispatcher)
}

async fn handle(State(dispatcher): State<Arc<Dispatcher<Api>>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let head = head(parts);
    let called =
        head.parts.method == Method::POST || (head.parts.method == Method::GET && Dispatcher::<Api>::is_call(&head));
    if !called {
        return oci::not_found().await;
    }
    let limit = match dispatcher.admit(&head) {
        Ok(limit) => limit,
        Err(answer) => return shaped(*answer),
    };
    match Limited::new(body, limit).collect().await {
        Ok(body) => shaped(dispatcher.serve(head, body.to_bytes()).await),
        Err(_) => shaped(dispatcher.too_large(&head, limit)),
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
