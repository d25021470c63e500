//! Table `clusters`.

use types::{RegistryId, Timestamp};

use crate::conn::Lock;
use crate::row::Row;
use crate::value::list as list_of;
use crate::{Conn, Result};

/// A cluster of an account in a region.
#[derive(Debug, Clone)]
pub struct ClusterRow {
    /// Names it here. It stays when a deleted cluster is made again.
    pub cluster_id: String,
    /// The account and the region.
    pub registry: RegistryId,
    /// Unique among them.
    pub name: String,
    /// `ACTIVE`, or `INACTIVE` once deleted.
    pub status: String,
    /// Settings, configuration and capacity providers, as JSON.
    pub document: String,
    /// When it was made, or made again.
    pub created_at: Timestamp,
}

fn read(row: &Row) -> Result<ClusterRow> {
    Ok(ClusterRow {
        cluster_id: row.text(0)?,
        registry: RegistryId { account: row.parsed(1, "account_id")?, region: row.parsed(2, "region")? },
        name: row.text(3)?,
        status: row.text(4)?,
        document: row.text(5)?,
        created_at: row.time(6)?,
    })
}

/// Makes a cluster, or makes one again that was deleted. False if there is an active one of this name.
pub async fn insert(conn: &mut Conn, cluster: &ClusterRow) -> Result<bool> {
    // uq_clusters_name
    let rows = conn
        .execute(
            "insert into clusters (cluster_id, account_id, region, name, status, document, created_at)
             values ($1, $2, $3, $4, 'ACTIVE', $5, $6)
             on conflict (account_id, region, name) do update
             set status = 'ACTIVE', document = excluded.document, created_at = excluded.created_at
             where clusters.status = 'INACTIVE'",
            [
                (&cluster.cluster_id).into(),
                (&cluster.registry.account).into(),
                (&cluster.registry.region).into(),
                (&cluster.name).into(),
                (&cluster.document).into(),
                cluster.created_at.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// The cluster of that name, deleted or not.
pub async fn find(conn: &mut Conn, registry: &RegistryId, name: &str) -> Result<Option<ClusterRow>> {
    // uq_clusters_name
    conn.optional(
        "select cluster_id, account_id, region, name, status, document, created_at
         from clusters
         where account_id = $1 and region = $2 and name = $3",
        [(&registry.account).into(), (&registry.region).into(), name.into()],
        read,
    )
    .await
}

/// The cluster of that id.
pub async fn find_by_id(conn: &mut Conn, cluster_id: &str) -> Result<Option<ClusterRow>> {
    conn.optional(
        "select cluster_id, account_id, region, name, status, document, created_at
         from clusters
         where cluster_id = $1",
        [cluster_id.into()],
        read,
    )
    .await
}

/// The clusters of these ids.
pub async fn list_named(conn: &mut Conn, cluster_ids: &[&str]) -> Result<Vec<ClusterRow>> {
    // pk_clusters
    conn.all(
        "select cluster_id, account_id, region, name, status, document, created_at
         from clusters
         where cluster_id in (select value from json_each($1))
         order by cluster_id",
        [list_of(cluster_ids.iter().copied())],
        read,
    )
    .await
}

/// The cluster of that name, held until the end of the transaction: what is placed in it, and on what, changes by one
/// decision at a time.
pub async fn lock(conn: &mut Conn, registry: &RegistryId, name: &str) -> Result<Option<ClusterRow>> {
    // uq_clusters_name
    let found = conn
        .all_locked(
            "select cluster_id, account_id, region, name, status, document, created_at
             from clusters
             where account_id = $1 and region = $2 and name = $3",
            Lock::NoKeyUpdate,
            [(&registry.account).into(), (&registry.region).into(), name.into()],
            read,
        )
        .await?;
    Ok(found.into_iter().next())
}

/// Like [`lock`], by the id of the cluster.
pub async fn lock_by_id(conn: &mut Conn, cluster_id: &str) -> Result<Option<ClusterRow>> {
    let found = conn
        .all_locked(
            "select cluster_id, account_id, region, name, status, document, created_at
             from clusters
             where cluster_id = $1",
            Lock::NoKeyUpdate,
            [cluster_id.into()],
            read,
        )
        .await?;
    Ok(found.into_iter().next())
}

/// Active clusters whose names come after `after`, by bytes, at most `limit`.
pub async fn list(conn: &mut Conn, registry: &RegistryId, after: &str, limit: usize) -> Result<Vec<ClusterRow>> {
    // uq_clusters_name
    conn.all(
        "select cluster_id, account_id, region, name, status, document, created_at
         from clusters
         where account_id = $1 and region = $2 and name > $3 and status = 'ACTIVE'
         order by name
         limit $4",
        [(&registry.account).into(), (&registry.region).into(), after.into(), limit.into()],
        read,
    )
    .await
}

/// Gives a cluster another status or document.
pub async fn update(conn: &mut Conn, cluster_id: &str, status: &str, document: &str) -> Result<()> {
    conn.execute(
        "update clusters
         set status = $2, document = $3
         where cluster_id = $1",
        [cluster_id.into(), status.into(), document.into()],
    )
    .await?;
    Ok(())
}
