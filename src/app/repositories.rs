//! Repositories: finding them, and creating them on first push.

use store::Conn;
use store::repositories::RepositoryRow;
use types::{RegistryId, RepoName, TagMutability, Timestamp};

use crate::authz::{self, Action};
use crate::{Ctx, Error, Permit, Result};

/// The repository of a permit.
pub(crate) async fn find(conn: &mut Conn, permit: &Permit) -> Result<RepositoryRow> {
    store::repositories::find(conn, permit.registry(), permit.repository())
        .await?
        .ok_or_else(|| Error::RepositoryUnknown(permit.repository().clone()))
}

/// Finds the repository of a push. An absent one is created, if that is switched on and the caller may.
pub(crate) async fn find_or_create(ctx: &Ctx, permit: &Permit) -> Result<RepositoryRow> {
    let mut conn = ctx.app.db.reader().await?;
    let found = store::repositories::find(&mut conn, permit.registry(), permit.repository()).await?;
    drop(conn);
    if let Some(row) = found {
        return Ok(row);
    }
    if !ctx.app.config.create_on_push {
        return Err(Error::RepositoryUnknown(permit.repository().clone()));
    }
    authz::authorize(ctx, &[Action::CreateRepository], permit.repository())?;
    let row = new(ctx.app.new_id(), permit.registry(), permit.repository(), TagMutability::default(), ctx.app.now());
    let permit = permit.clone();
    ctx.app
        .db
        .write(move |conn| {
            Box::pin(async move {
                // Of several first pushes one creates it; the others find it.
                store::repositories::insert(conn, &row).await?;
                find(conn, &permit).await
            })
        })
        .await
}

/// A repository that is not stored yet.
pub(crate) fn new(
    repository_id: String,
    registry: &RegistryId,
    name: &RepoName,
    tag_mutability: TagMutability,
    created_at: Timestamp,
) -> RepositoryRow {
    RepositoryRow { repository_id, registry: registry.clone(), name: name.clone(), tag_mutability, created_at }
}
