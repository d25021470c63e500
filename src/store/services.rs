//! Table `services`: tasks that are kept running.

use types::Timestamp;

use crate::conn::{self, Lock};
use crate::row::Row;
use crate::value::list as list_of;
use crate::{Conn, Result};

/// A service of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRow {
    /// Names it here.
    pub service_id: String,
    /// The cluster.
    pub cluster_id: String,
    /// Unique in the cluster.
    pub name: String,
    /// `ACTIVE`, `DRAINING`, `INACTIVE`.
    pub status: String,
    /// `REPLICA` or `DAEMON`.
    pub strategy: String,
    /// `EC2`, `FARGATE`, `EXTERNAL`; empty if capacity providers decide.
    pub launch_type: String,
    /// How many tasks are wanted.
    pub desired_count: u64,
    /// Everything else, as JSON.
    pub document: String,
    /// When it was made.
    pub created_at: Timestamp,
}

fn read(row: &Row) -> Result<ServiceRow> {
    Ok(ServiceRow {
        service_id: row.text(0)?,
        cluster_id: row.text(1)?,
        name: row.text(2)?,
        status: row.text(3)?,
        strategy: row.text(4)?,
        launch_type: row.text(5)?,
        desired_count: row.size(6)?,
        document: row.text(7)?,
        created_at: row.time(8)?,
    })
}

