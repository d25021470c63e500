//! `GetPolicyVersion`: a version of a managed policy, with its document.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicyVersion.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;
use crate::shapes::PolicyVersion;
use crate::{managed_policies, policy_arns};

/// The operation.
pub(crate) struct GetPolicyVersion;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    policy_arn: String,
    version_id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    policy_version: PolicyVersion,
}

impl Operation for GetPolicyVersion {
    type Call = Call;
    const NAME: &'static str = "GetPolicyVersion";
    const ACTION: &'static str = "iam:GetPolicyVersion";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().arn("policyArn", &input.policy_arn).version_id(&input.version_id).finish()?;
        Ok(vec![policy_arns::need(call, Self::ACTION, &input.policy_arn)?])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let version = managed_policies::get_version(call, grant, &input.policy_arn, &input.version_id).await?;
        Ok(Output { policy_version: PolicyVersion::full(version) })
    }
}
