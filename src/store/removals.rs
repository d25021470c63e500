//! Table `removals`: objects that no row needs any more.

use types::Timestamp;

use crate::value::list as text_list;
use crate::{Conn, Result};

/// Puts objects down for removal at `not_before` or later.
pub async fn insert(conn: &mut Conn, object_keys: &[String], not_before: Timestamp) -> Result<()> {
    if object_keys.is_empty() {
        return Ok(());
    }
    conn.execute(
        "insert into removals (object_key, not_before)
         select value, cast($2 as bigint)
         from json_each($1)
         where true
         on conflict do nothing",
        [text_list(object_keys.iter().map(String::as_str)), not_before.into()],
    )
    .await?;
    Ok(())
}

/// Whether an object is down for removal: then no row may come to need it any more.
pub async fn contains(conn: &mut Conn, object_key: &str) -> Result<bool> {
    let found = conn.optional("select 1 from removals where object_key = $1", [object_key.into()], |_| Ok(())).await?;
    Ok(found.is_some())
}

/// An object that is due.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DueRow {
    /// Its key.
    pub object_key: String,
    /// Whether a blob needs it: it was put down while that was not known.
    pub is_needed: bool,
}

/// Objects that are due, at most `limit`, the oldest first.
pub async fn list_due(conn: &mut Conn, now: Timestamp, limit: usize) -> Result<Vec<DueRow>> {
    // ix_removals_not_before, uq_blobs_object_key
    conn.all(
        "select object_key, case when exists (
             select 1 from blobs blob where blob.object_key = removal.object_key
         ) then cast(1 as bigint) else cast(0 as bigint) end
         from removals removal
         where not_before < $1
         order by not_before
         limit $2",
        [now.into(), limit.into()],
        |row| Ok(DueRow { object_key: row.text(0)?, is_needed: row.integer(1)? != 0 }),
    )
    .await
}

/// Strikes off those of these objects that a blob needs.
pub async fn delete_needed(conn: &mut Conn, object_keys: &[String]) -> Result<u64> {
    conn.execute(
        "delete from removals
         where object_key in (select value from json_each($1))
           and exists (select 1 from blobs blob where blob.object_key = removals.object_key)",
        [text_list(object_keys.iter().map(String::as_str))],
    )
    .await
}

/// Puts the removal of objects off until `not_before`.
pub async fn update_not_before(conn: &mut Conn, object_keys: &[String], not_before: Timestamp) -> Result<u64> {
    conn.execute(
        "update removals
         set not_before = $2
         where object_key in (select value from json_each($1))",
        [text_list(object_keys.iter().map(String::as_str)), not_before.into()],
    )
    .await
}

/// Strikes objects off the list, after they are gone.
pub async fn delete(conn: &mut Conn, object_keys: &[String]) -> Result<u64> {
    conn.execute(
        "delete from removals
         where object_key in (select value from json_each($1))",
        [text_list(object_keys.iter().map(String::as_str))],
    )
    .await
}
