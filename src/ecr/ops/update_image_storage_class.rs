//! `UpdateImageStorageClass`: archives an image, or restores it.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UpdateImageStorageClass.html>
//!
//! There is no archive yet, so a call about an image that exists is refused with the error that ECR has for it.

use app::api::Call;
use app::images::{ImageId, storage_class};
use app::{Action, Grant};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::shapes::image::ImageIdentifier;
use crate::shapes::target::Target;

/// The operation.
pub(crate) struct UpdateImageStorageClass;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    image_id: ImageIdentifier,
    target_storage_class: String,
}

/// There is none: no image moves.
#[derive(Debug, Serialize)]
pub(crate) enum Output {}

impl Operation for UpdateImageStorageClass {
    type Call = Call;
    const NAME: &'static str = "UpdateImageStorageClass";
    const ACTION: &'static str = Action::UpdateImageStorageClass.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![target(call, input)?.need(Action::UpdateImageStorageClass)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = target(call, &input)?;
        let permit = target.permit(grant);
        let (id, target) = (ImageId::from(&input.image_id), input.target_storage_class.as_str());
        match storage_class::update(&call.ctx, &permit, &id, target).await? {}
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
