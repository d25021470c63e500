//! `SetDefaultPolicyVersion`: puts a version of a managed policy in force, wherever the policy is attached.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_SetDefaultPolicyVersion.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{managed_policies, policy_arns};

/// The operation.
pub(crate) struct SetDefaultPolicyVersion;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    policy_arn: String,
    version_id: String,
}

impl Operation for SetDefaultPolicyVersion {
    type Call = Call;
    const NAME: &'static str = "SetDefaultPolicyVersion";
    const ACTION: &'static str = "iam:SetDefaultPolicyVersion";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().arn("policyArn", &input.policy_arn).version_id(&input.version_id).finish()?;
        Ok(vec![policy_arns::need(call, Self::ACTION, &input.policy_arn)?])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        managed_policies::set_default(call, grant, input.policy_arn, input.version_id).await
    }
}
