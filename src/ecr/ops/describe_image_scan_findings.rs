//! `DescribeImageScanFindings`: what scans of an image found.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageScanFindings.html>
//!
//! There is no scanner yet, so every image that exists has the answer that ECR has for one that was never scanned.

use app::api::Call;
use app::images::ImageId;
use app::registry::scanning;
use app::{Action, Grant};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::shapes::image::ImageIdentifier;
use crate::shapes::paging;
use crate::shapes::target::Target;

/// The operation.
pub(crate) struct DescribeImageScanFindings;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    image_id: ImageIdentifier,
    max_results: Option<i64>,
}

/// There is none: no scan exists.
#[derive(Debug, Serialize)]
pub(crate) enum Output {}

impl Operation for DescribeImageScanFindings {
    type Call = Call;
    const NAME: &'static str = "DescribeImageScanFindings";
    const ACTION: &'static str = Action::DescribeImageScanFindings.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        paging::limit(input.max_results, 1000)?;
        Ok(vec![target(call, input)?.need(Action::DescribeImageScanFindings)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = target(call, &input)?;
        let permit = target.permit(grant);
        match scanning::findings(&call.ctx, &permit, &ImageId::from(&input.image_id)).await? {}
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
