//! `GET /healthz`: the process is alive. `GET /readyz`: it can serve pulls and take pushes.

use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};

use app::App;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use blobs::ObjectEncryption;
use http::StatusCode;
use serde_json::json;
use tokio::sync::Mutex;
use tracing::Instrument;

use crate::middleware::RouteLabel;

/// A probe writes, so its result is used for this long whoever asks.
const PROBE_EVERY: Duration = Duration::from_secs(10);
/// A failed probe is repeated sooner, so that a recovery is seen soon.
const PROBE_AGAIN: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(3);

const FAILED: &str = "failed its probe";
const LATE: &str = "does not answer in time";

/// What the two routes share.
pub(crate) struct Health {
    app: Arc<App>,
    database: Probe,
    storage: Probe,
}

/// Whether a part works, or what is wrong with it.
type Condition = Result<(), &'static str>;

/// What the last probe of a part found, and when.
#[derive(Default)]
struct Probe(Arc<Mutex<Option<(Instant, Condition)>>>);

impl Probe {
    /// What the last probe found, or a new one if that is too old. A probe goes on though nobody waits for it any more: who
    /// asks may hang up after a second, and what was written is to be removed and what was found to be known all the same.
    async fn outcome<E>(
        &self,
        part: &'static str,
        probe: impl Future<Output = Result<(), E>> + Send + 'static,
    ) -> Condition
    where
        E: Display + Send + 'static,
    {
        // Held during the probe: requests that come meanwhile wait for its result instead of starting their own.
        let mut last = Arc::clone(&self.0).lock_owned().await;
        if let Some((at, state)) = *last
            && at.elapsed() < if state.is_ok() { PROBE_EVERY } else { PROBE_AGAIN }
        {
            return state;
        }
        let waits = async move {
            let state = match tokio::time::timeout(PATIENCE, tokio::spawn(probe.in_current_span())).await {
                Ok(Ok(Ok(()))) => Ok(()),
                Ok(ended) => {
                    if let Ok(Err(error)) = ended {
                        tracing::warn!(%error, "the {part} failed its probe");
                    }
                    Err(FAILED)
                }
                Err(_) => Err(LATE),
            };
            *last = Some((Instant::now(), state));
            state
        };
        tokio::spawn(waits.in_current_span()).await.unwrap_or(Err(FAILED))
    }
}

impl Health {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self { app, database: Probe::default(), storage: Probe::default() }
    }

    pub(crate) fn into_router(self) -> Router {
        Router::new().route("/healthz", get(alive)).route("/readyz", get(ready)).with_state(Arc::new(self))
    }

    async fn database(&self) -> Condition {
        match tokio::time::timeout(PATIENCE, self.app.db().ping()).await {
            Ok(Ok(())) => {
                let app = Arc::clone(&self.app);
                self.database.outcome("database", async move { app.db().probe().await }).await
            }
            Ok(Err(_)) => Err("unreachable"),
            Err(_) => Err(LATE),
        }
    }

    async fn storage(&self) -> Condition {
        if !self.app.blobs().writable() {
            return Err("below the low-water mark: pushes are refused, pulls go on");
        }
        // As most of what is pushed: a bucket may take nothing that asks for no encryption.
        let encryption = self.app.config().repository_encryption.then_some(ObjectEncryption::Aes256);
        let app = Arc::clone(&self.app);
        self.storage.outcome("storage", async move { app.blobs().probe(encryption).await }).await
    }
}

async fn alive() -> Response {
    (Extension(RouteLabel("/healthz")), Json(json!({ "status": "ok" }))).into_response()
}

async fn ready(State(health): State<Arc<Health>>) -> Response {
    let (database, storage) = tokio::join!(health.database(), health.storage());
    let ready = database.is_ok() && storage.is_ok();
    let text = |state: Condition| state.err().unwrap_or("ok");
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "status": if ready { "ok" } else { "unavailable" },
        "database": text(database),
        "storage": text(storage),
    });
    (status, Extension(RouteLabel("/readyz")), Json(body)).into_response()
}
