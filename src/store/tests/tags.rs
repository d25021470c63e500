//! A tag points to one manifest at a time, and what it pointed to before is remembered.

use tokio::task::JoinSet;
use types::{Digest, Tag, Timestamp};

use super::harness::{at, digest, number, on_each, repository, write};
use super::names::tag;
use crate::{Db, tags};

/// The whole history of a tag, oldest first: digest, begin and end.
async fn history(db: &Db, name: &'static str) -> Vec<(String, i64, Option<i64>)> {
    let mut conn = db.reader().await.unwrap();
    conn.all(
        "select manifest_digest, created_at, coalesce(ended_at, -1)
         from tags
         where name = $1
         order by created_at, coalesce(ended_at, 9000000000000000000)",
        [name.into()],
        |row| Ok((row.text(0)?, row.integer(1)?, Some(row.integer(2)?).filter(|end| *end >= 0))),
    )
    .await
    .unwrap()
}

async fn insert(db: &Db, id: &str, tag_id: &str, name: &str, digest: Digest, now: Timestamp) -> bool {
    let (id, tag_id, name) = (id.to_owned(), tag_id.to_owned(), name.parse::<Tag>().unwrap());
    write(db, move |conn| Box::pin(async move { tags::insert(conn, &tag_id, &id, &name, &digest, now).await }))
        .await
        .unwrap()
}

async fn delete(db: &Db, id: &str, name: &str, now: Timestamp) -> Option<Digest> {
    let (id, name) = (id.to_owned(), name.parse::<Tag>().unwrap());
    write(db, move |conn| Box::pin(async move { tags::delete(conn, &id, &name, now).await })).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_moves_keeps_its_history() {
    on_each(|test| async move {
        let (db, id) = (&test.db, repository(&test.db, "a").await);
        tag(db, &id, "t", digest(1), at(1)).await;
        tag(db, &id, "t", digest(2), at(2)).await;
        // The same again changes nothing.
        tag(db, &id, "t", digest(2), at(3)).await;
        assert_eq!(delete(db, &id, "t", at(4)).await, Some(digest(2)));
        assert_eq!(delete(db, &id, "t", at(5)).await, None);
        assert!(insert(db, &id, "again", "t", digest(1), at(6)).await);
        assert!(!insert(db, &id, "twice", "t", digest(3), at(7)).await);
        let micros = |seconds| at(seconds).micros();
        assert_eq!(
            history(db, "t").await,
            [
                (digest(1).to_string(), micros(1), Some(micros(2))),
                (digest(2).to_string(), micros(2), Some(micros(4))),
                (digest(1).to_string(), micros(6), None),
            ]
        );
        let mut conn = db.reader().await.unwrap();
        assert_eq!(tags::find(&mut conn, &id, &"t".parse().unwrap()).await.unwrap(), Some(digest(1)));
        assert_eq!(tags::find(&mut conn, &id, &"u".parse().unwrap()).await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_tags_of_a_manifest_end_together_and_no_others() {
    on_each(|test| async move {
        let (db, id, other) = (&test.db, repository(&test.db, "a").await, repository(&test.db, "b").await);
        for name in ["one", "two", "three"] {
            tag(db, &id, name, digest(1), at(1)).await;
        }
        tag(db, &id, "four", digest(2), at(1)).await;
        tag(db, &id, "three", digest(2), at(2)).await;
        tag(db, &other, "one", digest(1), at(1)).await;
        let ending = id.clone();
        let ended = write(db, move |conn| {
            Box::pin(async move { tags::delete_of_manifest(conn, &ending, &digest(1), at(3)).await })
        });
        assert_eq!(ended.await.unwrap(), 2);
        let mut conn = db.reader().await.unwrap();
        assert_eq!(tags::list(&mut conn, &id, "", 10).await.unwrap(), ["four", "three"]);
        assert_eq!(tags::list(&mut conn, &other, "", 10).await.unwrap(), ["one"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_movers_of_one_tag_end_with_one_live_row_and_no_error() {
    const MOVERS: usize = 16;
    const MOVES: usize = 5;
    on_each(|test| async move {
        let id = repository(&test.db, "a").await;
        let mut movers = JoinSet::new();
        for mover in 0..MOVERS {
            let (db, id) = (test.db.clone(), id.clone());
            movers.spawn(async move {
                for step in 0..MOVES {
                    let number = mover * MOVES + step;
                    let (id, tag_id) = (id.clone(), format!("tag-{number}"));
                    write(&db, move |conn| {
                        Box::pin(async move {
                            let name = "latest".parse().unwrap();
                            tags::upsert(conn, &tag_id, &id, &name, &digest(number), at(number as i64)).await
                        })
                    })
                    .await
                    .unwrap();
                }
            });
        }
        movers.join_all().await;
        assert_eq!(number(&test.db, "select count(*) from tags where ended_at is null").await, 1);
        assert_eq!(number(&test.db, "select count(*) from tags").await, (MOVERS * MOVES) as i64);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_of_several_tags_and_a_delete_of_their_manifest_do_not_wait_for_each_other() {
    on_each(|test| async move {
        let id = repository(&test.db, "a").await;
        for round in 0..50 {
            // In another order than that of their names.
            for name in ["c", "a", "b"] {
                tag(&test.db, &id, name, digest(1), at(round * 2)).await;
            }
            let (pushing, deleting) = (id.clone(), id.clone());
            let push = write(&test.db, move |conn| {
                Box::pin(async move {
                    for name in ["a", "b", "c"] {
                        let tag_id = format!("moved-{round}-{name}");
                        tags::upsert(conn, &tag_id, &pushing, &name.parse().unwrap(), &digest(2), at(round * 2 + 1))
                            .await?;
                    }
                    Ok(())
                })
            });
            let delete = write(&test.db, move |conn| {
                Box::pin(async move { tags::delete_of_manifest(conn, &deleting, &digest(1), at(round * 2 + 1)).await })
            });
            let (pushed, deleted) = tokio::join!(push, delete);
            pushed.unwrap();
            deleted.unwrap();
            assert_eq!(number(&test.db, "select count(*) from tags where ended_at is null").await, 3);
        }
    })
    .await;
}
