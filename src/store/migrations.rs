//! The schema: embedded files, applied in order at start, all in one transaction under one lock.

use std::time::Duration;

use crate::{Conn, Db, Error, Pending, Result};

const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// A step from one version of the schema to the next.
#[derive(Clone, Copy)]
pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
    /// The one database that understands it. The other counts it as applied.
    alone: Option<Dialect>,
}

/// Whose SQL a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Sqlite,
    Postgres,
}

impl Migration {
    pub(crate) const fn of_both(version: i64, name: &'static str, sql: &'static str) -> Self {
        Self { version, name, sql, alone: None }
    }

    const fn of_sqlite(version: i64, name: &'static str, sql: &'static str) -> Self {
        Self { version, name, sql, alone: Some(Dialect::Sqlite) }
    }

    const fn of_postgres(version: i64, name: &'static str, sql: &'static str) -> Self {
        Self { version, name, sql, alone: Some(Dialect::Postgres) }
    }
}

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration::of_both(1, "accounts", include_str!("../../migrations/0001_accounts.sql")),
    Migration::of_both(2, "registry", include_str!("../../migrations/0002_registry.sql")),
    Migration::of_both(3, "audit", include_str!("../../migrations/0003_audit.sql")),
    Migration::of_both(4, "ecr_repositories", include_str!("../../migrations/0004_ecr_repositories.sql")),
    Migration::of_both(5, "registry_settings", include_str!("../../migrations/0005_registry_settings.sql")),
    Migration::of_both(6, "iam", include_str!("../../migrations/0006_iam.sql")),
    Migration::of_both(7, "jobs", include_str!("../../migrations/0007_jobs.sql")),
    Migration::of_both(8, "garbage_collection", include_str!("../../migrations/0008_garbage_collection.sql")),
    Migration::of_both(9, "pull_through_cache", include_str!("../../migrations/0009_pull_through_cache.sql")),
    Migration::of_both(10, "scanning", include_str!("../../migrations/0010_scanning.sql")),
    Migration::of_both(11, "webhooks", include_str!("../../migrations/0011_webhooks.sql")),
    Migration::of_both(12, "replication", include_str!("../../migrations/0012_replication.sql")),
    Migration::of_both(13, "image_lifecycle", include_str!("../../migrations/0013_image_lifecycle.sql")),
    Migration::of_both(14, "scanners", include_str!("../../migrations/0014_scanners.sql")),
    Migration::of_both(15, "replication_elsewhere", include_str!("../../migrations/0015_replication_elsewhere.sql")),
    Migration::of_both(16, "ecs", include_str!("../../migrations/0016_ecs.sql")),
    Migration::of_both(17, "task_definitions", include_str!("../../migrations/0017_task_definitions.sql")),
    Migration::of_both(18, "logs_and_metrics", include_str!("../../migrations/0018_logs_and_metrics.sql")),
    Migration::of_both(19, "load_balancing", include_str!("../../migrations/0019_load_balancing.sql")),
    Migration::of_both(20, "services", include_str!("../../migrations/0020_services.sql")),
    Migration::of_both(21, "autoscaling", include_str!("../../migrations/0021_autoscaling.sql")),
    Migration::of_both(22, "secrets", include_str!("../../migrations/0022_secrets.sql")),
    Migration::of_both(23, "scale", include_str!("../../migrations/0023_scale.sql")),
    Migration::of_sqlite(24, "clustered", include_str!("../../migrations/0024_clustered.sqlite.sql")),
    Migration::of_both(25, "policy_principals", include_str!("../../migrations/0025_policy_principals.sql")),
    Migration::of_both(26, "deliveries", include_str!("../../migrations/0026_deliveries.sql")),
    Migration::of_both(27, "blob_media_types", include_str!("../../migrations/0027_blob_media_types.sql")),
    Migration::of_both(28, "hosts_and_open_tasks", include_str!("../../migrations/0028_hosts_and_open_tasks.sql")),
    Migration::of_postgres(
        29,
        "large_repositories",
        include_str!("../../migrations/0029_large_repositories.postgres.sql"),
    ),
    Migration::of_both(30, "deleted_references", include_str!("../../migrations/0030_deleted_references.sql")),
    Migration::of_postgres(31, "large_previews", include_str!("../../migrations/0031_large_previews.postgres.sql")),
    Migration::of_both(32, "archived_references", include_str!("../../migrations/0032_archived_references.sql")),
    Migration::of_postgres(
        33,
        "larger_repositories",
        include_str!("../../migrations/0033_larger_repositories.postgres.sql"),
    ),
    Migration::of_both(
        34,
        "repository_blob_media_types",
        include_str!("../../migrations/0034_repository_blob_media_types.sql"),
    ),
];

