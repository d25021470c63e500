//! A Postgres server that goes away and comes back: requests fail for a moment, in a way that says try again.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sqlx::PgConnection;

use super::harness::{admin, number, on_postgres, write};
use crate::{Db, Error, Result, stamps};

async fn cut(admin: &mut PgConnection, name: &str) {
    sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1")
        .bind(name)
        .execute(admin)
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
}

async fn read(db: &Db) -> Result<Option<i64>> {
    stamps::find(&mut db.reader().await?, stamps::AUTHORIZATION).await
}

async fn count(db: &Db) -> Result<()> {
    write(db, |conn| Box::pin(stamps::update_next(conn, stamps::AUTHORIZATION))).await
}

/// Opens all connections of the pool by using them at once.
async fn fill(db: &Db) {
    let readers = join_all((0..16).map(|_| db.reader())).await;
    assert!(readers.iter().all(Result::is_ok));
    drop(readers);
    tokio::time::sleep(Duration::from_millis(50)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_cut_connection_fails_once_at_most_and_asks_to_try_again() {
    on_postgres(|test| async move {
        let mut admin = admin().await;
        fill(&test.db).await;
        let open = test.db.usage().open as usize;
        assert_eq!(open, 16);
        cut(&mut admin, &test.name).await;
        let mut failed = 0;
        for n in 0..100 {
            let result = if n % 2 == 0 { read(&test.db).await.map(drop) } else { count(&test.db).await };
            if let Err(error) = result {
                assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
                failed += 1;
            }
        }
        assert!(failed <= open, "{failed} failures, {open} connections");
        for _ in 0..20 {
            read(&test.db).await.unwrap();
            count(&test.db).await.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_cut_while_they_rest_are_not_noticed() {
    on_postgres(|test| async move {
        let mut admin = admin().await;
        fill(&test.db).await;
        cut(&mut admin, &test.name).await;
        tokio::time::sleep(Duration::from_millis(1100)).await;
        for _ in 0..20 {
            read(&test.db).await.unwrap();
            count(&test.db).await.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_is_cut_is_undone_and_its_writer_is_told() {
    on_postgres(|test| async move {
        let name = test.name.clone();
        let before = number(&test.db, "select version from stamps where name = 'authorization'").await;
        let result: Result<()> = write(&test.db, move |conn| {
            Box::pin(async move {
                stamps::update_next(conn, stamps::AUTHORIZATION).await?;
                cut(&mut admin().await, &name).await;
                stamps::update_next(conn, stamps::AUTHORIZATION).await
            })
        })
        .await;
        assert!(matches!(result, Err(Error::Unavailable(_))), "{result:?}");
        // The pool has one connection at the most that it does not know to be dead.
        let mut after = read(&test.db).await;
        if after.is_err() {
            after = read(&test.db).await;
        }
        assert_eq!(after.unwrap(), Some(before));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_load_a_cut_lasts_a_moment() {
    on_postgres(|test| async move {
        let mut admin = admin().await;
        let stop = Instant::now() + Duration::from_secs(3);
        let load: Vec<_> = (0..32)
            .map(|n| {
                let db = test.db.clone();
                tokio::spawn(async move {
                    let (mut failed, mut last_failure) = (0, None);
                    while Instant::now() < stop {
                        let result = if n % 4 == 0 { count(&db).await } else { read(&db).await.map(drop) };
                        if let Err(error) = result {
                            assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
                            failed += 1;
                            last_failure = Some(Instant::now());
                        }
                    }
                    (failed, last_failure)
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(500)).await;
        cut(&mut admin, &test.name).await;
        let cut_at = Instant::now();
        let mut failures = 0;
        for task in load {
            let (failed, last) = task.await.unwrap();
            failures += failed;
            if let Some(last) = last {
                assert!(last < cut_at + Duration::from_secs(1), "requests still fail a second later");
            }
        }
        assert!(failures <= 32, "{failures}");
    })
    .await;
}
