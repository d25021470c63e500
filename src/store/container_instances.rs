//! Table `container_instances`: the hosts of a cluster.

use types::Timestamp;

use crate::conn::{self, Lock};
use crate::row::Row;
use crate::value::list as list_of;
use crate::{Conn, Result};

/// A host that runs tasks of a cluster.
#[derive(Debug, Clone)]
pub struct ContainerInstanceRow {
    /// 32 hexadecimal digits.
    pub instance_id: String,
    /// The cluster.
    pub cluster_id: String,
    /// `ACTIVE`, `DRAINING`, or `INACTIVE` once deregistered.
    pub status: String,
    /// Its agent is connected while this lies in the future.
    pub connected_until: Timestamp,
    /// Moves with each change.
    pub version: u64,
    /// Resources, attributes and versions, as JSON.
    pub document: String,
    /// CPU units that its tasks have.
    pub used_cpu: u64,
    /// MiB that its tasks have.
    pub used_memory: u64,
    /// Host ports that its tasks have, as JSON.
    pub used_ports: String,
    /// When it was registered first.
    pub registered_at: Timestamp,
}

fn read(row: &Row) -> Result<ContainerInstanceRow> {
    Ok(ContainerInstanceRow {
        instance_id: row.text(0)?,
        cluster_id: row.text(1)?,
        status: row.text(2)?,
        connected_until: row.time(3)?,
        version: row.size(4)?,
        document: row.text(5)?,
        used_cpu: row.size(6)?,
        used_memory: row.size(7)?,
        used_ports: row.text(8)?,
        registered_at: row.time(9)?,
    })
}

