//! Sessions: what temporary credentials stand for. A session lives in its token and nowhere else: the token is sealed,
//! holds the secret access key and says whose session it is, and every process that has the signing keys opens it. What
//! the session may do is not in it, except for what restricts it; that is looked up for each request.
//!
//! The key that seals tokens is derived from the key pair that signs registry tokens, so the two are rotated together
//! and sessions survive it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use moka::sync::Cache;
use policy::{Document, Kind, Policy};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use types::{Secret, Timestamp};
use zeroize::Zeroizing;

use super::scanner::ScannedImage;
use crate::{App, Error, Result};

/// What every sealed token begins with; another format will have another. No JWT begins so.
const PREFIX: &str = "wst1.";

/// Longer than any token of ours; what is longer is not looked at.
const MAX_LENGTH: usize = 16 << 10;

/// Opened tokens that are kept, in bytes of their text.
const CACHED: u64 = 32 << 20;

/// A session.
#[derive(Clone, Serialize, Deserialize)]
pub struct Session {
    /// `ASIA…`
    #[serde(rename = "k")]
    pub access_key_id: String,
    /// The secret access key. Registry tokens go without it.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<String>,
    /// Whose session it is.
    #[serde(rename = "w")]
    pub bearer: Bearer,
    /// When it began, in seconds since 1970.
    #[serde(rename = "i")]
    pub issued_at: i64,
    /// When it ends, in seconds since 1970.
    #[serde(rename = "e")]
    pub expires_at: i64,
    /// The session policy.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The managed policies that are session policies, by their ARNs.
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    pub policy_arns: Vec<String>,
    /// The session tags.
    #[serde(rename = "t", default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<(String, String)>,
    /// The keys of the session tags that a further session inherits.
    #[serde(rename = "v", default, skip_serializing_if = "Vec::is_empty")]
    pub transitive_tag_keys: Vec<String>,
    /// Who is behind the session, as whoever began it said. Further sessions inherit it.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
    /// The identity provider that vouched for whoever began it.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub federation: Option<Federation>,
}

impl Session {
    /// When it began.
    pub(crate) fn begun_at(&self) -> Timestamp {
        Timestamp::from_micros(self.issued_at.saturating_mul(1_000_000))
    }
}

/// Whose session it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bearer {
    /// A role's.
    #[serde(rename = "r")]
    Role {
        /// `AROA…`; a role of the same name that is made later has another.
        #[serde(rename = "i")]
        role_id: String,
        /// The session's name.
        #[serde(rename = "n")]
        session_name: String,
    },
    /// That of whoever has this access key.
    #[serde(rename = "k")]
    AccessKey(String),
    /// That of a scanner, about one image.
    #[serde(rename = "s")]
    Scanner(ScannedImage),
}

/// An identity provider's part in a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Federation {
    /// The ARN of the provider.
    #[serde(rename = "p")]
    pub provider: String,
    /// Condition keys that stay with the session, `<issuer>:sub` and `<issuer>:aud`.
    #[serde(rename = "c")]
    pub claims: Vec<(String, Vec<String>)>,
}

/// What a token is good for. A token for one use cannot be opened for another.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose<'a> {
    /// The session token of these temporary credentials.
    Credentials(&'a str),
    /// A registry token for one use.
    Registry(super::token::Use),
}

impl Purpose<'_> {
    fn associated(&self) -> String {
        match self {
            Self::Credentials(access_key_id) => format!("credentials {access_key_id}"),
            Self::Registry(usage) => format!("registry {usage:?}"),
        }
    }
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Content {
    /// Until when this token is good, which may be sooner than the session ends.
    #[serde(rename = "e")]
    expires_at: i64,
    #[serde(rename = "s")]
    session: Session,
}

/// A token that was opened.
pub(crate) struct Opened {
    kid: String,
    expires_at: i64,
    pub(crate) session: Session,
    pub(crate) secret: Option<Secret>,
    /// The session policy, read.
    pub(crate) policy: Option<Policy>,
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opened({})", self.session.access_key_id)
    }
}

impl Opened {
    /// Whether the token or its session has ended.
    pub(crate) fn has_ended(&self, now: Timestamp) -> bool {
        now.seconds() >= self.ends_at()
    }

    /// When the token or its session ends, in seconds since 1970.
    pub(crate) fn ends_at(&self) -> i64 {
        self.expires_at.min(self.session.expires_at)
    }
}

/// Tokens that were opened a while ago, by their hashes. Whose session it is and whether that somebody still exists is
/// looked up each time all the same.
pub(crate) struct Known(Cache<[u8; 32], Arc<Opened>>);

impl Known {
    pub(crate) fn new() -> Self {
        // A parsed policy takes several times its text.
        let weight = |_: &[u8; 32], opened: &Arc<Opened>| -> u32 {
            let policy = opened.session.policy.as_ref().map_or(0, String::len);
            u32::try_from(1024 + policy * 8).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().max_capacity(CACHED).weigher(weight).time_to_live(Duration::from_secs(300)).build())
    }
}

/// The key that seals tokens.
pub(crate) struct SessionKey(RandomizedNonceKey);

