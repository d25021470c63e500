//! `ListEntitiesForPolicy`: the users, groups and roles that have a managed policy or are limited by it.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListEntitiesForPolicy.html>

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};
use store::policies::Used;

use crate::checks::Checks;
use crate::error::Error;
use crate::paging::{Page, Paging};
use crate::{attachments, policy_arns};

/// The operation.
pub(crate) struct ListEntitiesForPolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    policy_arn: String,
    entity_filter: Option<String>,
    path_prefix: Option<String>,
    policy_usage_filter: Option<String>,
    marker: Option<String>,
    max_items: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    policy_groups: Vec<PolicyGroup>,
    policy_users: Vec<PolicyUser>,
    policy_roles: Vec<PolicyRole>,
    is_truncated: bool,
    marker: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyGroup {
    group_name: String,
    group_id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyUser {
    user_name: String,
    user_id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyRole {
    role_name: String,
    role_id: String,
}

impl Operation for ListEntitiesForPolicy {
    type Call = Call;
    const NAME: &'static str = "ListEntitiesForPolicy";
    const ACTION: &'static str = "iam:ListEntitiesForPolicy";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new()
            .arn("policyArn", &input.policy_arn)
            .one_of(
                "entityFilter",
                input.entity_filter.as_deref(),
                &["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"],
            )
            .one_of(
                "policyUsageFilter",
                input.policy_usage_filter.as_deref(),
                &["PermissionsPolicy", "PermissionsBoundary"],
            )
            .path_prefix(input.path_prefix.as_deref())
            .max_items(input.max_items)
            .finish()?;
        Ok(vec![policy_arns::need(call, Self::ACTION, &input.policy_arn)?])
    }

    async fn run(call: &Call, _: &Grant, input: Input) -> Result<Output, Error> {
        let kind = match input.entity_filter.as_deref() {
            Some("User") => Some(EntityKind::User),
            Some("Group") => Some(EntityKind::Group),
            Some("Role") => Some(EntityKind::Role),
            _ => None,
        };
        // The filter takes kinds of policies as well, and no policy has a policy.
        let of_policies = kind.is_none() && input.entity_filter.is_some();
        let used = match input.policy_usage_filter.as_deref() {
            None => Used::Anyhow,
            Some("PermissionsPolicy") => Used::Attached,
            Some(_) => Used::AsBoundary,
        };
        let path_prefix = input.path_prefix.as_deref().unwrap_or("/");
        let subject = [&input.policy_arn, path_prefix, &format!("{used:?} {kind:?}")];
        let paging = Paging::read(call, Self::NAME, &subject, input.marker.as_deref(), input.max_items)?;
        let filter = attachments::Filter { kind, used, path_prefix };
        let mut page = attachments::list_users(call, &input.policy_arn, filter, paging).await?;
        if of_policies {
            page = Page { items: Vec::new(), is_truncated: false, marker: None };
        }
        let mut output = Output {
            policy_groups: Vec::new(),
            policy_users: Vec::new(),
            policy_roles: Vec::new(),
            is_truncated: page.is_truncated,
            marker: page.marker,
        };
        for attachments::User { kind, id, name } in page.items {
            match kind {
                EntityKind::Group => output.policy_groups.push(PolicyGroup { group_name: name, group_id: id }),
                EntityKind::User => output.policy_users.push(PolicyUser { user_name: name, user_id: id }),
                EntityKind::Role => output.policy_roles.push(PolicyRole { role_name: name, role_id: id }),
            }
        }
        Ok(output)
    }
}
