//! `TagPolicy`: sets tags of a managed policy.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagPolicy.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::tags::Tag;
use crate::{managed_policies, policy_arns, tags};

/// The operation.
pub(crate) struct TagPolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    policy_arn: String,
    tags: Vec<Tag>,
}

impl Operation for TagPolicy {
    type Call = Call;
    const NAME: &'static str = "TagPolicy";
    const ACTION: &'static str = "iam:TagPolicy";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().arn("policyArn", &input.policy_arn).finish()?;
        tags::check_of_policy(&input.tags)?;
        let need = policy_arns::need(call, Self::ACTION, &input.policy_arn)?;
        Ok(vec![tags::with_request_tags(need, &input.tags)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        managed_policies::tag(call, grant, input.policy_arn, input.tags).await
    }
}
