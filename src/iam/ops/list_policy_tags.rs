//! `ListPolicyTags`: the tags of a managed policy, by key.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicyTags.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;
use crate::paging::{Page, Paging};
use crate::tags::Tag;
use crate::{managed_policies, policy_arns, tags};

/// The operation.
pub(crate) struct ListPolicyTags;

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
    tags: Vec<Tag>,
    is_truncated: bool,
    marker: Option<String>,
}

impl Operation for ListPolicyTags {
    type Call = Call;
    const NAME: &'static str = "ListPolicyTags";
    const ACTION: &'static str = "iam:ListPolicyTags";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().arn("policyArn", &input.policy_arn).max_items(input.max_items).finish()?;
        Ok(vec![policy_arns::need(call, Self::ACTION, &input.policy_arn)?])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let resource_id = managed_policies::tagged_id(call, grant, &input.policy_arn).await?;
        let paging = Paging::read(call, Self::NAME, &[&resource_id], input.marker.as_deref(), input.max_items)?;
        let Page { items, is_truncated, marker } = tags::list(call, &resource_id, paging).await?;
        Ok(Output { tags: items, is_truncated, marker })
    }
}
