//! Table `scalable_targets`: services whose number of tasks is decided here.

use types::{AccountId, Region, RegistryId, Timestamp};

use crate::conn::Lock;
use crate::row::Row;
use crate::{Conn, Result};

/// A scalable target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalableTargetRow {
    /// Whose it is, and where.
    pub registry: RegistryId,
    /// `service/CLUSTER/SERVICE`, unique there.
    pub resource_id: String,
    /// Names it in its ARN.
    pub scalable_target_id: String,
    /// The least.
    pub min_capacity: u64,
    /// The most.
    pub max_capacity: u64,
    /// Everything else that clients set, as JSON.
    pub document: String,
    /// When it was scaled last, as JSON.
    pub state: String,
    /// When it was registered.
    pub created_at: Timestamp,
}

fn read(row: &Row) -> Result<ScalableTargetRow> {
    Ok(ScalableTargetRow {
        registry: RegistryId {
            account: row.parsed::<AccountId>(0, "account_id")?,
            region: row.parsed::<Region>(1, "region")?,
        },
        resource_id: row.text(2)?,
        scalable_target_id: row.text(3)?,
        min_capacity: row.size(4)?,
        max_capacity: row.size(5)?,
        document: row.text(6)?,
        state: row.text(7)?,
        created_at: row.time(8)?,
    })
}

/// Adds a target. False if there is one of that resource.
pub async fn insert(conn: &mut Conn, row: &ScalableTargetRow) -> Result<bool> {
    // pk_scalable_targets
    let rows = conn
        .execute(
            "insert into scalable_targets (account_id, region, resource_id, scalable_target_id, min_capacity,
                 max_capacity, document, state, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             on conflict (account_id, region, resource_id) do nothing",
            [
                (&row.registry.account).into(),
                (&row.registry.region).into(),
                (&row.resource_id).into(),
                (&row.scalable_target_id).into(),
                row.min_capacity.into(),
                row.max_capacity.into(),
                (&row.document).into(),
                (&row.state).into(),
                row.created_at.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Writes what changed of a target.
pub async fn update(conn: &mut Conn, row: &ScalableTargetRow) -> Result<()> {
    // pk_scalable_targets
    conn.execute(
        "update scalable_targets
         set min_capacity = $4, max_capacity = $5, document = $6, state = $7
         where account_id = $1 and region = $2 and resource_id = $3",
        [
            (&row.registry.account).into(),
            (&row.registry.region).into(),
            (&row.resource_id).into(),
            row.min_capacity.into(),
            row.max_capacity.into(),
            (&row.document).into(),
            (&row.state).into(),
        ],
    )
    .await?;
    Ok(())
}

/// A target.
pub async fn find(conn: &mut Conn, registry: &RegistryId, resource_id: &str) -> Result<Option<ScalableTargetRow>> {
    // pk_scalable_targets
    conn.optional(
        "select account_id, region, resource_id, scalable_target_id, min_capacity, max_capacity, document, state,
             created_at
         from scalable_targets
         where account_id = $1 and region = $2 and resource_id = $3",
        [(&registry.account).into(), (&registry.region).into(), resource_id.into()],
        read,
    )
    .await
}

/// A target, held until the transaction ends.
pub async fn lock(conn: &mut Conn, registry: &RegistryId, resource_id: &str) -> Result<Option<ScalableTargetRow>> {
    // pk_scalable_targets
    let found = conn
        .all_locked(
            "select account_id, region, resource_id, scalable_target_id, min_capacity, max_capacity, document, state,
                 created_at
             from scalable_targets
             where account_id = $1 and region = $2 and resource_id = $3",
            Lock::NoKeyUpdate,
            [(&registry.account).into(), (&registry.region).into(), resource_id.into()],
            read,
        )
        .await?;
    Ok(found.into_iter().next())
}

/// The target of that id.
pub async fn find_by_id(conn: &mut Conn, scalable_target_id: &str) -> Result<Option<ScalableTargetRow>> {
    // uq_scalable_targets_id
    conn.optional(
        "select account_id, region, resource_id, scalable_target_id, min_capacity, max_capacity, document, state,
             created_at
         from scalable_targets
         where scalable_target_id = $1",
        [scalable_target_id.into()],
        read,
    )
    .await
}

/// Targets behind `after`, by resource, at most `limit`.
pub async fn list(conn: &mut Conn, registry: &RegistryId, after: &str, limit: usize) -> Result<Vec<ScalableTargetRow>> {
    // pk_scalable_targets
    conn.all(
        "select account_id, region, resource_id, scalable_target_id, min_capacity, max_capacity, document, state,
             created_at
         from scalable_targets
         where account_id = $1 and region = $2 and resource_id > $3
         order by resource_id
         limit $4",
        [(&registry.account).into(), (&registry.region).into(), after.into(), limit.into()],
        read,
    )
    .await
}

/// Targets of all accounts and regions behind a place, at most `limit`.
pub async fn list_all(
    conn: &mut Conn,
    (account, region, resource_id): (&str, &str, &str),
    limit: usize,
) -> Result<Vec<ScalableTargetRow>> {
    // pk_scalable_targets
    conn.all(
        "select account_id, region, resource_id, scalable_target_id, min_capacity, max_capacity, document, state,
             created_at
         from scalable_targets
         where (account_id, region, resource_id) > ($1, $2, $3)
         order by account_id, region, resource_id
         limit $4",
        [account.into(), region.into(), resource_id.into(), limit.into()],
        read,
    )
    .await
}

/// Forgets a target. Its policies and scheduled actions are forgotten before.
pub async fn delete(conn: &mut Conn, registry: &RegistryId, resource_id: &str) -> Result<bool> {
    // pk_scalable_targets
    let rows = conn
        .execute(
            "delete from scalable_targets
             where account_id = $1 and region = $2 and resource_id = $3",
            [(&registry.account).into(), (&registry.region).into(), resource_id.into()],
        )
        .await?;
    Ok(rows == 1)
}
