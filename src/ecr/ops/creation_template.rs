//! A repository creation template as calls and answers show it.

use app::registry::creation_templates::{self, Change};
use aws::Epoch;
use serde::{Deserialize, Serialize};
use types::{Encryption, RegistryId};

use crate::error::Error;
use crate::shapes::encryption::EncryptionConfiguration;
use crate::shapes::tag::Tag;
use crate::shapes::tag_mutability::{self, ExclusionFilter};

/// What a call can say of a template, beside its prefix and what it applies for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Changed {
    description: Option<String>,
    encryption_configuration: Option<EncryptionConfiguration>,
    resource_tags: Option<Vec<Tag>>,
    image_tag_mutability: Option<String>,
    image_tag_mutability_exclusion_filters: Option<Vec<ExclusionFilter>>,
    repository_policy: Option<String>,
    lifecycle_policy: Option<String>,
    custom_role_arn: Option<String>,
}

/// `RepositoryCreationTemplate`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Template {
    prefix: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    encryption_configuration: EncryptionConfiguration,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resource_tags: Vec<Tag>,
    image_tag_mutability: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_tag_mutability_exclusion_filters: Option<Vec<ExclusionFilter>>,
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

impl Changed {
    /// For the rule.
    pub(super) fn read(self, registry: &RegistryId, applied_for: Option<Vec<String>>) -> Result<Change, Error> {
        let encryption: Option<Encryption> =
            self.encryption_configuration.map(|encryption| encryption.read(registry)).transpose()?;
        let filter = |filter: ExclusionFilter| (filter.filter_type, filter.filter);
        Ok(Change {
            description: self.description,
            applied_for,
            encryption,
            resource_tags: self.resource_tags.map(|tags| tags.into_iter().map(Into::into).collect()),
            tag_mutability: self.image_tag_mutability,
            tag_filters: self
                .image_tag_mutability_exclusion_filters
                .map(|filters| filters.into_iter().map(filter).collect()),
            repository_policy: self.repository_policy,
            lifecycle_policy: self.lifecycle_policy,
            custom_role_arn: self.custom_role_arn,
        })
    }
}

impl Template {
    /// For clients of this registry.
    pub(super) fn new(registry: &RegistryId, template: creation_templates::Template) -> Self {
        let settings = template.settings;
        Self {
            prefix: template.prefix,
            description: settings.description,
            encryption_configuration: EncryptionConfiguration::new(registry, &settings.encryption),
            resource_tags: settings.tags.into_iter().map(Into::into).collect(),
            image_tag_mutability: settings.tag_mutability.mode(),
            image_tag_mutability_exclusion_filters: tag_mutability::filters(&settings.tag_mutability),
            repository_policy: settings.repository_policy,
            lifecycle_policy: settings.lifecycle_policy,
            applied_for: settings.applied_for,
            custom_role_arn: settings.custom_role_arn,
            created_at: Epoch(template.created_at),
            updated_at: Epoch(template.updated_at),
        }
    }
}
