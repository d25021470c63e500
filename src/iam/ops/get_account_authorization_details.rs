//! `GetAccountAuthorizationDetails`: users, groups, roles and policies of the account with all that belongs to them.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Iso, Need, Operation, Resource};
use serde::{Deserialize, Serialize};
use store::groups::GroupRow;
use store::roles::RoleRow;
use store::users::UserRow;

use crate::checks::Checks;
use crate::details::{Belongings, Details, Sort};
use crate::error::Error;
use crate::paging::Paging;
use crate::shapes::{AttachedPermissionsBoundary, AttachedPolicy, PolicyVersion, RoleLastUsed};
use crate::tags::Tag;
use crate::{details, documents, managed_policies, shapes};

/// The operation.
pub(crate) struct GetAccountAuthorizationDetails;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(default)]
    filter: Vec<String>,
    marker: Option<String>,
    max_items: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    user_detail_list: Vec<UserDetail>,
    group_detail_list: Vec<GroupDetail>,
    role_detail_list: Vec<RoleDetail>,
    policies: Vec<ManagedPolicyDetail>,
    is_truncated: bool,
    marker: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct UserDetail {
    #[serde(rename = "UserName")]
    name: String,
    path: String,
    user_id: String,
    arn: String,
    create_date: Iso,
    /// Absent for a user without inline policies, while groups and roles show an empty list.
    user_policy_list: Option<Vec<PolicyDetail>>,
    group_list: Vec<String>,
    attached_managed_policies: Vec<AttachedPolicy>,
    permissions_boundary: Option<AttachedPermissionsBoundary>,
    tags: Vec<Tag>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GroupDetail {
    #[serde(rename = "GroupName")]
    name: String,
    path: String,
    group_id: String,
    arn: String,
    create_date: Iso,
    group_policy_list: Vec<PolicyDetail>,
    attached_managed_policies: Vec<AttachedPolicy>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RoleDetail {
    #[serde(rename = "RoleName")]
    name: String,
    path: String,
    role_id: String,
    arn: String,
    create_date: Iso,
    assume_role_policy_document: String,
    /// Wharf has no instances.
    instance_profile_list: Vec<String>,
    role_policy_list: Vec<PolicyDetail>,
    attached_managed_policies: Vec<AttachedPolicy>,
    permissions_boundary: Option<AttachedPermissionsBoundary>,
    tags: Vec<Tag>,
    role_last_used: RoleLastUsed,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyDetail {
    policy_name: String,
    policy_document: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ManagedPolicyDetail {
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
    policy_version_list: Vec<PolicyVersion>,
}

impl Operation for GetAccountAuthorizationDetails {
    type Call = Call;
    const NAME: &'static str = "GetAccountAuthorizationDetails";
    const ACTION: &'static str = "iam:GetAccountAuthorizationDetails";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let sorts = ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"];
        let mut checks = Checks::new().max_items(input.max_items);
        for word in &input.filter {
            checks = checks.one_of("filter", Some(word), &sorts);
        }
        checks.finish()?;
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let sorts = sorts(&input.filter);
        let subject = format!("{sorts:?}");
        let paging = Paging::read(call, Self::NAME, &[&subject], input.marker.as_deref(), input.max_items)?;
        Ok(Output::from(details::list(call, grant, &sorts, paging).await?))
    }
}

impl From<Details> for Output {
    fn from(details: Details) -> Self {
        let Details { users, groups, roles, policies, mut belongings, is_truncated, marker } = details;
        Self {
            user_detail_list: users.into_iter().map(|row| user(row, &mut belongings)).collect(),
            group_detail_list: groups.into_iter().map(|row| group(row, &mut belongings)).collect(),
            role_detail_list: roles.into_iter().map(|row| role(row, &mut belongings)).collect(),
            policies: policies.into_iter().map(|row| policy(row, &mut belongings)).collect(),
            is_truncated,
            marker,
        }
    }
}

fn user(row: UserRow, belongings: &mut Belongings) -> UserDetail {
    UserDetail {
        user_policy_list: shapes::some(inline(belongings, &row.user_id)),
        group_list: belongings.groups.remove(&row.user_id).unwrap_or_default(),
        attached_managed_policies: attached(belongings, &row.user_id),
        permissions_boundary: row.boundary_arn.map(AttachedPermissionsBoundary::new),
        tags: belongings.tags.remove(&row.user_id).unwrap_or_default(),
        arn: EntityKind::User.arn(&row.account, &row.path, &row.name).to_string(),
        name: row.name,
        path: row.path,
        user_id: row.user_id,
        create_date: row.created_at.into(),
    }
}

fn group(row: GroupRow, belongings: &mut Belongings) -> GroupDetail {
    GroupDetail {
        group_policy_list: inline(belongings, &row.group_id),
        attached_managed_policies: attached(belongings, &row.group_id),
        arn: EntityKind::Group.arn(&row.account, &row.path, &row.name).to_string(),
        name: row.name,
        path: row.path,
        group_id: row.group_id,
        create_date: row.created_at.into(),
    }
}

fn role(row: RoleRow, belongings: &mut Belongings) -> RoleDetail {
    RoleDetail {
        role_policy_list: inline(belongings, &row.role_id),
        attached_managed_policies: attached(belongings, &row.role_id),
        tags: belongings.tags.remove(&row.role_id).unwrap_or_default(),
        role_last_used: RoleLastUsed::of(&row),
        instance_profile_list: Vec::new(),
        assume_role_policy_document: documents::encoded(&row.trust_policy),
        permissions_boundary: row.boundary_arn.map(AttachedPermissionsBoundary::new),
        arn: EntityKind::Role.arn(&row.account, &row.path, &row.name).to_string(),
        name: row.name,
        path: row.path,
        role_id: row.role_id,
        create_date: row.created_at.into(),
    }
}

fn policy(policy: managed_policies::Policy, belongings: &mut Belongings) -> ManagedPolicyDetail {
    let versions = belongings.versions.remove(&policy.arn).unwrap_or_default();
    ManagedPolicyDetail {
        policy_name: policy.name,
        policy_id: policy.policy_id,
        arn: policy.arn,
        path: policy.path,
        default_version_id: shapes::version_id(policy.default_version),
        attachment_count: policy.attachments,
        permissions_boundary_usage_count: policy.boundaries,
        is_attachable: true,
        description: policy.description,
        create_date: policy.created_at.into(),
        update_date: policy.updated_at.into(),
        policy_version_list: versions.into_iter().map(PolicyVersion::full).collect(),
    }
}

fn inline(belongings: &mut Belongings, id: &str) -> Vec<PolicyDetail> {
    let policies = belongings.inline_policies.remove(id).unwrap_or_default();
    let detail = |(policy_name, document): (String, String)| PolicyDetail {
        policy_name,
        policy_document: documents::encoded(&document),
    };
    policies.into_iter().map(detail).collect()
}

fn attached(belongings: &mut Belongings, id: &str) -> Vec<AttachedPolicy> {
    let arns = belongings.attached_policies.remove(id).unwrap_or_default();
    arns.into_iter().map(AttachedPolicy::new).collect()
}

/// The sorts that a filter asks for; all without one.
fn sorts(filter: &[String]) -> Vec<Sort> {
    let word = |word: &String| match word.as_str() {
        "User" => Some(Sort::User),
        "Group" => Some(Sort::Group),
        "Role" => Some(Sort::Role),
        "LocalManagedPolicy" => Some(Sort::LocalManagedPolicy),
        "AWSManagedPolicy" => Some(Sort::AwsManagedPolicy),
        _ => None,
    };
    let mut sorts: Vec<Sort> = filter.iter().filter_map(word).collect();
    sorts.sort_unstable();
    sorts.dedup();
    if sorts.is_empty() { Sort::ALL.to_vec() } else { sorts }
}
