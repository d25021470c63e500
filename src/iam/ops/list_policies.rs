//! `ListPolicies`: managed policies: those of the account, and those that come with the program.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicies.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};
use store::policies::Used;
use types::Arn;

use crate::checks::Checks;
use crate::error::Error;
use crate::managed_policies;
use crate::paging::{Page, Paging};
use crate::shapes::Policy;

/// The operation.
pub(crate) struct ListPolicies;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    scope: Option<String>,
    only_attached: Option<bool>,
    path_prefix: Option<String>,
    policy_usage_filter: Option<String>,
    marker: Option<String>,
    max_items: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    policies: Vec<Policy>,
    is_truncated: bool,
    marker: Option<String>,
}

impl Operation for ListPolicies {
    type Call = Call;
    const NAME: &'static str = "ListPolicies";
    const ACTION: &'static str = "iam:ListPolicies";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new()
            .one_of("scope", input.scope.as_deref(), &["All", "AWS", "Local"])
            .one_of(
                "policyUsageFilter",
                input.policy_usage_filter.as_deref(),
                &["PermissionsPolicy", "PermissionsBoundary"],
            )
            .path_prefix(input.path_prefix.as_deref())
            .max_items(input.max_items)
            .finish()?;
        let arn = Arn::policy(call.account(), input.path_prefix.as_deref().unwrap_or("/"), "");
        Ok(vec![Need::new(Self::ACTION, Resource::Arn(call.account().clone(), arn))])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let scope = input.scope.as_deref().unwrap_or("All");
        let used = match (input.policy_usage_filter.as_deref(), input.only_attached) {
            (Some("PermissionsBoundary"), _) => Used::AsBoundary,
            (Some(_), _) | (None, Some(true)) => Used::Attached,
            (None, _) => Used::Anyhow,
        };
        let path_prefix = input.path_prefix.as_deref().unwrap_or("/");
        let filter = managed_policies::Filter { own: scope != "AWS", built_in: scope != "Local", used, path_prefix };
        let subject = [scope, path_prefix, &format!("{used:?}")];
        let paging = Paging::read(call, Self::NAME, &subject, input.marker.as_deref(), input.max_items)?;
        let Page { items, is_truncated, marker } = managed_policies::list(call, grant, filter, paging).await?;
        Ok(Output { policies: items.into_iter().map(Policy::brief).collect(), is_truncated, marker })
    }
}
