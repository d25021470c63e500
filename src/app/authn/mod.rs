//! Who asks: from the credentials of a request to an [`Identity`].
//!
//! Credentials only name somebody; what that somebody may do is decided anew for each request, in [`crate::authz`].

pub(crate) mod scanner;
pub mod session;
pub(crate) mod signed;
pub mod temporary_key;
pub(crate) mod throttle;
pub(crate) mod token;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use policy::PrincipalKind;
use types::{Secret, Timestamp};

use self::session::Opened;
use self::token::{Named, Refused, Use};
use crate::{Action, App, Error, Grant, Identity, Result};

/// What a client presents.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// Nothing.
    None,
    /// A user name and a password.
    Basic {
        /// An access key id, or `AWS`.
        user: String,
        /// The secret access key, or a login token.
        password: Secret,
    },
    /// A registry token.
    Bearer(String),
}

/// The user name that ECR's `get-login-password` goes with.
const TOKEN_USER: &str = "AWS";

/// Who somebody turned out to be.
#[derive(Clone)]
pub struct Login {
    /// The identity.
    pub identity: Arc<Identity>,
    /// The access key that it goes back to; none for the anonymous one.
    pub access_key_id: Option<String>,
    /// When the token ends that it came with, in seconds since 1970. What is issued for it ends then too, or a password
    /// for some hours could be exchanged for one without an end. None if it came with an access key.
    pub ends_at: Option<i64>,
}

impl Login {
    /// Whether the credentials are those of a session that somebody began of their own, not of a role.
    pub(crate) fn is_own_session(&self) -> bool {
        let session = self.identity.session.as_ref();
        session.is_some_and(|opened| matches!(opened.session.bearer, session::Bearer::AccessKey(_)))
    }

    /// Whether nobody in particular asks.
    pub fn is_anonymous(&self) -> bool {
        self.identity.principal.kind == PrincipalKind::Anonymous
    }
}

/// A token that was issued.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The token itself.
    pub token: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// For how many seconds it is good.
    pub expires_in: u64,
}

impl Issued {
    /// When it ends.
    pub fn expires_at(&self) -> Timestamp {
        self.issued_at.after(Duration::from_secs(self.expires_in))
    }
}

/// Finds out who presents these credentials. What is wrong with them is not told apart: an unknown key and a wrong
/// secret are the same failure.
pub fn authenticate(app: &App, credentials: &Credentials, source: IpAddr) -> Result<Login> {
    let login = match credentials {
        Credentials::None => anonymous(app),
        Credentials::Basic { user, password } => basic(app, user, password, source)?,
        Credentials::Bearer(token) => {
            let named =
                token::verify(app, token, Use::Access).map_err(|_| Error::Unauthenticated("the token is not valid"))?;
            named_by(app, &named)?
        }
    };
    app.key_uses.record(&login, "ecr", app.config.registry.region.as_str(), app.now());
    Ok(login)
}

/// Nobody in particular.
pub(crate) fn anonymous(app: &App) -> Login {
    Login { identity: Arc::clone(app.snapshot().anonymous()), access_key_id: None, ends_at: None }
}

fn basic(app: &App, user: &str, password: &Secret, source: IpAddr) -> Result<Login> {
    let attempt = app.throttle.begin(source, user, password)?;
    let login = if user == TOKEN_USER {
        match token::verify(app, password.expose(), Use::Login) {
            Ok(named) => named_by(app, &named).ok(),
            // It was ours, so nobody guesses. The text is ECR's.
            Err(Refused::Ended) => {
                let message = "Your authorization token has expired. Reauthenticate and try again.";
                return Err(Error::Denied(message.to_owned()));
            }
            Err(Refused::Invalid) => None,
        }
    } else {
        by_secret(app, user, password)
    };
    match login {
        Some(login) => {
            attempt.succeeded();
            Ok(login)
        }
        None => Err(attempt.failed()),
    }
}

fn by_secret(app: &App, access_key_id: &str, password: &Secret) -> Option<Login> {
    let snapshot = app.snapshot();
    match snapshot.access_key(access_key_id) {
        Some(key) if key.secret.matches(password.expose()) => {
            let access_key_id = Some(access_key_id.to_owned());
            Some(Login { identity: Arc::clone(&key.identity), access_key_id, ends_at: None })
        }
        Some(_) => None,
        None => {
            // An unknown key takes as long as a wrong secret.
            let _ = Secret::new("0123456789012345678901234567890123456789").matches(password.expose());
            None
        }
    }
}

