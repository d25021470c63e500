//! `/token`: Docker's token flow, by GET and by POST (distribution, "Token Authentication Specification").
//!
//! Scopes are accepted and not looked at: a token names somebody, and each request is judged by itself.

use std::sync::Arc;

use app::authn::{self, Credentials, Issued, Login};
use axum::body::Body;
use axum::extract::State as Extract;
use http::header::{CACHE_CONTROL, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use serde::Serialize;
use types::Secret;

use crate::audit;
use crate::call::State;
use crate::challenge::{TOKEN_PATH, base_url};
use crate::credentials;
use crate::error::WireError;
use crate::origin::Origin;
use crate::query::Query;
use crate::response::{self, Answer, RouteLabel};

/// A form with a token in it is far smaller.
const MAX_FORM: usize = 64 << 10;

#[derive(Serialize)]
struct Tokens<'t> {
    token: &'t str,
    access_token: &'t str,
    expires_in: u64,
    issued_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

pub(crate) async fn handle(Extract(state): Extract<Arc<State>>, request: Request<Body>) -> Answer {
    let origin = request.extensions().get::<Origin>().cloned().unwrap_or_default();
    let (parts, body) = request.into_parts();
    let result = match parts.method {
        Method::GET => by_get(&state, &origin, &parts),
        Method::POST => by_post(&state, &origin, body).await,
        _ => Err(WireError::method("GET, POST")),
    };
    if let Err(error) = &result
        && matches!(error.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
    {
        let event = audit::failed_login(&state.app, &origin, &parts, error);
        app::audit::record(&state.app, event).await;
    }
    let mut answer = result.unwrap_or_else(|error| {
        let error = if error.status == StatusCode::UNAUTHORIZED {
            let realm = format!("Basic realm=\"{}\"", base_url(&state.config, &origin));
            error.with(WWW_AUTHENTICATE, response::value(&realm))
        } else {
            error
        };
        error.into_answer()
    });
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.extensions_mut().insert(RouteLabel(TOKEN_PATH));
    answer
}

/// Credentials by Basic, or none for an anonymous token.
fn by_get(state: &State, origin: &Origin, parts: &Parts) -> Result<Answer, WireError> {
    let query = Query::parse(parts.uri.query());
    let credentials = credentials::read(&parts.headers)
        .map_err(|_| app::Error::Unauthenticated("the Authorization header is malformed"))?;
    // A token is no password here: one would get the next, and none would ever end.
    if matches!(credentials, Credentials::Bearer(_)) {
        return Err(app::Error::Unauthenticated("a token is given for a user name and a password").into());
    }
    let login = authn::authenticate(&state.app, &credentials, origin.source)?;
    let wanted = query.get("offline_token") == Some("true");
    answer(state, &login, wanted, None)
}

/// OAuth 2 by form: a password, or a refresh token.
async fn by_post(state: &State, origin: &Origin, body: Body) -> Result<Answer, WireError> {
    let bad = |text: &str| WireError::new(StatusCode::BAD_REQUEST, "UNSUPPORTED", text);
    let form = Limited::new(body, MAX_FORM)
        .collect()
        .await
        .map_err(|_| WireError::new(StatusCode::PAYLOAD_TOO_LARGE, "SIZE_INVALID", "the form is too large"))?
        .to_bytes();
    let form = Query::parse(std::str::from_utf8(&form).ok());
    let field = |name: &str| form.get(name).unwrap_or_default().to_owned();
    let scope = Some(form.all("scope").collect::<Vec<_>>().join(" "));
    match field("grant_type").as_str() {
        "password" => {
            let credentials = Credentials::Basic { user: field("username"), password: Secret::new(field("password")) };
            let login = authn::authenticate(&state.app, &credentials, origin.source)?;
            answer(state, &login, field("access_type") == "offline", scope)
        }
        "refresh_token" => {
            let presented = field("refresh_token");
            let login = authn::authenticate_refresh_token(&state.app, &presented, origin.source)?;
            // Docker keeps the first refresh token for good, so it stays the same.
            tokens(&authn::issue_access_token(&state.app, &login)?, Some(presented), scope)
        }
        _ => Err(bad("grant_type must be password or refresh_token")),
    }
}

fn answer(state: &State, login: &Login, offline: bool, scope: Option<String>) -> Result<Answer, WireError> {
    let refresh_token = if offline { authn::issue_refresh_token(&state.app, login)? } else { None };
    tokens(&authn::issue_access_token(&state.app, login)?, refresh_token.map(|issued| issued.token), scope)
}

fn tokens(issued: &Issued, refresh_token: Option<String>, scope: Option<String>) -> Result<Answer, WireError> {
    let tokens = Tokens {
        token: &issued.token,
        access_token: &issued.token,
        expires_in: issued.expires_in,
        issued_at: issued.issued_at.rfc3339(),
        scope,
        refresh_token,
    };
    Ok(response::json(StatusCode::OK, "application/json", &tokens))
}
