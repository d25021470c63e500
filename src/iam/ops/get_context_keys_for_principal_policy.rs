//! `GetContextKeysForPrincipalPolicy`: what conditions and variables in the policies of a user, group or role ask for.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetContextKeysForPrincipalPolicy.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::simulation::context_keys::{self, Output};
use crate::simulation::input::{Simulated, policy_list};
use crate::simulation::sources;

/// The operation.
pub(crate) struct GetContextKeysForPrincipalPolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    policy_source_arn: String,
    #[serde(default)]
    policy_input_list: Vec<String>,
}

impl Operation for GetContextKeysForPrincipalPolicy {
    type Call = Call;
    const NAME: &'static str = "GetContextKeysForPrincipalPolicy";
    const ACTION: &'static str = "iam:GetContextKeysForPrincipalPolicy";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        policy_list(Checks::new(), "policyInputList", &input.policy_input_list).finish()?;
        Ok(vec![sources::need(call, Self::ACTION, Some(&input.policy_source_arn))?])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let owner = sources::of::<Self>(call, grant, &input, Some(&input.policy_source_arn)).await?;
        let mut all = owner.identity;
        all.extend(Simulated::policies(&input.policy_input_list)?);
        Ok(context_keys::of(&all))
    }
}
