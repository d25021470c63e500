//! `StartImageScan`: scans an image for vulnerabilities.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_StartImageScan.html>
//!
//! There is no scanner yet. A call about an image that exists is refused with the `ValidationException` that ECR has
//! where scans by hand are not to be had; to say that a scan began would let `aws ecr wait image-scan-complete` wait
//! for nothing.

use app::api::Call;
use app::images::ImageId;
use app::registry::scanning;
use app::{Action, Grant};
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

/// There is none: no scan begins.
#[derive(Debug, Serialize)]
pub(crate) enum Output {}

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
        match scanning::start(&call.ctx, &permit, &ImageId::from(&input.image_id)).await? {}
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
