//! Table `parameter_versions`: what parameters held and hold, sealed.

use types::Timestamp;

use crate::row::Row;
use crate::{Conn, Result};

/// A version of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterVersionRow {
    /// The parameter.
    pub parameter_id: String,
    /// Counted from 1.
    pub version: u64,
    /// `String`, `StringList` or `SecureString`.
    pub kind: String,
    /// What it holds, sealed.
    pub sealed_value: Vec<u8>,
    /// Everything else that clients set, as JSON.
    pub document: String,
    /// When it was put there.
    pub modified_at: Timestamp,
}

fn read(row: &Row) -> Result<ParameterVersionRow> {
    Ok(ParameterVersionRow {
        parameter_id: row.text(0)?,
        version: row.size(1)?,
        kind: row.text(2)?,
        sealed_value: row.bytes(3)?,
        document: row.text(4)?,
        modified_at: row.time(5)?,
    })
}

/// Adds a version.
pub async fn insert(conn: &mut Conn, row: &ParameterVersionRow) -> Result<()> {
    conn.execute(
        "insert into parameter_versions (parameter_id, version, kind, sealed_value, document, modified_at)
         values ($1, $2, $3, $4, $5, $6)",
        [
            (&row.parameter_id).into(),
            row.version.into(),
            (&row.kind).into(),
            row.sealed_value.as_slice().into(),
            (&row.document).into(),
            row.modified_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// A version of a parameter.
pub async fn find(conn: &mut Conn, parameter_id: &str, version: u64) -> Result<Option<ParameterVersionRow>> {
    // pk_parameter_versions
    conn.optional(
        "select parameter_id, version, kind, sealed_value, document, modified_at
         from parameter_versions
         where parameter_id = $1 and version = $2",
        [parameter_id.into(), version.into()],
        read,
    )
    .await
}

/// Versions of a parameter after a number, at most `limit`.
pub async fn list(conn: &mut Conn, parameter_id: &str, after: u64, limit: usize) -> Result<Vec<ParameterVersionRow>> {
    // pk_parameter_versions
    conn.all(
        "select parameter_id, version, kind, sealed_value, document, modified_at
         from parameter_versions
         where parameter_id = $1 and version > $2
         order by version
         limit $3",
        [parameter_id.into(), after.into(), limit.into()],
        read,
    )
    .await
}

/// Deletes versions up to a number.
pub async fn delete_until(conn: &mut Conn, parameter_id: &str, version: u64) -> Result<u64> {
    // pk_parameter_versions
    conn.execute(
        "delete from parameter_versions where parameter_id = $1 and version <= $2",
        [parameter_id.into(), version.into()],
    )
    .await
}
