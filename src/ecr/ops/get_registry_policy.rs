//! `GetRegistryPolicy`: the registry policy, as it was sent.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetRegistryPolicy.html>

use app::api::Call;
use app::registry::policy;
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The operation.
pub(crate) struct GetRegistryPolicy;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    registry_id: String,
    policy_text: String,
}

impl Operation for GetRegistryPolicy {
    type Call = Call;
    const NAME: &'static str = "GetRegistryPolicy";
    const ACTION: &'static str = Action::GetRegistryPolicy.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, _: Input) -> Result<Output, Error> {
        let policy_text = policy::get(&call.ctx, grant).await?;
        Ok(Output { registry_id: call.account().to_string(), policy_text })
    }
}
