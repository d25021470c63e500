//! `PutRegistryPolicy`: replaces the policy that counts for all repositories of the registry. It is obeyed at once.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutRegistryPolicy.html>

use app::api::Call;
use app::registry::policy;
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The operation.
pub(crate) struct PutRegistryPolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    policy_text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    registry_id: String,
    policy_text: String,
}

impl Operation for PutRegistryPolicy {
    type Call = Call;
    const NAME: &'static str = "PutRegistryPolicy";
    const ACTION: &'static str = Action::PutRegistryPolicy.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        policy::put(&call.ctx, grant, &input.policy_text).await?;
        Ok(Output { registry_id: call.account().to_string(), policy_text: input.policy_text })
    }
}
