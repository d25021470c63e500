//! What registries were shown lately: tokens, or name and password where a registry wants them each time. They are kept
//! in memory for as long as they are good, so that not every request begins with a refusal.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use moka::sync::Cache;
use outbound::{Answer, Ask, ChosenBy, HeaderValue, same_origin};
use serde::Deserialize;
use types::Algorithm;

use crate::challenge::{self, Challenge};
use crate::client::{HOPS, failure};
use crate::{Credentials, Error, Result, Upstream};

/// Logins that are kept.
const CAPACITY: u64 = 10_000;
/// How long a token is good if nobody says so (Docker's token authentication).
const UNSAID: u64 = 60;
/// Nothing is kept longer than this, whatever its maker says.
const MOST: u64 = 3600;
/// A token that ends so soon is not used any more.
const MARGIN: Duration = Duration::from_secs(10);
/// The longest answer of a token service.
const LIMIT: usize = 256 * 1024;

/// Logins by registry, credentials and what they are for.
pub(crate) struct Logins(Cache<String, Login>);

#[derive(Clone)]
struct Login {
    header: HeaderValue,
    until: Instant,
}

/// What a token service answers.
#[derive(Deserialize)]
struct Issued {
    token: Option<String>,
    access_token: Option<String>,
    /// Seconds, mostly. A token is as good beside something else.
    #[serde(default)]
    expires_in: serde_json::Value,
}

impl Issued {
    fn token(&self) -> Option<&str> {
        let tokens = [&self.token, &self.access_token];
        tokens.into_iter().filter_map(Option::as_deref).find(|token| !token.is_empty())
    }

    /// For how many seconds the token is kept.
    fn seconds(&self) -> u64 {
        let said = self.expires_in.as_f64().unwrap_or_default();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped afterwards")]
        let said = said as u64;
        said.clamp(UNSAID, MOST)
    }
}

impl Logins {
    pub(crate) fn new() -> Self {
        Self(Cache::builder().max_capacity(CAPACITY).time_to_live(Duration::from_secs(MOST)).build())
    }

    /// What was shown to the registry before for the same purpose.
    pub(crate) fn known(&self, upstream: &Upstream, scope: &str) -> Option<HeaderValue> {
        let login = self.0.get(&key(upstream, scope))?;
        (login.until > Instant::now() + MARGIN).then_some(login.header)
    }

    pub(crate) fn forget(&self, upstream: &Upstream, scope: &str) {
        self.0.invalidate(&key(upstream, scope));
    }

    /// Meets the challenge of an answer. None if it cannot be met.
    pub(crate) async fn meet(
        &self,
        http: &outbound::Client,
        upstream: &Upstream,
        scope: &str,
        refusal: &Answer,
        patience: Duration,
    ) -> Result<Option<HeaderValue>> {
        let (header, seconds) = match challenge::choose(refusal.headers("www-authenticate")) {
            None => return Ok(None),
            Some(Challenge::Basic) => match &upstream.credentials {
                None => return Ok(None),
                Some(credentials) => (basic(credentials)?, MOST),
            },
            Some(Challenge::Bearer { realm, service, scope: asked }) => {
                // The scope of the challenge is the registry's own spelling; without one, what we are after.
                let scope = asked.as_deref().unwrap_or(scope);
                let issued = fetch(http, upstream, &realm, service.as_deref(), scope, patience).await?;
                let token = issued.token().ok_or(Error::Nonsense("a token service answers without a token"))?;
                (secret(&format!("Bearer {token}"))?, issued.seconds())
            }
        };
        let until = Instant::now() + Duration::from_secs(seconds);
        self.0.insert(key(upstream, scope), Login { header: header.clone(), until });
        Ok(Some(header))
    }
}

async fn fetch(
    http: &outbound::Client,
    upstream: &Upstream,
    realm: &str,
    service: Option<&str>,
    scope: &str,
    patience: Duration,
) -> Result<Issued> {
    let account = upstream.credentials.as_ref().map(|credentials| credentials.username.as_str());
    let url = token_url(realm, service, scope, account);
    let chosen_by = match upstream.chosen_by {
        chosen_by if same_origin(realm, &upstream.url("/")) => chosen_by,
        // The operator named the registry, and the registry its token service.
        ChosenBy::Operator => ChosenBy::Caller,
        other => other,
    };
    let authorization = upstream.credentials.as_ref().map(basic).transpose()?;
    let authorization = authorization.as_ref();
    let ask = Ask { url: &url, chosen_by, head: false, accept: "", authorization, hops: HOPS, patience };
    let answer = http.send(&ask).await?;
    if answer.status() != 200 {
        return Err(failure(&answer));
    }
    let body = answer.body(LIMIT).await?;
    serde_json::from_slice(&body).map_err(|_| Error::Nonsense("a token service answers something else than JSON"))
}

fn token_url(realm: &str, service: Option<&str>, scope: &str, account: Option<&str>) -> String {
    let scope = Some(scope).filter(|scope| !scope.is_empty());
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in [("service", service), ("scope", scope), ("account", account)] {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    format!("{realm}{}{}", if realm.contains('?') { '&' } else { '?' }, query.finish())
}

fn basic(credentials: &Credentials) -> Result<HeaderValue> {
    secret(&format!("Basic {}", STANDARD.encode(pair(credentials))))
}

fn pair(credentials: &Credentials) -> String {
    format!("{}:{}", credentials.username, credentials.password.expose())
}

/// A header that is not shown when it is printed.
fn secret(text: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(text).map_err(|_| Error::Nonsense("a token that is not text"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A password belongs to the key: many registries take any name beside it, and what one password opened is nothing to
/// another. Only its digest is kept.
fn key(upstream: &Upstream, scope: &str) -> String {
    let whose = upstream
        .credentials
        .as_ref()
        .map(|credentials| Algorithm::Sha256.digest(pair(credentials).as_bytes()).to_string());
    format!("{} {} {scope}", upstream.host, whose.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_whatever_stands_beside_it() {
        for (answer, token, seconds) in [
            (r#"{"token":"t"}"#, "t", UNSAID),
            (r#"{"token":"t","expires_in":300}"#, "t", 300),
            (r#"{"token":"t","expires_in":300.5}"#, "t", 300),
            (r#"{"token":"t","expires_in":-1}"#, "t", UNSAID),
            (r#"{"token":"t","expires_in":1e300}"#, "t", MOST),
            (r#"{"token":"t","expires_in":"300"}"#, "t", UNSAID),
            (r#"{"token":null,"access_token":"a","expires_in":null}"#, "a", UNSAID),
            (r#"{"token":"","access_token":"a","expires_in":0}"#, "a", UNSAID),
        ] {
            let issued: Issued = serde_json::from_str(answer).unwrap();
            assert_eq!((issued.token(), issued.seconds()), (Some(token), seconds), "{answer}");
        }
        assert_eq!(serde_json::from_str::<Issued>("{}").unwrap().token(), None);
    }
}
