//! What concerns SQLite alone: its files.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::StatementStatus;
use tempfile::TempDir;
use types::Secret;

use super::harness::{digest, number, on_sqlite, repository, write};
use super::references::manifest;
use crate::{Config, Db, Error, dialect, manifests};

fn config(path: &std::path::Path) -> Config {
    Config { url: Secret::new(format!("sqlite:{}", path.display())), connections: 4 }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_and_its_folder_are_made() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("deep/er/wharf.db");
    let db = Db::connect(&config(&path)).await.unwrap();
    // Without a schema, and with nothing written yet, readers work as well.
    db.ping().await.unwrap();
    db.close().await;
    // It holds sealed secrets: nobody else may read it, wherever the operator put it.
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_cannot_be_opened_is_a_clear_error() {
    let folder = TempDir::new().unwrap();
    for (url, says) in [
        (format!("sqlite:{}", folder.path().display()), "cannot open"),
        ("sqlite:".to_owned(), "names no file"),
        ("mysql://x".to_owned(), "sqlite:"),
        ("sqlite:/dev/null/wharf.db".to_owned(), "cannot create the folder"),
    ] {
        match Db::connect(&Config { url: Secret::new(url), connections: 1 }).await.map(drop) {
            Err(Error::Unusable(message)) => assert!(message.contains(says), "{message}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn whoever_reads_on_and_on_lets_others_run() {
    let folder = TempDir::new().unwrap();
    let db = Db::connect(&config(&folder.path().join("wharf.db"))).await.unwrap();
    // Many statements, and a few with many rows, on the one thread that there is.
    for (statements, rows) in [(1000, 1_i64), (5, 10_000)] {
        let runs = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&runs);
        tokio::spawn(async move { noted.store(true, Ordering::Relaxed) });
        let mut conn = db.reader().await.unwrap();
        for _ in 0..statements {
            let sql = "with recursive n(i) as (select 1 union all select i + 1 from n where i < $1) select i from n";
            let read = conn.all(sql, [rows.into()], |row| row.integer(0)).await.unwrap();
            assert_eq!(read.len(), usize::try_from(rows).unwrap());
        }
        assert!(runs.load(Ordering::Relaxed), "{statements} statements of {rows} rows");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_go_on_while_another_process_opens_and_leaves() {
    on_sqlite(|test| async move {
        for _ in 0..10 {
            let other = Db::open(&test.config).await.unwrap();
            assert_eq!(number(&other, "select count(*) from stamps").await, 1);
            repository_in_turn(&other).await;
            other.close().await;
            assert_eq!(number(&test.db, "select count(*) from stamps").await, 1);
        }
        assert_eq!(number(&test.db, "select count(*) from removals").await, 10);
    })
    .await;
}

async fn repository_in_turn(db: &Db) {
    write(db, |conn| {
        Box::pin(async move {
            conn.script("insert into removals (object_key, not_before) select cast(count(*) as text), 0 from removals")
                .await
        })
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_stays_short_while_somebody_reads_at_every_moment() {
    // Some milliseconds each, so that there is always one that began before the last commit.
    const LONG_READ: &str = "
        with recursive n (i) as (select version from stamps union all select i + 1 from n where i < 50000)
        select count(*) from n";
    on_sqlite(|test| async move {
        let id = repository(&test.db, "a").await;
        let stop = Arc::new(AtomicBool::new(false));
        let readers: Vec<_> = (0..6)
            .map(|_| {
                let (db, stop) = (test.db.clone(), Arc::clone(&stop));
                tokio::spawn(async move {
                    while !stop.load(Ordering::Relaxed) {
                        number(&db, LONG_READ).await;
                    }
                })
            })
            .collect();
        // 200 MiB in all.
        let mut longest = 0;
        for n in 0..100 {
            let mut row = manifest(&id, digest(n));
            row.bytes = vec![7; 2 << 20];
            write(&test.db, move |conn| Box::pin(async move { manifests::insert(conn, &row).await })).await.unwrap();
            longest = longest.max(std::fs::metadata(format!("{}-wal", test.name)).unwrap().len());
        }
        stop.store(true, Ordering::Relaxed);
        for reader in readers {
            reader.await.unwrap();
        }
        eprintln!("the log was {} MiB at its longest", longest >> 20);
        // Left to itself it would hold everything. A crowded machine may need a second attempt.
        assert!(longest < 120 << 20, "{longest}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_are_counted_and_waited_for() {
    on_sqlite(|test| async move {
        let db = Db::open(&config(std::path::Path::new(&test.name))).await.unwrap();
        let mut taken = Vec::new();
        for _ in 0..4 {
            taken.push(db.reader().await.unwrap());
        }
        let usage = db.usage();
        assert_eq!((usage.open, usage.idle, usage.maximum), (4, 0, 4));
        let (waiting, closing) = (db.clone(), db.clone());
        let waiting = tokio::spawn(async move { waiting.ping().await });
        tokio::task::yield_now().await;
        taken.pop();
        waiting.await.unwrap().unwrap();
        taken.truncate(1);
        let usage = db.usage();
        assert_eq!((usage.open, usage.idle), (4, 3));
        let closing = tokio::spawn(async move { closing.close().await });
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        assert!(!closing.is_finished(), "it is closed only when everything came back");
        taken.clear();
        closing.await.unwrap();
        assert_eq!(db.usage().open, 0);
        assert!(matches!(db.ping().await, Err(Error::Unavailable(_))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_moved_beside_the_commits_and_begins_afresh() {
    on_sqlite(|test| async move {
        let id = repository(&test.db, "a").await;
        // 40 MiB in all, more than the log may ever hold, with pauses as between requests.
        let mut longest = 0;
        for n in 0..160 {
            let mut row = manifest(&id, digest(n));
            row.bytes = vec![7; 256 << 10];
            write(&test.db, move |conn| Box::pin(async move { manifests::insert(conn, &row).await })).await.unwrap();
            longest = longest.max(std::fs::metadata(format!("{}-wal", test.name)).unwrap().len());
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        eprintln!("the log was {} MiB at its longest", longest >> 20);
        // A crowded machine may be late with it more than once.
        assert!(longest < 24 << 20, "{longest}");
        assert!(std::fs::metadata(&test.name).unwrap().len() > 16 << 20);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_database_is_one_file() {
    on_sqlite(|test| async move {
        repository(&test.db, "a").await;
        number(&test.db, "select count(*) from repositories").await;
        assert!(std::fs::exists(format!("{}-wal", test.name)).unwrap());
        test.db.close().await;
        assert!(!std::fs::exists(format!("{}-wal", test.name)).unwrap());
    })
    .await;
}

/// Planning a statement takes longer than running it.
#[test]
fn a_statement_is_planned_once_whatever_its_arguments() {
    let folder = TempDir::new().unwrap();
    let conn = dialect::sqlite_writer(&folder.path().join("wharf.db")).unwrap();
    conn.execute_batch(
        "create table tags (repository_id text, name text, ended_at bigint);
         create unique index uq_tags_live on tags (repository_id, name) where ended_at is null",
    )
    .unwrap();
    let mut statement = conn
        .prepare(
            "select 1 from tags where repository_id = $1 and name = $2 and ended_at is null order by name limit $3",
        )
        .unwrap();
    for number in 0..10 {
        let _ = statement.exists((format!("r{number}"), format!("t{number}"), number)).unwrap();
    }
    assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn statistics_that_somebody_gathered_are_gone_after_the_next_start() {
    on_sqlite(|test| async move {
        repository(&test.db, "app").await;
        write(&test.db, |conn| Box::pin(conn.script("analyze"))).await.unwrap();
        let tables = "select count(*) from sqlite_schema where name like 'sqlite_stat%'";
        assert!(number(&test.db, tables).await > 0);
        let other = Db::open(&test.config).await.unwrap();
        assert_eq!(number(&other, tables).await, 0);
    })
    .await;
}
