//! The keys of all identity providers that were asked for, in memory: fetched when they are first needed, again after a
//! while, and when a token names a key that is not known. Whoever sends tokens cannot make us ask more often than that.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use outbound::Client;
use serde::Deserialize;
use tokio::sync::Mutex;
use types::Timestamp;

use super::Refusal;
use super::claims::Unverified;
use super::keys::{Key, Keys};

/// Keys are fetched again after this long, also if no unknown one is named: one that the provider withdrew must not be
/// good for ever.
const FRESH: Duration = Duration::from_secs(15 * 60);
/// Keys are used so long while their provider cannot be reached.
const STALE: Duration = Duration::from_secs(6 * 3600);
/// A provider is asked at most this often.
const PAUSE: Duration = Duration::from_secs(20);
/// The size of a provider's documents.
const MAX_DOCUMENT: usize = 512 << 10;

#[derive(Default)]
struct Entry {
    keys: Keys,
    fetched_at: Option<Timestamp>,
    asked_at: Option<Timestamp>,
}

/// The key sets by issuer.
pub(crate) struct KeySets(Cache<String, Arc<Mutex<Entry>>>);

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl KeySets {
    pub(crate) fn new() -> Self {
        Self(Cache::builder().max_capacity(1000).build())
    }

    /// The key that a token says it was signed with.
    pub(crate) async fn find(
        &self,
        client: &Client,
        issuer: &str,
        token: &Unverified<'_>,
        now: Timestamp,
    ) -> Result<Key, Refusal> {
        let entry = self.0.get_with(issuer.to_owned(), Arc::default);
        // Held while the provider is asked: who comes meanwhile waits for the same answer.
        let mut entry = entry.lock().await;
        let within = |time: Option<Timestamp>, limit| time.is_some_and(|time| now < time.after(limit));
        let known = entry.keys.find(token).is_some();
        let wanted = !known || !within(entry.fetched_at, FRESH);
        if wanted && !within(entry.asked_at, PAUSE) {
            entry.asked_at = Some(now);
            match fetch(client, issuer).await {
                Ok(keys) => {
                    entry.keys = keys;
                    entry.fetched_at = Some(now);
                }
                Err(why) => tracing::warn!(issuer, why, "the keys of an identity provider cannot be read"),
            }
        }
        if !within(entry.fetched_at, STALE) {
            return Err(Refusal::NoKeys);
        }
        entry.keys.find(token).cloned().ok_or(Refusal::BadSignature)
    }
}

/// Asks a provider for its keys, by way of the document in which it says where they are (OpenID Connect Discovery 1.0,
/// section 4).
async fn fetch(client: &Client, issuer: &str) -> Result<Keys, String> {
    let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let document = client.get(&url, MAX_DOCUMENT).await.map_err(|error| error.to_string())?;
    let found: Discovery =
        serde_json::from_slice(&document).map_err(|error| format!("its configuration cannot be read: {error}"))?;
    if found.issuer != issuer {
        return Err(format!("its configuration is that of {}", found.issuer));
    }
    let document = client.get(&found.jwks_uri, MAX_DOCUMENT).await.map_err(|error| error.to_string())?;
    Keys::parse(&document).ok_or_else(|| "its keys cannot be read".to_owned())
}
