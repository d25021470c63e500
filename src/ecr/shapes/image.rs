//! `ImageIdentifier`, `Image` and `ImageFailure`, and the filters of lists of images.

use app::images::{self, Failure, ImageId, Shown, Tagged};
use aws::invalid_parameter;
use serde::{Deserialize, Serialize};
use types::StorageClass;

use super::target::Target;
use crate::error::Error;

/// `ImageIdentifier`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageIdentifier {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image_digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image_tag: Option<String>,
}

impl From<&ImageIdentifier> for ImageId {
    fn from(id: &ImageIdentifier) -> Self {
        Self { digest: id.image_digest.clone(), tag: id.image_tag.clone() }
    }
}

/// What rules take for what clients send.
pub(crate) fn ids(identifiers: &[ImageIdentifier]) -> Vec<ImageId> {
    identifiers.iter().map(ImageId::from).collect()
}

/// `Image`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Image {
    registry_id: String,
    repository_name: String,
    image_id: ImageIdentifier,
    image_manifest: String,
    image_manifest_media_type: String,
}

impl Image {
    /// `tag` is the one by which it was asked for or put.
    pub(crate) fn new(target: &Target, image: &images::Image, tag: Option<String>) -> Self {
        Self {
            registry_id: target.registry_id(),
            repository_name: target.repository_name(),
            image_id: ImageIdentifier { image_digest: Some(image.digest.to_string()), image_tag: tag },
            // A manifest is UTF-8, or it would not have been stored.
            image_manifest: String::from_utf8_lossy(&image.bytes).into_owned(),
            image_manifest_media_type: image.media_type.to_string(),
        }
    }
}

/// `ImageFailure`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageFailure {
    image_id: ImageIdentifier,
    failure_code: &'static str,
    failure_reason: &'static str,
}

impl ImageFailure {
    /// Of what was asked for, as it was asked for.
    pub(crate) fn new(asked: ImageIdentifier, failure: Failure) -> Self {
        Self { image_id: asked, failure_code: failure.code(), failure_reason: failure.reason() }
    }
}

/// `ListImagesFilter` and `DescribeImagesFilter`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Filter {
    tag_status: Option<String>,
    image_status: Option<String>,
}

impl Filter {
    /// Reads a filter; without one all active images pass.
    pub(crate) fn read(filter: Option<&Self>) -> Result<Shown, Error> {
        let tagged = match filter.and_then(|filter| filter.tag_status.as_deref()) {
            None | Some("ANY") => Tagged::Any,
            Some("TAGGED") => Tagged::Tagged,
            Some("UNTAGGED") => Tagged::Untagged,
            Some(_) => {
                let set = "must satisfy enum value set: [TAGGED, UNTAGGED, ANY]";
                return Err(invalid_parameter("tagStatus", set).into());
            }
        };
        match filter.and_then(|filter| filter.image_status.as_deref()) {
            None | Some("ACTIVE") => Ok(Shown { tagged, class: Some(StorageClass::Standard) }),
            Some("ARCHIVED") => Ok(Shown { tagged, class: Some(StorageClass::Archive) }),
            Some("ANY") => Ok(Shown { tagged, class: None }),
            // Restoring takes no time.
            Some("ACTIVATING") => Ok(Shown { tagged: Tagged::Neither, class: None }),
            Some(_) => {
                let set = "must satisfy enum value set: [ACTIVE, ARCHIVED, ACTIVATING, ANY]";
                Err(invalid_parameter("imageStatus", set).into())
            }
        }
    }
}
