//! Objects that no row needs are removed when they are due, and no others.

use super::harness::{NOW, at, digest, number, on_each, write};
use crate::blobs::BlobRow;
use crate::{Conn, Db, blobs, removals};

/// Those that are due, and that no blob needs.
async fn unneeded(conn: &mut Conn, seconds: i64, limit: usize) -> Vec<String> {
    let due = removals::list_due(conn, at(seconds), limit).await.unwrap();
    due.into_iter().filter(|row| !row.is_needed).map(|row| row.object_key).collect()
}

fn keys(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

async fn put_down(db: &Db, objects: &[&str], seconds: i64) {
    let objects = keys(objects);
    write(db, move |conn| Box::pin(async move { removals::insert(conn, &objects, at(seconds)).await })).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_due_in_their_order_and_not_before() {
    on_each(|test| async move {
        put_down(&test.db, &["late"], 20).await;
        put_down(&test.db, &["early", "early too"], 10).await;
        // The first word counts; nothing at all is no mistake.
        put_down(&test.db, &["late"], 1).await;
        put_down(&test.db, &[], 1).await;
        let mut conn = test.db.reader().await.unwrap();
        assert!(unneeded(&mut conn, 10, 10).await.is_empty());
        let mut due = unneeded(&mut conn, 11, 10).await;
        due.sort();
        assert_eq!(due, ["early", "early too"]);
        assert_eq!(unneeded(&mut conn, 21, 10).await.last().unwrap(), "late");
        assert_eq!(unneeded(&mut conn, 21, 1).await.len(), 1);
        assert!(removals::contains(&mut conn, "late").await.unwrap());
        let deleted = write(&test.db, |conn| {
            Box::pin(async move { removals::delete(conn, &keys(&["late", "early", "unknown"])).await })
        });
        assert_eq!(deleted.await.unwrap(), 2);
        assert!(!removals::contains(&mut conn, "late").await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_a_blob_needs_is_never_due_and_is_struck_off() {
    on_each(|test| async move {
        put_down(&test.db, &["needed", "not needed", "needed later"], 10).await;
        put_down(&test.db, &["needed in time"], 100).await;
        for (number, key) in ["needed", "needed in time"].into_iter().enumerate() {
            let blob = BlobRow { digest: digest(number), object_key: key.to_owned(), size: 1 };
            write(&test.db, move |conn| Box::pin(async move { blobs::insert(conn, &blob, NOW).await })).await.unwrap();
        }
        let mut conn = test.db.reader().await.unwrap();
        let mut due = unneeded(&mut conn, 11, 10).await;
        due.sort();
        assert_eq!(due, ["needed later", "not needed"]);
        assert_eq!(removals::list_due(&mut conn, at(11), 10).await.unwrap().len(), 3);
        let asked = keys(&["needed", "not needed", "needed later"]);
        let struck = write(&test.db, |conn| Box::pin(async move { removals::delete_needed(conn, &asked).await }));
        assert_eq!(struck.await.unwrap(), 1);
        assert!(!removals::contains(&mut conn, "needed").await.unwrap());
        assert_eq!(number(&test.db, "select count(*) from removals").await, 3);
    })
    .await;
}
