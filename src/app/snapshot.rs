//! Users, keys and policies in memory, so that no request waits for the database to be judged.
//!
//! A snapshot is read whole and never changed; [`crate::App::refresh`] replaces it when the stamp in the database moves.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use policy::{Document, Kind, Policy, Principal, PrincipalKind};
use store::{Conn, Db};
use types::{AccountId, Arn, RegistryId, RepoName, Secret};

use crate::authn::token::SigningKey;
use crate::registry::Registries;
use crate::{Result, Sealer, built_in_policies};

/// The longest policy document that is parsed, in bytes: what the longest managed policy of AWS takes, and some.
const MAX_DOCUMENT: usize = 20_480;

/// Somebody who can be given rights: the root of an account, a user, a role, or nobody in particular.
#[derive(Debug)]
pub struct Identity {
    /// As policies see it.
    pub principal: Principal,
    /// The policies of the identity and of its groups.
    pub(crate) policies: Vec<Policy>,
    /// What limits the identity, if anything does.
    pub(crate) boundary: Option<Policy>,
}

/// An access key, opened.
pub struct AccessKey {
    /// The secret access key.
    pub secret: Secret,
    /// Whose it is.
    pub identity: Arc<Identity>,
    /// Whether it may be used.
    pub active: bool,
}

/// The authorization data at one version.
pub struct Snapshot {
    version: i64,
    accounts: HashSet<AccountId>,
    anonymous: Arc<Identity>,
    access_keys: HashMap<String, AccessKey>,
    repository_policies: HashMap<RegistryId, HashMap<RepoName, Policy>>,
    registries: Registries,
    signing_keys: Vec<Arc<SigningKey>>,
}

impl Snapshot {
    /// Reads everything. The stamp is read first: a change that comes in between is seen at the next look.
    pub(crate) async fn load(db: &Db, sealer: &Sealer) -> Result<Self> {
        let mut conn = db.reader().await?;
        let conn = &mut conn;
        let version = store::stamps::find(conn, store::stamps::AUTHORIZATION).await?.unwrap_or_default();
        let accounts = store::accounts::list(conn).await?.into_iter().collect();
        let mut groups: HashMap<String, Vec<String>> = HashMap::new();
        for (user, group) in store::group_members::list(conn).await? {
            groups.entry(user).or_default().push(group);
        }
        let managed = ManagedPolicies::load(conn).await?;
        let mut applied: HashMap<String, Vec<Policy>> = HashMap::new();
        for row in store::inline_policies::list(conn).await? {
            let policy = stored(&row.document, Kind::Identity, &row.name);
            applied.entry(row.principal_id).or_default().push(policy);
        }
        for row in store::policy_attachments::list(conn).await? {
            applied.entry(row.principal_id).or_default().push(managed.find(&row.policy_arn));
        }
        let mut users = HashMap::new();
        for user in store::users::list(conn).await? {
            let policies = std::iter::once(&user.user_id)
                .chain(groups.get(&user.user_id).into_iter().flatten())
                .filter_map(|id| applied.get(id))
                .flatten()
                .cloned()
                .collect();
            let boundary = user.boundary_arn.as_deref().map(|arn| managed.find(arn));
            let principal = Principal {
                account: user.account.as_str().to_owned(),
                arn: Arn::user(&user.account, &user.path, &user.name).as_str().to_owned(),
                user_id: user.user_id.clone(),
                kind: PrincipalKind::User { name: user.name },
            };
            users.insert(user.user_id, Arc::new(Identity { principal, policies, boundary }));
        }
        let mut roots: HashMap<AccountId, Arc<Identity>> = HashMap::new();
        let mut access_keys = HashMap::new();
        for row in store::access_keys::list(conn).await? {
            let identity = match &row.user_id {
                Some(user) => users.get(user).cloned(),
                None => Some(Arc::clone(roots.entry(row.account.clone()).or_insert_with(|| root(&row.account)))),
            };
            let secret = sealer.open_text(&row.access_key_id, &row.sealed_secret);
            match (identity, secret) {
                (Some(identity), Some(secret)) => {
                    access_keys.insert(row.access_key_id, AccessKey { secret, identity, active: row.active });
                }
                _ => tracing::error!(
                    access_key_id = row.access_key_id,
                    "an access key cannot be opened with this master key and is ignored"
                ),
            }
        }
        let mut repository_policies: HashMap<RegistryId, HashMap<RepoName, Policy>> = HashMap::new();
        for row in store::repository_policies::list(conn).await? {
            let policy = stored(&row.document, Kind::Resource, &format!("repository policy of {}", row.name));
            repository_policies.entry(row.registry).or_default().insert(row.name, policy);
        }
        let signing_keys = store::signing_keys::list(conn)
            .await?
            .iter()
            .filter_map(|row| SigningKey::open(row, sealer).map(Arc::new))
            .collect();
        let anonymous = Arc::new(Identity { principal: Principal::anonymous(), policies: Vec::new(), boundary: None });
        let registries = Registries::load(conn).await?;
        Ok(Self { version, accounts, anonymous, access_keys, repository_policies, registries, signing_keys })
    }

