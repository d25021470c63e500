//! `DeletePolicyVersion`: removes a version of a managed policy that is not in force.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicyVersion.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{managed_policies, policy_arns};

/// The operation.
pub(crate) struct DeletePolicyVersion;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    policy_arn: String,
    version_id: String,
}

impl Operation for DeletePolicyVersion {
    type Call = Call;
    const NAME: &'static str = "DeletePolicyVersion";
    const ACTION: &'static str = "iam:DeletePolicyVersion";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().arn("policyArn", &input.policy_arn).version_id(&input.version_id).finish()?;
        Ok(vec![policy_arns::need(call, Self::ACTION, &input.policy_arn)?])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        managed_policies::delete_version(call, grant, input.policy_arn, input.version_id).await
    }
}
