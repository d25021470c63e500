//! Tags of resources.

use app::resource_tags::ResourceTag;
use serde::{Deserialize, Serialize};

/// `Tag`: one of the few structures of ECR whose members are capital. A tag without a value has an empty one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Tag {
    pub(crate) key: String,
    #[serde(default)]
    pub(crate) value: String,
}

impl From<Tag> for ResourceTag {
    fn from(tag: Tag) -> Self {
        Self { key: tag.key, value: tag.value }
    }
}

impl From<ResourceTag> for Tag {
    fn from(tag: ResourceTag) -> Self {
        Self { key: tag.key, value: tag.value }
    }
}

/// As authorization asks for them.
pub(crate) fn pairs(tags: &[Tag]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()))
}
