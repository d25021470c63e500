//! Beginning sessions: temporary credentials for a role, or for whoever has an access key. Authorization is done before,
//! by the trust policy of the role among others; here is what a session may be like. How its token is sealed is in
//! [`crate::authn::session`].

use std::time::Duration;

use policy::{Document, Kind, PrincipalKind};
use types::{AccountId, Secret, Timestamp};

use crate::authn::Login;
use crate::authn::session::{self, Bearer, Federation, Session};
use crate::authn::temporary_key;
use crate::bootstrap;
use crate::{App, Ctx, Error, Role};

/// The shortest session, in seconds.
pub const MIN_DURATION: i64 = 900;
/// The longest session of a role that AWS knows, in seconds; each role has its own maximum.
pub const MAX_DURATION: i64 = 43_200;
/// The longest session of a user's own, in seconds.
pub const MAX_TOKEN_DURATION: i64 = 129_600;

/// How long a session of a role lasts that was begun from a session of a role, and one of the root's own.
const SHORT: i64 = 3600;
/// Characters of the session policy and the ARNs of managed session policies together.
const MAX_POLICY: usize = 2048;
/// What restricts and describes a session travels with every request, so it is limited as a whole. In bytes.
const MAX_PACKED: usize = 6144;

/// What somebody wants a session to be like.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Its name, for sessions of roles.
    pub name: String,
    /// How many seconds it is to last.
    pub duration: Option<i64>,
    /// A policy that restricts it.
    pub policy: Option<String>,
    /// Managed policies that restrict it.
    pub policy_arns: Vec<String>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    /// Keys of tags that a further session inherits.
    pub transitive_tag_keys: Vec<String>,
    /// Who is behind it.
    pub source_identity: Option<String>,
}

/// Temporary credentials.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// `ASIA…`
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: Secret,
    /// What has to come with each request.
    pub session_token: Secret,
    /// Until when they are good.
    pub expires_at: Timestamp,
}

/// A session of a role that has begun.
#[derive(Debug, Clone)]
pub struct Assumed {
    /// The credentials.
    pub credentials: Credentials,
    /// `arn:aws:sts::<account>:assumed-role/<role>/<session>`
    pub arn: String,
    /// `AROA…:<session>`
    pub id: String,
    /// How much of the room for policies and tags is taken, in percent; none if nothing is.
    pub packed_policy_size: Option<u64>,
    /// Who is behind it.
    pub source_identity: Option<String>,
}

/// Why a session does not begin.
#[derive(Debug)]
pub enum Refusal {
    /// A rule that is no matter of sessions.
    Rule(Error),
    /// The role does not allow so long a session.
    LongerThanRole,
    /// A session that comes from a session cannot last so long.
    LongerThanChain,
    /// Policies or tags take more room than there is, in percent.
    TooLarge(u64),
    /// The session policy is not a policy.
    MalformedPolicy(String),
    /// A managed policy does not exist.
    NoSuchPolicy(String),
    /// A tag is given twice.
    DuplicateTag,
    /// A tag is set by the calling session, which hands it on.
    TagConflict,
    /// The key of a tag is one of AWS's own.
    ReservedTag(String),
    /// A key is said to be transitive and no tag has it.
    NoSuchTag,
    /// A session that is known to come from somebody cannot say that it comes from somebody else.
    SourceIdentityConflict,
    /// Credentials of a session cannot be used for this.
    NeedsLongTermKey,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Rule(error)
    }
}

/// What is wanted, with what the session that somebody calls with hands on to the new one. Whoever begins a session must be
/// allowed to give it these too.
pub fn inherit(login: &Login, mut wanted: Wanted) -> Result<Wanted, Refusal> {
    if let Some(calling) = &login.identity.session {
        hand_on(&calling.session, &mut wanted)?;
    }
    Ok(wanted)
}

/// Begins a session of a role for somebody who may assume it. `wanted` is what [`inherit`] made of it.
pub fn assume_role(ctx: &Ctx, login: &Login, role: &Role, wanted: Wanted) -> Result<Assumed, Refusal> {
    let calling = login.identity.session.as_deref().map(|opened| &opened.session);
    let chained = calling.is_some_and(|session| matches!(session.bearer, Bearer::Role { .. }));
    if chained && wanted.duration.is_some_and(|duration| duration > SHORT) {
        return Err(Refusal::LongerThanChain);
    }
    begin(ctx, role, wanted, None)
}

