//! Table `repository_policies`.

use types::{RegistryId, RepoName, Timestamp};

use crate::{Conn, Result};

/// A repository policy with the repository it belongs to.
#[derive(Debug, Clone)]
pub struct RepositoryPolicyRow {
    /// Whose repository, and where.
    pub registry: RegistryId,
    /// Which repository.
    pub name: RepoName,
    /// The document as it was sent.
    pub document: String,
}

/// Sets the policy of a repository, replacing the one before.
pub async fn upsert(conn: &mut Conn, repository_id: &str, document: &str, now: Timestamp) -> Result<()> {
    conn.execute(
        "insert into repository_policies (repository_id, document, updated_at)
         values ($1, $2, $3)
         on conflict (repository_id) do update
         set document = excluded.document, updated_at = excluded.updated_at",
        [repository_id.into(), document.into(), now.into()],
    )
    .await?;
    Ok(())
}

/// Removes the policy of a repository. Returns what it was, or none if it had none.
pub async fn delete(conn: &mut Conn, repository_id: &str) -> Result<Option<String>> {
    conn.optional(
        "delete from repository_policies
         where repository_id = $1
         returning document",
        [repository_id.into()],
        |row| row.text(0),
    )
    .await
}

/// The policy of a repository, as it was sent.
pub async fn find(conn: &mut Conn, repository_id: &str) -> Result<Option<String>> {
    conn.optional(
        "select document
         from repository_policies
         where repository_id = $1",
        [repository_id.into()],
        |row| row.text(0),
    )
    .await
}

/// All policies, for the copy of the authorization data in memory.
pub async fn list(conn: &mut Conn) -> Result<Vec<RepositoryPolicyRow>> {
    conn.all(
        "select repository.account_id, repository.region, repository.name, policy.document
         from repository_policies policy
         join repositories repository on repository.repository_id = policy.repository_id
         where repository.deleted_at is null",
        [],
        |row| {
            Ok(RepositoryPolicyRow {
                registry: RegistryId { account: row.parsed(0, "account_id")?, region: row.parsed(1, "region")? },
                name: row.parsed(2, "name")?,
                document: row.text(3)?,
            })
        },
    )
    .await
}
