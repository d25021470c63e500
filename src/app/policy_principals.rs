//! Whom policies name. A policy is about somebody and not about a name: whom it names has to be there when it is stored, and who
//! gets the name later gets nothing of what it says. As on AWS the unique id of a principal takes the place of its ARN when the
//! principal is deleted, and the new ARN that of the old when it is renamed.
//!
//! Everything here runs in a transaction that has moved [`store::stamps::AUTHORIZATION`] before: such transactions come one after the
//! other, so that nobody disappears between the look and the policy.

use policy::{Document, NamedPrincipal, rename_principals};
use store::registry_settings::{self, POLICY};
use store::{Conn, Result, policy_principals, repository_policies, roles, users};
use types::{AccountId, Arn, RegistryId, Timestamp};

use crate::EntityKind;

/// What a policy that names principals belongs to.
#[derive(Debug, Clone, Copy)]
pub enum PolicyOwner<'a> {
    /// A repository, by its id.
    Repository(&'a str),
    /// A registry.
    Registry(&'a RegistryId),
    /// A role, by its id.
    Role(&'a str),
}

impl PolicyOwner<'_> {
    fn kind(self) -> &'static str {
        match self {
            Self::Repository(_) => "repository",
            Self::Registry(_) => "registry",
            Self::Role(_) => "role",
        }
    }

    fn id(self) -> String {
        match self {
            Self::Repository(id) | Self::Role(id) => id.to_owned(),
            Self::Registry(registry) => format!("{}/{}", registry.account, registry.region),
        }
    }
}

/// Notes whom the policy of an owner names, in place of those of the policy before. Returns the first who is not there, as the
/// document names them: whoever stores it for a user refuses it then.
pub async fn set(conn: &mut Conn, owner: PolicyOwner<'_>, document: &Document) -> Result<Option<String>> {
    let (mut ids, mut unknown) = (Vec::new(), None);
    for named in document.principals() {
        match find(conn, named).await? {
            Found::Principal(id) => ids.push(id),
            Found::Account => {}
            Found::Nobody(name) => unknown = unknown.or(Some(name)),
        }
    }
    policy_principals::replace(conn, owner.kind(), &owner.id(), &ids).await?;
    Ok(unknown)
}

/// Forgets whom the policy of an owner named, with that policy.
pub async fn remove(conn: &mut Conn, owner: PolicyOwner<'_>) -> Result<()> {
    policy_principals::delete(conn, owner.kind(), &owner.id()).await
}

/// A user or role whose name is no longer its own.
#[derive(Debug, Clone, Copy)]
pub struct Former<'a> {
    /// `AIDA…` or `AROA…`
    pub id: &'a str,
    /// What it is.
    pub kind: EntityKind,
    /// Whose it is.
    pub account: &'a AccountId,
    /// The path that it had.
    pub path: &'a str,
    /// The name that it had.
    pub name: &'a str,
}

/// Puts the unique id of a principal that is deleted in place of its ARN, wherever a policy names it.
pub async fn delete_principal(conn: &mut Conn, former: Former<'_>, now: Timestamp) -> Result<()> {
    rename(conn, former, former.id, now).await?;
    policy_principals::delete_principal(conn, former.id).await
}

/// Puts the new ARN of a user in place of the old, wherever a policy names it.
pub async fn rename_user(conn: &mut Conn, former: Former<'_>, arn: &Arn, now: Timestamp) -> Result<()> {
    rename(conn, former, arn.as_str(), now).await
}

async fn rename(conn: &mut Conn, former: Former<'_>, to: &str, now: Timestamp) -> Result<()> {
    let arn = former.kind.arn(former.account, former.path, former.name);
    let sessions = format!("arn:aws:sts::{}:assumed-role/{}/", former.account, former.name);
    let other = |named: &str| match named.strip_prefix(&sessions) {
        Some(session) if former.kind == EntityKind::Role => Some(format!("{to}:{session}")),
        _ => (named == arn.as_str()).then(|| to.to_owned()),
    };
    for (kind, id) in policy_principals::list_owners(conn, former.id).await? {
        match kind.as_str() {
            "repository" => {
                let text = repository_policies::find(conn, &id).await?;
                if let Some(text) = text.and_then(|text| rename_principals(&text, other)) {
                    repository_policies::upsert(conn, &id, &text, now).await?;
                }
            }
            "role" => {
                let text = roles::find_trust_policy(conn, &id).await?;
                if let Some(text) = text.and_then(|text| rename_principals(&text, other)) {
                    roles::update_trust_policy(conn, &id, &text).await?;
                }
            }
            _ => {
                let registry = id.split_once('/').and_then(|(account, region)| {
                    Some(RegistryId { account: account.parse().ok()?, region: region.parse().ok()? })
                });
                let Some(registry) = registry else { continue };
                let text = registry_settings::find(conn, &registry, POLICY).await?;
                if let Some(text) = text.and_then(|text| rename_principals(&text, other)) {
                    registry_settings::upsert(conn, &registry, POLICY, &text, now).await?;
                }
            }
        }
    }
    Ok(())
}

enum Found {
    /// A user or role, by its id.
    Principal(String),
    /// An account, or somebody whom an account vouches for: it does not go away.
    Account,
    /// As the document names it.
    Nobody(String),
}

async fn find(conn: &mut Conn, named: NamedPrincipal<'_>) -> Result<Found> {
    let (text, id) = match named {
        NamedPrincipal::Account(text) => {
            let account: Option<AccountId> = text.parse().ok();
            let there = match account {
                Some(account) => store::accounts::find_created_at(conn, &account).await?.is_some(),
                None => false,
            };
            return Ok(if there { Found::Account } else { Found::Nobody(text.to_owned()) });
        }
        NamedPrincipal::UniqueId(text) => {
            let id = text.split_once(':').map_or(text, |(id, _)| id);
            let there =
                users::find_by_id(conn, id).await?.is_some() || roles::find_trust_policy(conn, id).await?.is_some();
            (text, there.then(|| id.to_owned()))
        }
        NamedPrincipal::Arn(text) => (text, find_arn(conn, text).await?),
    };
    Ok(match id {
        Some(id) => Found::Principal(id),
        // Nobody gets the credentials of one here, so nobody ever is one.
        None if text.contains(":federated-user/") => Found::Account,
        None => Found::Nobody(text.to_owned()),
    })
}

/// The id of the user or role that an ARN, or that of a session, names.
async fn find_arn(conn: &mut Conn, text: &str) -> Result<Option<String>> {
    let fields: Vec<&str> = text.split(':').collect();
    let ["arn", _, _, "", account, resource] = fields[..] else { return Ok(None) };
    let Ok(account) = account.parse::<AccountId>() else { return Ok(None) };
    Ok(match resource.split('/').collect::<Vec<_>>()[..] {
        ["user", .., name] => users::find(conn, &account, name)
            .await?
            .filter(|row| Arn::user(&row.account, &row.path, &row.name).as_str() == text)
            .map(|row| row.user_id),
        ["role", .., name] => roles::find(conn, &account, name)
            .await?
            .filter(|row| Arn::role(&row.account, &row.path, &row.name).as_str() == text)
            .map(|row| row.role_id),
        ["assumed-role", name, _] => roles::find(conn, &account, name).await?.map(|row| row.role_id),
        _ => None,
    })
}
