//! A repository creation template as calls and answers show it.

use app::registry::creation_templates::{self, Change};
use aws::Epoch;
use serde::{Deserialize, Serialize};

/// What a call can say of a template, beside its prefix and what it applies for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Changed {
    description: Option<String>,
    encryption_configuration: Option<EncryptionConfiguration>,
    resource_tags: Option<Vec<ResourceTag>>,
    image_tag_mutability: Option<String>,
    image_tag_mutability_exclusion_filters: Option<Vec<ExclusionFilter>>,
    repository_policy: Option<String>,
    lifecycle_policy: Option<String>,
    custom_role_arn: Option<String>,
}

/// A template. Absent members are omitted.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Template {
    prefix: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    encryption_configuration: EncryptionConfiguration,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resource_tags: Vec<ResourceTag>,
    image_tag_mutability: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    image_tag_mutability_exclusion_filters: Vec<ExclusionFilter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository_policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lifecycle_policy: Option<String>,
    applied_for: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_role_arn: Option<String>,
    created_at: Epoch,
    updated_at: Epoch,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EncryptionConfiguration {
    encryption_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key: Option<String>,
}

/// The one kind of tag that ECR spells in capitals.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ResourceTag {
    key: String,
    value: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExclusionFilter {
    filter_type: String,
    filter: String,
}

impl Changed {
    /// For the rule.
    pub(super) fn into_change(self, applied_for: Option<Vec<String>>) -> Change {
        let filter = |filter: ExclusionFilter| (filter.filter_type, filter.filter);
        Change {
            description: self.description,
            applied_for,
            encryption: self.encryption_configuration.map(|encryption| (encryption.encryption_type, encryption.kms_key)),
            resource_tags: self.resource_tags.map(|tags| tags.into_iter().map(|tag| (tag.key, tag.value)).collect()),
            tag_mutability: self.image_tag_mutability,
            tag_filters: self
                .image_tag_mutability_exclusion_filters
                .map(|filters| filters.into_iter().map(filter).collect()),
            repository_policy: self.repository_policy,
            lifecycle_policy: self.lifecycle_policy,
            custom_role_arn: self.custom_role_arn,
        }
    }
}

impl From<creation_templates::Template> for Template {
    fn from(template: creation_templates::Template) -> Self {
        let settings = template.settings;
        let tag = |(key, value)| ResourceTag { key, value };
        let filter = |filter| ExclusionFilter { filter_type: "WILDCARD".to_owned(), filter };
        Self {
            prefix: template.prefix,
            description: settings.description,
            encryption_configuration: EncryptionConfiguration {
                encryption_type: settings.encryption_type,
                kms_key: settings.kms_key,
            },
            resource_tags: settings.resource_tags.into_iter().map(tag).collect(),
            image_tag_mutability: settings.tag_mutability,
            image_tag_mutability_exclusion_filters: settings.tag_filters.into_iter().map(filter).collect(),
            repository_policy: settings.repository_policy,
            lifecycle_policy: settings.lifecycle_policy,
            applied_for: settings.applied_for,
            custom_role_arn: settings.custom_role_arn,
            created_at: Epoch(template.created_at),
            updated_at: Epoch(template.updated_at),
        }
    }
}
