//! Repositories: finding them, and creating them on first push. Making, describing, changing and deleting them by the API
//! is in the modules below.

mod create;
mod delete;
mod describe;
mod settings;

use store::Conn;
use types::{Encryption, RegistryId, RepoName, TagMutability, Timestamp};

pub use self::create::{Settings, create};
pub use self::delete::{delete, remove_deleted};
pub use self::describe::{Page, describe, describe_page};
pub use self::settings::{set_scan_on_push, set_tag_mutability};
pub use store::repositories::RepositoryRow;

use crate::authz;
use crate::{Action, App, Ctx, Error, Permit, Result, limits};

/// The repository of a permit.
pub(crate) async fn find(conn: &mut Conn, permit: &Permit) -> Result<RepositoryRow> {
    store::repositories::find(conn, permit.registry(), permit.repository())
        .await?
        .ok_or_else(|| permit.repository_unknown())
}

/// The repository of a permit, held so that nobody else changes or deletes it before the transaction ends.
pub(crate) async fn lock(conn: &mut Conn, permit: &Permit) -> Result<RepositoryRow> {
    store::repositories::lock(conn, permit.registry(), permit.repository())
        .await?
        .ok_or_else(|| permit.repository_unknown())
}

/// The failure of not finding a repository.
pub(crate) fn unknown(registry: &RegistryId, name: &RepoName) -> Error {
    Error::RepositoryUnknown { registry: registry.clone(), repository: name.clone() }
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
    pub(crate) async fn create(self, conn: &mut Conn, app: &App) -> Result<RepositoryRow> {
        if self.stored {
            return Ok(self.row);
        }
        if store::repositories::insert(conn, &self.row).await? {
            limits::require_repository(conn, app, &self.row.registry).await?;
        }
        store::repositories::find(conn, &self.row.registry, &self.row.name)
            .await?
            .ok_or_else(|| unknown(&self.row.registry, &self.row.name))
    }
}

/// The repository of a push that must exist.
pub(crate) async fn existing(ctx: &Ctx, permit: &Permit) -> Result<Target> {
    let row = find(&mut ctx.app.db.reader().await?, permit).await?;
    Ok(Target { row, stored: true })
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

/// A repository that is not stored yet, with the settings that nobody chose.
pub(crate) fn new(
    repository_id: String,
    registry: &RegistryId,
    name: &RepoName,
    tag_mutability: TagMutability,
    created_at: Timestamp,
) -> RepositoryRow {
    RepositoryRow {
        repository_id,
        registry: registry.clone(),
        name: name.clone(),
        tag_mutability,
        encryption: Encryption::default(),
        scan_on_push: false,
        created_at,
    }
}