/// What Postgres needs before the first of them.
const POSTGRES: &str = include_str!("../../migrations/postgres.sql");

/// Brings the schema up to date. A second process that starts at the same time waits and finds it done.
pub(crate) async fn apply(db: &Db) -> Result<()> {
    apply_list(db, MIGRATIONS).await
}

pub(crate) async fn apply_list(db: &Db, migrations: &'static [Migration]) -> Result<()> {
    let postgres = db.is_postgres();
    // However long a large table takes: this is no request.
    db.write_within(PATIENCE, move |conn| Box::pin(run(conn, postgres, migrations)) as Pending<'_, (), Error>).await
}

/// Which version the schema has, and which this program knows.
pub async fn versions(conn: &mut Conn) -> Result<(i64, i64)> {
    let applied = conn
        .optional("select coalesce(max(version), 0) from schema_versions", [], |row| row.integer(0))
        .await?
        .unwrap_or_default();
    Ok((applied, newest(MIGRATIONS)))
}

fn newest(migrations: &[Migration]) -> i64 {
    migrations.last().map_or(0, |migration| migration.version)
}

async fn run(conn: &mut Conn, postgres: bool, migrations: &[Migration]) -> Result<()> {
    if postgres {
        // Another process may be at it, and take its time.
        conn.execute("set local lock_timeout = 0", []).await?;
        conn.execute("set local statement_timeout = 0", []).await?;
        // Held until the transaction ends. SQLite's write lock does the same by itself. The number is arbitrary.
        conn.execute("select pg_advisory_xact_lock(7452960811)", []).await?;
    }
    conn.script(
        "create table if not exists schema_versions (
            version    bigint not null primary key,
            name       text not null,
            checksum   text not null
        )",
    )
    .await?;
    let applied = conn
        .all("select version, checksum from schema_versions order by version", [], |row| {
            Ok((row.integer(0)?, row.text(1)?))
        })
        .await?;
    if let Some((version, _)) = applied.last()
        && *version > newest(migrations)
    {
        return Err(Error::Unusable(format!(
            "the database has schema version {version}, this program knows only {}; use a newer wharf",
            newest(migrations)
        )));
    }
    if postgres && applied.is_empty() {
        conn.script(POSTGRES).await?;
    }
    let dialect = if postgres { Dialect::Postgres } else { Dialect::Sqlite };
    for migration in migrations {
        let sum = checksum(migration.sql);
        match applied.iter().find(|(version, _)| *version == migration.version) {
            Some((_, recorded)) if *recorded == sum => {}
            Some(_) => {
                return Err(Error::Unusable(format!(
                    "migration {} ({}) was applied with another content; this program does not fit the database",
                    migration.version, migration.name
                )));
            }
            None => {
                if migration.alone.is_none_or(|alone| alone == dialect) {
                    conn.script(migration.sql).await?;
                }
                conn.execute(
                    "insert into schema_versions (version, name, checksum) values ($1, $2, $3)",
                    [migration.version.into(), migration.name.into(), sum.into()],
                )
                .await?;
            }
        }
    }
    Ok(())
}

/// FNV-1a over the text. It guards against mistakes, not against attackers.
fn checksum(text: &str) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}
