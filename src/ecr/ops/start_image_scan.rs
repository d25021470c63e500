//! `StartImageScan`: scans an image for vulnerabilities.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_StartImageScan.html>
//!
//! The scan is a job; `DescribeImageScanFindings` tells of it at once. An image may be scanned once a day, as on ECR; the
//! period is a setting.

use app::api::Call;
use app::images::ImageId;
use app::{Action, Grant, scanning};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::shapes::image::ImageIdentifier;
use crate::shapes::target::Target;

/// The operation.
pub(crate) struct StartImageScan;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    image_id: ImageIdentifier,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    registry_id: String,
    repository_name: String,
    image_id: ImageIdentifier,
    image_scan_status: ImageScanStatus,
}

#[derive(Debug, Serialize)]
struct ImageScanStatus {
    status: &'static str,
}

impl Operation for StartImageScan {
    type Call = Call;
    const NAME: &'static str = "StartImageScan";
    const ACTION: &'static str = Action::StartImageScan.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![target(call, input)?.need(Action::StartImageScan)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = target(call, &input)?;
        let permit = target.permit(grant);
        let digest = scanning::start(&call.ctx, &permit, &ImageId::from(&input.image_id)).await?;
        Ok(Output {
            registry_id: target.registry_id(),
            repository_name: target.repository_name(),
            image_id: ImageIdentifier { image_digest: Some(digest.to_string()), image_tag: input.image_id.image_tag },
            image_scan_status: ImageScanStatus { status: "IN_PROGRESS" },
        })
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
