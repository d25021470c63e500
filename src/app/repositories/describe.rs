//! What is known of repositories: some by name, or all of a registry in the order of their names.

use std::collections::HashMap;

use types::{Arn, RegistryId, RepoName};

use super::RepositoryRow;
use crate::{Action, Ctx, Error, Grant, Permit, Result, page_token, repositories};

/// One page of repositories.
#[derive(Debug)]
pub struct Page {
    /// Sorted by the bytes of their names.
    pub repositories: Vec<RepositoryRow>,
    /// Names the next page, if there is one.
    pub next_token: Option<String>,
}

/// The repositories of these permits, in their order. One that does not exist fails the whole call, as on ECR.
pub async fn describe(ctx: &Ctx, permits: &[Permit]) -> Result<Vec<RepositoryRow>> {
    let Some(first) = permits.first() else {
        return Ok(Vec::new());
    };
    for permit in permits {
        permit.require(Action::DescribeRepositories)?;
        if permit.registry() != first.registry() {
            return Err(Error::Internal);
        }
    }
    let names: Vec<&RepoName> = permits.iter().map(Permit::repository).collect();
    let mut conn = ctx.app.db.reader().await?;
    let rows = store::repositories::list_named(&mut conn, first.registry(), &names).await?;
    let rows: HashMap<RepoName, RepositoryRow> = rows.into_iter().map(|row| (row.name.clone(), row)).collect();
    let find = |name: &RepoName| rows.get(name).cloned().ok_or_else(|| repositories::unknown(first.registry(), name));
    names.into_iter().map(find).collect()
}

/// Repositories by name, at most `limit`, from the page that the token names on.
pub async fn describe_page(
    ctx: &Ctx,
    grant: &Grant,
    registry: &RegistryId,
    next_token: Option<&str>,
    limit: usize,
) -> Result<Page> {
    grant.require_on(Action::DescribeRepositories.as_str(), Arn::all_repositories(registry).as_str())?;
    let list = format!("repositories {}/{}", registry.account, registry.region);
    let after: String = page_token::open_next(&ctx.app, &list, next_token)?.unwrap_or_default();
    let mut conn = ctx.app.db.reader().await?;
    let mut rows = store::repositories::list(&mut conn, registry, &after, limit + 1).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_token = match rows.last().filter(|_| more) {
        Some(last) => Some(page_token::seal(&ctx.app, &list, &last.name.as_str())?),
        None => None,
    };
    Ok(Page { repositories: rows, next_token })
}
