//! `UpdateImageStorageClass`: archives an image, or restores it.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UpdateImageStorageClass.html>
//!
//! There is no archive yet, so a call about an image that exists is refused with the error that ECR has for it.

use app::api::Call;
use app::images::storage_class;
use app::{Action, Grant};
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use super::image_identifier::ImageIdentifier;
use crate::error::Error;
use crate::parameters::repository;

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
        let (registry, name) = repository(call, input.registry_id.as_deref(), &input.repository_name)?;
        Ok(vec![Need::new(Self::ACTION, Resource::Repository(registry, name))])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let (registry, name) = repository(call, input.registry_id.as_deref(), &input.repository_name)?;
        let permit = grant.permit(&registry, &name);
        let (id, target) = (input.image_id.id(), input.target_storage_class.as_str());
        match storage_class::update(&call.ctx, &permit, &id, target).await? {}
    }
}
