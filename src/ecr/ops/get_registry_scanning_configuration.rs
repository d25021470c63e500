//! `GetRegistryScanningConfiguration`: how the images of the registry are to be scanned.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetRegistryScanningConfiguration.html>

use app::api::Call;
use app::registry::scanning::{self, ScanningConfiguration};
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The operation.
pub(crate) struct GetRegistryScanningConfiguration;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    registry_id: String,
    /// `PutRegistryScanningConfiguration` answers it under another name.
    scanning_configuration: ScanningConfiguration,
}

impl Operation for GetRegistryScanningConfiguration {
    type Call = Call;
    const NAME: &'static str = "GetRegistryScanningConfiguration";
    const ACTION: &'static str = Action::GetRegistryScanningConfiguration.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, _: Input) -> Result<Output, Error> {
        let scanning_configuration = scanning::get(&call.ctx, grant).await?;
        Ok(Output { registry_id: call.account().to_string(), scanning_configuration })
    }
}
