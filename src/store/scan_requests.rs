//! Table `scan_requests`: what a scanner beside the registry was asked, one for each image.

use types::{Digest, Timestamp};

use crate::row::Row;
use crate::{Conn, Result};

/// What was asked.
#[derive(Debug, Clone)]
pub struct ScanRequestRow {
    /// In which repository the image is.
    pub repository_id: String,
    /// The image.
    pub digest: Digest,
    /// Under which results come back.
    pub request_id: String,
    /// When the scan was asked for that it is for.
    pub requested_at: Timestamp,
    /// Results that come later are refused.
    pub expires_at: Timestamp,
    /// JSON of the scanner's protocol.
    pub state: String,
    /// The message that brought the results.
    pub ended_by: Option<String>,
}

fn read(row: &Row) -> Result<ScanRequestRow> {
    Ok(ScanRequestRow {
        repository_id: row.text(0)?,
        digest: row.parsed(1, "digest")?,
        request_id: row.text(2)?,
        requested_at: row.time(3)?,
        expires_at: row.time(4)?,
        state: row.text(5)?,
        ended_by: row.optional_text(6)?,
    })
}

/// What was asked about an image.
pub async fn find(conn: &mut Conn, repository_id: &str, digest: &Digest) -> Result<Option<ScanRequestRow>> {
    // pk_scan_requests
    conn.optional(
        "select repository_id, digest, request_id, requested_at, expires_at, state, ended_by
         from scan_requests
         where repository_id = $1 and digest = $2",
        [repository_id.into(), digest.into()],
        read,
    )
    .await
}

/// What was asked under an id.
pub async fn find_by_id(conn: &mut Conn, request_id: &str) -> Result<Option<ScanRequestRow>> {
    // uq_scan_requests_request
    conn.optional(
        "select repository_id, digest, request_id, requested_at, expires_at, state, ended_by
         from scan_requests
         where request_id = $1",
        [request_id.into()],
        read,
    )
    .await
}

/// Puts down what is asked about an image, in place of what was asked before.
pub async fn upsert(conn: &mut Conn, request: &ScanRequestRow) -> Result<()> {
    conn.execute(
        "insert into scan_requests (repository_id, digest, request_id, requested_at, expires_at, state)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (repository_id, digest) do update
         set request_id = excluded.request_id, requested_at = excluded.requested_at, expires_at = excluded.expires_at,
             state = excluded.state, ended_by = null",
        [
            (&request.repository_id).into(),
            (&request.digest).into(),
            (&request.request_id).into(),
            request.requested_at.into(),
            request.expires_at.into(),
            (&request.state).into(),
        ],
    )
    .await?;
    Ok(())
}

/// Notes how far a request has come.
pub async fn update_state(conn: &mut Conn, request_id: &str, state: &str) -> Result<bool> {
    let rows = conn
        .execute(
            "update scan_requests
             set state = $2
             where request_id = $1",
            [request_id.into(), state.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Notes which message brought the results. False if one did before.
pub async fn update_ended(conn: &mut Conn, request_id: &str, message_id: &str) -> Result<bool> {
    let rows = conn
        .execute(
            "update scan_requests
             set ended_by = $2
             where request_id = $1 and ended_by is null",
            [request_id.into(), message_id.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Removes what was asked about an image.
pub async fn delete(conn: &mut Conn, repository_id: &str, digest: &Digest) -> Result<bool> {
    let rows = conn
        .execute(
            "delete from scan_requests
             where repository_id = $1 and digest = $2",
            [repository_id.into(), digest.into()],
        )
        .await?;
    Ok(rows == 1)
}
