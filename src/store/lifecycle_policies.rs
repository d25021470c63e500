//! Table `lifecycle_policies`.

use types::Timestamp;

use crate::row::Row;
use crate::{Conn, Result};

/// The lifecycle policy of a repository.
#[derive(Debug, Clone)]
pub struct LifecyclePolicyRow {
    /// As it was sent.
    pub document: String,
    /// When it was last applied; none before a first run.
    pub last_evaluated_at: Option<Timestamp>,
}

fn read(row: &Row) -> Result<LifecyclePolicyRow> {
    Ok(LifecyclePolicyRow { document: row.text(0)?, last_evaluated_at: row.optional_time(1)? })
}

/// The policy of a repository, if it has one.
pub async fn find(conn: &mut Conn, repository_id: &str) -> Result<Option<LifecyclePolicyRow>> {
    conn.optional(
        "select document, last_evaluated_at
         from lifecycle_policies
         where repository_id = $1",
        [repository_id.into()],
        read,
    )
    .await
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

/// Removes the policy of a repository and gives it back.
pub async fn delete(conn: &mut Conn, repository_id: &str) -> Result<Option<LifecyclePolicyRow>> {
    conn.optional(
        "delete from lifecycle_policies
         where repository_id = $1
         returning document, last_evaluated_at",
        [repository_id.into()],
        read,
    )
    .await
}
