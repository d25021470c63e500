//! `GetSigningConfiguration`: which images are to be signed when they are pushed.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetSigningConfiguration.html>

use app::api::Call;
use app::registry::signing::{self, SigningConfiguration};
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The operation.
pub(crate) struct GetSigningConfiguration;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    registry_id: String,
    signing_configuration: SigningConfiguration,
}

impl Operation for GetSigningConfiguration {
    type Call = Call;
    const NAME: &'static str = "GetSigningConfiguration";
    const ACTION: &'static str = Action::GetSigningConfiguration.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, _: Input) -> Result<Output, Error> {
        let signing_configuration = signing::get(&call.ctx, grant).await?;
        Ok(Output { registry_id: call.account().to_string(), signing_configuration })
    }
}
