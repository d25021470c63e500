//! `PutImageScanningConfiguration`: whether images of a repository are to be scanned when they are pushed.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImageScanningConfiguration.html>

use app::api::Call;
use app::{Action, Grant, repositories};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::shapes::repository::ImageScanningConfiguration;
use crate::shapes::target::Target;

/// The operation.
pub(crate) struct PutImageScanningConfiguration;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    image_scanning_configuration: ImageScanningConfiguration,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    registry_id: String,
    repository_name: String,
    image_scanning_configuration: ImageScanningConfiguration,
}

impl Operation for PutImageScanningConfiguration {
    type Call = Call;
    const NAME: &'static str = "PutImageScanningConfiguration";
    const ACTION: &'static str = Action::PutImageScanningConfiguration.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![target(call, input)?.need(Action::PutImageScanningConfiguration)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = target(call, &input)?;
        let configuration = input.image_scanning_configuration;
        repositories::set_scan_on_push(&call.ctx, &target.permit(grant), configuration.scan_on_push).await?;
        Ok(Output {
            registry_id: target.registry_id(),
            repository_name: target.repository_name(),
            image_scanning_configuration: configuration,
        })
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
