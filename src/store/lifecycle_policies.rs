//! Table `lifecycle_policies`.

use types::Timestamp;

use crate::conn::Lock;
use crate::row::Row;
use crate::{Conn, Result};

/// The lifecycle policy of a repository.
#[derive(Debug, Clone)]
pub struct LifecyclePolicyRow {
    /// As it was sent.
    pub document: String,
    /// When it was last applied; none before a first run.
    pub last_evaluated_at: Option<Timestamp>,
    /// Counts the policies that the repository has had.
    pub version: u64,
}

fn read(row: &Row) -> Result<LifecyclePolicyRow> {
    Ok(LifecyclePolicyRow { document: row.text(0)?, last_evaluated_at: row.optional_time(1)?, version: row.size(2)? })
}

/// The policy of a repository, if it has one.
pub async fn find(conn: &mut Conn, repository_id: &str) -> Result<Option<LifecyclePolicyRow>> {
    conn.optional(
        "select document, last_evaluated_at, version
         from lifecycle_policies
         where repository_id = $1",
        [repository_id.into()],
        read,
    )
    .await
}

/// Holds the policy of a repository, so that nobody removes or replaces it before the transaction ends. False if it is another
/// one by now, or none.
pub async fn lock(conn: &mut Conn, repository_id: &str, policy: &LifecyclePolicyRow) -> Result<bool> {
    // Versions begin anew once a policy was removed, so the document has its say too.
    let held = conn
        .all_locked(
            "select version
             from lifecycle_policies
             where repository_id = $1 and version = $2 and document = $3",
            Lock::NoKeyUpdate,
            [repository_id.into(), policy.version.into(), policy.document.as_str().into()],
            |_| Ok(()),
        )
        .await?;
    Ok(!held.is_empty())
}

/// Sets the policy of a repository, replacing the one before. Another policy has not been applied yet.
pub async fn upsert(conn: &mut Conn, repository_id: &str, document: &str, now: Timestamp) -> Result<()> {
    conn.execute(
        "insert into lifecycle_policies (repository_id, document, version, updated_at)
         values ($1, $2, 1, $3)
         on conflict (repository_id) do update
         set document = excluded.document, version = lifecycle_policies.version + 1, updated_at = excluded.updated_at",
        [repository_id.into(), document.into(), now.into()],
    )
    .await?;
    Ok(())
}

/// Notes that a version of the policy of a repository was applied. False if it is another one by now.
pub async fn update_evaluated(conn: &mut Conn, repository_id: &str, version: u64, now: Timestamp) -> Result<bool> {
    let rows = conn
        .execute(
            "update lifecycle_policies
             set last_evaluated_at = $3
             where repository_id = $1 and version = $2",
            [repository_id.into(), version.into(), now.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Removes the policy of a repository and gives it back.
pub async fn delete(conn: &mut Conn, repository_id: &str) -> Result<Option<LifecyclePolicyRow>> {
    conn.optional(
        "delete from lifecycle_policies
         where repository_id = $1
         returning document, last_evaluated_at, version",
        [repository_id.into()],
        read,
    )
    .await
}