/// Begins a session of a role for somebody that an identity provider vouches for.
pub fn assume_role_with_web_identity(
    ctx: &Ctx,
    role: &Role,
    wanted: Wanted,
    federation: Federation,
) -> Result<Assumed, Refusal> {
    begin(ctx, role, wanted, Some(federation))
}

/// Begins a session of whoever calls with an access key that is not temporary.
pub fn get_session_token(ctx: &Ctx, login: &Login, duration: Option<i64>) -> Result<Credentials, Refusal> {
    let access_key_id = match (&login.access_key_id, &login.identity.session) {
        (Some(access_key_id), None) => access_key_id.clone(),
        _ => return Err(Refusal::NeedsLongTermKey),
    };
    let root = login.identity.principal.kind == PrincipalKind::Root;
    // AWS shortens what root asks for instead of refusing it.
    let duration = match duration {
        Some(duration) if root => duration.min(SHORT),
        Some(duration) => duration,
        None if root => SHORT,
        None => MAX_DURATION,
    };
    let account: AccountId = login.identity.principal.account.parse().map_err(Error::from)?;
    let session = new(&ctx.app, &account, Bearer::AccessKey(access_key_id), duration)?;
    Ok(credentials(&ctx.app, session)?.0)
}

fn hand_on(calling: &Session, wanted: &mut Wanted) -> Result<(), Refusal> {
    for key in &calling.transitive_tag_keys {
        let same = |other: &str| other.to_lowercase() == key.to_lowercase();
        if wanted.tags.iter().any(|(other, _)| same(other)) {
            return Err(Refusal::TagConflict);
        }
        wanted.tags.extend(calling.tags.iter().filter(|(other, _)| same(other)).cloned());
        wanted.transitive_tag_keys.push(key.clone());
    }
    match (&calling.source_identity, &wanted.source_identity) {
        (Some(known), Some(said)) if known != said => Err(Refusal::SourceIdentityConflict),
        (Some(known), _) => {
            wanted.source_identity = Some(known.clone());
            Ok(())
        }
        (None, _) => Ok(()),
    }
}

pub(crate) fn begin(
    ctx: &Ctx,
    role: &Role,
    wanted: Wanted,
    federation: Option<Federation>,
) -> Result<Assumed, Refusal> {
    let duration = wanted.duration.unwrap_or_else(|| SHORT.min(role.max_session_duration));
    if duration > role.max_session_duration {
        return Err(Refusal::LongerThanRole);
    }
    check_policies(&ctx.app, &role.account, &wanted)?;
    check_tags(&wanted)?;
    let bearer = Bearer::Role { role_id: role.role_id.clone(), session_name: wanted.name.clone() };
    let session = Session {
        policy: wanted.policy,
        policy_arns: wanted.policy_arns,
        tags: wanted.tags,
        transitive_tag_keys: wanted.transitive_tag_keys,
        source_identity: wanted.source_identity,
        federation,
        ..new(&ctx.app, &role.account, bearer, duration)?
    };
    let packed = packed(&session)?;
    if packed > MAX_PACKED {
        return Err(Refusal::TooLarge(percent(packed)));
    }
    let restricted = session.policy.is_some() || !session.policy_arns.is_empty() || !session.tags.is_empty();
    let (credentials, session) = credentials(&ctx.app, session)?;
    Ok(Assumed {
        credentials,
        arn: role.session_arn(&wanted.name),
        id: format!("{}:{}", role.role_id, wanted.name),
        packed_policy_size: restricted.then(|| percent(packed)),
        source_identity: session.source_identity,
    })
}

fn new(app: &App, account: &AccountId, bearer: Bearer, duration: i64) -> Result<Session, Error> {
    let now = app.now();
    let duration = u64::try_from(duration).map_err(|_| Error::Internal)?;
    Ok(Session {
        access_key_id: temporary_key::generate(account)?,
        secret: None,
        bearer,
        issued_at: now.seconds(),
        expires_at: now.after(Duration::from_secs(duration)).seconds(),
        policy: None,
        policy_arns: Vec::new(),
        tags: Vec::new(),
        transitive_tag_keys: Vec::new(),
        source_identity: None,
        federation: None,
    })
}

fn credentials(app: &App, session: Session) -> Result<(Credentials, Session), Error> {
    let secret_access_key = bootstrap::secret_access_key()?;
    let session_token = session::seal_credentials(app, &session, &secret_access_key)?;
    let credentials = Credentials {
        access_key_id: session.access_key_id.clone(),
        secret_access_key,
        session_token,
        expires_at: Timestamp::from_micros(session.expires_at.saturating_mul(1_000_000)),
    };
    Ok((credentials, session))
}

