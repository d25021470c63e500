//! Repository creation templates: what a repository gets that is created on somebody's behalf, by a push, by the cache
//! or by replication. The template with the longest prefix of its name counts, `ROOT` last.
//!
//! ECR assumes the template's role to set tags and keys of KMS, and creates nothing without it. Here no role is
//! needed; the ARN is kept and given back.

use store::repository_creation_templates::{self as rows, RepositoryCreationTemplateRow};
use store::{Conn, Pending};
use types::{RegistryId, RepoName, Timestamp};

use super::check::{self, ROOT, is_prefix, length, pattern};
pub(crate) use super::template_settings::{CREATE_ON_PUSH, PULL_THROUGH_CACHE, REPLICATION};
pub use super::template_settings::{Change, Settings};
use super::{List, Page};
use crate::{Action, Ctx, Error, Grant, Result};

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

impl Template {
    fn read(row: RepositoryCreationTemplateRow) -> Result<Self> {
        let settings = Settings::stored(&row.document)?;
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
    let document = settings.written()?;
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
                rows::update_document(conn, &registry, &prefix, &template.settings.written()?, now).await?;
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

/// Every prefix that a template for this name can have. A slash is assumed at the end of each, so a repository is not
/// its own prefix.
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
}
