//! Table `scaling_policies`: by what services are scaled.

use types::{AccountId, Region, RegistryId, Timestamp};

use crate::row::Row;
use crate::{Conn, Result, value};

/// A scaling policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalingPolicyRow {
    /// Whose it is, and where.
    pub registry: RegistryId,
    /// What is scaled.
    pub resource_id: String,
    /// Unique there.
    pub name: String,
    /// Everything else, as JSON.
    pub document: String,
    /// When it was made.
    pub created_at: Timestamp,
}

fn read(row: &Row) -> Result<ScalingPolicyRow> {
    Ok(ScalingPolicyRow {
        registry: RegistryId {
            account: row.parsed::<AccountId>(0, "account_id")?,
            region: row.parsed::<Region>(1, "region")?,
        },
        resource_id: row.text(2)?,
        name: row.text(3)?,
        document: row.text(4)?,
        created_at: row.time(5)?,
    })
}

/// Adds one, or replaces what the one of that name says.
pub async fn upsert(conn: &mut Conn, row: &ScalingPolicyRow) -> Result<()> {
    // pk_scaling_policies
    conn.execute(
        "insert into scaling_policies (account_id, region, resource_id, name, document, created_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (account_id, region, resource_id, name) do update
         set document = excluded.document",
        [
            (&row.registry.account).into(),
            (&row.registry.region).into(),
            (&row.resource_id).into(),
            (&row.name).into(),
            (&row.document).into(),
            row.created_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Those behind a resource and a name, by both, at most `limit`.
pub async fn list(
    conn: &mut Conn,
    registry: &RegistryId,
    (resource_id, name): (&str, &str),
    limit: usize,
) -> Result<Vec<ScalingPolicyRow>> {
    // pk_scaling_policies
    conn.all(
        "select account_id, region, resource_id, name, document, created_at
         from scaling_policies
         where account_id = $1 and region = $2 and (resource_id, name) > ($3, $4)
         order by resource_id, name
         limit $5",
        [(&registry.account).into(), (&registry.region).into(), resource_id.into(), name.into(), limit.into()],
        read,
    )
    .await
}

/// Those of some names, of whatever resource, after one, at most `limit`.
pub async fn list_named(
    conn: &mut Conn,
    registry: &RegistryId,
    names: &[String],
    (resource_id, name): (&str, &str),
    limit: usize,
) -> Result<Vec<ScalingPolicyRow>> {
    // pk_scaling_policies: it walks the names of the registry's policies, which are as many as services, not as tasks.
    conn.all(
        "select account_id, region, resource_id, name, document, created_at
         from scaling_policies
         where account_id = $1 and region = $2 and (resource_id, name) > ($3, $4)
           and name in (select value from json_each($5))
         order by resource_id, name
         limit $6",
        [
            (&registry.account).into(),
            (&registry.region).into(),
            resource_id.into(),
            name.into(),
            value::list(names.iter().map(String::as_str)),
            limit.into(),
        ],
        read,
    )
    .await
}

/// All of one resource, by name. Their number is limited.
pub async fn list_of(conn: &mut Conn, registry: &RegistryId, resource_id: &str) -> Result<Vec<ScalingPolicyRow>> {
    // pk_scaling_policies
    conn.all(
        "select account_id, region, resource_id, name, document, created_at
         from scaling_policies
         where account_id = $1 and region = $2 and resource_id = $3
         order by name",
        [(&registry.account).into(), (&registry.region).into(), resource_id.into()],
        read,
    )
    .await
}

/// Deletes one.
pub async fn delete(conn: &mut Conn, registry: &RegistryId, resource_id: &str, name: &str) -> Result<bool> {
    // pk_scaling_policies
    let rows = conn
        .execute(
            "delete from scaling_policies
             where account_id = $1 and region = $2 and resource_id = $3 and name = $4",
            [(&registry.account).into(), (&registry.region).into(), resource_id.into(), name.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Deletes all of one resource.
pub async fn delete_of(conn: &mut Conn, registry: &RegistryId, resource_id: &str) -> Result<()> {
    // pk_scaling_policies
    conn.execute(
        "delete from scaling_policies
         where account_id = $1 and region = $2 and resource_id = $3",
        [(&registry.account).into(), (&registry.region).into(), resource_id.into()],
    )
    .await?;
    Ok(())
}
