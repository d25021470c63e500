//! `BatchDeleteImage`: images go by digest, or tag by tag; with its last tag goes the image.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html>

use app::api::Call;
use app::{
    Action, Grant,
    images::{self, Removed},
};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::shapes::image::{self, ImageFailure, ImageIdentifier};
use crate::shapes::paging;
use crate::shapes::target::Target;

/// The operation.
pub(crate) struct BatchDeleteImage;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    image_ids: Vec<ImageIdentifier>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    image_ids: Vec<ImageIdentifier>,
    failures: Vec<ImageFailure>,
}

impl Operation for BatchDeleteImage {
    type Call = Call;
    const NAME: &'static str = "BatchDeleteImage";
    const ACTION: &'static str = Action::BatchDeleteImage.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![target(call, input)?.need(Action::BatchDeleteImage)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = target(call, &input)?;
        paging::length("imageIds", &input.image_ids, 100)?;
        let outcome = images::delete_many(&call.ctx, &target.permit(grant), &image::ids(&input.image_ids)).await?;
        let mut output = Output { image_ids: Vec::new(), failures: Vec::new() };
        for (id, outcome) in input.image_ids.into_iter().zip(outcome) {
            match outcome {
                Removed::Done(gone) => output.image_ids.extend(gone.into_iter().map(|(digest, tag)| ImageIdentifier {
                    image_digest: Some(digest.to_string()),
                    image_tag: tag.map(|tag| tag.to_string()),
                })),
                Removed::Not(failure) => output.failures.push(ImageFailure::new(id, failure)),
            }
        }
        Ok(output)
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
