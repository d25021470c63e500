//! `CreatePolicyVersion`: adds a version to a managed policy; five at most.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicyVersion.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;
use crate::shapes::PolicyVersion;
use crate::{managed_policies, policy_arns};

/// The operation.
pub(crate) struct CreatePolicyVersion;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    policy_arn: String,
    policy_document: String,
    set_as_default: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    policy_version: PolicyVersion,
}

impl Operation for CreatePolicyVersion {
    type Call = Call;
    const NAME: &'static str = "CreatePolicyVersion";
    const ACTION: &'static str = "iam:CreatePolicyVersion";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new()
            .arn("policyArn", &input.policy_arn)
            .document("policyDocument", &input.policy_document)
            .finish()?;
        Ok(vec![policy_arns::need(call, Self::ACTION, &input.policy_arn)?])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let default = input.set_as_default.unwrap_or(false);
        let version =
            managed_policies::create_version(call, grant, input.policy_arn, input.policy_document, default).await?;
        Ok(Output { policy_version: PolicyVersion::brief(version) })
    }
}
