//! The list of repositories, as far as the caller may see them.

use types::RepoName;

use crate::authz;
use crate::{Action, Ctx, Error, Result, page_token};

/// Names that are looked at for one page at most. A caller who may see few of many gets short pages with a link to the
/// next, never a request that walks the whole registry.
const LOOKED_AT: usize = 5_000;
const BATCH: usize = 500;

/// What a sealed place to continue at begins with; no name does.
const SEALED: char = '~';

/// One page of names.
#[derive(Debug)]
pub struct Page {
    /// Sorted by bytes.
    pub names: Vec<RepoName>,
    /// What to continue after, if there may be more.
    pub next: Option<String>,
}

/// Repositories after `after`, by bytes, at most `limit`.
pub async fn list(ctx: &Ctx, after: &str, limit: usize) -> Result<Page> {
    let mut names = Vec::new();
    let mut after = match after.strip_prefix(SEALED) {
        Some(sealed) => open(ctx, sealed)?,
        None => after.to_owned(),
    };
    let mut looked_at = 0;
    let mut conn = ctx.app.db.reader().await?;
    loop {
        // One more than fits tells whether there is more.
        let want = (limit + 1 - names.len()).clamp(1, BATCH);
        let batch = store::repositories::list_names(&mut conn, &ctx.registry, &after, want).await?;
        let exhausted = batch.len() < want;
        looked_at += batch.len();
        for name in batch {
            after = name.as_str().to_owned();
            if authz::authorize(ctx, &[Action::DescribeRepositories], &name).is_ok() {
                if names.len() == limit {
                    let next = names.last().map(|last: &RepoName| last.as_str().to_owned());
                    return Ok(Page { names, next });
                }
                names.push(name);
            }
        }
        if exhausted {
            return Ok(Page { names, next: None });
        }
        if looked_at >= LOOKED_AT {
            return Ok(Page { names, next: Some(seal(ctx, &after)?) });
        }
    }
}

/// A place to continue at that does not tell the name there, which the caller may not see.
fn seal(ctx: &Ctx, name: &str) -> Result<String> {
    Ok(format!("{SEALED}{}", page_token::seal(&ctx.app, "catalog", &name)?))
}

fn open(ctx: &Ctx, sealed: &str) -> Result<String> {
    page_token::open(&ctx.app, "catalog", sealed)
        .ok_or_else(|| Error::Invalid("last is not a place that a link of this registry gave".to_owned()))
}
