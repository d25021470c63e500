//! Table `lifecycle_preview_results`: the images that a previewed policy would take.

use std::sync::LazyLock;

use types::{Digest, Timestamp};

use crate::row::Row;
use crate::value::{Value, list as text_list};
use crate::{Conn, Error, Result};

/// An image that would go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultRow {
    /// Its place among the images that would go, from 1.
    pub position: i64,
    /// Its name.
    pub digest: Digest,
    /// Its tags when the policy was tried.
    pub tags: Vec<String>,
    /// When it was pushed.
    pub pushed_at: Timestamp,
    /// Where it is.
    pub storage_class: String,
    /// What would become of it.
    pub action: String,
    /// The priority of the rule that decided.
    pub rule_priority: i64,
}

/// Rows in one statement: so that a hundred thousand rows do not take as many round trips.
pub const BATCH: usize = 100;
const COLUMNS: usize = 8;

fn read(row: &Row) -> Result<ResultRow> {
    let tags = serde_json::from_str(&row.text(2)?)
        .map_err(|error| Error::Damaged { column: "tags", reason: error.to_string() })?;
    Ok(ResultRow {
        position: row.integer(0)?,
        digest: row.parsed(1, "digest")?,
        tags,
        pushed_at: row.time(3)?,
        storage_class: row.text(4)?,
        action: row.text(5)?,
        rule_priority: row.integer(6)?,
    })
}

fn insert_statement(rows: usize) -> String {
    let values: Vec<String> = (0..rows)
        .map(|row| {
            let markers: Vec<String> = (1..=COLUMNS).map(|column| format!("${}", row * COLUMNS + column)).collect();
            format!("({})", markers.join(", "))
        })
        .collect();
    format!(
        "insert into lifecycle_preview_results
             (run_id, position, digest, tags, pushed_at, storage_class, action, rule_priority)
         values {}",
        values.join(", ")
    )
}

/// Adds the results of a run.
pub async fn insert(conn: &mut Conn, run_id: &str, rows: &[ResultRow]) -> Result<()> {
    static FULL: LazyLock<String> = LazyLock::new(|| insert_statement(BATCH));
    static SINGLE: LazyLock<String> = LazyLock::new(|| insert_statement(1));
    let arguments = |rows: &[ResultRow]| {
        let mut arguments: Vec<Value> = Vec::with_capacity(rows.len() * COLUMNS);
        for row in rows {
            arguments.extend([
                run_id.into(),
                row.position.into(),
                (&row.digest).into(),
                text_list(row.tags.iter().map(String::as_str)),
                row.pushed_at.into(),
                (&row.storage_class).into(),
                (&row.action).into(),
                row.rule_priority.into(),
            ]);
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

/// Which results are wanted by their tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tagged {
    /// All.
    Any,
    /// Of images with tags.
    Yes,
    /// Of images without tags.
    No,
}

/// Results of a run after `after`, by position, at most `limit`.
pub async fn list(conn: &mut Conn, run_id: &str, tagged: Tagged, after: i64, limit: usize) -> Result<Vec<ResultRow>> {
    // pk_lifecycle_preview_results. Where most are passed over, a page takes a walk over the results of one run.
    let tagged = match tagged {
        Tagged::Any => "any",
        Tagged::Yes => "yes",
        Tagged::No => "no",
    };
    conn.all(
        "select position, digest, tags, pushed_at, storage_class, action, rule_priority
         from lifecycle_preview_results
         where run_id = $1 and position > $2
             and ($3 = 'any' or ($3 = 'yes' and tags <> '[]') or ($3 = 'no' and tags = '[]'))
         order by position
         limit $4",
        [run_id.into(), after.into(), tagged.into(), limit.into()],
        read,
    )
    .await
}

/// The results of a run for these images, by position.
pub async fn find_all(conn: &mut Conn, run_id: &str, digests: &[Digest]) -> Result<Vec<ResultRow>> {
    // ix_lifecycle_preview_results_digest
    conn.all(
        "select position, digest, tags, pushed_at, storage_class, action, rule_priority
         from lifecycle_preview_results
         where (run_id, digest) in (select distinct $1, value from json_each($2))
         order by position",
        [run_id.into(), text_list(digests.iter().map(Digest::as_str))],
        read,
    )
    .await
}

/// The first run after `after` that has results.
pub async fn find_next_run(conn: &mut Conn, after: &str) -> Result<Option<String>> {
    conn.optional(
        "select run_id
         from lifecycle_preview_results
         where run_id > $1
         order by run_id
         limit 1",
        [after.into()],
        |row| row.text(0),
    )
    .await
}

/// Removes some results of a run, the first `limit` by position. How many there were.
pub async fn delete(conn: &mut Conn, run_id: &str, limit: usize) -> Result<u64> {
    conn.execute(
        "delete from lifecycle_preview_results
         where run_id = $1 and position in (
             select position
             from lifecycle_preview_results
             where run_id = $1
             order by position
             limit $2)",
        [run_id.into(), limit.into()],
    )
    .await
}
