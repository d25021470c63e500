//! How calls and answers name an image.

use app::images::ImageId;
use serde::{Deserialize, Serialize};

/// By digest, by tag, or by both. Absent members are omitted.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageIdentifier {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) image_digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) image_tag: Option<String>,
}

impl ImageIdentifier {
    /// For a rule.
    pub(super) fn id(&self) -> ImageId {
        ImageId { digest: self.image_digest.clone(), tag: self.image_tag.clone() }
    }

    /// With the digest that was found.
    pub(super) fn found(self, digest: impl ToString) -> Self {
        Self { image_digest: Some(digest.to_string()), ..self }
    }
}
