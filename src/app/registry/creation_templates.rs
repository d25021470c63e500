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
use crate::repositories::Settings as RepositorySettings;
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// For people.
    pub description: Option<String>,
    /// See [`SCENARIOS`].
    pub applied_for: Vec<String>,
    /// `AES256`, `KMS` or `KMS_DSSE`
    pub encryption_type: String,
    /// Of the types of KMS.
    pub kms_key: Option<String>,
    /// Key and value of each tag.
    pub resource_tags: Vec<(String, String)>,
    /// As ECR spells it.
    pub tag_mutability: String,
    /// Filters of the modes with exclusions.
    pub tag_filters: Vec<String>,
    /// As it was sent.
    pub repository_policy: Option<String>,
    /// As it was sent.
    pub lifecycle_policy: Option<String>,
    /// Kept for AWS's sake.
    pub custom_role_arn: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            description: None,
            applied_for: Vec::new(),
            encryption_type: Encryption::default().kind().to_owned(),
            kms_key: None,
            resource_tags: Vec::new(),
            tag_mutability: TagMutability::default().mode().to_owned(),
            tag_filters: Vec::new(),
            repository_policy: None,
            lifecycle_policy: None,
            custom_role_arn: None,
        }
    }
}

/// What is to be different in a template. Absent members stay; an empty text or list clears.
#[derive(Debug, Default)]
pub struct Change {
    /// See [`Settings::description`].
    pub description: Option<String>,
    /// See [`Settings::applied_for`].
    pub applied_for: Option<Vec<String>>,
    /// Type and key.
    pub encryption: Option<(String, Option<String>)>,
    /// See [`Settings::resource_tags`].
    pub resource_tags: Option<Vec<(String, String)>>,
    /// See [`Settings::tag_mutability`].
    pub tag_mutability: Option<String>,
    /// See [`Settings::tag_filters`]; each with its type.
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
    fn apply(self, registry: &RegistryId, settings: &mut Settings) -> Result<()> {
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
        if let Some((kind, key)) = self.encryption {
            one_of("encryptionType", &kind, &["AES256", "KMS", "KMS_DSSE"])?;
            let key = key.and_then(filled);
            let key = if kind == "AES256" { key } else { key.or_else(|| Some(RepositorySettings::default_kms_key(registry))) };
            Encryption::new(&kind, key.clone()).map_err(|error| invalid("encryptionConfiguration", error.to_string()))?;
            (settings.encryption_type, settings.kms_key) = (kind, key);
        }
        if let Some(tags) = self.resource_tags {
            settings.resource_tags = tags;
            resource_tags::check(&settings.tags())?;
        }
        if let Some(mode) = self.tag_mutability {
            one_of("imageTagMutability", &mode, MODES)?;
            if !mode.ends_with("_WITH_EXCLUSION") {
                settings.tag_filters.clear();
            }
            settings.tag_mutability = mode;
        }
        if let Some(filters) = self.tag_filters {
            settings.tag_filters.clear();
            for (kind, filter) in filters {
                one_of("filterType", &kind, &["WILDCARD"])?;
                settings.tag_filters.push(filter);
            }
        }
        settings.mutability()?;
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

impl Settings {
    fn tags(&self) -> Vec<ResourceTag> {
        let tag = |(key, value): &(String, String)| ResourceTag { key: key.clone(), value: value.clone() };
        self.resource_tags.iter().map(tag).collect()
    }

    fn mutability(&self) -> Result<TagMutability> {
        let filters: std::result::Result<Vec<TagFilter>, _> =
            self.tag_filters.iter().map(|filter| filter.parse()).collect();
        filters
            .and_then(|filters| TagMutability::new(&self.tag_mutability, filters))
            .map_err(|error| invalid("imageTagMutabilityExclusionFilters", error.to_string()))
    }

    /// What a repository is created with.
    pub(crate) fn for_repository(&self) -> Result<RepositorySettings> {
        Ok(RepositorySettings {
            tag_mutability: self.mutability()?,
            encryption: Encryption::new(&self.encryption_type, self.kms_key.clone())?,
            scan_on_push: false,
            tags: self.tags(),
        })
    }
}

impl Template {
    fn read(row: RepositoryCreationTemplateRow) -> Result<Self> {
        let settings = super::stored("creation template", &row.document)?;
        Ok(Self { prefix: row.prefix, settings, created_at: row.created_at, updated_at: row.updated_at })
    }
}

/// Makes a template.
pub async fn create(ctx: &Ctx, grant: &Grant, prefix: &str, change: Change) -> Result<Template> {
    grant.require(Action::CreateRepositoryCreationTemplate.as_str())?;
    let prefix = check_prefix("prefix", prefix)?.to_owned();
    let mut settings = Settings::default();
    change.apply(&ctx.registry, &mut settings)?;
    let (registry, now) = (ctx.registry.clone(), ctx.app.now());
    let document = written(&settings)?;
    let row = RepositoryCreationTemplateRow { prefix: prefix.clone(), document, created_at: now, updated_at: now };
    ctx.app
        .db
        .write(move |conn| {
            Box::pin(async move {
                if !rows::insert(conn, &registry, &row).await? {
                    return Err(Error::TemplateExists { account: registry.account, prefix: row.prefix });
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
                change.apply(&registry, &mut template.settings)?;
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
    serde_json::to_string(settings).map_err(|_| Error::Internal)
}

fn unknown(registry: &RegistryId, prefix: &str) -> Error {
    Error::TemplateUnknown { account: registry.account.clone(), prefix: prefix.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry() -> RegistryId {
        RegistryId { account: "000000000000".parse().unwrap(), region: "us-east-1".parse().unwrap() }
    }

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
            encryption: Some(("KMS".to_owned(), None)),
            tag_mutability: Some("IMMUTABLE_WITH_EXCLUSION".to_owned()),
            tag_filters: Some(vec![("WILDCARD".to_owned(), "dev-*".to_owned())]),
            ..Change::default()
        };
        first.apply(&registry(), &mut settings).unwrap();
        assert!(settings.kms_key.as_deref().is_some_and(|key| key.starts_with("arn:aws:kms:us-east-1:000000000000:key/")));
        let before = settings.clone();
        Change::default().apply(&registry(), &mut settings).unwrap();
        assert_eq!(settings, before);
        // A plain mode has no filters; an empty text clears.
        let second =
            Change { description: Some(String::new()), tag_mutability: Some("MUTABLE".to_owned()), ..Change::default() };
        second.apply(&registry(), &mut settings).unwrap();
        assert_eq!((settings.description, settings.tag_filters.len()), (None, 0));
    }

    #[test]
    fn a_change_that_makes_no_sense_is_refused() {
        let text = |text: &str| Some(text.to_owned());
        for change in [
            Change { applied_for: Some(vec!["PUSH".to_owned()]), ..Change::default() },
            Change { encryption: Some(("DES".to_owned(), None)), ..Change::default() },
            Change { encryption: Some(("AES256".to_owned(), text("key"))), ..Change::default() },
            Change { resource_tags: Some(vec![("aws:x".to_owned(), String::new())]), ..Change::default() },
            Change { tag_mutability: text("SOMETIMES"), ..Change::default() },
            Change { tag_mutability: text("IMMUTABLE_WITH_EXCLUSION"), ..Change::default() },
            Change { tag_filters: Some(vec![("WILDCARD".to_owned(), "a".to_owned())]), ..Change::default() },
            Change { repository_policy: text("{}"), ..Change::default() },
            Change { lifecycle_policy: text("{}"), ..Change::default() },
            Change { description: Some("x".repeat(257)), ..Change::default() },
        ] {
            let shown = format!("{change:?}");
            assert!(change.apply(&registry(), &mut Settings::default()).is_err(), "{shown}");
        }
    }
}