/// Adds a service. False if there is one of this name, gone or not.
pub async fn insert(conn: &mut Conn, service: &ServiceRow) -> Result<bool> {
    // uq_services_name
    let rows = conn
        .execute(
            "insert into services (service_id, cluster_id, name, status, strategy, launch_type, desired_count, document,
                                   created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             on conflict (cluster_id, name) do nothing",
            [
                (&service.service_id).into(),
                (&service.cluster_id).into(),
                (&service.name).into(),
                (&service.status).into(),
                (&service.strategy).into(),
                (&service.launch_type).into(),
                service.desired_count.into(),
                (&service.document).into(),
                service.created_at.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// The service of that name, gone or not.
pub async fn find(conn: &mut Conn, cluster_id: &str, name: &str) -> Result<Option<ServiceRow>> {
    // uq_services_name
    conn.optional(
        "select service_id, cluster_id, name, status, strategy, launch_type, desired_count, document, created_at
         from services
         where cluster_id = $1 and name = $2",
        [cluster_id.into(), name.into()],
        read,
    )
    .await
}

/// The service of that id.
pub async fn find_by_id(conn: &mut Conn, service_id: &str) -> Result<Option<ServiceRow>> {
    conn.optional(
        "select service_id, cluster_id, name, status, strategy, launch_type, desired_count, document, created_at
         from services
         where service_id = $1",
        [service_id.into()],
        read,
    )
    .await
}

/// The services of these ids that are there.
pub async fn list_named(conn: &mut Conn, service_ids: &[&str]) -> Result<Vec<ServiceRow>> {
    // pk_services
    conn.all(
        "select service_id, cluster_id, name, status, strategy, launch_type, desired_count, document, created_at
         from services
         where service_id in (select value from json_each($1))
         order by service_id",
        [list_of(service_ids.iter().copied())],
        read,
    )
    .await
}

/// The service of that id, held until the end of the transaction.
pub async fn lock(conn: &mut Conn, service_id: &str) -> Result<Option<ServiceRow>> {
    let found = conn
        .all_locked(
            "select service_id, cluster_id, name, status, strategy, launch_type, desired_count, document, created_at
             from services
             where service_id = $1",
            Lock::NoKeyUpdate,
            [service_id.into()],
            read,
        )
        .await?;
    Ok(found.into_iter().next())
}

/// The active services of a cluster whose names come after one, at most `limit`. Empty filters match all.
pub async fn list(
    conn: &mut Conn,
    cluster_id: &str,
    launch_type: &str,
    strategy: &str,
    after: &str,
    limit: usize,
) -> Result<Vec<ServiceRow>> {
    // uq_services_name
    conn.all(
        "select service_id, cluster_id, name, status, strategy, launch_type, desired_count, document, created_at
         from services
         where cluster_id = $1
           and name > $2
           and status = 'ACTIVE'
           and ($3 = '' or launch_type = $3)
           and ($4 = '' or strategy = $4)
         order by name
         limit $5",
        [cluster_id.into(), after.into(), launch_type.into(), strategy.into(), limit.into()],
        read,
    )
    .await
}

/// Ids and names of services of a cluster of which something may be left, whose names come after one, at most `limit`.
pub async fn list_live(conn: &mut Conn, cluster_id: &str, after: &str, limit: usize) -> Result<Vec<(String, String)>> {
    // uq_services_name
    conn.all(
        "select service_id, name
         from services
         where cluster_id = $1 and name > $2 and status <> 'INACTIVE'
         order by name
         limit $3",
        [cluster_id.into(), after.into(), limit.into()],
        |row| Ok((row.text(0)?, row.text(1)?)),
    )
    .await
}

/// The services of all clusters of which something may be left, after an id, at most `limit`: their ids, and those of their
/// clusters.
pub async fn list_everywhere(conn: &mut Conn, after: &str, limit: usize) -> Result<Vec<(String, String)>> {
    // pk_services
    conn.all(
        "select service_id, cluster_id
         from services
         where service_id > $1 and status <> 'INACTIVE'
         order by service_id
         limit $2",
        [after.into(), limit.into()],
        |row| Ok((row.text(0)?, row.text(1)?)),
    )
    .await
}

/// Services of a cluster that have capacity providers and of which something may be left, after an id, at most `limit`.
pub async fn list_with_providers(conn: &mut Conn, cluster_id: &str, after: &str, limit: usize) -> Result<Vec<String>> {
    // ix_services_with_providers
    conn.all(
        "select service_id
         from services
         where cluster_id = $1 and service_id > $2 and launch_type = ''
           and status <> 'INACTIVE' and status <> 'DRAINING'
         order by service_id
         limit $3",
        [cluster_id.into(), after.into(), limit.into()],
        |row| row.text(0),
    )
    .await
}

/// How many services of a cluster that are not gone there are, by their launch types and statuses. The launch type of those
/// that are placed by capacity providers is empty.
pub async fn count_by_launch_type(conn: &mut Conn, cluster_id: &str) -> Result<Vec<(String, String, u64)>> {
    // uq_services_name
    conn.all(
        "select launch_type, status, count(*)
         from services
         where cluster_id = $1 and status <> 'INACTIVE'
         group by launch_type, status",
        [cluster_id.into()],
        |row| Ok((row.text(0)?, row.text(1)?, row.size(2)?)),
    )
    .await
}

/// How many active services a cluster has.
pub async fn count(conn: &mut Conn, cluster_id: &str) -> Result<u64> {
    // uq_services_name
    conn::count(
        conn,
        "select count(*)
         from services
         where cluster_id = $1 and status = 'ACTIVE'",
        [cluster_id.into()],
    )
    .await
}

/// Notes what became of a service.
pub async fn update(conn: &mut Conn, service: &ServiceRow) -> Result<()> {
    conn.execute(
        "update services
         set status = $2, launch_type = $3, desired_count = $4, document = $5
         where service_id = $1",
        [
            (&service.service_id).into(),
            (&service.status).into(),
            (&service.launch_type).into(),
            service.desired_count.into(),
            (&service.document).into(),
        ],
    )
    .await?;
    Ok(())
}

/// Forgets a service that is gone. Its deployments, events and tasks are forgotten before.
pub async fn delete(conn: &mut Conn, service_id: &str) -> Result<()> {
    conn.execute(
        "delete from services
         where service_id = $1 and status = 'INACTIVE'",
        [service_id.into()],
    )
    .await?;
    Ok(())
}
