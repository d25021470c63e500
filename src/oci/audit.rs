//! What of the registry protocol goes to the audit log: pushes and deletes of manifests, deletes of blobs, and whoever
//! was refused with credentials in hand. The events have the names of the API's operations, so that it does not matter
//! by which door somebody came. Pulls and layers are not kept, but for a pull that brings a manifest in from another
//! registry.

use app::audit::{self, Caller, Event, Prepared, Urgency};
use app::authn::{Credentials, Login};
use app::{Action, App};
use http::header::{AUTHORIZATION, USER_AGENT};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use serde_json::{Value, json};
use types::{RegistryId, RepoName, Tag};

use crate::credentials::parse_authorization;
use crate::error::WireError;
use crate::origin::Origin;
use crate::path::Route;
use crate::response::{Answer, DIGEST};

/// Marks the answer to a pull that brought a manifest in from another registry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Imported;

/// What is known of a request on its way, for the event that may come of it.
pub(crate) struct Trail {
    method: Method,
    user_agent: Option<HeaderValue>,
    authorization: Option<HeaderValue>,
    /// Who asks, once that is known.
    pub(crate) login: Option<Login>,
    /// Which registry is asked.
    pub(crate) registry: Option<RegistryId>,
    /// Which repository is meant; a mirror is asked by another name.
    pub(crate) repository: Option<RepoName>,
    /// What is asked for.
    pub(crate) action: Option<Action>,
}

impl Trail {
    /// Begins with the head of a request.
    pub(crate) fn new(parts: &Parts) -> Self {
        Self {
            method: parts.method.clone(),
            user_agent: parts.headers.get(USER_AGENT).cloned(),
            authorization: parts.headers.get(AUTHORIZATION).cloned(),
            login: None,
            registry: None,
            repository: None,
            action: None,
        }
    }

    /// What is to be kept of how it ended.
    pub(crate) fn end(
        self,
        app: &App,
        origin: &Origin,
        route: &Route,
        outcome: Result<&Answer, &WireError>,
    ) -> Option<Prepared> {
        let kept = self.kept(route, outcome)?;
        let claimed = self.authorization.as_ref().and_then(claimed);
        let (caller, urgency) = match &self.login {
            Some(login) if !login.is_anonymous() => (Caller::Known(login), kept.urgency),
            // What is public may be refused to anybody, any number of times.
            Some(login) => (Caller::Known(login), if kept.error { Urgency::Maybe } else { kept.urgency }),
            None => (Caller::Unknown(claimed.as_deref()), Urgency::Maybe),
        };
        let agent = self.user_agent.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default();
        let event = Event {
            source: "ecr.amazonaws.com",
            name: kept.name,
            region: self.registry.as_ref().map(|registry| registry.region.as_str()),
            read_only: self.action.is_none()
                || (matches!(self.method, Method::GET | Method::HEAD)
                    && kept.name != operation(Action::BatchImportUpstreamImage)),
            caller,
            address: Some(origin.source),
            user_agent: agent,
            request_id: &origin.request_id,
            parameters: self.parameters(route),
            response: outcome.map_or(Value::Null, |answer| self.response(route, answer)),
            error: outcome.err().map(|error| (error.code, error.message())),
        };
        audit::prepare(app, event, urgency)
    }

    fn kept(&self, route: &Route, outcome: Result<&Answer, &WireError>) -> Option<Kept> {
        let name = self.action.map_or("Authenticate", operation);
        match outcome {
            Ok(answer) if answer.extensions().get::<Imported>().is_some() => {
                let name = operation(Action::BatchImportUpstreamImage);
                Some(Kept { name, urgency: Urgency::Soon, error: false })
            }
            Ok(_) => match (route, self.method.as_str()) {
                (Route::Manifest { .. }, "PUT") => Some(Kept { name, urgency: Urgency::Soon, error: false }),
                (Route::Manifest { .. } | Route::Blob { .. }, "DELETE") => {
                    Some(Kept { name, urgency: Urgency::Now, error: false })
                }
                _ => None,
            },
            Err(error) => {
                let refused = match error.status {
                    // Without credentials it is no refusal: that is how every client asks how to log in.
                    StatusCode::UNAUTHORIZED => self.authorization.is_some(),
                    status => status == StatusCode::FORBIDDEN,
                };
                refused.then_some(Kept { name, urgency: Urgency::Soon, error: true })
            }
        }
    }

    fn parameters(&self, route: &Route) -> Value {
        let Some(name) = self.repository.as_ref().map(RepoName::as_str).or(route.name()) else {
            return Value::Null;
        };
        let mut parameters = json!({ "repositoryName": name });
        if let Some(registry) = &self.registry {
            parameters["registryId"] = registry.account.as_str().into();
        }
        match route {
            Route::Manifest { reference, .. } if self.method == Method::PUT => {
                let member = if reference.parse::<Tag>().is_ok() { "imageTag" } else { "imageDigest" };
                parameters[member] = reference.as_str().into();
            }
            Route::Manifest { reference, .. } => parameters["imageIds"] = json!([image_id(reference)]),
            Route::Blob { digest, .. } => parameters["layerDigests"] = json!([digest]),
            _ => {}
        }
        parameters
    }

    fn response(&self, route: &Route, answer: &Answer) -> Value {
        match route {
            Route::Manifest { name, reference }
                if self.method == Method::PUT || answer.extensions().get::<Imported>().is_some() =>
            {
                let mut image_id = image_id(reference);
                let digest = answer.headers().get(DIGEST).and_then(|value| value.to_str().ok());
                image_id["imageDigest"] = digest.into();
                let name = self.repository.as_ref().map_or(name.as_str(), RepoName::as_str);
                json!({ "image": { "repositoryName": name, "imageId": image_id } })
            }
            _ => Value::Null,
        }
    }
}

/// An event that is kept.
struct Kept {
    name: &'static str,
    urgency: Urgency,
    error: bool,
}

fn image_id(reference: &str) -> Value {
    if reference.parse::<Tag>().is_ok() {
        json!({ "imageTag": reference })
    } else {
        json!({ "imageDigest": reference })
    }
}

/// The name of an action without its service.
fn operation(action: Action) -> &'static str {
    action.as_str().split(':').nth(1).unwrap_or_default()
}

/// The access key that a request claims; `AWS` names none.
fn claimed(authorization: &HeaderValue) -> Option<String> {
    match parse_authorization(authorization.to_str().ok()?) {
        Ok(Credentials::Basic { user, .. }) => Some(user),
        _ => None,
    }
}

/// What is to be kept of a login at `/token` that failed.
pub(crate) fn failed_login(app: &App, origin: &Origin, parts: &Parts, error: &WireError) -> Option<Prepared> {
    let mut trail = Trail::new(parts);
    if parts.method == Method::POST {
        // The credentials were in the body.
        trail.authorization.get_or_insert(HeaderValue::from_static(""));
    }
    trail.end(app, origin, &Route::Base, Err(error))
}
