//! Tokens of identity providers (OpenID Connect): who issued one, for whom and to whom. Only providers that an account
//! has configured are believed, and asked. What somebody who is vouched for may do is not decided here.

pub(crate) mod claims;
pub(crate) mod key_sets;
mod keys;

use types::{AccountId, Arn};

pub use claims::{Claims, SOURCE_IDENTITY, TAGS};

use crate::App;

/// The longest token that is looked at, as on AWS.
const MAX_LENGTH: usize = 20_000;

/// An identity provider of an account.
#[derive(Debug, Clone)]
pub struct Provider {
    /// `arn:aws:iam::<account>:oidc-provider/<url>`
    pub arn: String,
    /// The issuer without its scheme.
    pub url: String,
    /// The audiences that are accepted.
    pub client_ids: Vec<String>,
}

/// Somebody that a provider vouches for.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The provider.
    pub provider: Provider,
    /// The issuer as the token names it.
    pub issuer: String,
    /// What the token says.
    pub claims: Claims,
    /// The audience that was accepted.
    pub audience: String,
}

/// Why a token is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It is not a signed token of the expected form.
    Malformed(&'static str),
    /// The account has no provider for this issuer.
    NoProvider(String),
    /// It is for somebody else.
    WrongAudience,
    /// It has ended: now, and when it ended, in seconds since 1970.
    Expired(i64, i64),
    /// It is from the future.
    NotYet,
    /// It was not signed by the provider.
    BadSignature,
    /// The provider does not say with which keys it signs.
    NoKeys,
}

/// Finds out for whom a token is, by a provider of an account.
pub async fn verify(app: &App, account: &AccountId, token: &str) -> Result<Verified, Refusal> {
    if token.len() > MAX_LENGTH {
        return Err(Refusal::Malformed("is too long"));
    }
    let unverified = claims::Unverified::parse(token)?;
    let claims = &unverified.claims;
    let url = claims
        .issuer
        .strip_prefix("https://")
        // Only the client for outgoing requests knows whether plain HTTP is allowed, and to whom.
        .or_else(|| claims.issuer.strip_prefix("http://"))
        .ok_or(Refusal::Malformed("has an issuer that is not a URL"))?;
    let snapshot = app.snapshot();
    // IAM keeps no slash at the end. More than one is another issuer, of which there is none: else a client could make up
    // issuers without end, and each would be asked.
    let arn = Arn::open_id_connect_provider(account, url.strip_suffix('/').unwrap_or(url));
    let provider =
        snapshot.identity_provider(arn.as_str()).ok_or_else(|| Refusal::NoProvider(claims.issuer.clone()))?;
    // What costs nothing comes first: no token that could not be good makes us ask a provider.
    let audience = claims.audiences.iter().find(|audience| provider.client_ids.contains(audience));
    let audience = audience.ok_or(Refusal::WrongAudience)?.clone();
    claims.check_times(app.now().seconds())?;
    let key = app.key_sets.find(&app.outbound, &claims.issuer, &unverified, app.now()).await?;
    if !key.verifies(&unverified) {
        return Err(Refusal::BadSignature);
    }
    Ok(Verified { provider: provider.clone(), issuer: claims.issuer.clone(), audience, claims: unverified.claims })
}
