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

/// What the two routes share.
pub(crate) struct Health {
    app: Arc<App>,
    database: Probe,
    storage: Probe,
}

/// When the last probe of a part was made and what it found.
type Last = Option<(Instant, Result<(), String>)>;

/// What the last probe of a part found, and when.
#[derive(Default)]
struct Probe(Arc<Mutex<Last>>);

impl Probe {
    /// What the last probe found, or a new one if that is too old. A probe goes on though nobody waits for it any more: who
    /// asks may hang up after a second, and what was written is to be removed and what was found to be known all the same.
    async fn outcome<E>(
        &self,
        part: &'static str,
        probe: impl Future<Output = Result<(), E>> + Send + 'static,
    ) -> Result<(), String>
    where
        E: Display + Send + 'static,
    {
        // Held during the probe: requests that come meanwhile wait for its result instead of starting their own.
        let mut last = Arc::clone(&self.0).lock_owned().await;
        if let Some((at, result)) = &*last
            && at.elapsed() < if result.is_ok() { PROBE_EVERY } else { PROBE_AGAIN }
        {
            return result.clone();
        }
        let waits = async move {
            let result = match tokio::time::timeout(PATIENCE, tokio::spawn(probe)).await {
                Ok(Ok(Ok(()))) => Ok(()),
                Ok(Ok(Err(error))) => {
                    tracing::warn!(%error, "the {part} failed its probe");
                    Err("failed its probe".to_owned())
                }
                Ok(Err(_)) => Err("failed its probe".to_owned()),
                Err(_) => Err("does not answer in time".to_owned()),
            };
            *last = Some((Instant::now(), result.clone()));
            result
        };
        tokio::spawn(waits.in_current_span()).await.unwrap_or_else(|_| Err("failed its probe".to_owned()))
    }
}

impl Health {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self { app, database: Probe::default(), storage: Probe::default() }
    }

    pub(crate) fn into_router(self) -> Router {
        Router::new().route("/healthz", get(alive)).route("/readyz", get(ready)).with_state(Arc::new(self))
    }

    async fn database(&self) -> Result<(), String> {
        match tokio::time::timeout(PATIENCE, self.app.db().ping()).await {
            Ok(Ok(())) => {
                let app = Arc::clone(&self.app);
                self.database.outcome("database", async move { app.db().probe().await }).await
            }
            Ok(Err(_)) => Err("unreachable".to_owned()),
            Err(_) => Err("does not answer in time".to_owned()),
        }
    }

    async fn storage(&self) -> Result<(), String> {
        if !self.app.blobs().writable() {
            return Err("below the low-water mark: pushes are refused, pulls go on".to_owned());
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
    let text = |result: Result<(), String>| result.err().unwrap_or_else(|| "ok".to_owned());
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "status": if ready { "ok" } else { "unavailable" },
        "database": text(database),
        "storage": text(storage),
    });
    (status, Extension(RouteLabel("/readyz")), Json(body)).into_response()
}
