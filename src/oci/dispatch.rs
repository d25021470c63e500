//! The one way of every request below `/v2/`: path → credentials → authorization → handler.

use std::sync::Arc;

use app::audit;
use app::authn::{self, Login};
use app::authz;
use app::cache;
use app::{Action, Ctx, Error, Permit};
use axum::body::Body;
use axum::extract::State as Extract;
use http::header::{USER_AGENT, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderValue, Method, Request, StatusCode};
use types::RepoName;

use crate::audit::Trail;
use crate::call::{Call, State};
use crate::challenge::{self, Why};
use crate::error::WireError;
use crate::origin::Origin;
use crate::path::Route;
use crate::query::Query;
use crate::response::{API_VERSION, Answer, RouteLabel};
use crate::{blobs, catalog, credentials, manifests, referrers, response, tags, uploads};

/// Entry of all requests below `/v2/`.
pub(crate) async fn registry(Extract(state): Extract<Arc<State>>, request: Request<Body>) -> Answer {
    let route = Route::parse(request.uri().path());
    let label = RouteLabel(route.label());
    let (parts, body) = request.into_parts();
    let mut body = Some(body);
    let origin = parts.extensions.get::<Origin>().cloned().unwrap_or_default();
    let mut trail = Trail::new(&parts);
    let app = Arc::clone(&state.app);
    let outcome = handle(state, &route, &origin, parts, &mut body, &mut trail).await;
    let event = trail.end(&app, &origin, &route, outcome.as_ref());
    if event.is_some() {
        Box::pin(audit::record(&app, event)).await;
    }
    let mut answer = outcome.unwrap_or_else(WireError::into_answer);
    answer.headers_mut().insert(API_VERSION, HeaderValue::from_static("registry/2.0"));
    answer.extensions_mut().insert(label);
    answer
}

/// What a request does, which says what it needs.
struct Need {
    actions: &'static [Action],
    /// The scope that the challenge names, as Docker's token flow spells it.
    scope: &'static str,
}

/// What every method of every route needs (the table of Docker requests and IAM actions). `None`: the method does not
/// exist there.
fn need(route: &Route, method: &Method, query: &Query) -> Option<Need> {
    use Action as A;
    let need = |actions, scope| Some(Need { actions, scope });
    match (route, method.as_str()) {
        (Route::Manifest { .. } | Route::Referrers { .. }, "GET" | "HEAD") => need(&[A::BatchGetImage], "pull"),
        (Route::Manifest { .. }, "PUT") => need(&[A::PutImage], "pull,push"),
        (Route::Manifest { .. } | Route::Blob { .. }, "DELETE") => need(&[A::BatchDeleteImage], "delete"),
        (Route::Blob { .. }, "HEAD") => need(&[A::BatchCheckLayerAvailability], "pull"),
        (Route::Blob { .. }, "GET") => need(&[A::GetDownloadUrlForLayer], "pull"),
        (Route::Uploads { .. }, "POST") if query.get("digest").is_some() && query.get("mount").is_none() => {
            need(&[A::InitiateLayerUpload, A::UploadLayerPart, A::CompleteLayerUpload], "pull,push")
        }
        (Route::Uploads { .. }, "POST") => need(&[A::InitiateLayerUpload], "pull,push"),
        (Route::Upload { .. }, "PATCH" | "GET" | "HEAD" | "DELETE") => need(&[A::UploadLayerPart], "pull,push"),
        // Whether the closing request carries bytes shows only when they come, so both are asked for.
        (Route::Upload { .. }, "PUT") => need(&[A::CompleteLayerUpload, A::UploadLayerPart], "pull,push"),
        (Route::Tags { .. }, "GET" | "HEAD") => need(&[A::ListImages], "pull"),
        _ => None,
    }
}

fn allowed_methods(route: &Route) -> &'static str {
    match route {
        Route::Manifest { .. } => "GET, HEAD, PUT, DELETE",
        Route::Blob { .. } => "GET, HEAD, DELETE",
        Route::Uploads { .. } => "POST",
        Route::Upload { .. } => "GET, HEAD, PATCH, PUT, DELETE",
        Route::Base | Route::Catalog | Route::Tags { .. } | Route::Referrers { .. } | Route::Unknown => "GET, HEAD",
    }
}

