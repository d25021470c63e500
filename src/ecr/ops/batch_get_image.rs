//! `BatchGetImage`: the manifests of images; what is not there is told image by image.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html>
//!
//! `acceptedMediaTypes` only decides about a conversion to Docker's schema 1, which Wharf does not store; a manifest is
//! answered as it was pushed, byte by byte. One call counts as one pull of each image.

use std::any::Any;

use app::api::Call;
use app::{Action, Grant, images};
use aws::{Audit, Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::shapes::image::{self, Image, ImageFailure, ImageIdentifier};
use crate::shapes::paging;
use crate::shapes::target::Target;

/// The operation.
pub(crate) struct BatchGetImage;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    image_ids: Vec<ImageIdentifier>,
    accepted_media_types: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    images: Vec<Image>,
    failures: Vec<ImageFailure>,
    #[serde(skip)]
    room: Option<images::Room>,
}

impl Operation for BatchGetImage {
    type Call = Call;
    const NAME: &'static str = "BatchGetImage";
    const ACTION: &'static str = Action::BatchGetImage.as_str();
    const AUDIT: Audit = Audit::Data;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![target(call, input)?.need(Action::BatchGetImage)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = target(call, &input)?;
        paging::length("imageIds", &input.image_ids, 100)?;
        if let Some(accepted) = &input.accepted_media_types {
            paging::length("acceptedMediaTypes", accepted, 100)?;
        }
        let asked = image::ids(&input.image_ids);
        let images::Batch { found, room } = images::pull_many(&call.ctx, &target.permit(grant), &asked).await?;
        let mut output = Output { images: Vec::new(), failures: Vec::new(), room };
        for (id, found) in input.image_ids.into_iter().zip(found) {
            match found {
                Ok(image) => output.images.push(Image::new(&target, &image, id.image_tag)),
                Err(failure) => output.failures.push(ImageFailure::new(id, failure)),
            }
        }
        Ok(output)
    }

    fn kept(output: &mut Output) -> Option<Box<dyn Any + Send>> {
        output.room.take().map(|room| Box::new(room) as _)
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