/// The identity that a token names, as long as the access key that it was issued for may still be used, or the role of
/// its session is there.
fn named_by(app: &App, named: &Named) -> Result<Login> {
    let invalid = Error::Unauthenticated("the token is not valid");
    let claims = match named {
        Named::Session(opened) => return of_session(app, opened).ok_or(invalid),
        Named::Claims(claims) => claims,
    };
    let snapshot = app.snapshot();
    let ends_at = Some(claims.ends_at());
    if claims.is_anonymous() {
        return Ok(Login { identity: Arc::clone(snapshot.anonymous()), access_key_id: None, ends_at });
    }
    let key = snapshot.access_key(&claims.key).filter(|key| key.identity.principal.user_id == claims.sub);
    let key = key.ok_or(invalid)?;
    Ok(Login { identity: Arc::clone(&key.identity), access_key_id: Some(claims.key.clone()), ends_at })
}

/// The same credentials once more: whose they are now. None if they may not be used any more.
pub(crate) fn renewed(app: &App, login: &Login) -> Option<Login> {
    match (&login.identity.session, &login.access_key_id) {
        (Some(opened), _) => of_session(app, opened),
        (None, Some(access_key_id)) => {
            let identity = Arc::clone(&app.snapshot().access_key(access_key_id)?.identity);
            Some(Login { identity, access_key_id: Some(access_key_id.clone()), ends_at: login.ends_at })
        }
        (None, None) => Some(anonymous(app)),
    }
}

/// Whose session it is, as they are now.
fn of_session(app: &App, opened: &Arc<Opened>) -> Option<Login> {
    let identity = app.snapshot().of_session(opened)?;
    let access_key_id = Some(opened.session.access_key_id.clone());
    Some(Login { identity: Arc::new(identity), access_key_id, ends_at: Some(opened.ends_at()) })
}

/// Temporary credentials that came with a request.
pub enum Temporary {
    /// They are not ours, or were altered, or nobody is behind them any more.
    Invalid,
    /// They have ended.
    Expired,
    /// They are good, if the request was signed with this secret.
    Good {
        /// The secret access key.
        secret: Secret,
        /// Whose session it is.
        login: Login,
    },
}

/// Opens temporary credentials.
pub fn temporary_credentials(app: &App, access_key_id: &str, session_token: &str) -> Temporary {
    let opened = session::open(app, session_token, session::Purpose::Credentials(access_key_id));
    let Some((opened, secret)) = opened.and_then(|opened| opened.secret.clone().map(|secret| (opened, secret))) else {
        return Temporary::Invalid;
    };
    if opened.has_ended(app.now()) {
        return Temporary::Expired;
    }
    match of_session(app, &opened) {
        Some(login) => Temporary::Good { secret, login },
        None => Temporary::Invalid,
    }
}

/// A token for requests, also for the anonymous caller.
pub fn issue_access_token(app: &App, login: &Login) -> Result<Issued> {
    token::issue(app, login, Use::Access, app.config.token_ttl)
}

/// A password for `docker login -u AWS`.
pub fn issue_login_token(app: &App, login: &Login) -> Result<Issued> {
    token::issue(app, login, Use::Login, app.config.token_ttl)
}

/// [`issue_login_token`] for a call of the API.
pub fn issue_api_login_token(app: &App, grant: &Grant, login: &Login) -> Result<Issued> {
    grant.require(Action::GetAuthorizationToken.as_str())?;
    issue_login_token(app, login)
}

/// A token that gets new access tokens for as long as its access key lives. None for whoever came with a token: that is
/// as good for as long as it lasts, and docker keeps it as it is, as with ECR.
pub fn issue_refresh_token(app: &App, login: &Login) -> Result<Option<Issued>> {
    if login.is_anonymous() || login.ends_at.is_some() {
        return Ok(None);
    }
    token::issue(app, login, Use::Refresh, token::REFRESH_TTL).map(Some)
}

/// Who a refresh token stands for.
pub fn authenticate_refresh_token(app: &App, refresh_token: &str, source: IpAddr) -> Result<Login> {
    let attempt = app.throttle.begin(source, "<refresh token>", &Secret::new(refresh_token))?;
    match token::verify(app, refresh_token, Use::Refresh).ok().and_then(|named| named_by(app, &named).ok()) {
        Some(login) => {
            attempt.succeeded();
            Ok(login)
        }
        None => Err(attempt.failed()),
    }
}
