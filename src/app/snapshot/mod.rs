//! Users, keys and policies in memory, so that no request waits for the database to be judged.
//!
//! A snapshot is read whole and never changed; [`crate::App::refresh`] replaces it when the stamp in the database moves.

mod documents;
mod load;
mod managed_policies;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use policy::{Document, Kind, Policy, PrincipalKind};
use types::{AccountId, RegistryId, RepoName, Secret};

use self::documents::Documents;
use self::managed_policies::ManagedPolicies;
use crate::authn::session::{Bearer, Opened};
use crate::authn::token::SigningKey;
use crate::directory::Directory;
use crate::identity::overlay;
use crate::registry::Registries;
use crate::web_identity::Provider;
use crate::{Identity, Result, Role};

/// The longest policy document that is parsed, in bytes: what the longest managed policy of AWS takes, and some.
const MAX_DOCUMENT: usize = 20_480;

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
    directory: Directory,
    managed_policies: ManagedPolicies,
    roles: HashMap<String, Arc<Role>>,
    /// ARNs of the roles by their ids.
    role_arns: HashMap<String, String>,
    identity_providers: HashMap<String, Provider>,
    repository_policies: HashMap<RegistryId, HashMap<RepoName, Policy>>,
    registries: Registries,
    signing_keys: Vec<Arc<SigningKey>>,
    documents: Documents,
}

impl Snapshot {
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

    /// An active access key of the root of an account: id and secret.
    pub fn root_key(&self, account: &AccountId) -> Option<(String, Secret)> {
        let is_root = |key: &AccessKey| {
            key.active
                && key.identity.principal.kind == PrincipalKind::Root
                && key.identity.principal.account == account.as_str()
        };
        let (id, key) = self.access_keys.iter().find(|(_, key)| is_root(key))?;
        Some((id.clone(), key.secret.clone()))
    }

    /// The account of an access key, whether or not that may be used.
    pub fn account_of(&self, access_key_id: &str) -> Option<AccountId> {
        self.access_keys.get(access_key_id)?.identity.principal.account.parse().ok()
    }

    /// Whose an access key is, whether or not it may be used.
    pub fn access_key_owner(&self, access_key_id: &str) -> Option<&Arc<Identity>> {
        self.access_keys.get(access_key_id).map(|key| &key.identity)
    }

    /// Users, groups and roles by their names.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The role of that ARN.
    pub fn role(&self, arn: &str) -> Option<&Arc<Role>> {
        self.roles.get(arn)
    }

    /// The identity provider of that ARN.
    pub(crate) fn identity_provider(&self, arn: &str) -> Option<&Provider> {
        self.identity_providers.get(arn)
    }

    /// The managed policy of that ARN, if an account has it.
    pub(crate) fn managed_policy(&self, account: &AccountId, arn: &str) -> Option<&Policy> {
        self.managed_policies.of_account(account, arn)
    }

    /// Whose session it is: the role, or whoever has the access key that it came from, as they are now. None if they
    /// are gone, or the key may not be used any more.
    pub(crate) fn of_session(&self, opened: &Arc<Opened>) -> Option<Identity> {
        match &opened.session.bearer {
            Bearer::Role { role_id, session_name } => {
                let role = self.roles.get(self.role_arns.get(role_id)?)?;
                Some(Identity {
                    principal: role.session(session_name),
                    policies: role.policies.clone(),
                    boundary: role.boundary.clone(),
                    tags: overlay(&role.tags, &opened.session.tags),
                    session: Some(Arc::clone(opened)),
                    session_policies: self.session_policies(opened, &role.account),
                })
            }
            Bearer::AccessKey(access_key_id) => {
                let owner = &self.access_key(access_key_id)?.identity;
                Some(Identity {
                    principal: owner.principal.clone(),
                    policies: owner.policies.clone(),
                    boundary: owner.boundary.clone(),
                    tags: owner.tags.clone(),
                    session: Some(Arc::clone(opened)),
                    session_policies: None,
                })
            }
            Bearer::Scanner(image) => Some(image.identity(opened)),
        }
    }

    fn session_policies(&self, opened: &Opened, account: &AccountId) -> Option<Vec<Policy>> {
        let arns = &opened.session.policy_arns;
        if opened.policy.is_none() && arns.is_empty() {
            return None;
        }
        let managed: Option<Vec<Policy>> = arns.iter().map(|arn| self.managed_policy(account, arn).cloned()).collect();
        // Of one that was deleted since nobody knows what it denied: then nothing is allowed any more.
        Some(managed.map_or_else(Vec::new, |managed| opened.policy.iter().cloned().chain(managed).collect()))
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

    /// Whether there is an access key that the master key opens.
    pub(crate) fn has_access_keys(&self) -> bool {
        !self.access_keys.is_empty()
    }

    /// Whether there is a root access key of this account that may be used.
    pub fn has_root_key(&self, account: &AccountId) -> bool {
        self.access_keys.values().any(|key| {
            key.identity.principal.kind == PrincipalKind::Root && key.identity.principal.account == account.as_str()
        })
    }
}

/// A policy from the database. One that cannot be read (written by a newer program, or damaged) denies everything: its
/// statements might have been denials.
pub(super) fn stored(text: &str, kind: Kind, label: &str) -> Policy {
    labeled(Arc::new(Document::from_stored(text, kind)), label)
}

fn labeled(document: Arc<Document>, label: &str) -> Policy {
    if let Some(error) = document.fault() {
        tracing::error!(policy = label, %error, "a stored policy cannot be read; it denies everything");
    }
    Policy { label: label.into(), document }
}

/// Checks a policy document that somebody wants to store.
pub(crate) fn check_document(text: &str, kind: Kind) -> Result<Document> {
    Document::parse(text, kind, MAX_DOCUMENT).map_err(|error| crate::Error::Invalid(error.to_string()))
}
