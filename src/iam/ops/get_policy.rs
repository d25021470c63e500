//! `GetPolicy`: what is known of a managed policy, but not its document.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicy.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;
use crate::shapes::Policy;
use crate::{managed_policies, policy_arns};

/// The operation.
pub(crate) struct GetPolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    policy_arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    policy: Policy,
}

impl Operation for GetPolicy {
    type Call = Call;
    const NAME: &'static str = "GetPolicy";
    const ACTION: &'static str = "iam:GetPolicy";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().arn("policyArn", &input.policy_arn).finish()?;
        Ok(vec![policy_arns::need(call, Self::ACTION, &input.policy_arn)?])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let (policy, tags) = managed_policies::get(call, grant, &input.policy_arn).await?;
        Ok(Output { policy: Policy::full(policy, tags) })
    }
}
