//! `GetContextKeysForCustomPolicy`: what conditions and variables of policies ask for.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetContextKeysForCustomPolicy.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::simulation::context_keys::{self, Output};
use crate::simulation::input::{Simulated, policy_list};

/// The operation.
pub(crate) struct GetContextKeysForCustomPolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    policy_input_list: Vec<String>,
}

impl Operation for GetContextKeysForCustomPolicy {
    type Call = Call;
    const NAME: &'static str = "GetContextKeysForCustomPolicy";
    const ACTION: &'static str = "iam:GetContextKeysForCustomPolicy";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        policy_list(Checks::new(), "policyInputList", &input.policy_input_list).finish()?;
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(_: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        grant.require(Self::ACTION)?;
        Ok(context_keys::of(&Simulated::policies(&input.policy_input_list)?))
    }
}