impl SessionKey {
    /// Derives it from a private key.
    pub(crate) fn derive(private: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; 32]);
        let secret = Salt::new(HKDF_SHA256, b"wharf session tokens").extract(private);
        secret.expand(&[b"aes-256-gcm"], &AES_256_GCM).ok()?.fill(key.as_mut_slice()).ok()?;
        RandomizedNonceKey::new(&AES_256_GCM, key.as_slice()).ok().map(Self)
    }

    fn seal(&self, purpose: Purpose, content: &[u8]) -> Result<Vec<u8>> {
        let mut sealed = content.to_vec();
        let aad = Aad::from(purpose.associated().into_bytes());
        let nonce = self.0.seal_in_place_append_tag(aad, &mut sealed).map_err(|_| Error::Internal)?;
        Ok([nonce.as_ref().as_slice(), &sealed].concat())
    }

    fn open(&self, purpose: Purpose, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut content = Zeroizing::new(sealed.to_vec());
        let aad = Aad::from(purpose.associated().into_bytes());
        let length = self.0.open_in_place(nonce, aad, &mut content).ok()?.len();
        content.truncate(length);
        Some(content)
    }
}

/// Seals the session token of new credentials.
pub(crate) fn seal_credentials(app: &App, session: &Session, secret: &Secret) -> Result<Secret> {
    let session = Session { secret: Some(secret.expose().to_owned()), ..session.clone() };
    let purpose = Purpose::Credentials(&session.access_key_id);
    let content = Content { expires_at: session.expires_at, session: session.clone() };
    seal(app, purpose, &content).map(Secret::new)
}

/// Seals a registry token of a session, which ends at `expires_at` or with the session.
pub(crate) fn seal_registry_token(
    app: &App,
    session: &Session,
    usage: super::token::Use,
    expires_at: Timestamp,
) -> Result<String> {
    let content = Content {
        expires_at: expires_at.seconds().min(session.expires_at),
        session: Session { secret: None, ..session.clone() },
    };
    seal(app, Purpose::Registry(usage), &content)
}

fn seal(app: &App, purpose: Purpose, content: &Content) -> Result<String> {
    let snapshot = app.snapshot();
    let key = snapshot.signing_key().ok_or(Error::Internal)?;
    let content = Zeroizing::new(serde_json::to_vec(content).map_err(|_| Error::Internal)?);
    let sealed = key.sessions().seal(purpose, &content)?;
    let kid = key.kid().as_bytes();
    let length = u8::try_from(kid.len()).map_err(|_| Error::Internal)?;
    Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([&[length], kid, &sealed].concat())))
}

/// Whether a text looks like one of these tokens.
pub(crate) fn is_sealed(token: &str) -> bool {
    token.starts_with(PREFIX)
}

/// Opens a token for one purpose. None whatever is wrong with it; that it has ended is not wrong.
pub(crate) fn open(app: &App, token: &str, purpose: Purpose) -> Option<Arc<Opened>> {
    if token.len() > MAX_LENGTH {
        return None;
    }
    let sealed = token.strip_prefix(PREFIX)?;
    let snapshot = app.snapshot();
    let hash: [u8; 32] =
        Sha256::new().chain_update(purpose.associated()).chain_update([0]).chain_update(sealed).finalize().into();
    if let Some(known) = app.known_sessions.0.get(&hash) {
        return snapshot.verifying_key(&known.kid).is_some().then_some(known);
    }
    let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let (&length, rest) = bytes.split_first()?;
    let (kid, sealed) = rest.split_at_checked(usize::from(length))?;
    let kid = std::str::from_utf8(kid).ok()?;
    let content = snapshot.verifying_key(kid)?.sessions().open(purpose, sealed)?;
    let Content { expires_at, mut session } = serde_json::from_slice(&content).ok()?;
    let secret = session.secret.take().map(Secret::new);
    let policy = session.policy.as_deref().map(|text| Policy {
        label: "session policy".into(),
        // It was checked when the session began.
        document: Arc::new(Document::from_stored(text, Kind::Identity)),
    });
    let opened = Arc::new(Opened { kid: kid.to_owned(), expires_at, session, secret, policy });
    app.known_sessions.0.insert(hash, Arc::clone(&opened));
    Some(opened)
}

#[cfg(test)]
mod tests {
    use super::super::token::Use;
    use super::*;

    #[test]
    fn a_token_opens_only_unaltered_for_its_purpose_and_by_its_key() {
        let key = SessionKey::derive(b"private").unwrap();
        let purpose = Purpose::Credentials("ASIA1");
        let sealed = key.seal(purpose, b"content").unwrap();
        assert_eq!(key.open(purpose, &sealed).unwrap().as_slice(), b"content");
        assert!(SessionKey::derive(b"private").unwrap().open(purpose, &sealed).is_some());
        assert!(SessionKey::derive(b"other").unwrap().open(purpose, &sealed).is_none());
        for other in [Purpose::Credentials("ASIA2"), Purpose::Registry(Use::Login), Purpose::Registry(Use::Access)] {
            assert!(key.open(other, &sealed).is_none(), "{other:?}");
        }
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(key.open(purpose, &altered).is_none(), "byte {at} was not protected");
        }
        assert!(key.open(purpose, &sealed[..5]).is_none());
    }

    #[test]
    fn a_session_reads_as_it_was_written() {
        let session = Session {
            access_key_id: "ASIA1".into(),
            secret: Some("secret".into()),
            bearer: Bearer::Role { role_id: "AROA1".into(), session_name: "run".into() },
            issued_at: 1,
            expires_at: 2,
            policy: None,
            policy_arns: vec![],
            tags: vec![("team".into(), "red".into())],
            transitive_tag_keys: vec!["team".into()],
            source_identity: None,
            federation: None,
        };
        let text = serde_json::to_string(&session).unwrap();
        let expected = r#"{"k":"ASIA1","x":"secret","w":{"r":{"i":"AROA1","n":"run"}},"i":1,"e":2,"t":[["team","red"]],"v":["team"]}"#;
        assert_eq!(text, expected);
        let read: Session = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), expected);
    }
}