fn check_policies(app: &App, account: &AccountId, wanted: &Wanted) -> Result<(), Refusal> {
    if let Some(policy) = &wanted.policy {
        let characters = policy.chars().count() + wanted.policy_arns.iter().map(String::len).sum::<usize>();
        if characters > MAX_POLICY {
            return Err(Refusal::TooLarge(percent_of(characters, MAX_POLICY)));
        }
        Document::parse(policy, Kind::Identity, policy.len())
            .map_err(|error| Refusal::MalformedPolicy(error.to_string()))?;
    }
    let snapshot = app.snapshot();
    match wanted.policy_arns.iter().find(|arn| snapshot.managed_policy(account, arn).is_none()) {
        Some(absent) => Err(Refusal::NoSuchPolicy(absent.clone())),
        None => Ok(()),
    }
}

fn check_tags(wanted: &Wanted) -> Result<(), Refusal> {
    let mut keys: Vec<String> = wanted.tags.iter().map(|(key, _)| key.to_lowercase()).collect();
    keys.sort_unstable();
    if keys.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Refusal::DuplicateTag);
    }
    if let Some(reserved) = keys.iter().find(|key| key.starts_with("aws:")) {
        return Err(Refusal::ReservedTag(reserved.clone()));
    }
    let tagged = |key: &String| keys.binary_search(&key.to_lowercase()).is_ok();
    if wanted.transitive_tag_keys.iter().all(tagged) { Ok(()) } else { Err(Refusal::NoSuchTag) }
}

/// The size of what may be long in a session.
fn packed(session: &Session) -> Result<usize, Error> {
    let parts =
        (&session.policy, &session.policy_arns, &session.tags, &session.transitive_tag_keys, &session.federation);
    Ok(serde_json::to_vec(&parts).map_err(|_| Error::Internal)?.len())
}

fn percent(packed: usize) -> u64 {
    percent_of(packed, MAX_PACKED)
}

/// Rounded up: what is more than there is room for is more than 100.
fn percent_of(size: usize, of: usize) -> u64 {
    (size * 100).div_ceil(of) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(tags: &[(&str, &str)]) -> Vec<(String, String)> {
        tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn calling(tags: &[(&str, &str)], transitive: &[&str]) -> Session {
        Session {
            access_key_id: "ASIA1".to_owned(),
            secret: None,
            bearer: Bearer::Role { role_id: "AROA1".to_owned(), session_name: "run".to_owned() },
            issued_at: 1,
            expires_at: 2,
            policy: None,
            policy_arns: Vec::new(),
            tags: pairs(tags),
            transitive_tag_keys: transitive.iter().map(|key| (*key).to_owned()).collect(),
            source_identity: None,
            federation: None,
        }
    }

    fn tagged(tags: &[(&str, &str)], transitive: &[&str]) -> Wanted {
        let transitive_tag_keys = transitive.iter().map(|key| (*key).to_owned()).collect();
        Wanted { tags: pairs(tags), transitive_tag_keys, ..Wanted::default() }
    }

    #[test]
    fn transitive_tags_are_found_whatever_the_case_of_their_keys() {
        for (key, transitive) in [("Team", "tEAM"), ("Größe", "grÖße"), ("Équipe", "équipe")] {
            let mut wanted = Wanted::default();
            hand_on(&calling(&[(key, "red"), ("other", "x")], &[transitive]), &mut wanted).unwrap();
            assert_eq!(wanted.tags, pairs(&[(key, "red")]));
            assert!(check_tags(&wanted).is_ok(), "{key}");
            let mut again = tagged(&[(transitive, "blue")], &[]);
            let conflict = hand_on(&calling(&[(key, "red")], &[key]), &mut again);
            assert!(matches!(conflict, Err(Refusal::TagConflict)), "{key}");
        }
    }

    #[test]
    fn tags_of_a_session_are_checked() {
        assert!(check_tags(&tagged(&[("team", "red"), ("my-aws:x", "1")], &["Team"])).is_ok());
        let refused = |wanted: &Wanted| check_tags(wanted).unwrap_err();
        assert!(matches!(refused(&tagged(&[("a", "1"), ("A", "2")], &[])), Refusal::DuplicateTag));
        assert!(matches!(refused(&tagged(&[("a", "1")], &["b"])), Refusal::NoSuchTag));
        for key in ["aws:x", "AWS:PrincipalTag", "aWs:"] {
            assert!(matches!(refused(&tagged(&[(key, "1")], &[])), Refusal::ReservedTag(_)), "{key}");
        }
    }
}
