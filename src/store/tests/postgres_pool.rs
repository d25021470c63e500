//! What becomes of a connection to Postgres, depending on how whoever had it left it.

use std::time::{Duration, Instant};

use super::harness::{TestDb, admin, number, on_postgres, write};
use crate::{Config, Db, Error};

const SESSION: &str = "select cast(pg_backend_pid() as bigint)";
const SLEEP: &str = "select cast(1 as bigint) from pg_sleep(0.4)";

/// The database of a test, with so many connections.
async fn open(test: &TestDb, connections: u32) -> Db {
    Db::open(&Config { url: test.config.url.clone(), connections }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_serves_one_after_the_other() {
    on_postgres(|test| async move {
        let db = open(&test, 1).await;
        let session = number(&db, SESSION).await;
        assert_eq!(number(&db, SESSION).await, session);
        let written = write(&db, |conn| Box::pin(conn.optional(SESSION, [], |row| row.integer(0)))).await.unwrap();
        assert_eq!(written, Some(session));
        let failed = write(&db, |conn| Box::pin(conn.execute("select 1 / 0", []))).await;
        assert!(matches!(failed, Err(Error::Statement(_))), "{failed:?}");
        assert!(db.reader().await.unwrap().execute("select 1 / 0", []).await.is_err());
        assert_eq!(number(&db, SESSION).await, session);
        assert_eq!((db.usage().open, db.usage().idle), (1, 1));
        db.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_reader_left_behind_is_waited_for_by_nobody_else() {
    on_postgres(|test| async move {
        let db = open(&test, 2).await;
        let session = number(&db, SESSION).await;
        let own = db.clone();
        let reading = tokio::spawn(async move { number(&own, SLEEP).await });
        tokio::time::sleep(Duration::from_millis(100)).await;
        reading.abort();
        assert!(reading.await.is_err());
        // The other connection serves while the first is still busy.
        let started = Instant::now();
        let other = number(&db, SESSION).await;
        assert!(started.elapsed() < Duration::from_millis(250), "{:?}", started.elapsed());
        assert_ne!(other, session);
        // Then both are there again, and were not opened anew.
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert_eq!((db.usage().open, db.usage().idle), (2, 2));
        let (mut first, mut second) = (db.reader().await.unwrap(), db.reader().await.unwrap());
        let mut sessions = Vec::new();
        for conn in [&mut first, &mut second] {
            sessions.push(conn.optional(SESSION, [], |row| row.integer(0)).await.unwrap().unwrap());
        }
        sessions.sort_unstable();
        let mut expected = vec![session, other];
        expected.sort_unstable();
        assert_eq!(sessions, expected);
        drop((first, second));
        db.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_was_given_up_is_undone_and_its_connection_closed() {
    on_postgres(|test| async move {
        let db = open(&test, 1).await;
        let mut conn = db.reader().await.unwrap();
        let session = conn.optional(SESSION, [], |row| row.integer(0)).await.unwrap().unwrap();
        conn.script("begin").await.unwrap();
        conn.execute("create table left_behind (one bigint)", []).await.unwrap();
        drop(conn);
        assert_ne!(number(&db, SESSION).await, session);
        let tables = "select cast(count(*) as bigint) from pg_tables where tablename = 'left_behind'";
        assert_eq!(number(&db, tables).await, 0);
        db.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_never_more_connections_than_allowed_and_all_get_their_turn() {
    on_postgres(|test| async move {
        let db = open(&test, 3).await;
        let tasks: Vec<_> = (0..200)
            .map(|n| {
                let db = db.clone();
                tokio::spawn(async move {
                    let sql = "select cast(1 as bigint) from pg_sleep(0.01)";
                    match n % 5 {
                        // Some leave in the middle.
                        0 => drop(tokio::time::timeout(Duration::from_millis(n % 13), number(&db, sql)).await),
                        1 => drop(write(&db, move |conn| Box::pin(conn.execute(sql, []))).await.unwrap()),
                        _ => assert_eq!(number(&db, sql).await, 1),
                    }
                })
            })
            .collect();
        let mut outside = admin().await;
        let open = "select cast(count(*) as bigint) from pg_stat_activity where datname = $1 and query like '%pg_sleep(0.01)%'";
        for _ in 0..20 {
            let open: i64 = sqlx::query_scalar(open).bind(&test.name).fetch_one(&mut outside).await.unwrap();
            assert!(open <= 3, "{open} connections");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        for task in tasks {
            task.await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        let usage = db.usage();
        assert!(usage.open <= 3 && usage.open as usize == usage.idle, "{usage:?}");
        db.close().await;
        assert!(matches!(db.reader().await.map(drop), Err(Error::Unavailable(_))));
        // The server sees the end of a session a moment after whoever ended it.
        let deadline = Instant::now() + Duration::from_secs(10);
        while sqlx::query_scalar::<_, i64>(open).bind(&test.name).fetch_one(&mut outside).await.unwrap() > 0 {
            assert!(Instant::now() < deadline, "a closed pool leaves no session");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}
