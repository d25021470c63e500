//! `UntagPolicy`: removes tags of a managed policy.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagPolicy.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{managed_policies, policy_arns, tags};

/// The operation.
pub(crate) struct UntagPolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    policy_arn: String,
    tag_keys: Vec<String>,
}

impl Operation for UntagPolicy {
    type Call = Call;
    const NAME: &'static str = "UntagPolicy";
    const ACTION: &'static str = "iam:UntagPolicy";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().arn("policyArn", &input.policy_arn).finish()?;
        tags::check_keys(&input.tag_keys)?;
        let need = policy_arns::need(call, Self::ACTION, &input.policy_arn)?;
        Ok(vec![need.with_tag_keys(input.tag_keys.clone())])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        managed_policies::untag(call, grant, input.policy_arn, input.tag_keys).await
    }
}
