//! Getting the image of a container.
//!
//! An image is always asked for, also when one of that name is here: a tag may have moved, and who may not pull must not
//! run it because somebody else has. Only when the registry cannot be asked is what is here good enough. An image is
//! pulled once at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use acs::{Container, EcrAuthData};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;
use types::Secret;

use crate::Error;
use crate::control::{ECR, Target};
use crate::engine::{Engine, Failure, Image, Login};
use crate::host::Host;
use crate::runner::now;
use crate::task::Task;

/// How often a pull is tried.
const TRIES: u32 = 3;
/// How long to wait in between, at first.
const PAUSE: Duration = Duration::from_secs(1);

/// Which images are being pulled.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

impl Flights {
    fn of(&self, image: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        flights.retain(|_, flight| Arc::strong_count(flight) > 1);
        flights.entry(image.to_owned()).or_default().clone()
    }
}

/// Gets the image of a container of a task.
pub(crate) async fn get<E: Engine>(host: &Host<E>, task: &Task, container: &Container) -> Result<Image, Failure> {
    let image = &container.image;
    let _no_removal = host.images.gate.read().await;
    // Before waiting in line: another pull of this name may be what brings it.
    let before = match host.config.image_cleanup {
        Some(_) => host.images.listing.look(&host.engine).await,
        None => None,
    };
    let flight = host.images.flights.of(image);
    let _alone = flight.lock().await;
    let mut failure = Failure(String::new());
    for attempt in 0..TRIES {
        if attempt > 0 {
            tokio::time::sleep(PAUSE * attempt).await;
        }
        let login = match login(host, task, container).await {
            Ok(login) => login,
            Err(LoginFailure { text, last }) => {
                failure = Failure(text);
                if last {
                    return Err(failure);
                }
                continue;
            }
        };
        match host.engine.pull(image, login.as_ref()).await {
            Ok(()) => {
                let found = host.engine.image(image).await.map_err(|error| refused(&error.0, 0))?;
                let found = found.ok_or_else(|| refused("the image is not there after it was pulled", 0))?;
                if host.images.ledger.pulled(image, &found, before.as_deref(), now().micros()) {
                    host.images.ledger.save().await;
                }
                return Ok(found);
            }
            Err(error) if is_final(&error.0) => return Err(refused(&error.0, attempt)),
            Err(error) => failure = refused(&error.0, attempt),
        }
        // Without its registry a host goes on with what it has.
        if let Ok(Some(here)) = host.engine.image(image).await {
            tracing::warn!(image, error = %failure, "the registry cannot be asked; the image that is here is used");
            host.images.ledger.used(&here.id, now().micros());
            return Ok(here);
        }
    }
    Err(failure)
}

/// Whether the registry answered, and its answer was no.
fn is_final(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["denied", "unauthorized", "forbidden", "not found", "manifest unknown", "invalid reference", "no basic auth"]
        .iter()
        .any(|word| text.contains(word))
}

fn refused(text: &str, retries: u32) -> Failure {
    if text.starts_with("DockerTimeoutError") {
        return Failure(text.to_owned());
    }
    match retries {
        0 => Failure(format!("CannotPullContainerError: {text}")),
        retries => Failure(format!("CannotPullContainerError: ref pull has been retried {retries} time(s): {text}")),
    }
}

/// Why a registry of ECR gave no login, in the words that each launch type has for it.
fn unauthorized(error: &Error, fargate: bool) -> String {
    if fargate {
        return format!(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: \
             unable to retrieve ecr registry auth: {error}"
        );
    }
    format!("CannotPullECRContainerError: {error}")
}

struct LoginFailure {
    text: String,
    /// Whether trying again is of no use.
    last: bool,
}

/// What opens the registry of an image; nothing if it is open to all.
async fn login<E: Engine>(host: &Host<E>, task: &Task, container: &Container) -> Result<Option<Login>, LoginFailure> {
    let fargate = task.wanted.launch_type.as_deref() == Some("FARGATE");
    let failed = |error: &Error| LoginFailure { text: unauthorized(error, fargate), last: error.is_final() };
    let Some(authentication) = &container.registry_authentication else { return Ok(None) };
    match (authentication.kind.as_str(), &authentication.ecr_auth_data, &authentication.asm_auth_data) {
        ("ecr", Some(data), _) => ecr(host, task, data).await.map(Some).map_err(|error| failed(&error)),
        ("asm", _, Some(data)) => {
            let login = host.registry_login(task, &data.credentials_parameter, &data.region).await;
            let (username, password) = login.map_err(|Failure(text)| LoginFailure { text, last: true })?;
            let registry = container.image.split('/').next().unwrap_or_default().to_owned();
            Ok(Some(Login { registry, username, password }))
        }
        _ => Ok(None),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tokens {
    authorization_data: Vec<Token>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Token {
    authorization_token: String,
    #[serde(default)]
    proxy_endpoint: String,
}

/// Asks a registry of ECR for a login, as the execution role of the task.
async fn ecr<E: Engine>(host: &Host<E>, task: &Task, data: &EcrAuthData) -> Result<Login, Error> {
    let credentials = match data.use_execution_role {
        true => host.execution_credentials(task).await?,
        false => host.control.credentials.clone(),
    };
    let region = if data.region.is_empty() { &host.control.region } else { &data.region };
    let url = if data.endpoint_override.is_empty() { &host.control.server } else { &data.endpoint_override };
    // An endpoint without a scheme is one of HTTPS.
    let url = if url.contains("://") { url.clone() } else { format!("https://{url}") };
    let target = Target { url: &url, region, credentials: &credentials };
    let input = match data.registry_id.is_empty() {
        true => json!({}),
        false => json!({"registryIds": [data.registry_id]}),
    };
    let tokens: Tokens = host.control.call(ECR, "GetAuthorizationToken", &input, &target).await?;
    let unreadable = || Error::Malformed("an authorization token that cannot be read".to_owned());
    let token = tokens.authorization_data.into_iter().next().ok_or_else(unreadable)?;
    let text = STANDARD.decode(&token.authorization_token).map_err(|_| unreadable())?;
    let text = String::from_utf8(text).map_err(|_| unreadable())?;
    let (username, password) = text.split_once(':').ok_or_else(unreadable)?;
    Ok(Login { registry: token.proxy_endpoint, username: username.to_owned(), password: Secret::new(password) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_launch_type_has_words_for_a_login_that_was_refused() {
        let error = Error::Refused { kind: "AccessDeniedException".to_owned(), message: "no".to_owned() };
        assert_eq!(unauthorized(&error, false), "CannotPullECRContainerError: AccessDeniedException: no");
        let fargate = unauthorized(&error, true);
        assert!(
            fargate.starts_with("ResourceInitializationError: unable to pull secrets or registry auth: "),
            "{fargate}"
        );
        assert!(fargate.ends_with("unable to retrieve ecr registry auth: AccessDeniedException: no"), "{fargate}");
    }

    #[test]
    fn a_no_of_the_registry_is_not_a_registry_that_is_away() {
        assert!(is_final("pull access denied for x, repository does not exist"));
        assert!(is_final("manifest for x:y not found: manifest unknown"));
        assert!(!is_final("dial tcp 127.0.0.1:1: connect: connection refused"));
        assert!(!is_final("net/http: request canceled while waiting for connection"));
    }
}
