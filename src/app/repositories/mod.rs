//! Repositories: finding them, and creating them on first push. Making, describing, changing and deleting them by the API
//! is in the modules below.

mod create;
mod delete;
mod describe;
mod push;
mod settings;

use store::Conn;
use types::{Encryption, RegistryId, RepoName, TagMutability, Timestamp};

pub use self::create::{Settings, create};
pub use self::delete::{delete, remove_deleted};
pub use self::describe::{Page, describe, describe_page};
pub(crate) use self::push::{Target, cached, existing, obey, replicated, target};
pub use self::settings::{set_scan_on_push, set_tag_mutability};
pub use store::repositories::RepositoryRow;

use crate::{Error, Permit, Result};

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
