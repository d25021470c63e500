//! Referrers: the manifests whose subject is a given digest.

use std::collections::BTreeSet;

use store::Conn;
pub use store::manifests::ReferrerRow;
use store::manifests::{LISTED_WHOLE, find_annotations};
use types::{Digest, StorageClass};

use crate::authn::scanner;
use crate::{Action, Ctx, Permit, Result, page_token, repositories};

/// Bytes of large manifests at which a page ends: clients take no larger answer.
const MOST_BYTES: u64 = 3 << 20;

/// One page of referrers.
#[derive(Debug, Default)]
pub struct Page {
    /// Sorted by digest.
    pub referrers: Vec<ReferrerRow>,
    /// Whether there are more.
    pub more: bool,
}

/// Referrers of `subject` by digest after `after`, at most `limit`, of one artifact type if given. A repository or a
/// subject that does not exist has none: this is never "not found" (distribution-spec, "Listing Referrers").
pub async fn list(
    ctx: &Ctx,
    permit: &Permit,
    subject: &Digest,
    artifact_type: Option<&str>,
    after: &str,
    limit: usize,
) -> Result<Page> {
    permit.require(Action::BatchGetImage)?;
    scanner::require_image(ctx, subject)?;
    let mut conn = ctx.app.db.reader().await?;
    let repository = store::repositories::find(&mut conn, permit.registry(), permit.repository()).await?;
    let Some(repository) = repository else {
        return Ok(Page::default());
    };
    let id = &repository.repository_id;
    // What is archived cannot be pulled.
    let class = Some(StorageClass::Standard);
    let mut referrers =
        store::manifests::list_referrers(&mut conn, id, subject, artifact_type, class, after, limit + 1).await?;
    let mut more = referrers.len() > limit;
    referrers.truncate(limit);
    more |= complete(&mut conn, id, &mut referrers).await?;
    Ok(Page { referrers, more })
}

/// Adds the annotations that are too large for a list. A page ends where they are too much for an answer, but has one of them
/// at the least. Whether it ends before its time.
async fn complete(conn: &mut Conn, repository_id: &str, referrers: &mut Vec<ReferrerRow>) -> Result<bool> {
    let mut bytes = 0;
    for at in 0..referrers.len() {
        let row = &mut referrers[at];
        if row.size <= LISTED_WHOLE {
            continue;
        }
        bytes += row.size;
        if bytes > MOST_BYTES && bytes > row.size {
            referrers.truncate(at);
            return Ok(true);
        }
        row.annotations = find_annotations(conn, repository_id, &row.digest).await?;
    }
    Ok(false)
}

/// One page of referrers, as ECR's API lists them.
#[derive(Debug)]
pub struct TokenPage {
    /// Sorted by digest.
    pub referrers: Vec<ReferrerRow>,
    /// Names the next page, if there is one.
    pub next_token: Option<String>,
}

/// Referrers of `subject` by digest, at most `limit`, of any of the artifact types if some are given, from the page that
/// the token names on; of one storage class if given. Here the repository must exist. Without a subject there is nothing.
pub async fn list_page(
    ctx: &Ctx,
    permit: &Permit,
    subject: Option<&Digest>,
    artifact_types: &[String],
    class: Option<StorageClass>,
    next_token: Option<&str>,
    limit: usize,
) -> Result<TokenPage> {
    permit.require(Action::BatchGetImage)?;
    let mut conn = ctx.app.db.reader().await?;
    let id = repositories::find(&mut conn, permit).await?.repository_id;
    let types: BTreeSet<&str> = artifact_types.iter().map(String::as_str).collect();
    let list = format!("referrers {id} {} {types:?} {class:?}", subject.map_or("", Digest::as_str));
    let after: String = page_token::open_next(&ctx.app, &list, next_token)?.unwrap_or_default();
    let mut referrers = Vec::new();
    if let Some(subject) = subject {
        // Each type by its own index; of all together the first ones are the page.
        let wanted: Vec<Option<&str>> =
            if types.is_empty() { vec![None] } else { types.into_iter().map(Some).collect() };
        for artifact_type in wanted {
            let found =
                store::manifests::list_referrers(&mut conn, &id, subject, artifact_type, class, &after, limit + 1)
                    .await?;
            referrers.extend(found);
        }
        referrers.sort_by(|one, other| one.digest.cmp(&other.digest));
    }
    let mut more = referrers.len() > limit;
    referrers.truncate(limit);
    more |= complete(&mut conn, &id, &mut referrers).await?;
    let next_token = match referrers.last().filter(|_| more) {
        Some(last) => Some(page_token::seal(&ctx.app, &list, &last.digest.as_str())?),
        None => None,
    };
    Ok(TokenPage { referrers, next_token })
}
