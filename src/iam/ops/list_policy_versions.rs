//! `ListPolicyVersions`: the versions of a managed policy, the newest first, without their documents.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicyVersions.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;
use crate::paging::{Page, Paging};
use crate::shapes::PolicyVersion;
use crate::{managed_policies, policy_arns};

/// The operation.
pub(crate) struct ListPolicyVersions;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    policy_arn: String,
    marker: Option<String>,
    max_items: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    versions: Vec<PolicyVersion>,
    is_truncated: bool,
    marker: Option<String>,
}

impl Operation for ListPolicyVersions {
    type Call = Call;
    const NAME: &'static str = "ListPolicyVersions";
    const ACTION: &'static str = "iam:ListPolicyVersions";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().arn("policyArn", &input.policy_arn).max_items(input.max_items).finish()?;
        Ok(vec![policy_arns::need(call, Self::ACTION, &input.policy_arn)?])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let subject = [input.policy_arn.as_str()];
        let paging = Paging::read(call, Self::NAME, &subject, input.marker.as_deref(), input.max_items)?;
        let page = managed_policies::list_versions(call, grant, &input.policy_arn, paging).await?;
        let Page { items, is_truncated, marker } = page;
        Ok(Output { versions: items.into_iter().map(PolicyVersion::brief).collect(), is_truncated, marker })
    }
}
