//! The keys of all identity providers that were asked for, in memory: fetched when they are first needed, again after a
//! while, and when a token names a key that is not known. Whoever sends tokens cannot make us ask more often than that.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
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

/// What is known of one provider.
#[derive(Clone, Default)]
struct Known {
    keys: Keys,
    fetched_at: Option<Timestamp>,
    asked_at: Option<Timestamp>,
}

impl Known {
    /// The key of a token, if the keys are not older than that.
    fn find(&self, token: &Unverified<'_>, now: Timestamp, limit: Duration) -> Option<&Key> {
        self.keys.find(token).filter(|_| within(self.fetched_at, now, limit))
    }
}

fn within(time: Option<Timestamp>, now: Timestamp, limit: Duration) -> bool {
    time.is_some_and(|time| now < time.after(limit))
}

#[derive(Default)]
struct Entry {
    known: ArcSwap<Known>,
    /// Whoever asks the provider holds it.
    asking: Arc<Mutex<()>>,
}

/// The key sets by issuer.
pub(crate) struct KeySets(Cache<String, Arc<Entry>>);

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
        client: &Arc<Client>,
        issuer: &str,
        token: &Unverified<'_>,
        now: Timestamp,
    ) -> Result<Key, Refusal> {
        let entry = self.0.get_with(issuer.to_owned(), Arc::default);
        // Nobody whose key is known waits for a provider that is slow: anybody can make up a key that is not.
        if let Some(key) = entry.known.load().find(token, now, FRESH) {
            return Ok(key.clone());
        }
        // Who comes while the provider is asked waits for the same answer.
        let asking = Arc::clone(&entry.asking).lock_owned().await;
        let known = entry.known.load_full();
        if known.find(token, now, FRESH).is_none() && !within(known.asked_at, now, PAUSE) {
            // In a task of its own: a client that hangs up would otherwise have asked for everybody, and heard nothing.
            let (entry, client, issuer) = (Arc::clone(&entry), Arc::clone(client), issuer.to_owned());
            let asked = tokio::spawn(async move {
                entry.renew(&client, &issuer, now).await;
                drop(asking);
            });
            if asked.await.is_err() {
                return Err(Refusal::NoKeys);
            }
        }
        let known = entry.known.load();
        if !within(known.fetched_at, now, STALE) {
            return Err(Refusal::NoKeys);
        }
        known.find(token, now, STALE).cloned().ok_or(Refusal::BadSignature)
    }
}

impl Entry {
    /// Asks the provider, and notes that it was asked, whatever comes of it.
    async fn renew(&self, client: &Client, issuer: &str, now: Timestamp) {
        let known = self.known.load_full();
        let next = match fetch(client, issuer).await {
            Ok(keys) => Known { keys, fetched_at: Some(now), asked_at: Some(now) },
            Err(why) => {
                tracing::warn!(issuer, why, "the keys of an identity provider cannot be read");
                Known { asked_at: Some(now), ..Known::clone(&known) }
            }
        };
        self.known.store(Arc::new(next));
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

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use outbound::Config;

    use super::*;

    fn token(kid: &str) -> String {
        let part = |text: String| URL_SAFE_NO_PAD.encode(text);
        let header = part(format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#));
        format!("{header}.{}.c2ln", part(r#"{"iss":"i","sub":"s","aud":"a","exp":9}"#.to_owned()))
    }

    /// The keys of a provider that has one, as it publishes them.
    fn published() -> String {
        let key = URL_SAFE_NO_PAD.encode([7; 32]);
        format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"known","x":"{key}"}}]}}"#)
    }

    #[tokio::test]
    async fn a_client_that_hangs_up_has_asked_for_everybody() {
        let provider = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", provider.local_addr().unwrap());
        let configuration = format!(r#"{{"issuer":"{issuer}","jwks_uri":"{issuer}/keys"}}"#);
        // Each is answered after the client of the test has gone.
        let answers = thread::spawn(move || {
            for body in [configuration, published()] {
                let (mut connection, _) = provider.accept().unwrap();
                thread::sleep(Duration::from_millis(100));
                let _ = connection.read(&mut [0; 4096]).unwrap();
                let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}", body.len());
                write!(connection, "{head}\r\n\r\n{body}").unwrap();
            }
        });
        let client = Arc::new(Client::new(Config { loopback: true, ..Config::default() }));
        let (sets, now) = (KeySets::new(), Timestamp::from_micros(1_000_000_000));
        let text = token("known");
        let known = Unverified::parse(&text).ok().unwrap();
        let hung_up = tokio::time::timeout(Duration::from_millis(50), sets.find(&client, &issuer, &known, now)).await;
        assert!(hung_up.is_err());
        assert!(sets.find(&client, &issuer, &known, now).await.is_ok());
        answers.join().unwrap();
    }

    #[tokio::test]
    async fn nobody_whose_key_is_known_waits_for_a_provider_that_does_not_answer() {
        // Connections are made, and nobody answers.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", silent.local_addr().unwrap());
        let client = Arc::new(Client::new(Config { loopback: true, ..Config::default() }));
        let (sets, now) = (KeySets::new(), Timestamp::from_micros(1_000_000_000));
        let entry = Entry::default();
        entry.known.store(Arc::new(Known {
            keys: Keys::parse(published().as_bytes()).unwrap(),
            fetched_at: Some(now),
            asked_at: None,
        }));
        sets.0.insert(issuer.clone(), Arc::new(entry));
        let (known, made_up) = (token("known"), token("made-up"));
        let (known, made_up) = (Unverified::parse(&known).ok().unwrap(), Unverified::parse(&made_up).ok().unwrap());
        let asking = sets.find(&client, &issuer, &made_up, now);
        tokio::select! {
            biased;
            _ = asking => panic!("the provider answered"),
            found = async {
                tokio::task::yield_now().await;
                sets.find(&client, &issuer, &known, now).await
            } => assert!(found.is_ok()),
        }
    }
}