async fn handle(
    state: Arc<State>,
    route: &Route,
    origin: &Origin,
    parts: Parts,
    body: &mut Option<Body>,
    trail: &mut Trail,
) -> Result<Answer, WireError> {
    let query = Query::parse(parts.uri.query());
    let read = matches!(parts.method, Method::GET | Method::HEAD);
    let (name, scope, need) = match route {
        Route::Unknown => return Err(WireError::not_found()),
        Route::Base | Route::Catalog if !read => return Err(WireError::method(allowed_methods(route))),
        Route::Base => (None, None, None),
        Route::Catalog => (None, Some("registry:catalog:*".to_owned()), None),
        _ => {
            let name: RepoName =
                route.name().unwrap_or_default().parse().map_err(|error| WireError::name_invalid(&error))?;
            let name = if read { mirrored(&state, origin, &query, name) } else { name };
            let need = need(route, &parts.method, &query).ok_or_else(|| WireError::method(allowed_methods(route)))?;
            let scope = scope(&name, &need, &query);
            trail.repository = Some(name.clone());
            trail.action = need.actions.first().copied();
            (Some(name), Some(scope), Some(need))
        }
    };
    let challenged = |error: WireError, why| {
        error.with(WWW_AUTHENTICATE, challenge::header(&state.config, origin, scope.as_deref(), why))
    };
    let login = match login(&state, &parts, origin) {
        Ok(login) => login,
        Err(error) if error.status == StatusCode::UNAUTHORIZED => return Err(challenged(error, Why::Invalid)),
        Err(error) => return Err(error),
    };
    let anonymous = login.is_anonymous();
    let why = if parts.headers.contains_key(http::header::AUTHORIZATION) { Why::Insufficient } else { Why::Absent };
    let unauthorized = || challenged(Error::Unauthenticated("log in to use this registry").into(), why);
    let registry = origin.registry(&state.app).map_err(|region| WireError::no_region(&region))?;
    trail.login = Some(login.clone());
    trail.registry = Some(registry.clone());
    let ctx = Ctx {
        app: Arc::clone(&state.app),
        identity: login.identity,
        registry,
        source: origin.source,
        secure: origin.secure,
        user_agent: user_agent(&parts),
    };
    let permit = match (&name, &need) {
        (Some(name), Some(need)) => match authz::authorize(&ctx, need.actions, name) {
            Ok(permit) => Some(permit),
            // Whoever is not logged in is asked to, and learns nothing about what exists.
            Err(Error::Denied(_)) if anonymous => return Err(unauthorized()),
            Err(error) => return Err(error.into()),
        },
        _ => None,
    };
    let call = Call { state: Arc::clone(&state), ctx, parts, query };
    match (route, permit) {
        // Anonymous clients take the challenge from here; with a token that names nobody they may go on.
        (Route::Base, _) if anonymous && why == Why::Absent => Err(unauthorized()),
        (Route::Base, _) => Ok(base()),
        (Route::Catalog, _) if anonymous => Err(unauthorized()),
        (Route::Catalog, _) => Box::pin(catalog::list(&call)).await,
        (_, Some(permit)) => serve(&call, route, &permit, body).await.map_err(|error| {
            // A rule may find that more is needed, such as the right to create the repository.
            if anonymous && error.status == StatusCode::FORBIDDEN { unauthorized() } else { error }
        }),
        (_, None) => Err(WireError::not_found()),
    }
}

/// The handler of each route and method. Each has its permit: authorization cannot be forgotten. They are boxed, so that a
/// request takes the memory of its own handler and not of the largest.
async fn serve(call: &Call, route: &Route, permit: &Permit, body: &mut Option<Body>) -> Result<Answer, WireError> {
    let mut take = || body.take().unwrap_or_default();
    match (route, call.parts.method.as_str()) {
        (Route::Manifest { reference, .. }, "GET" | "HEAD") => Box::pin(manifests::get(call, permit, reference)).await,
        (Route::Manifest { reference, .. }, "PUT") => Box::pin(manifests::put(call, permit, reference, take())).await,
        (Route::Manifest { reference, .. }, "DELETE") => Box::pin(manifests::delete(call, permit, reference)).await,
        (Route::Blob { digest, .. }, "HEAD") => Box::pin(blobs::head(call, permit, digest)).await,
        (Route::Blob { digest, .. }, "GET") => Box::pin(blobs::get(call, permit, digest)).await,
        (Route::Blob { digest, .. }, "DELETE") => Box::pin(blobs::delete(call, permit, digest)).await,
        (Route::Uploads { .. }, "POST") => Box::pin(uploads::begin(call, permit, take())).await,
        (Route::Upload { id, .. }, "PATCH") => Box::pin(uploads::append(call, permit, id, take())).await,
        (Route::Upload { id, .. }, "PUT") => Box::pin(uploads::finish(call, permit, id, take())).await,
        (Route::Upload { id, .. }, "GET" | "HEAD") => Box::pin(uploads::status(call, permit, id)).await,
        (Route::Upload { id, .. }, "DELETE") => Box::pin(uploads::cancel(call, permit, id)).await,
        (Route::Tags { .. }, "GET" | "HEAD") => Box::pin(tags::list(call, permit)).await,
        (Route::Referrers { digest, .. }, "GET" | "HEAD") => Box::pin(referrers::list(call, permit, digest)).await,
        _ => Err(WireError::method(allowed_methods(route))),
    }
}

/// The repository that is meant. containerd asks a mirror for the name that an image has elsewhere, and says in `ns` which
/// host that is; where a cache rule is for that host, the repository here is the rule's.
fn mirrored(state: &State, origin: &Origin, query: &Query, name: RepoName) -> RepoName {
    let Some(host) = query.get("ns") else { return name };
    let registry = origin.registry(&state.app).ok();
    registry.and_then(|registry| cache::mirrored(&state.app, &registry, host, &name)).unwrap_or(name)
}

/// What the client calls itself; empty if it does not say it once, in text.
fn user_agent(parts: &Parts) -> String {
    let mut values = parts.headers.get_all(USER_AGENT).iter();
    let value = values.next().filter(|_| values.next().is_none());
    value.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn login(state: &State, parts: &Parts, origin: &Origin) -> Result<Login, WireError> {
    let credentials = credentials::read(&parts.headers)
        .map_err(|_| Error::Unauthenticated("the Authorization header is malformed"))?;
    Ok(authn::authenticate(&state.app, &credentials, origin.source)?)
}

fn scope(name: &RepoName, need: &Need, query: &Query) -> String {
    let mut scope = format!("repository:{name}:{}", need.scope);
    // A mount reads from another repository: clients get a token for both.
    if let Some(from) = query.get("from").and_then(|from| from.parse::<RepoName>().ok()) {
        scope.push_str(&format!(" repository:{from}:pull"));
    }
    scope
}

/// end-1
fn base() -> Answer {
    response::json(StatusCode::OK, "application/json", &serde_json::json!({}))
}
