//! Repository creation templates: what a repository gets that is created on somebody's behalf, by a push, by the cache or
//! by replication. The template with the longest prefix of its name counts, `ROOT` last.
//!
//! ECR assumes the template's role to set tags and keys of KMS, and creates nothing without it. Here no role is needed; the
//! ARN is kept and given back.

use serde::{Deserialize, Serialize};
use store::repository_creation_templates::{self as rows, RepositoryCreationTemplateRow};
use store::{Conn, Pending};
use types::{Encryption, RegistryId, RepoName, TagFilter, TagMutability, Timestamp};

use super::check::{self, ROOT, invalid, is_prefix, length, one_of, pattern};
use super::{List, Page};
use crate::resource_tags::{self, ResourceTag};
use crate::{Action, Ctx, Error, Grant, Result, lifecycle, repository_policies};

/// A template.
#[derive(Debug)]
pub struct Template {
    /// Of names of repositories, or `ROOT`.
    pub prefix: String,
    /// What repositories get.
    pub settings: Settings,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// What repositories get from a template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// For people.
    pub description: Option<String>,
    /// See [`SCENARIOS`].
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

/// On whose behalf repositories are created.
pub const SCENARIOS: &[&str] = &["REPLICATION", "PULL_THROUGH_CACHE", CREATE_ON_PUSH];

const MODES: &[&str] = &["MUTABLE", "IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"];

impl Change {
    /// Applies the change, and checks what comes of it.
    fn apply(self, settings: &mut Settings) -> Result<()> {
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

impl Template {
    fn read(row: RepositoryCreationTemplateRow) -> Result<Self> {
        let document: Document = super::stored("creation template", &row.document)?;
        let settings = document.read().map_err(|error| {
            tracing::error!(%error, "a stored creation template cannot be read");
            Error::Internal
        })?;
        Ok(Self { prefix: row.prefix, settings, created_at: row.created_at, updated_at: row.updated_at })
    }
}

/// Makes a template.
pub async fn create(ctx: &Ctx, grant: &Grant, prefix: &str, change: Change) -> Result<Template> {
    grant.require(Action::CreateRepositoryCreationTemplate.as_str())?;
    let prefix = check_prefix("prefix", prefix)?.to_owned();
    let mut settings = Settings::default();
    change.apply(&mut settings)?;
    let (registry, now) = (ctx.registry.clone(), ctx.app.now());
    let document = written(&settings)?;
    let row = RepositoryCreationTemplateRow { prefix: prefix.clone(), document, created_at: now, updated_at: now };
    ctx.app
        .db
        .write(move |conn| {
            Box::pin(async move {
                if !rows::insert(conn, &registry, &row).await? {
                    return Err(Error::TemplateExists { registry, prefix: row.prefix });
                }
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await?;
    Ok(Template { prefix, settings, created_at: now, updated_at: now })
}

/// Changes a template. The template as it is then.
pub async fn update(ctx: &Ctx, grant: &Grant, prefix: &str, change: Change) -> Result<Template> {
    grant.require(Action::UpdateRepositoryCreationTemplate.as_str())?;
    let prefix = check_prefix("prefix", prefix)?.to_owned();
    let (registry, now) = (ctx.registry.clone(), ctx.app.now());
    ctx.app
        .db
        .write(move |conn| {
            Box::pin(async move {
                let row = rows::lock(conn, &registry, &prefix).await?.ok_or_else(|| unknown(&registry, &prefix))?;
                let mut template = Template::read(row)?;
                change.apply(&mut template.settings)?;
                rows::update_document(conn, &registry, &prefix, &written(&template.settings)?, now).await?;
                Ok(Template { updated_at: now, ..template })
            }) as Pending<'_, Template, Error>
        })
        .await
}

/// Removes a template and gives it back.
pub async fn delete(ctx: &Ctx, grant: &Grant, prefix: &str) -> Result<Template> {
    grant.require(Action::DeleteRepositoryCreationTemplate.as_str())?;
    let prefix = check_prefix("prefix", prefix)?.to_owned();
    let registry = ctx.registry.clone();
    let absent = unknown(&registry, &prefix);
    let row = ctx
        .app
        .db
        .write(move |conn| {
            Box::pin(async move { Ok(rows::delete(conn, &registry, &prefix).await?) })
                as Pending<'_, Option<RepositoryCreationTemplateRow>, Error>
        })
        .await?;
    Template::read(row.ok_or(absent)?)
}

/// The templates of these prefixes, as far as they exist: ECR declares no failure for the others.
pub async fn find_all(ctx: &Ctx, grant: &Grant, prefixes: &[String]) -> Result<Vec<Template>> {
    grant.require(Action::DescribeRepositoryCreationTemplates.as_str())?;
    check::entries("prefixes", prefixes, 0..=1000)?;
    let wanted: Result<Vec<String>> =
        prefixes.iter().map(|prefix| check_prefix("prefixes", prefix).map(str::to_owned)).collect();
    let mut conn = ctx.app.db.reader().await?;
    rows::find_all(&mut conn, &ctx.registry, &wanted?).await?.into_iter().map(Template::read).collect()
}

/// Templates by prefix, at most `limit`, from the page that the token names on.
pub async fn list(ctx: &Ctx, grant: &Grant, next_token: Option<&str>, limit: usize) -> Result<Page<Template>> {
    grant.require(Action::DescribeRepositoryCreationTemplates.as_str())?;
    let list = List::new(ctx, "creation templates");
    let after = list.after(next_token)?;
    let mut conn = ctx.app.db.reader().await?;
    let rows = rows::list(&mut conn, &ctx.registry, &after, limit + 1).await?;
    let items: Result<Vec<Template>> = rows.into_iter().map(Template::read).collect();
    list.page(items?, limit, |template| &template.prefix)
}

/// What a repository of that name gets when it is created in that way: of the templates for it the one with the longest
/// prefix.
pub(crate) async fn applying(
    conn: &mut Conn,
    registry: &RegistryId,
    name: &RepoName,
    scenario: &str,
) -> Result<Option<Settings>> {
    let found = rows::find_all(conn, registry, &prefixes_of(name)).await?;
    let templates: Result<Vec<Template>> = found.into_iter().map(Template::read).collect();
    let mut templates = templates?;
    templates.retain(|template| template.settings.applied_for.iter().any(|applied| applied == scenario));
    let longest = templates.into_iter().max_by_key(|template| match template.prefix.as_str() {
        ROOT => 0,
        prefix => prefix.len(),
    });
    Ok(longest.map(|template| template.settings))
}

/// Every prefix that a template for this name can have. A slash is assumed at the end of each, so a repository is not its
/// own prefix.
fn prefixes_of(name: &RepoName) -> Vec<String> {
    let name = name.as_str();
    let ends = name.match_indices('/').map(|(at, _)| name[..at].to_owned());
    std::iter::once(ROOT.to_owned()).chain(ends).collect()
}

/// The prefix without the slash at its end.
fn check_prefix<'p>(member: &'static str, prefix: &'p str) -> Result<&'p str> {
    length(member, prefix, 1..=256)?;
    pattern(member, is_prefix(prefix), check::PREFIX)?;
    Ok(prefix.trim_end_matches('/'))
}

fn written(settings: &Settings) -> Result<String> {
    serde_json::to_string(&Document::from(settings)).map_err(|_| Error::Internal)
}

fn unknown(registry: &RegistryId, prefix: &str) -> Error {
    Error::TemplateUnknown { registry: registry.clone(), prefix: prefix.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_prefixes_of_its_folders() {
        assert_eq!(prefixes_of(&"a/b/c".parse().unwrap()), ["ROOT", "a", "a/b"]);
        assert_eq!(prefixes_of(&"app".parse().unwrap()), ["ROOT"]);
    }

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
        let stored: Document = serde_json::from_str(&written(&settings).unwrap()).unwrap();
        assert_eq!(stored.read().unwrap(), settings);
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
