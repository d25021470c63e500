//! `PutRegistryScanningConfiguration`: how the images of the registry are to be scanned.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutRegistryScanningConfiguration.html>
//!
//! The configuration is stored and shown for each repository. Nothing is scanned yet.

use app::api::Call;
use app::registry::scanning::{self, ScanningConfiguration, ScanningRule};
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The operation.
pub(crate) struct PutRegistryScanningConfiguration;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    scan_type: Option<String>,
    rules: Option<Vec<ScanningRule>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    registry_scanning_configuration: ScanningConfiguration,
}

impl Operation for PutRegistryScanningConfiguration {
    type Call = Call;
    const NAME: &'static str = "PutRegistryScanningConfiguration";
    const ACTION: &'static str = Action::PutRegistryScanningConfiguration.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let default = ScanningConfiguration::default();
        let registry_scanning_configuration = ScanningConfiguration {
            scan_type: input.scan_type.unwrap_or(default.scan_type),
            rules: input.rules.unwrap_or(default.rules),
        };
        scanning::put(&call.ctx, grant, &registry_scanning_configuration).await?;
        Ok(Output { registry_scanning_configuration })
    }
}
