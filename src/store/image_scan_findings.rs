//! Table `image_scan_findings`: what scans found.

use std::sync::LazyLock;

use crate::value::Value;
use crate::{Conn, Result};

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingRow {
    /// Its place, from 1, the worst first.
    pub position: i64,
    /// From 0 to 5.
    pub severity: i64,
    /// What was found.
    pub document: String,
}

/// Rows in one statement: so that thousands of rows do not take as many round trips.
const BATCH: usize = 50;
const COLUMNS: usize = 4;

fn insert_statement(rows: usize) -> String {
    let values: Vec<String> = (0..rows)
        .map(|row| {
            let markers: Vec<String> = (1..=COLUMNS).map(|column| format!("${}", row * COLUMNS + column)).collect();
            format!("({})", markers.join(", "))
        })
        .collect();
    format!("insert into image_scan_findings (run_id, position, severity, document) values {}", values.join(", "))
}

/// Adds the findings of a run.
pub async fn insert(conn: &mut Conn, run_id: &str, rows: &[FindingRow]) -> Result<()> {
    static FULL: LazyLock<String> = LazyLock::new(|| insert_statement(BATCH));
    static SINGLE: LazyLock<String> = LazyLock::new(|| insert_statement(1));
    let arguments = |rows: &[FindingRow]| {
        let mut arguments: Vec<Value> = Vec::with_capacity(rows.len() * COLUMNS);
        for row in rows {
            arguments.extend([run_id.into(), row.position.into(), row.severity.into(), (&row.document).into()]);
        }
        arguments
    };
    let mut batches = rows.chunks_exact(BATCH);
    for batch in &mut batches {
        conn.execute(FULL.as_str(), arguments(batch)).await?;
    }
    for row in batches.remainder() {
        conn.execute(SINGLE.as_str(), arguments(std::slice::from_ref(row))).await?;
    }
    Ok(())
}

/// Findings of a run after `after`, by position, at most `limit`.
pub async fn list(conn: &mut Conn, run_id: &str, after: i64, limit: usize) -> Result<Vec<FindingRow>> {
    // pk_image_scan_findings
    conn.all(
        "select position, severity, document
         from image_scan_findings
         where run_id = $1 and position > $2
         order by position
         limit $3",
        [run_id.into(), after.into(), limit.into()],
        |row| Ok(FindingRow { position: row.integer(0)?, severity: row.integer(1)?, document: row.text(2)? }),
    )
    .await
}

/// Removes the findings of a run.
pub async fn delete(conn: &mut Conn, run_id: &str) -> Result<u64> {
    conn.execute(
        "delete from image_scan_findings
         where run_id = $1",
        [run_id.into()],
    )
    .await
}
