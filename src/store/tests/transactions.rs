//! What `Db::write` promises: all or nothing, durable when it returns, and nobody's failure is another's.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sqlx::Row as _;
use tokio::sync::oneshot;

use super::harness::{TestDb, admin, number, on_each, on_postgres, on_sqlite, write};
use crate::{Commit, Config, Conn, Db, Error, Pending, Result, stamps};

async fn add(conn: &mut Conn, name: &str) -> Result<()> {
    conn.execute("insert into stamps (name, version) values ($1, 0)", [name.into()]).await.map(drop)
}

const COUNT: &str = "select count(*) from stamps where name <> 'authorization'";

#[tokio::test(flavor = "multi_thread")]
async fn an_error_undoes_its_own_work_and_no_other() {
    on_each(|test| async move {
        // Many at once, so that on SQLite they share commits.
        let writes = (0..200).map(|n| {
            write(&test.db, move |conn| {
                Box::pin(async move {
                    add(conn, &format!("first-{n}")).await?;
                    match n % 4 {
                        // Refused by the rules, and by the database.
                        1 => return Err(Error::Unusable("refused".to_owned())),
                        2 => add(conn, "authorization").await?,
                        _ => {}
                    }
                    add(conn, &format!("second-{n}")).await
                })
            })
        });
        for (n, result) in join_all(writes).await.into_iter().enumerate() {
            match n % 4 {
                1 => assert!(matches!(result, Err(Error::Unusable(_))), "{result:?}"),
                2 => assert!(matches!(result, Err(Error::Statement(_))), "{result:?}"),
                _ => result.unwrap(),
            }
        }
        assert_eq!(number(&test.db, COUNT).await, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_undoes_its_own_work_and_writes_go_on() {
    on_each(|test| async move {
        let writes = (0..32).map(|n| {
            write(&test.db, move |conn| {
                Box::pin(async move {
                    add(conn, &format!("name-{n}")).await?;
                    assert!(n % 8 != 3, "this panic is part of the test");
                    Ok(())
                })
            })
        });
        for (n, result) in join_all(writes).await.into_iter().enumerate() {
            assert_eq!(result.is_err(), n % 8 == 3, "{n}: {result:?}");
        }
        assert_eq!(number(&test.db, COUNT).await, 28);
        // Before its first await, too.
        let result: Result<()> = write(&test.db, |_| panic!("this panic is part of the test")).await;
        assert!(matches!(result, Err(Error::Statement(_))), "{result:?}");
        write(&test.db, |conn| Box::pin(add(conn, "after"))).await.unwrap();
        assert_eq!(number(&test.db, COUNT).await, 29);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_overlooks_a_failed_statement_is_undone() {
    on_each(|test| async move {
        let result = write(&test.db, |conn| {
            Box::pin(async move {
                add(conn, "before").await?;
                let _ = add(conn, "authorization").await;
                Ok(())
            })
        })
        .await;
        assert!(matches!(result, Err(Error::Statement(_))), "{result:?}");
        assert_eq!(number(&test.db, COUNT).await, 0);
        write(&test.db, |conn| Box::pin(add(conn, "after"))).await.unwrap();
        assert_eq!(number(&test.db, COUNT).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_end_is_given_up() {
    on_each(|test| async move {
        let hanging = test.db.write_within(Duration::from_millis(200), |conn| {
            Box::pin(async move {
                add(conn, "before").await?;
                std::future::pending::<Result<()>>().await
            }) as Pending<'_, (), Error>
        });
        let others = join_all(
            (0..8).map(|n| write(&test.db, move |conn| Box::pin(async move { add(conn, &format!("name-{n}")).await }))),
        );
        let (hung, others) = tokio::join!(hanging, others);
        assert!(matches!(hung, Err(Error::Unavailable(_))), "{hung:?}");
        for other in others {
            other.unwrap();
        }
        assert_eq!(number(&test.db, COUNT).await, 8);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_go_away_leave_no_transaction_open() {
    on_each(|test| async move {
        let callers: Vec<_> = (0..300)
            .map(|n| {
                let db = test.db.clone();
                tokio::spawn(async move {
                    write(&db, move |conn| {
                        Box::pin(async move {
                            add(conn, &format!("first-{n}")).await?;
                            add(conn, &format!("second-{n}")).await
                        })
                    })
                    .await
                })
            })
            .collect();
        for (n, caller) in callers.iter().enumerate() {
            tokio::time::sleep(Duration::from_micros((n as u64 * 37) % 400)).await;
            caller.abort();
        }
        // Readers that go away, in the middle as well.
        for n in 0..100 {
            let db = test.db.clone();
            let reading = tokio::spawn(async move { number(&db, COUNT).await });
            tokio::time::sleep(Duration::from_micros(n * 13)).await;
            reading.abort();
        }
        // All work that had begun ends by itself.
        let deadline = Instant::now() + Duration::from_secs(10);
        let (mut before, mut now) = (-1, number(&test.db, COUNT).await);
        while before != now {
            assert!(Instant::now() < deadline, "writes go on for ever");
            tokio::time::sleep(Duration::from_millis(300)).await;
            (before, now) = (now, number(&test.db, COUNT).await);
        }
        assert_eq!(now % 2, 0, "a transaction was cut in half");
        if test.is_postgres() {
            let sessions = sqlx::query("select state from pg_stat_activity where datname = $1")
                .bind(&test.name)
                .fetch_all(&mut admin().await)
                .await
                .unwrap();
            for session in sessions {
                assert_eq!(session.get::<Option<String>, _>(0).as_deref(), Some("idle"));
            }
        }
        // Every connection is still good.
        let writes = (0..32)
            .map(|n| write(&test.db, move |conn| Box::pin(async move { add(conn, &format!("last-{n}")).await })));
        for result in join_all(writes).await {
            result.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_beside_a_transaction_does_not_wait_for_it() {
    on_each(|test| async move {
        let (db, seen) = (test.db.clone(), test.db.clone());
        write(&db, move |conn| {
            Box::pin(async move {
                add(conn, "uncommitted").await?;
                // Another connection sees the state before.
                assert_eq!(number(&seen, COUNT).await, 0);
                Ok(())
            })
        })
        .await
        .unwrap();
        assert_eq!(number(&test.db, COUNT).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_waits_for_itself_gives_up() {
    on_postgres(|test| async move {
        let config = Config { url: test.config.url.clone(), connections: 1 };
        let db = Db::open(&config).await.unwrap();
        let inner = db.clone();
        let result: Result<()> = write(&db, move |_| {
            Box::pin(async move {
                inner.reader().await?;
                Ok(())
            })
        })
        .await;
        assert!(matches!(result, Err(Error::Unavailable(_))), "{result:?}");
        assert_eq!(number(&db, COUNT).await, 0);
        db.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_database_has_done_what_it_was_asked_and_refuses_more() {
    on_each(|test| async move {
        let writes: Vec<_> = (0..100)
            .map(|n| {
                let db = test.db.clone();
                tokio::spawn(async move {
                    write(&db, move |conn| Box::pin(async move { add(conn, &format!("name-{n}")).await })).await
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(20)).await;
        test.db.close().await;
        let mut done = 0;
        for write in writes {
            match write.await.unwrap() {
                Ok(()) => done += 1,
                Err(error) => assert!(matches!(error, Error::Unavailable(_)), "{error}"),
            }
        }
        let refused = write(&test.db, |conn| Box::pin(add(conn, "late"))).await;
        assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
        assert!(matches!(test.db.reader().await.map(drop), Err(Error::Unavailable(_))));
        let again = Db::open(&test.config).await.unwrap();
        assert_eq!(number(&again, COUNT).await, done);
        again.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_cannot_write_to_sqlite() {
    on_sqlite(|test| async move {
        let mut conn = test.db.reader().await.unwrap();
        assert!(stamps::update_next(&mut conn, stamps::AUTHORIZATION).await.is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_flushed_is_seen_at_once_and_shares_commits_with_what_is() {
    on_each(|test| async move {
        let writes = (0..64).map(|n| {
            let commit = if n % 2 == 0 { Commit::Unflushed } else { Commit::Flushed };
            test.db.write_with(commit, move |conn| {
                Box::pin(async move { add(conn, &format!("name-{n}")).await }) as Pending<'_, (), Error>
            })
        });
        for result in join_all(writes).await {
            result.unwrap();
        }
        assert_eq!(number(&test.db, COUNT).await, 64);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_transaction_that_asks_for_it_is_not_flushed() {
    // SQLite's NORMAL is 1 and its FULL is 2.
    async fn setting(test: &TestDb, commit: Commit) -> String {
        let sql = if test.is_postgres() {
            "show synchronous_commit"
        } else {
            "select cast(synchronous as text) from pragma_synchronous"
        };
        test.db
            .write_with(commit, move |conn| {
                Box::pin(async move { conn.optional(sql, [], |row| row.text(0)).await })
                    as Pending<'_, Option<String>, Error>
            })
            .await
            .unwrap()
            .unwrap()
    }
    on_each(|test| async move {
        let (flushed, unflushed) = if test.is_postgres() { ("on", "off") } else { ("2", "1") };
        for _ in 0..3 {
            assert_eq!(setting(&test, Commit::Flushed).await, flushed);
            assert_eq!(setting(&test, Commit::Unflushed).await, unflushed);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_together_is_of_one_moment() {
    on_each(|test| async move {
        let (begun, begins) = oneshot::channel();
        let (written, writes) = oneshot::channel::<()>();
        let db = test.db.clone();
        let reading = tokio::spawn(async move {
            db.read(move |conn| {
                Box::pin(async move {
                    let before = stamps::find(conn, "moment").await?;
                    let _ = begun.send(());
                    let _ = writes.await;
                    Ok((before, stamps::find(conn, "moment").await?))
                }) as Pending<'_, _, Error>
            })
            .await
        });
        begins.await.unwrap();
        write(&test.db, |conn| Box::pin(add(conn, "moment"))).await.unwrap();
        written.send(()).unwrap();
        assert_eq!(reading.await.unwrap().unwrap(), (None, None));
        // The connection came back without the transaction.
        for _ in 0..3 {
            assert_eq!(stamps::find(&mut test.db.reader().await.unwrap(), "moment").await.unwrap(), Some(0));
        }
        let result: Result<()> = test.db.read(|_| panic!("this panic is part of the test")).await;
        assert!(matches!(result, Err(Error::Statement(_))), "{result:?}");
    })
    .await;
}
