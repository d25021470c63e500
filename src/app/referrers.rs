//! Referrers: the manifests whose subject is a given digest.

use store::manifests::ReferrerRow;
use types::Digest;

use crate::{Action, Ctx, Permit, Result};

/// One page of referrers.
#[derive(Debug)]
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
    let mut conn = ctx.app.db.reader().await?;
    let repository = store::repositories::find(&mut conn, permit.registry(), permit.repository()).await?;
    let Some(repository) = repository else {
        return Ok(Page { referrers: Vec::new(), more: false });
    };
    let id = &repository.repository_id;
    let mut referrers =
        store::manifests::list_referrers(&mut conn, id, subject, artifact_type, after, limit + 1).await?;
    let more = referrers.len() > limit;
    referrers.truncate(limit);
    Ok(Page { referrers, more })
}
