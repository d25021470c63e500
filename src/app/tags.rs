//! Tags: listing and deleting them. They are set where manifests are pushed, in [`crate::images`].

use std::sync::Arc;

use types::Tag;

use crate::events::{self, ImageAction, ImageEvent};
use crate::images::Condition;
use crate::{Action, Ctx, Error, Permit, Result, repositories};

/// One page of tags.
#[derive(Debug)]
pub struct Page {
    /// Sorted by bytes.
    pub tags: Vec<String>,
    /// Whether there are more.
    pub more: bool,
}

/// Tags after `after`, by bytes, at most `limit`.
pub async fn list(ctx: &Ctx, permit: &Permit, after: &str, limit: usize) -> Result<Page> {
    permit.require(Action::ListImages)?;
    let mut conn = ctx.app.db.reader().await?;
    let repository = repositories::find(&mut conn, permit).await?;
    let mut tags = store::tags::list(&mut conn, &repository.repository_id, after, limit + 1).await?;
    let more = tags.len() > limit;
    tags.truncate(limit);
    Ok(Page { tags, more })
}

/// Ends a tag, if it is where the condition wants it. The manifest stays, and so does the tag's history.
pub async fn delete(ctx: &Ctx, permit: &Permit, tag: &Tag, condition: Condition) -> Result<()> {
    permit.require(Action::BatchDeleteImage)?;
    if !ctx.app.config.delete_enabled {
        return Err(Error::DeleteDisabled);
    }
    let (permit, tag, now) = (permit.clone(), tag.clone(), ctx.app.now());
    let app = Arc::clone(&ctx.app);
    ctx.app
        .db
        .write(move |conn| {
            Box::pin(async move {
                let repository = repositories::find(conn, &permit).await?;
                let current = store::tags::lock(conn, &repository.repository_id, &tag).await?;
                if current.is_some_and(|current| !condition.holds_at(&current)) {
                    return Err(Error::TagMoved { tag });
                }
                let ended = store::tags::delete(conn, &repository.repository_id, &tag, now).await?;
                let digest = ended.ok_or_else(|| Error::ManifestUnknown(tag.to_string()))?;
                let event =
                    ImageEvent { tag: Some(&tag), ..ImageEvent::new(ImageAction::Delete, &repository, &digest) };
                events::emit(conn, &app, &event).await
            })
        })
        .await
}
