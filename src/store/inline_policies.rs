//! Table `inline_policies`.

use crate::row::Row;
use crate::value::list as texts;
use crate::{Conn, Result};

/// A policy that belongs to one user, group or role.
#[derive(Debug, Clone)]
pub struct InlinePolicyRow {
    /// Id of the user, group or role.
    pub principal_id: String,
    /// Unique there.
    pub name: String,
    /// The document as it was sent.
    pub document: String,
}

fn read(row: &Row) -> Result<InlinePolicyRow> {
    Ok(InlinePolicyRow { principal_id: row.text(0)?, name: row.text(1)?, document: row.text(2)? })
}

/// Sets a policy, replacing one of the same name.
pub async fn upsert(conn: &mut Conn, policy: &InlinePolicyRow) -> Result<()> {
    conn.execute(
        "insert into inline_policies (principal_id, name, document)
         values ($1, $2, $3)
         on conflict (principal_id, name) do update set document = excluded.document",
        [(&policy.principal_id).into(), (&policy.name).into(), (&policy.document).into()],
    )
    .await?;
    Ok(())
}

/// The policy of that name.
pub async fn find(conn: &mut Conn, principal_id: &str, name: &str) -> Result<Option<InlinePolicyRow>> {
    conn.optional(
        "select principal_id, name, document
         from inline_policies
         where principal_id = $1 and name = $2",
        [principal_id.into(), name.into()],
        read,
    )
    .await
}

/// All policies, for the copy of the authorization data in memory.
pub async fn list(conn: &mut Conn) -> Result<Vec<InlinePolicyRow>> {
    conn.all("select principal_id, name, document from inline_policies", [], read).await
}

/// The policies of several principals, in the order of their names.
pub async fn list_of(conn: &mut Conn, principal_ids: &[&str]) -> Result<Vec<InlinePolicyRow>> {
    // pk_inline_policies
    conn.all(
        "select principal_id, name, document
         from inline_policies
         where principal_id in (select value from json_each($1))
         order by name",
        [texts(principal_ids.iter().copied())],
        read,
    )
    .await
}

/// How many characters the policies of several principals have together, of each that has some.
pub async fn list_lengths(conn: &mut Conn, principal_ids: &[&str]) -> Result<Vec<(String, u64)>> {
    // pk_inline_policies
    conn.all(
        "select principal_id, sum(length(document))
         from inline_policies
         where principal_id in (select value from json_each($1))
         group by principal_id",
        [texts(principal_ids.iter().copied())],
        |row| Ok((row.text(0)?, row.integer(1)?.unsigned_abs())),
    )
    .await
}

/// The names of a principal's policies after a name, at most `limit`.
pub async fn list_names(conn: &mut Conn, principal_id: &str, after: &str, limit: usize) -> Result<Vec<String>> {
    // pk_inline_policies
    conn.all(
        "select name
         from inline_policies
         where principal_id = $1 and name > $2
         order by name
         limit $3",
        [principal_id.into(), after.into(), limit.into()],
        |row| row.text(0),
    )
    .await
}

/// Removes a policy.
pub async fn delete(conn: &mut Conn, principal_id: &str, name: &str) -> Result<bool> {
    let rows = conn
        .execute(
            "delete from inline_policies
             where principal_id = $1 and name = $2",
            [principal_id.into(), name.into()],
        )
        .await?;
    Ok(rows == 1)
}
