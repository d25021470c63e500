//! What repositories get from a creation template: what may be said, how a change is applied to what was said before,
//! and how it is stored.

use serde::{Deserialize, Serialize};
use types::{Encryption, TagFilter, TagMutability};

use super::check::{invalid, length, one_of};
use crate::resource_tags::{self, ResourceTag};
use crate::{Error, Result, lifecycle, repository_policies};

/// What repositories get from a template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// For people.
    pub description: Option<String>,
    /// On whose behalf repositories are created that get it, as ECR spells it.
    pub applied_for: Vec<String>,
    /// How they are said to be encrypted.
    pub encryption: Encryption,
    /// Their tags as AWS resources.
    pub tags: Vec<ResourceTag>,
    /// Whether their tags may move.
    pub tag_mutability: TagMutability,
    /// As it was sent.
    pub repository_policy: Option<String>,
    /// As it was sent.
    pub lifecycle_policy: Option<String>,
    /// Kept for AWS's sake.
    pub custom_role_arn: Option<String>,
}

/// What is to be different in a template. Absent members stay; an empty text or list clears.
#[derive(Debug, Default)]
pub struct Change {
    /// See [`Settings::description`].
    pub description: Option<String>,
    /// See [`Settings::applied_for`].
    pub applied_for: Option<Vec<String>>,
    /// See [`Settings::encryption`].
    pub encryption: Option<Encryption>,
    /// See [`Settings::tags`].
    pub resource_tags: Option<Vec<ResourceTag>>,
    /// The mode of [`Settings::tag_mutability`], as ECR spells it.
    pub tag_mutability: Option<String>,
    /// Its filters, each with its type.
    pub tag_filters: Option<Vec<(String, String)>>,
    /// See [`Settings::repository_policy`].
    pub repository_policy: Option<String>,
    /// See [`Settings::lifecycle_policy`].
    pub lifecycle_policy: Option<String>,
    /// See [`Settings::custom_role_arn`].
    pub custom_role_arn: Option<String>,
}

/// A push to a repository that does not exist.
pub(crate) const CREATE_ON_PUSH: &str = "CREATE_ON_PUSH";

/// A replication to a repository that does not exist.
pub(crate) const REPLICATION: &str = "REPLICATION";

/// The first pull of something that another registry has.
pub(crate) const PULL_THROUGH_CACHE: &str = "PULL_THROUGH_CACHE";

const SCENARIOS: &[&str] = &[REPLICATION, PULL_THROUGH_CACHE, CREATE_ON_PUSH];

const MODES: &[&str] = &["MUTABLE", "IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"];

impl Change {
    /// Applies the change, and checks what comes of it.
    pub(super) fn apply(self, settings: &mut Settings) -> Result<()> {
        let filled = |text: String| Some(text).filter(|text| !text.is_empty());
        if let Some(description) = self.description {
            length("description", &description, 0..=256)?;
            settings.description = filled(description);
        }
        if let Some(scenarios) = self.applied_for {
            for scenario in &scenarios {
                one_of("appliedFor", scenario, SCENARIOS)?;
            }
            settings.applied_for = scenarios;
        }
        if let Some(encryption) = self.encryption {
            settings.encryption = encryption;
        }
        if let Some(tags) = self.resource_tags {
            resource_tags::check(&tags)?;
            settings.tags = tags;
        }
        if self.tag_mutability.is_some() || self.tag_filters.is_some() {
            settings.tag_mutability = mutability(self.tag_mutability, self.tag_filters, &settings.tag_mutability)?;
        }
        if let Some(text) = self.repository_policy {
            settings.repository_policy = filled(text);
            if let Some(text) = &settings.repository_policy {
                repository_policies::check("repositoryPolicy", text)?;
            }
        }
        if let Some(text) = self.lifecycle_policy {
            settings.lifecycle_policy = filled(text);
            if let Some(text) = &settings.lifecycle_policy {
                lifecycle::check(text)?;
            }
        }
        if let Some(role) = self.custom_role_arn {
            length("customRoleArn", &role, 0..=2048)?;
            settings.custom_role_arn = filled(role);
        }
        Ok(())
    }
}

/// A mode and filters of which one may be absent: then it stays, but a plain mode has no filters.
fn mutability(
    mode: Option<String>,
    filters: Option<Vec<(String, String)>>,
    before: &TagMutability,
) -> Result<TagMutability> {
    let mode = mode.unwrap_or_else(|| before.mode().to_owned());
    one_of("imageTagMutability", &mode, MODES)?;
    let mut parsed = Vec::new();
    match filters {
        Some(filters) => {
            for (kind, filter) in filters {
                one_of("filterType", &kind, &["WILDCARD"])?;
                let filter: TagFilter =
                    filter.parse().map_err(|error: types::Invalid| invalid(FILTERS, error.to_string()))?;
                parsed.push(filter);
            }
        }
        None if mode.ends_with("_WITH_EXCLUSION") => parsed = before.filters().to_vec(),
        None => {}
    }
    TagMutability::new(&mode, parsed).map_err(|error| invalid(FILTERS, error.to_string()))
}

