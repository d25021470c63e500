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
}

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "accounts", sql: include_str!("../../migrations/0001_accounts.sql") },
    Migration { version: 2, name: "registry", sql: include_str!("../../migrations/0002_registry.sql") },
    Migration { version: 3, name: "audit", sql: include_str!("../../migrations/0003_audit.sql") },
    Migration { version: 4, name: "ecr_repositories", sql: include_str!("../../migrations/0004_ecr_repositories.sql") },
    Migration {
        version: 5,
        name: "registry_settings",
        sql: include_str!("../../migrations/0005_registry_settings.sql"),
    },
    Migration { version: 6, name: "iam", sql: include_str!("../../migrations/0006_iam.sql") },
    Migration { version: 7, name: "jobs", sql: include_str!("../../migrations/0007_jobs.sql") },
    Migration {
        version: 8,
        name: "garbage_collection",
        sql: include_str!("../../migrations/0008_garbage_collection.sql"),
    },
    Migration {
        version: 9,
        name: "pull_through_cache",
        sql: include_str!("../../migrations/0009_pull_through_cache.sql"),
    },
    Migration { version: 10, name: "scanning", sql: include_str!("../../migrations/0010_scanning.sql") },
    Migration { version: 11, name: "webhooks", sql: include_str!("../../migrations/0011_webhooks.sql") },
    Migration { version: 12, name: "replication", sql: include_str!("../../migrations/0012_replication.sql") },
    Migration { version: 13, name: "image_lifecycle", sql: include_str!("../../migrations/0013_image_lifecycle.sql") },
    Migration { version: 14, name: "scanners", sql: include_str!("../../migrations/0014_scanners.sql") },
    Migration {
        version: 15,
        name: "replication_elsewhere",
        sql: include_str!("../../migrations/0015_replication_elsewhere.sql"),
    },
    Migration { version: 16, name: "ecs", sql: include_str!("../../migrations/0016_ecs.sql") },
    Migration {
        version: 17,
        name: "task_definitions",
        sql: include_str!("../../migrations/0017_task_definitions.sql"),
    },
    Migration {
        version: 18,
        name: "logs_and_metrics",
        sql: include_str!("../../migrations/0018_logs_and_metrics.sql"),
    },
    Migration { version: 19, name: "load_balancing", sql: include_str!("../../migrations/0019_load_balancing.sql") },
    Migration { version: 20, name: "services", sql: include_str!("../../migrations/0020_services.sql") },
    Migration { version: 21, name: "autoscaling", sql: include_str!("../../migrations/0021_autoscaling.sql") },
    Migration { version: 22, name: "secrets", sql: include_str!("../../migrations/0022_secrets.sql") },
    Migration { version: 23, name: "scale", sql: include_str!("../../migrations/0023_scale.sql") },
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
                conn.script(migration.sql).await?;
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