    /// The stamp that this snapshot was read at.
    pub(crate) fn version(&self) -> i64 {
        self.version
    }

    /// Whether there is an account of this id.
    pub fn has_account(&self, account: &AccountId) -> bool {
        self.accounts.contains(account)
    }

    /// Nobody in particular.
    pub(crate) fn anonymous(&self) -> &Arc<Identity> {
        &self.anonymous
    }

    /// An access key that may be used.
    pub fn access_key(&self, access_key_id: &str) -> Option<&AccessKey> {
        self.access_keys.get(access_key_id).filter(|key| key.active)
    }

    /// The policy of a repository, if it has one.
    pub(crate) fn repository_policy(&self, registry: &RegistryId, name: &RepoName) -> Option<&Policy> {
        self.repository_policies.get(registry)?.get(name)
    }

    /// What is asked of registries as a whole.
    pub(crate) fn registries(&self) -> &Registries {
        &self.registries
    }

    /// The key that signs new tokens.
    pub(crate) fn signing_key(&self) -> Option<&Arc<SigningKey>> {
        self.signing_keys.iter().find(|key| key.signs()).or_else(|| self.signing_keys.first())
    }

    /// The key of that name, which verifies.
    pub(crate) fn verifying_key(&self, kid: &str) -> Option<&Arc<SigningKey>> {
        self.signing_keys.iter().find(|key| key.kid() == kid)
    }

    /// Whether there is a root access key of this account that may be used.
    pub fn has_root_key(&self, account: &AccountId) -> bool {
        self.access_keys.values().any(|key| {
            key.identity.principal.kind == PrincipalKind::Root && key.identity.principal.account == account.as_str()
        })
    }
}

fn root(account: &AccountId) -> Arc<Identity> {
    Arc::new(Identity { principal: Principal::root(account.as_str()), policies: Vec::new(), boundary: None })
}

/// The managed policies by their ARNs, each parsed once: those that accounts made, and those that come with the program.
struct ManagedPolicies(HashMap<String, Policy>);

impl ManagedPolicies {
    async fn load(conn: &mut Conn) -> Result<Self> {
        let of_accounts = store::policies::list_documents(conn).await?;
        let built_in =
            built_in_policies::ALL.iter().map(|policy| (policy.arn().to_string(), policy.document.to_owned()));
        let all = of_accounts.into_iter().chain(built_in);
        Ok(Self(
            all.map(|(arn, document)| {
                let policy = stored(&document, Kind::Identity, &arn);
                (arn, policy)
            })
            .collect(),
        ))
    }

    /// The policy in force. One that is gone denies everything, like one that cannot be read: nothing removes a policy
    /// that is in use, so the rows do not fit together.
    fn find(&self, arn: &str) -> Policy {
        self.0.get(arn).cloned().unwrap_or_else(|| stored("", Kind::Identity, arn))
    }
}

/// A policy from the database. One that cannot be read (written by a newer program, or damaged) denies everything: its
/// statements might have been denials.
pub(crate) fn stored(text: &str, kind: Kind, label: &str) -> Policy {
    let document = Document::from_stored(text, kind);
    if let Some(error) = document.fault() {
        tracing::error!(policy = label, %error, "a stored policy cannot be read; it denies everything");
    }
    Policy { label: label.into(), document: Arc::new(document) }
}

/// Checks a policy document that somebody wants to store.
pub(crate) fn check_document(text: &str, kind: Kind) -> Result<()> {
    Document::parse(text, kind, MAX_DOCUMENT).map(drop).map_err(|error| crate::Error::Invalid(error.to_string()))
}
