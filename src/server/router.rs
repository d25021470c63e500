//! All routes of the one port, and the bridge between what the listener knows of a request and what fronts ask.

use std::sync::Arc;

use app::App;
use axum::Router;
use oci::Origin;

use crate::config::{Challenge, Config};
use crate::health::Health;
use crate::metrics::Metrics;
use crate::middleware::{Frame, Fronts, RequestId};
use crate::{agents, api, scan_results};

/// How long a body may send nothing, outside uploads, which have their own limit.
const BODY_IDLE: std::time::Duration = std::time::Duration::from_secs(60);

/// Everything that is served, with everything around it.
pub(crate) fn build(config: &Config, app: &Arc<App>, metrics: Metrics) -> Frame {
    let wire = oci::Config {
        challenge: match config.auth_challenge {
            Challenge::Bearer => oci::Challenge::Bearer,
            Challenge::Basic => oci::Challenge::Basic,
        },
        external_url: config.external_url.clone(),
        body_idle_timeout: BODY_IDLE,
        memory_budget: config.memory_budget,
    };
    let http = metrics.http();
    let router = Router::new()
        .merge(oci::router(Arc::clone(app), wire))
        .merge(api::router(app, config.memory_budget))
        .merge(agents::router(app))
        .merge(scan_results::router(app))
        .merge(Health::new(Arc::clone(app)).into_router())
        .merge(metrics.into_router())
        .method_not_allowed_fallback(oci::method_not_allowed)
        .fallback(oci::not_found);
    let fronts = Fronts {
        introduce: |client, extensions| {
            let request_id = extensions.get::<RequestId>().map(|id| id.0.hyphenated().to_string()).unwrap_or_default();
            extensions.insert(Origin {
                source: client.address,
                secure: client.tls,
                host: client.host.as_ref().map(ToString::to_string),
                request_id,
            });
        },
        route_of: |extensions| {
            let registry = extensions.get::<oci::RouteLabel>().map(|label| label.0);
            registry.or_else(|| extensions.get::<aws::Label>().map(|label| label.0))
        },
        reads: |extensions| extensions.get::<aws::Label>().is_some_and(|label| label.reads()),
    };
    Frame::new(router, http, config.trusted_proxies.clone(), fronts)
}