/// Registers a host, or takes what it says of itself anew. What its tasks use stays.
pub async fn upsert(conn: &mut Conn, instance: &ContainerInstanceRow) -> Result<()> {
    conn.execute(
        "insert into container_instances (instance_id, cluster_id, status, connected_until, sequence, version, document,
                                          used_cpu, used_memory, used_ports, registered_at)
         values ($1, $2, $3, $4, 0, 1, $5, $6, $7, $8, $9)
         on conflict (instance_id) do update
         set status = excluded.status, document = excluded.document, version = container_instances.version + 1",
        [
            (&instance.instance_id).into(),
            (&instance.cluster_id).into(),
            (&instance.status).into(),
            instance.connected_until.into(),
            (&instance.document).into(),
            instance.used_cpu.into(),
            instance.used_memory.into(),
            (&instance.used_ports).into(),
            instance.registered_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// The host of that id.
pub async fn find(conn: &mut Conn, instance_id: &str) -> Result<Option<ContainerInstanceRow>> {
    conn.optional(
        "select instance_id, cluster_id, status, connected_until, version, document, used_cpu, used_memory, used_ports,
                registered_at
         from container_instances
         where instance_id = $1",
        [instance_id.into()],
        read,
    )
    .await
}

/// The host of that id, held until the end of the transaction.
pub async fn lock(conn: &mut Conn, instance_id: &str) -> Result<Option<ContainerInstanceRow>> {
    let found = conn
        .all_locked(
            "select instance_id, cluster_id, status, connected_until, version, document, used_cpu, used_memory,
                    used_ports, registered_at
             from container_instances
             where instance_id = $1",
            Lock::NoKeyUpdate,
            [instance_id.into()],
            read,
        )
        .await?;
    Ok(found.into_iter().next())
}

/// The hosts of a cluster that have a status, after an id, at most `limit`.
pub async fn list(
    conn: &mut Conn,
    cluster_id: &str,
    status: &str,
    after: &str,
    limit: usize,
) -> Result<Vec<ContainerInstanceRow>> {
    // ix_container_instances_cluster
    conn.all(
        "select instance_id, cluster_id, status, connected_until, version, document, used_cpu, used_memory, used_ports,
                registered_at
         from container_instances
         where cluster_id = $1 and status = $2 and instance_id > $3
         order by instance_id
         limit $4",
        [cluster_id.into(), status.into(), after.into(), limit.into()],
        read,
    )
    .await
}

/// The hosts of all clusters that are not deregistered, after an id, at most `limit`.
pub async fn list_all(conn: &mut Conn, after: &str, limit: usize) -> Result<Vec<ContainerInstanceRow>> {
    // pk_container_instances
    conn.all(
        "select instance_id, cluster_id, status, connected_until, version, document, used_cpu, used_memory, used_ports,
                registered_at
         from container_instances
         where instance_id > $1 and status in ('ACTIVE', 'DRAINING')
         order by instance_id
         limit $2",
        [after.into(), limit.into()],
        read,
    )
    .await
}

/// The ids of those hosts of some clusters that are being drained.
pub async fn list_draining(conn: &mut Conn, cluster_ids: &[&str]) -> Result<Vec<String>> {
    // ix_container_instances_cluster
    conn.all(
        "select instance_id
         from container_instances
         where cluster_id in (select value from json_each($1)) and status = 'DRAINING'
         order by instance_id",
        [list_of(cluster_ids.iter().copied())],
        |row| row.text(0),
    )
    .await
}

/// Hosts whose agents are away since before a time and that have tasks, at most `limit`.
pub async fn list_lost(conn: &mut Conn, before: Timestamp, limit: usize) -> Result<Vec<ContainerInstanceRow>> {
    // ix_container_instances_connected
    conn.all(
        "select instance_id, cluster_id, status, connected_until, version, document, used_cpu, used_memory, used_ports,
                registered_at
         from container_instances instance
         where status in ('ACTIVE', 'DRAINING')
           and connected_until < $1
           and exists (select 1 from tasks where tasks.instance_id = instance.instance_id and tasks.stopped_at is null)
         order by connected_until
         limit $2",
        [before.into(), limit.into()],
        read,
    )
    .await
}

/// How many hosts a cluster has.
pub async fn count(conn: &mut Conn, cluster_id: &str) -> Result<u64> {
    // ix_container_instances_cluster
    conn::count(
        conn,
        "select count(*)
         from container_instances
         where cluster_id = $1 and status in ('ACTIVE', 'DRAINING')",
        [cluster_id.into()],
    )
    .await
}

/// Gives a host another status.
pub async fn update_status(conn: &mut Conn, instance_id: &str, status: &str) -> Result<()> {
    conn.execute(
        "update container_instances
         set status = $2, version = version + 1
         where instance_id = $1",
        [instance_id.into(), status.into()],
    )
    .await?;
    Ok(())
}

/// Says that a host was deregistered.
pub async fn update_gone(conn: &mut Conn, instance_id: &str, now: Timestamp) -> Result<()> {
    conn.execute(
        "update container_instances
         set status = 'INACTIVE', connected_until = $2, version = version + 1
         where instance_id = $1",
        [instance_id.into(), now.into()],
    )
    .await?;
    Ok(())
}

/// Forgets hosts that were deregistered before a time and of which no task is left, at most `limit`. How many there were.
pub async fn delete_gone(conn: &mut Conn, before: Timestamp, limit: usize) -> Result<u64> {
    // ix_container_instances_gone, ix_tasks_instance
    conn.execute(
        "delete from container_instances
         where instance_id in (
             select instance_id
             from container_instances instance
             where status = 'INACTIVE'
               and connected_until < $1
               and not exists (select 1 from tasks where tasks.instance_id = instance.instance_id)
             order by connected_until
             limit $2
         )",
        [before.into(), limit.into()],
    )
    .await
}

/// Gives a host another document.
pub async fn update_document(conn: &mut Conn, instance_id: &str, document: &str) -> Result<()> {
    conn.execute(
        "update container_instances
         set document = $2, version = version + 1
         where instance_id = $1",
        [instance_id.into(), document.into()],
    )
    .await?;
    Ok(())
}

/// What the tasks of a host use, after one was placed or has ended.
pub async fn update_used(conn: &mut Conn, instance_id: &str, cpu: u64, memory: u64, ports: &str) -> Result<()> {
    conn.execute(
        "update container_instances
         set used_cpu = $2, used_memory = $3, used_ports = $4, version = version + 1
         where instance_id = $1",
        [instance_id.into(), cpu.into(), memory.into(), ports.into()],
    )
    .await?;
    Ok(())
}

/// Says that the agent of a host has begun a connection, and until when it is taken for connected. Whatever other connection it
/// has is over.
pub async fn update_session(conn: &mut Conn, instance_id: &str, session: &str, until: Timestamp) -> Result<()> {
    conn.execute(
        "update container_instances
         set connected_until = $3, session = $2
         where instance_id = $1",
        [instance_id.into(), session.into(), until.into()],
    )
    .await?;
    Ok(())
}

/// Says until when the agent of a host is taken for connected. False if it has begun another connection since, of which this one
/// knows nothing.
pub async fn update_connected(conn: &mut Conn, instance_id: &str, session: &str, until: Timestamp) -> Result<bool> {
    let rows = conn
        .execute(
            "update container_instances
             set connected_until = $3
             where instance_id = $1 and session = $2",
            [instance_id.into(), session.into(), until.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Takes all hosts that are not connected for having been so until now. How many there are.
pub async fn update_excused(conn: &mut Conn, now: Timestamp) -> Result<u64> {
    // ix_container_instances_connected
    conn.execute(
        "update container_instances
         set connected_until = $1
         where status in ('ACTIVE', 'DRAINING')
           and connected_until < $1",
        [now.into()],
    )
    .await
}

/// The number of the next message to the agent of a host.
pub async fn update_next_sequence(conn: &mut Conn, instance_id: &str) -> Result<u64> {
    let next = conn
        .optional(
            "update container_instances
             set sequence = sequence + 1
             where instance_id = $1
             returning sequence",
            [instance_id.into()],
            |row| row.size(0),
        )
        .await?;
    Ok(next.unwrap_or_default())
}
