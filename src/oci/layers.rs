//! `/layers/<ticket>`: a layer for whoever has the address that ECR's `GetDownloadUrlForLayer` gave out, without login, as
//! presigned addresses of S3 work. The ticket is sealed; what it does not open is not found.

use std::sync::Arc;

use app::authn::{self, Credentials};
use app::{Ctx, layers};
use axum::body::Body;
use axum::extract::{Path, State as Extract};
use http::header::CACHE_CONTROL;
use http::request::Parts;
use http::{HeaderValue, Method, Request};

use crate::blobs::content;
use crate::call::State;
use crate::error::WireError;
use crate::origin::Origin;
use crate::response::{Answer, RouteLabel};

/// As the router spells it.
pub(crate) const PATH: &str = "/layers/{ticket}";

pub(crate) async fn handle(
    Extract(state): Extract<Arc<State>>,
    Path(ticket): Path<String>,
    request: Request<Body>,
) -> Answer {
    let (parts, _) = request.into_parts();
    let mut answer = serve(&state, &ticket, &parts).await.unwrap_or_else(WireError::into_answer);
    // The address is a secret for as long as it is good.
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    answer.extensions_mut().insert(RouteLabel(PATH));
    answer
}

async fn serve(state: &State, ticket: &str, parts: &Parts) -> Result<Answer, WireError> {
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        return Err(WireError::method("GET, HEAD"));
    }
    let (permit, blob) = layers::open(&state.app, ticket).await?.ok_or_else(WireError::not_found)?;
    let origin = parts.extensions.get::<Origin>().cloned().unwrap_or_default();
    let ctx = Ctx {
        app: Arc::clone(&state.app),
        identity: authn::authenticate(&state.app, &Credentials::None, origin.source)?.identity,
        registry: permit.registry().clone(),
        source: origin.source,
        secure: origin.secure,
        // No policy is asked, so nobody asks for it.
        user_agent: String::new(),
    };
    content(&ctx, &permit, parts, blob).await
}
