//! Table `registry_settings`: documents that configure a registry as a whole, one a name.

use types::{RegistryId, Timestamp};

use crate::{Conn, Result};

/// The name of the registry policy, which is part of the authorization data: whoever changes it moves the stamp.
pub const POLICY: &str = "policy";

/// The document of that name.
pub async fn find(conn: &mut Conn, registry: &RegistryId, name: &str) -> Result<Option<String>> {
    conn.optional(
        "select document
         from registry_settings
         where account_id = $1 and region = $2 and name = $3",
        [(&registry.account).into(), (&registry.region).into(), name.into()],
        |row| row.text(0),
    )
    .await
}

/// Every registry that has a document of that name, with it: for copies in memory.
pub async fn list(conn: &mut Conn, name: &str) -> Result<Vec<(RegistryId, String)>> {
    conn.all(
        "select account_id, region, document
         from registry_settings
         where name = $1",
        [name.into()],
        |row| {
            let registry = RegistryId { account: row.parsed(0, "account_id")?, region: row.parsed(1, "region")? };
            Ok((registry, row.text(2)?))
        },
    )
    .await
}

/// Sets a document, replacing the one before. Returns its version, which counts the changes from 1.
pub async fn upsert(
    conn: &mut Conn,
    registry: &RegistryId,
    name: &str,
    document: &str,
    now: Timestamp,
) -> Result<Option<i64>> {
    conn.optional(
        "insert into registry_settings (account_id, region, name, document, version, updated_at)
         values ($1, $2, $3, $4, 1, $5)
         on conflict (account_id, region, name) do update
         set document = excluded.document, version = registry_settings.version + 1, updated_at = excluded.updated_at
         returning version",
        [(&registry.account).into(), (&registry.region).into(), name.into(), document.into(), now.into()],
        |row| row.integer(0),
    )
    .await
}

/// Removes a document and gives it back.
pub async fn delete(conn: &mut Conn, registry: &RegistryId, name: &str) -> Result<Option<String>> {
    conn.optional(
        "delete from registry_settings
         where account_id = $1 and region = $2 and name = $3
         returning document",
        [(&registry.account).into(), (&registry.region).into(), name.into()],
        |row| row.text(0),
    )
    .await
}