const FILTERS: &str = "imageTagMutabilityExclusionFilters";

/// Settings as they are stored.
#[derive(Serialize, Deserialize)]
struct Document {
    description: Option<String>,
    applied_for: Vec<String>,
    encryption_type: String,
    kms_key: Option<String>,
    tags: Vec<(String, String)>,
    tag_mutability: String,
    tag_filters: Vec<String>,
    repository_policy: Option<String>,
    lifecycle_policy: Option<String>,
    custom_role_arn: Option<String>,
}

impl From<&Settings> for Document {
    fn from(settings: &Settings) -> Self {
        Self {
            description: settings.description.clone(),
            applied_for: settings.applied_for.clone(),
            encryption_type: settings.encryption.kind().to_owned(),
            kms_key: settings.encryption.key().map(str::to_owned),
            tags: settings.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect(),
            tag_mutability: settings.tag_mutability.mode().to_owned(),
            tag_filters: settings.tag_mutability.filters().iter().map(TagFilter::to_string).collect(),
            repository_policy: settings.repository_policy.clone(),
            lifecycle_policy: settings.lifecycle_policy.clone(),
            custom_role_arn: settings.custom_role_arn.clone(),
        }
    }
}

impl Document {
    fn read(self) -> std::result::Result<Settings, types::Invalid> {
        let filters = self.tag_filters.iter().map(|filter| filter.parse()).collect::<std::result::Result<_, _>>()?;
        Ok(Settings {
            description: self.description,
            applied_for: self.applied_for,
            encryption: Encryption::new(&self.encryption_type, self.kms_key)?,
            tags: self.tags.into_iter().map(|(key, value)| ResourceTag { key, value }).collect(),
            tag_mutability: TagMutability::new(&self.tag_mutability, filters)?,
            repository_policy: self.repository_policy,
            lifecycle_policy: self.lifecycle_policy,
            custom_role_arn: self.custom_role_arn,
        })
    }
}

impl Settings {
    /// As they are stored.
    pub(super) fn written(&self) -> Result<String> {
        serde_json::to_string(&Document::from(self)).map_err(|_| Error::Internal)
    }

    /// From how they are stored.
    pub(super) fn stored(text: &str) -> Result<Self> {
        let document: Document = super::stored("creation template", text)?;
        document.read().map_err(|error| {
            tracing::error!(%error, "a stored creation template cannot be read");
            Error::Internal
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_change_does_not_name_stays() {
        let mut settings = Settings::default();
        let first = Change {
            description: Some("d".to_owned()),
            tag_mutability: Some("IMMUTABLE_WITH_EXCLUSION".to_owned()),
            tag_filters: Some(vec![("WILDCARD".to_owned(), "dev-*".to_owned())]),
            ..Change::default()
        };
        first.apply(&mut settings).unwrap();
        let before = settings.clone();
        Change::default().apply(&mut settings).unwrap();
        assert_eq!(settings, before);
        // A plain mode has no filters; an empty text clears.
        let second = Change {
            description: Some(String::new()),
            tag_mutability: Some("MUTABLE".to_owned()),
            ..Change::default()
        };
        second.apply(&mut settings).unwrap();
        assert_eq!((settings.description, settings.tag_mutability), (None, TagMutability::Mutable));
    }

    #[test]
    fn what_is_stored_is_read_again() {
        let settings = Settings {
            description: Some("d".to_owned()),
            applied_for: vec![CREATE_ON_PUSH.to_owned()],
            encryption: Encryption::new("KMS", Some("alias/k".to_owned())).unwrap(),
            tags: vec![ResourceTag { key: "k".to_owned(), value: "v".to_owned() }],
            tag_mutability: TagMutability::new("MUTABLE_WITH_EXCLUSION", vec!["v*".parse().unwrap()]).unwrap(),
            repository_policy: Some("p".to_owned()),
            lifecycle_policy: Some("l".to_owned()),
            custom_role_arn: Some("r".to_owned()),
        };
        assert_eq!(Settings::stored(&settings.written().unwrap()).unwrap(), settings);
    }

    #[test]
    fn a_change_that_makes_no_sense_is_refused() {
        let text = |text: &str| Some(text.to_owned());
        for change in [
            Change { applied_for: Some(vec!["PUSH".to_owned()]), ..Change::default() },
            Change {
                resource_tags: Some(vec![ResourceTag { key: "aws:x".to_owned(), value: String::new() }]),
                ..Change::default()
            },
            Change { tag_mutability: text("SOMETIMES"), ..Change::default() },
            Change { tag_mutability: text("IMMUTABLE_WITH_EXCLUSION"), ..Change::default() },
            Change { tag_filters: Some(vec![("WILDCARD".to_owned(), "a".to_owned())]), ..Change::default() },
            Change { repository_policy: text("{}"), ..Change::default() },
            Change { lifecycle_policy: text("{}"), ..Change::default() },
            Change { description: Some("x".repeat(257)), ..Change::default() },
        ] {
            let shown = format!("{change:?}");
            assert!(change.apply(&mut Settings::default()).is_err(), "{shown}");
        }
    }
}
