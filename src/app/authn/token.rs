//! Registry tokens: JWTs signed with Ed25519. They name an identity and its access key, and grant nothing. Those of
//! sessions are sealed instead: a session is nowhere but in its token.
//!
//! The algorithm is ours alone: whatever a token's header says of algorithms or keys, only its `kid` is looked at.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use store::signing_keys::SigningKeyRow;
use types::Timestamp;

use super::session::{self, Opened, Purpose, SessionKey};
use super::{Issued, Login};
use crate::{App, Error, Result, Sealer};

/// A refresh token is kept by docker for good; it ends with its access key, or after this.
pub(crate) const REFRESH_TTL: Duration = Duration::from_secs(180 * 86_400);

/// Longer than any token of ours; what is longer is not looked at.
const MAX_LENGTH: usize = 4096;

const ISSUER: &str = "wharf";
const ANONYMOUS: &str = "anonymous";

/// What a token is good for. A token for one use is no token for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Use {
    /// Bearer of requests.
    Access,
    /// Password of `docker login -u AWS`.
    Login,
    /// Exchanged for access tokens.
    Refresh,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    /// What the token is good for.
    aud: Use,
    /// The id of the identity.
    pub(crate) sub: String,
    /// The access key that it goes back to; empty for the anonymous identity.
    pub(crate) key: String,
    iat: i64,
    exp: i64,
}

impl Claims {
    pub(crate) fn is_anonymous(&self) -> bool {
        self.sub == ANONYMOUS && self.key.is_empty()
    }

    /// When the token ends, in seconds since 1970.
    pub(crate) fn ends_at(&self) -> i64 {
        self.exp
    }
}

/// A key pair that was opened.
pub(crate) struct SigningKey {
    kid: String,
    signs: bool,
    encoding: EncodingKey,
    decoding: DecodingKey,
    sessions: SessionKey,
}

impl SigningKey {
    /// Makes a new key pair, sealed for the database.
    pub(crate) fn generate(sealer: &Sealer, kid: String, now: Timestamp) -> Result<SigningKeyRow> {
        let private = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| Error::Internal)?;
        let pair = Ed25519KeyPair::from_pkcs8(private.as_ref()).map_err(|_| Error::Internal)?;
        Ok(SigningKeyRow {
            sealed_key: sealer.seal(&kid, private.as_ref())?,
            public_key: pair.public_key().as_ref().to_vec(),
            kid,
            created_at: now,
            retired_at: None,
        })
    }

    /// Opens a stored key pair. None if it was sealed with another master key.
    pub(crate) fn open(row: &SigningKeyRow, sealer: &Sealer) -> Option<Self> {
        let private = sealer.open(&row.kid, &row.sealed_key)?;
        Some(Self {
            kid: row.kid.clone(),
            signs: row.retired_at.is_none(),
            encoding: EncodingKey::from_ed_der(&private),
            decoding: DecodingKey::from_ed_der(&row.public_key),
            sessions: SessionKey::derive(&private)?,
        })
    }

    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// The key for tokens of sessions.
    pub(crate) fn sessions(&self) -> &SessionKey {
        &self.sessions
    }

    pub(crate) fn signs(&self) -> bool {
        self.signs
    }
}

/// Tokens whose signature was verified a while ago. Whom a token names and whether that somebody still exists is
/// looked up each time all the same.
pub(crate) struct Verified(Cache<String, Arc<(String, Claims)>>);

impl Verified {
    pub(crate) fn new() -> Self {
        Self(Cache::builder().max_capacity(10_000).time_to_live(Duration::from_secs(300)).build())
    }
}

/// Issues a token, which ends no later than the one that the login came with.
pub(crate) fn issue(app: &App, login: &Login, usage: Use, ttl: Duration) -> Result<Issued> {
    let snapshot = app.snapshot();
    let key = snapshot.signing_key().ok_or(Error::Internal)?;
    let now = app.now();
    let left = |ends: i64| Duration::from_secs((ends - now.seconds()).try_into().unwrap_or_default());
    let ttl = login.ends_at.map_or(ttl, |ends| ttl.min(left(ends)));
    if let Some(opened) = &login.identity.session {
        let token = session::seal_registry_token(app, &opened.session, usage, now.after(ttl))?;
        return Ok(Issued { token, issued_at: now, expires_in: ttl.as_secs() });
    }
    let (sub, access_key) = match &login.access_key_id {
        Some(access_key) => (login.identity.principal.user_id.clone(), access_key.clone()),
        None => (ANONYMOUS.to_owned(), String::new()),
    };
    let claims = Claims {
        iss: ISSUER.to_owned(),
        aud: usage,
        sub,
        key: access_key,
        iat: now.seconds(),
        exp: now.after(ttl).seconds(),
    };
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(key.kid.clone());
    let token = jsonwebtoken::encode(&header, &claims, &key.encoding).map_err(|error| {
        tracing::error!(%error, "a token could not be signed");
        Error::Internal
    })?;
    Ok(Issued { token, issued_at: now, expires_in: ttl.as_secs() })
}

/// Whom a token names.
pub(crate) enum Named {
    /// Whoever has an access key, or nobody in particular.
    Claims(Claims),
    /// A session.
    Session(Arc<Opened>),
}

/// Why a token is not taken.
pub(crate) enum Refused {
    /// It was good, until it ended.
    Ended,
    /// Whatever else is wrong with it.
    Invalid,
}

/// Verifies a token for one use.
pub(crate) fn verify(app: &App, token: &str, usage: Use) -> std::result::Result<Named, Refused> {
    let (named, ends_at) = if session::is_sealed(token) {
        let opened = session::open(app, token, Purpose::Registry(usage)).ok_or(Refused::Invalid)?;
        let ends_at = opened.ends_at();
        (Named::Session(opened), ends_at)
    } else {
        let claims = verify_signed(app, token, usage).ok_or(Refused::Invalid)?;
        let ends_at = claims.ends_at();
        (Named::Claims(claims), ends_at)
    };
    if app.now().seconds() < ends_at { Ok(named) } else { Err(Refused::Ended) }
}

/// The claims of a token for one use, which may have ended. None whatever is wrong with it.
fn verify_signed(app: &App, token: &str, usage: Use) -> Option<Claims> {
    if token.len() > MAX_LENGTH {
        return None;
    }
    let snapshot = app.snapshot();
    let known = app.verified_tokens.0.get(token).filter(|known| snapshot.verifying_key(&known.0).is_some());
    let known = match known {
        Some(known) => known,
        None => {
            let kid = jsonwebtoken::decode_header(token).ok()?.kid?;
            let key = snapshot.verifying_key(&kid)?;
            let mut validation = Validation::new(Algorithm::EdDSA);
            validation.set_issuer(&[ISSUER]);
            validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
            validation.validate_aud = false; // the claim is an enum, compared below
            validation.validate_exp = false; // whoever asks looks, with the clock of the application
            let claims = jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation).ok()?.claims;
            let known = Arc::new((kid, claims));
            app.verified_tokens.0.insert(token.to_owned(), Arc::clone(&known));
            known
        }
    };
    let claims = &known.1;
    (claims.aud == usage).then(|| claims.clone())
}
