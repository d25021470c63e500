//! The OCI Distribution API (1.1 and the current main) and Docker's v2 dialect over HTTP, with the Docker token flow.
//!
//! Every request takes the same way: path → credentials → authorization → one handler, which calls one rule of `app`
//! and shapes the answer. Nothing is decided here but the wire format.

mod audit;
mod blobs;
mod call;
mod catalog;
mod challenge;
mod config;
mod credentials;
mod dispatch;
mod error;
mod layers;
mod manifest_body;
mod manifests;
mod origin;
mod paging;
mod path;
mod query;
mod range;
mod referrers;
mod response;
mod tags;
mod token;
mod uploads;

use std::sync::Arc;

use app::App;
use axum::Router;
use axum::routing::any;

pub use challenge::Challenge;
pub use config::Config;
pub use credentials::{Malformed, parse_authorization};
pub use origin::Origin;
pub use path::Route;
pub use range::{ByteRanges, parse_byte_ranges, parse_content_range};
pub use response::RouteLabel;

/// The answer to a path that nothing serves.
pub async fn not_found() -> axum::response::Response {
    error::WireError::not_found().into_answer()
}

/// The answer to a method that a path beside those of the registry does not take. The router adds `Allow`.
pub async fn method_not_allowed() -> axum::response::Response {
    let message = "this path does not take this method";
    error::WireError::new(http::StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", message).into_answer()
}

/// The routes of the registry: `/v2/` and everything below, `/token`, and `/layers/` for layers by ticket.
pub fn router(app: Arc<App>, config: Config) -> Router {
    let manifests = manifest_body::Memory::new(config.memory_budget, app.config().max_manifest_bytes);
    let state = Arc::new(call::State { app, config, manifests });
    Router::new()
        .route("/v2", any(dispatch::registry))
        .route("/v2/", any(dispatch::registry))
        .route("/v2/{*rest}", any(dispatch::registry))
        .route(layers::PATH, any(layers::handle))
        .route(challenge::TOKEN_PATH, any(token::handle))
        .with_state(state)
}
