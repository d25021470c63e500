//! Users, groups, roles and managed policies by their names: what authorization must know of one before an operation on it
//! runs. A policy speaks of `user/<path>/<name>`, a request only of the name.

use std::collections::HashMap;

use store::groups::GroupRow;
use store::roles::RoleRow;
use store::users::UserRow;
use store::{Conn, groups, policies};
use types::{AccountId, Arn};

use crate::Result;

/// What can have policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntityKind {
    /// A user.
    User,
    /// A group.
    Group,
    /// A role.
    Role,
}

impl EntityKind {
    /// The ARN of one of this kind.
    pub fn arn(self, account: &AccountId, path: &str, name: &str) -> Arn {
        match self {
            Self::User => Arn::user(account, path, name),
            Self::Group => Arn::group(account, path, name),
            Self::Role => Arn::role(account, path, name),
        }
    }
}

/// A user, group or role as authorization sees it.
#[derive(Debug, Clone)]
pub struct Entity {
    /// `AIDA…`, `AGPA…` or `AROA…`
    pub id: String,
    /// With its path.
    pub arn: Arn,
    /// The ARN of the policy that limits it.
    pub boundary_arn: Option<String>,
}

/// Tags by the resource that has them.
pub(crate) type Tags = HashMap<String, Vec<(String, String)>>;

/// All of them at one moment.
#[derive(Debug, Default)]
pub struct Directory {
    entities: HashMap<(AccountId, EntityKind), HashMap<String, Entity>>,
    /// Of users, roles and policies by their ids, of identity providers by their ARNs.
    tags: Tags,
    /// The ids of managed policies by their ARNs.
    policy_ids: HashMap<String, String>,
}

impl Directory {
    /// Puts together what is known already, and reads the rest.
    pub(crate) async fn load(conn: &mut Conn, users: &[UserRow], roles: &[RoleRow], tags: Tags) -> Result<Self> {
        let mut directory = Self { tags, ..Self::default() };
        for UserRow { user_id, account, name, path, boundary_arn, .. } in users {
            directory.add(EntityKind::User, account, path, name, user_id, boundary_arn.clone());
        }
        for RoleRow { role_id, account, name, path, boundary_arn, .. } in roles {
            directory.add(EntityKind::Role, account, path, name, role_id, boundary_arn.clone());
        }
        for GroupRow { group_id, account, name, path, .. } in groups::list(conn).await? {
            directory.add(EntityKind::Group, &account, &path, &name, &group_id, None);
        }
        directory.policy_ids = policies::list_ids(conn).await?.into_iter().collect();
        Ok(directory)
    }

    fn add(
        &mut self,
        kind: EntityKind,
        account: &AccountId,
        path: &str,
        name: &str,
        id: &str,
        boundary_arn: Option<String>,
    ) {
        let entity = Entity { id: id.to_owned(), arn: kind.arn(account, path, name), boundary_arn };
        self.entities.entry((account.clone(), kind)).or_default().insert(name.to_owned(), entity);
    }

    /// The one of that name.
    pub fn find(&self, account: &AccountId, kind: EntityKind, name: &str) -> Option<&Entity> {
        self.entities.get(&(account.clone(), kind))?.get(name)
    }

    /// The tags of a user, role or policy by its id, or of an identity provider by its ARN.
    pub fn tags(&self, resource_id: &str) -> &[(String, String)] {
        self.tags.get(resource_id).map_or(&[], Vec::as_slice)
    }

    /// The tags of a managed policy by its ARN.
    pub fn tags_of_policy(&self, arn: &str) -> &[(String, String)] {
        self.policy_ids.get(arn).map_or(&[], |id| self.tags(id))
    }
}
