//! Table `lifecycle_previews`: the last preview of each repository, and who works on it.

use types::Timestamp;

use crate::row::Row;
use crate::{Conn, Error, Result};

/// How far a preview has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Some process works on it, or will.
    InProgress,
    /// Its results are there.
    Complete,
    /// Its results were removed after their time.
    Expired,
    /// It cannot be done.
    Failed,
}

impl Status {
    /// As ECR spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Complete => "COMPLETE",
            Self::Expired => "EXPIRED",
            Self::Failed => "FAILED",
        }
    }

    fn parse(text: &str) -> Result<Self> {
        [Self::InProgress, Self::Complete, Self::Expired, Self::Failed]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| Error::Damaged { column: "status", reason: format!("'{text}' is unknown") })
    }
}

/// A preview.
#[derive(Debug, Clone)]
pub struct LifecyclePreviewRow {
    /// Of which repository.
    pub repository_id: String,
    /// The attempt whose results count.
    pub run_id: String,
    /// The policy that is tried.
    pub document: String,
    /// How far it has come.
    pub status: Status,
    /// Images that would be deleted.
    pub expiring_count: u64,
    /// Images that would be archived.
    pub transitioning_count: u64,
}

fn read(row: &Row) -> Result<LifecyclePreviewRow> {
    Ok(LifecyclePreviewRow {
        repository_id: row.text(0)?,
        run_id: row.text(1)?,
        document: row.text(2)?,
        status: Status::parse(&row.text(3)?)?,
        expiring_count: row.size(4)?,
        transitioning_count: row.size(5)?,
    })
}

/// The last preview of a repository.
pub async fn find(conn: &mut Conn, repository_id: &str) -> Result<Option<LifecyclePreviewRow>> {
    conn.optional(
        "select repository_id, run_id, document, status, expiring_count, transitioning_count
         from lifecycle_previews
         where repository_id = $1",
        [repository_id.into()],
        read,
    )
    .await
}

/// Asks for a preview in place of the one before. False while that one is under way.
pub async fn insert(
    conn: &mut Conn,
    repository_id: &str,
    run_id: &str,
    document: &str,
    now: Timestamp,
) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into lifecycle_previews
                 (repository_id, run_id, document, status, expiring_count, transitioning_count, lease_until, started_at)
             values ($1, $2, $3, 'IN_PROGRESS', 0, 0, 0, $4)
             on conflict (repository_id) do update
             set run_id = excluded.run_id, document = excluded.document, status = excluded.status,
                 expiring_count = 0, transitioning_count = 0, lease_until = 0,
                 started_at = excluded.started_at, ended_at = null
             where lifecycle_previews.status <> 'IN_PROGRESS'",
            [repository_id.into(), run_id.into(), document.into(), now.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Takes one preview that nobody works on. It gets a new run, so that whoever worked on it before can do no harm.
pub async fn claim(
    conn: &mut Conn,
    run_id: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<LifecyclePreviewRow>> {
    // ix_lifecycle_previews_status. Of two that take the same one the second finds the lease taken.
    conn.optional(
        "update lifecycle_previews
         set run_id = $1, lease_until = $3
         where status = 'IN_PROGRESS' and lease_until < $2 and repository_id = (
             select repository_id
             from lifecycle_previews
             where status = 'IN_PROGRESS' and lease_until < $2
             order by lease_until
             limit 1)
         returning repository_id, run_id, document, status, expiring_count, transitioning_count",
        [run_id.into(), now.into(), until.into()],
        read,
    )
    .await
}

/// Holds on to a preview for longer. False if it was taken over, or its repository is gone.
pub async fn update_lease(conn: &mut Conn, run_id: &str, until: Timestamp) -> Result<bool> {
    let rows = conn
        .execute(
            "update lifecycle_previews
             set lease_until = $2
             where run_id = $1 and status = 'IN_PROGRESS'",
            [run_id.into(), until.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Ends a preview. False if it was taken over, or its repository is gone.
pub async fn update_end(
    conn: &mut Conn,
    run_id: &str,
    status: Status,
    expiring_count: usize,
    transitioning_count: usize,
    now: Timestamp,
) -> Result<bool> {
    let rows = conn
        .execute(
            "update lifecycle_previews
             set status = $2, expiring_count = $3, transitioning_count = $4, ended_at = $5
             where run_id = $1 and status = 'IN_PROGRESS'",
            [run_id.into(), status.as_str().into(), expiring_count.into(), transitioning_count.into(), now.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Marks the previews that ended before `before`: their results may be swept.
pub async fn update_expired(conn: &mut Conn, before: Timestamp) -> Result<u64> {
    // ix_lifecycle_previews_ended
    conn.execute(
        "update lifecycle_previews
         set status = 'EXPIRED', expiring_count = 0, transitioning_count = 0
         where status = 'COMPLETE' and ended_at < $1",
        [before.into()],
    )
    .await
}

/// Removes the preview of a repository. Whoever works on it finds out.
pub async fn delete(conn: &mut Conn, repository_id: &str) -> Result<bool> {
    let rows = conn
        .execute(
            "delete from lifecycle_previews
             where repository_id = $1",
            [repository_id.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Whether the results of a run are still wanted.
pub async fn contains(conn: &mut Conn, run_id: &str) -> Result<bool> {
    let found = conn
        .optional(
            "select 1
             from lifecycle_previews
             where run_id = $1 and status <> 'EXPIRED'",
            [run_id.into()],
            |_| Ok(()),
        )
        .await?;
    Ok(found.is_some())
}
