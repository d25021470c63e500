//! Users, groups, roles and policies as answers of several operations show them.

use app::EntityKind;
use aws::Iso;
use serde::Serialize;
use store::groups::GroupRow;
use store::roles::RoleRow;
use store::users::UserRow;
use types::{AccountId, Arn, Timestamp};

use crate::managed_policies;
use crate::tags::Tag;
use crate::{documents, policy_arns};

/// A user, or the root of an account.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct User {
    path: String,
    user_name: Option<String>,
    user_id: String,
    arn: String,
    create_date: Iso,
    permissions_boundary: Option<AttachedPermissionsBoundary>,
    tags: Option<Vec<Tag>>,
}

impl User {
    /// As lists show it.
    pub(crate) fn brief(row: UserRow) -> Self {
        Self {
            arn: EntityKind::User.arn(&row.account, &row.path, &row.name).to_string(),
            path: row.path,
            user_name: Some(row.name),
            user_id: row.user_id,
            create_date: row.created_at.into(),
            permissions_boundary: None,
            tags: None,
        }
    }

    /// As it is shown alone.
    pub(crate) fn full(row: UserRow, tags: Vec<Tag>) -> Self {
        let permissions_boundary = row.boundary_arn.clone().map(AttachedPermissionsBoundary::new);
        Self { permissions_boundary, tags: some(tags), ..Self::brief(row) }
    }

    /// The root of an account.
    pub(crate) fn root(account: &AccountId, created_at: Timestamp) -> Self {
        Self {
            path: "/".to_owned(),
            user_name: None,
            user_id: account.to_string(),
            arn: Arn::root(account).to_string(),
            create_date: created_at.into(),
            permissions_boundary: None,
            tags: None,
        }
    }
}

/// A group.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Group {
    path: String,
    group_name: String,
    group_id: String,
    arn: String,
    create_date: Iso,
}

impl From<GroupRow> for Group {
    fn from(row: GroupRow) -> Self {
        Self {
            arn: EntityKind::Group.arn(&row.account, &row.path, &row.name).to_string(),
            path: row.path,
            group_name: row.name,
            group_id: row.group_id,
            create_date: row.created_at.into(),
        }
    }
}

/// A role.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Role {
    path: String,
    role_name: String,
    role_id: String,
    arn: String,
    create_date: Iso,
    assume_role_policy_document: String,
    description: Option<String>,
    max_session_duration: Option<i64>,
    permissions_boundary: Option<AttachedPermissionsBoundary>,
    tags: Option<Vec<Tag>>,
    role_last_used: Option<RoleLastUsed>,
}

impl Role {
    /// As lists show it.
    pub(crate) fn brief(row: RoleRow) -> Self {
        Self {
            arn: EntityKind::Role.arn(&row.account, &row.path, &row.name).to_string(),
            path: row.path,
            role_name: row.name,
            role_id: row.role_id,
            create_date: row.created_at.into(),
            assume_role_policy_document: documents::encoded(&row.trust_policy),
            description: row.description,
            max_session_duration: Some(row.max_session_duration),
            permissions_boundary: None,
            tags: None,
            role_last_used: None,
        }
    }

    /// As it is shown alone.
    pub(crate) fn full(row: RoleRow, tags: Vec<Tag>) -> Self {
        let permissions_boundary = row.boundary_arn.clone().map(AttachedPermissionsBoundary::new);
        let role_last_used = Some(RoleLastUsed::of(&row));
        Self { permissions_boundary, tags: some(tags), role_last_used, ..Self::brief(row) }
    }

    /// As `CreateRole` answers it: IAM leaves out what can be changed later.
    pub(crate) fn created(row: RoleRow, tags: Vec<Tag>) -> Self {
        Self { description: None, max_session_duration: None, role_last_used: None, ..Self::full(row, tags) }
    }

    /// As `UpdateRoleDescription` answers it: without the longest session.
    pub(crate) fn described(row: RoleRow) -> Self {
        Self { max_session_duration: None, ..Self::brief(row) }
    }
}

/// When a role was last used; empty if it never was.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RoleLastUsed {
    last_used_date: Option<Iso>,
    region: Option<String>,
}

impl RoleLastUsed {
    /// Of a role.
    pub(crate) fn of(row: &RoleRow) -> Self {
        Self { last_used_date: row.last_used_at.map(Iso::from), region: row.last_used_region.clone() }
    }
}

/// The managed policy that limits a user or role.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AttachedPermissionsBoundary {
    permissions_boundary_type: &'static str,
    permissions_boundary_arn: String,
}

impl AttachedPermissionsBoundary {
    /// The policy of that ARN.
    pub(crate) fn new(arn: String) -> Self {
        Self { permissions_boundary_type: "Policy", permissions_boundary_arn: arn }
    }
}

/// A managed policy that a user, group or role has.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AttachedPolicy {
    policy_name: String,
    policy_arn: String,
}

impl AttachedPolicy {
    /// The policy of that ARN.
    pub(crate) fn new(arn: String) -> Self {
        Self { policy_name: policy_arns::name(&arn).to_owned(), policy_arn: arn }
    }
}

/// A managed policy.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Policy {
    policy_name: String,
    policy_id: String,
    arn: String,
    path: String,
    default_version_id: String,
    attachment_count: u64,
    permissions_boundary_usage_count: u64,
    is_attachable: bool,
    description: Option<String>,
    create_date: Iso,
    update_date: Iso,
    tags: Option<Vec<Tag>>,
}

impl Policy {
    /// As lists show it: without its description and its tags.
    pub(crate) fn brief(policy: managed_policies::Policy) -> Self {
        Self { description: None, tags: None, ..Self::full(policy, Vec::new()) }
    }

    /// As it is shown when it was just made: without its description, and with tags if it has some.
    pub(crate) fn made(policy: managed_policies::Policy, tags: Vec<Tag>) -> Self {
        Self { description: None, tags: some(tags), ..Self::full(policy, Vec::new()) }
    }

    /// As it is shown alone: its tags too, if there are none.
    pub(crate) fn full(policy: managed_policies::Policy, tags: Vec<Tag>) -> Self {
        Self {
            policy_name: policy.name,
            policy_id: policy.policy_id,
            arn: policy.arn,
            path: policy.path,
            default_version_id: version_id(policy.default_version),
            attachment_count: policy.attachments,
            permissions_boundary_usage_count: policy.boundaries,
            is_attachable: true,
            description: policy.description,
            create_date: policy.created_at.into(),
            update_date: policy.updated_at.into(),
            tags: Some(tags),
        }
    }
}

/// A version of a managed policy.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PolicyVersion {
    document: Option<String>,
    version_id: String,
    is_default_version: bool,
    create_date: Iso,
}

impl PolicyVersion {
    /// Without its document.
    pub(crate) fn brief(version: managed_policies::Version) -> Self {
        Self {
            document: None,
            version_id: version_id(version.version),
            is_default_version: version.is_default,
            create_date: version.created_at.into(),
        }
    }

    /// With its document.
    pub(crate) fn full(version: managed_policies::Version) -> Self {
        Self { document: Some(documents::encoded(&version.document)), ..Self::brief(version) }
    }
}

/// As versions are named.
pub(crate) fn version_id(number: i64) -> String {
    format!("v{number}")
}

/// A list that is left out when it is empty.
pub(crate) fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    if list.is_empty() { None } else { Some(list) }
}
