//! Repositories: finding them, and creating them on first push.

use store::Conn;
use store::repositories::RepositoryRow;
use types::{RegistryId, RepoName, TagMutability, Timestamp};

use crate::authz;
use crate::{Action, Ctx, Error, Permit, Result};

/// The repository of a permit.
pub(crate) async fn find(conn: &mut Conn, permit: &Permit) -> Result<RepositoryRow> {
    store::repositories::find(conn, permit.registry(), permit.repository())
        .await?
        .ok_or_else(|| permit.repository_unknown())
}

/// The repository of a push, which may not exist yet.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    row: RepositoryRow,
    stored: bool,
}

impl Target {
    /// The id of a stored repository; of another, the id that it gets if nobody else creates it first.
    pub(crate) fn id(&self) -> &str {
        &self.row.repository_id
    }

    /// Whether there is such a repository already.
    pub(crate) fn is_stored(&self) -> bool {
        self.stored
    }

    /// The repository, created now if it does not exist, in the transaction of what needs it: what is refused creates
    /// none. Of several first pushes one creates it; the others find it.
    pub(crate) async fn create(self, conn: &mut Conn) -> Result<RepositoryRow> {
        if self.stored {
            return Ok(self.row);
        }
        store::repositories::insert(conn, &self.row).await?;
        store::repositories::find(conn, &self.row.registry, &self.row.name).await?.ok_or_else(|| unknown(&self.row))
    }
}

/// Finds the repository of a push. An absent one can be created, if that is switched on and the caller may.
pub(crate) async fn target(ctx: &Ctx, permit: &Permit) -> Result<Target> {
    let mut conn = ctx.app.db.reader().await?;
    let found = store::repositories::find(&mut conn, permit.registry(), permit.repository()).await?;
    drop(conn);
    if let Some(row) = found {
        return Ok(Target { row, stored: true });
    }
    if !ctx.app.config.create_on_push {
        return Err(permit.repository_unknown());
    }
    authz::authorize(ctx, &[Action::CreateRepository], permit.repository())?;
    let (registry, name) = (permit.registry(), permit.repository());
    let row = new(ctx.app.new_id(), registry, name, TagMutability::default(), ctx.app.now());
    Ok(Target { row, stored: false })
}

/// The failure that a repository is not there any more.
pub(crate) fn unknown(row: &RepositoryRow) -> Error {
    Error::RepositoryUnknown { registry: row.registry.clone(), repository: row.name.clone() }
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
