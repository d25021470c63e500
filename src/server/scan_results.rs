//! `POST /scan-results/<request>`: a scanner that was asked by a message posts what it found. Who it is, its signature says.
//! Nothing of a body is read before it is known that somebody waits for it, and few are read at once.

use std::sync::Arc;
use std::time::Duration;

use app::scanning::{self, MAX_REPORT, Received, Refusal, Signed};
use app::{App, Error};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Json, Router};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::middleware::RouteLabel;

/// Results that are read at one time.
const AT_ONCE: usize = 2;
/// How long results may take to come.
const PATIENCE: Duration = Duration::from_secs(60);

struct Results {
    app: Arc<App>,
    places: Semaphore,
}

/// The one route.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let results = Results { app: Arc::clone(app), places: Semaphore::new(AT_ONCE) };
    Router::new().route("/scan-results/{request}", post(handle)).with_state(Arc::new(results))
}

async fn handle(
    State(results): State<Arc<Results>>,
    Path(request_id): Path<String>,
    request: Request<Body>,
) -> (Extension<RouteLabel>, Response) {
    let answer = match take(&results, &request_id, request).await {
        Ok(Received::Taken) => (StatusCode::ACCEPTED, Json(json!({ "result": "taken" }))).into_response(),
        Ok(Received::Again) => (StatusCode::OK, Json(json!({ "result": "taken before" }))).into_response(),
        Err((status, message)) => (status, Json(json!({ "error": { "message": message } }))).into_response(),
    };
    (Extension(RouteLabel("/scan-results/{request}")), answer)
}

async fn take(results: &Results, request_id: &str, request: Request<Body>) -> Result<Received, (StatusCode, String)> {
    scanning::awaited(&results.app, request_id).await.map_err(refused)?;
    let late = |_| (StatusCode::REQUEST_TIMEOUT, "the results took too long to come".to_owned());
    let busy = |_| (StatusCode::SERVICE_UNAVAILABLE, "too many results at once; post them again".to_owned());
    let _place = timeout(PATIENCE, results.places.acquire()).await.map_err(busy)?;
    let (parts, body) = request.into_parts();
    let body = timeout(PATIENCE, Limited::new(body, MAX_REPORT).collect()).await.map_err(late)?;
    let too_large = |_| (StatusCode::PAYLOAD_TOO_LARGE, format!("results have at most {MAX_REPORT} bytes"));
    let body = body.map_err(too_large)?.to_bytes();
    let signed = Signed {
        id: header(&parts.headers, "webhook-id"),
        timestamp: header(&parts.headers, "webhook-timestamp"),
        signature: header(&parts.headers, "webhook-signature"),
    };
    scanning::receive(&results.app, request_id, &signed, body).await.map_err(refused)
}

/// A header that is there once, in text.
fn header<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    let mut values = headers.get_all(name).iter();
    let value = values.next().filter(|_| values.next().is_none());
    value.and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn refused(refusal: Refusal) -> (StatusCode, String) {
    let (status, message) = match refusal {
        Refusal::Unknown => (StatusCode::NOT_FOUND, "no results are awaited here"),
        Refusal::Unsigned => (StatusCode::UNAUTHORIZED, "the signature is not that of the message"),
        Refusal::Stale => (StatusCode::UNAUTHORIZED, "the message is more than five minutes old, or from the future"),
        Refusal::Late => (StatusCode::GONE, "the results come too late"),
        Refusal::Ended => (StatusCode::CONFLICT, "the scan is over"),
        Refusal::Unreadable(why) => {
            return (StatusCode::BAD_REQUEST, format!("the results cannot be used: {why}"));
        }
        Refusal::Failed(Error::Unavailable(_) | Error::NoSpace) => {
            (StatusCode::SERVICE_UNAVAILABLE, "the results cannot be stored now; post them again")
        }
        Refusal::Failed(error) => {
            tracing::error!(%error, "results of a scan could not be taken");
            (StatusCode::INTERNAL_SERVER_ERROR, "internal error")
        }
    };
    (status, message.to_owned())
}
