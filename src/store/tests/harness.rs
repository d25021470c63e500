//! Databases for tests, and the few rows that most tests need.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::FutureExt;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqlSafeStr};
use tempfile::TempDir;
use types::{Algorithm, Digest, Encryption, RegistryId, RepoName, Secret, TagMutability, Timestamp};

use crate::clusters::ClusterRow;
use crate::repositories::RepositoryRow;
use crate::{Config, Conn, Db, Error, Pending, Result, accounts, clusters, repositories};

/// A time to begin with; tests make their own clock from it.
pub(super) const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

/// A database of one test.
pub(super) struct TestDb {
    pub(super) db: Db,
    pub(super) config: Config,
    /// Reaches the same database outside of the pools that are tested.
    pub(super) name: String,
}

impl TestDb {
    pub(super) fn is_postgres(&self) -> bool {
        self.db.is_postgres()
    }
}

/// Runs a test on each database, with the schema in place.
pub(super) async fn on_each<F: Future<Output = ()>>(test: impl Fn(TestDb) -> F) {
    on_sqlite(&test).await;
    on_postgres(&test).await;
}

/// Runs a test on a new SQLite file.
pub(super) async fn on_sqlite<F: Future<Output = ()>>(test: impl Fn(TestDb) -> F) {
    eprintln!("on SQLite");
    let folder = TempDir::new().unwrap();
    let name = folder.path().join("wharf.db").to_str().unwrap().to_owned();
    let config = Config { url: Secret::new(format!("sqlite:{name}")), connections: 8 };
    let db = Db::open(&config).await.unwrap();
    test(TestDb { db: db.clone(), config, name }).await;
    db.close().await;
}

/// Runs a test on a new database of the Postgres server, if there is one.
pub(super) async fn on_postgres<F: Future<Output = ()>>(test: impl Fn(TestDb) -> F) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let Ok(server) = std::env::var("WHARF_TEST_POSTGRES_URL") else {
        assert!(
            !std::env::var("CI").is_ok_and(|ci| ci == "true"),
            "WHARF_TEST_POSTGRES_URL is not set: these tests need a Postgres server"
        );
        eprintln!("not run on Postgres: WHARF_TEST_POSTGRES_URL is not set");
        return;
    };
    eprintln!("on Postgres");
    let name = format!("wharf_store_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let mut admin = PgConnection::connect(&server).await.unwrap();
    // Another locale than "C", so that names that sort by bytes do so by our own doing.
    run(&mut admin, format!("create database {name} template template0 lc_collate 'C.UTF-8' lc_ctype 'C.UTF-8'")).await;
    let (base, _) = server.rsplit_once('/').unwrap();
    let config = Config { url: Secret::new(format!("{base}/{name}")), connections: 16 };
    let db = Db::open(&config).await.unwrap();
    let outcome = AssertUnwindSafe(test(TestDb { db: db.clone(), config, name: name.clone() })).catch_unwind().await;
    db.close().await;
    run(&mut admin, format!("drop database {name} with (force)")).await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

async fn run(admin: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql).into_sql_str()).execute(admin).await.unwrap();
}

/// A connection to the server itself, to look at a test's database from outside.
pub(super) async fn admin() -> PgConnection {
    PgConnection::connect(&std::env::var("WHARF_TEST_POSTGRES_URL").unwrap()).await.unwrap()
}

/// [`Db::write`] with this crate's own error.
pub(super) async fn write<T, F>(db: &Db, body: F) -> Result<T>
where
    F: for<'c> FnOnce(&'c mut Conn) -> Pending<'c, T, Error> + Send + 'static,
    T: Send + 'static,
{
    db.write(body).await
}

/// The number that a query gives.
pub(super) async fn number(db: &Db, sql: &'static str) -> i64 {
    db.reader().await.unwrap().optional(sql, [], |row| row.integer(0)).await.unwrap().unwrap()
}

pub(super) fn registry() -> RegistryId {
    RegistryId { account: "000000000000".parse().unwrap(), region: "us-east-1".parse().unwrap() }
}

pub(super) fn repo_name(name: &str) -> RepoName {
    name.parse().unwrap()
}

/// A digest a number.
pub(super) fn digest(number: usize) -> Digest {
    Algorithm::Sha256.digest(&number.to_be_bytes())
}

/// A time so many seconds after the beginning.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(NOW.micros() + seconds * 1_000_000)
}

/// Adds a repository; returns its id.
pub(super) async fn repository(db: &Db, name: &str) -> String {
    let row = RepositoryRow {
        repository_id: format!("id-of-{name}"),
        registry: registry(),
        name: repo_name(name),
        tag_mutability: TagMutability::new("MUTABLE", Vec::new()).unwrap(),
        encryption: Encryption::default(),
        scan_on_push: false,
        created_at: NOW,
    };
    let id = row.repository_id.clone();
    write(db, move |conn| {
        Box::pin(async move {
            accounts::insert(conn, &row.registry.account, NOW).await?;
            assert!(repositories::insert(conn, &row).await?);
            Ok(())
        })
    })
    .await
    .unwrap();
    id
}

/// Adds a cluster, `c`.
pub(super) async fn cluster(conn: &mut Conn) -> Result<()> {
    let row = ClusterRow {
        cluster_id: "c".to_owned(),
        registry: registry(),
        name: "c".to_owned(),
        status: "ACTIVE".to_owned(),
        document: "{}".to_owned(),
        created_at: NOW,
    };
    accounts::insert(conn, &row.registry.account, NOW).await?;
    assert!(clusters::insert(conn, &row).await?);
    Ok(())
}
