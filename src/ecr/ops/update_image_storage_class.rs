//! `UpdateImageStorageClass`: archives an image, or restores it.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UpdateImageStorageClass.html>
//!
//! Restoring is done when the call returns, so its status is ACTIVE, and never ACTIVATING. An image that an index lists is
//! archived only after the index; nobody knows with which text ECR refuses that.

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

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    registry_id: String,
    repository_name: String,
    image_id: ImageIdentifier,
    image_status: &'static str,
}

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
        let id = ImageId::from(&input.image_id);
        let (digest, class) = storage_class::update(&call.ctx, &permit, &id, &input.target_storage_class).await?;
        Ok(Output {
            registry_id: target.registry_id(),
            repository_name: target.repository_name(),
            image_id: ImageIdentifier { image_digest: Some(digest.to_string()), image_tag: input.image_id.image_tag },
            image_status: class.image_status(),
        })
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
