//! `PutSigningConfiguration`: which images are to be signed when they are pushed, and by which profile.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutSigningConfiguration.html>
//!
//! The configuration is stored. Nothing is signed yet.

use app::api::Call;
use app::registry::signing::{self, SigningConfiguration};
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The operation.
pub(crate) struct PutSigningConfiguration;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    signing_configuration: SigningConfiguration,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    signing_configuration: SigningConfiguration,
}

impl Operation for PutSigningConfiguration {
    type Call = Call;
    const NAME: &'static str = "PutSigningConfiguration";
    const ACTION: &'static str = Action::PutSigningConfiguration.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let signing_configuration = input.signing_configuration;
        signing::put(&call.ctx, grant, &signing_configuration).await?;
        Ok(Output { signing_configuration })
    }
}
