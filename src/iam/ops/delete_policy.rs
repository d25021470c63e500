//! `DeletePolicy`: removes a managed policy that nobody uses, with its only version.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{managed_policies, policy_arns};

/// The operation.
pub(crate) struct DeletePolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    policy_arn: String,
}

impl Operation for DeletePolicy {
    type Call = Call;
    const NAME: &'static str = "DeletePolicy";
    const ACTION: &'static str = "iam:DeletePolicy";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().arn("policyArn", &input.policy_arn).finish()?;
        Ok(vec![policy_arns::need(call, Self::ACTION, &input.policy_arn)?])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        managed_policies::delete(call, grant, input.policy_arn).await
    }
}
