//! One digest has one object, whoever pushes it and however often.

use std::collections::BTreeSet;

use tokio::task::JoinSet;

use super::harness::{NOW, at, digest, number, on_each, repository, write};
use super::uploads::open;
use crate::blobs::BlobRow;
use crate::{Db, blobs, removals};

fn row(number: usize, key: &str) -> BlobRow {
    BlobRow { digest: digest(number), object_key: key.to_owned(), size: 10 }
}

async fn insert(db: &Db, blob: BlobRow) -> String {
    write(db, move |conn| Box::pin(async move { blobs::insert(conn, &blob, NOW).await })).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn pushers_of_one_digest_agree_on_one_object() {
    on_each(|test| async move {
        for round in 0..10 {
            let mut pushers = JoinSet::new();
            for pusher in 0..16 {
                let db = test.db.clone();
                pushers.spawn(async move { insert(&db, row(round, &format!("key-{round}-{pusher}"))).await });
            }
            let keys: BTreeSet<String> = pushers.join_all().await.into_iter().collect();
            assert_eq!(keys.len(), 1, "{keys:?}");
        }
        assert_eq!(number(&test.db, "select count(*) from blobs").await, 10);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_whose_object_is_missing_takes_the_next_one() {
    on_each(|test| async move {
        assert_eq!(insert(&test.db, row(1, "first")).await, "first");
        assert_eq!(insert(&test.db, row(1, "second")).await, "first");
        let marked = write(&test.db, |conn| Box::pin(async move { blobs::update_missing(conn, "first").await }));
        assert!(marked.await.unwrap());
        let mut conn = test.db.reader().await.unwrap();
        assert!(blobs::list_by_object_key(&mut conn, "", 10).await.unwrap().is_empty());
        assert_eq!(insert(&test.db, row(1, "third")).await, "third");
        assert_eq!(insert(&test.db, row(1, "fourth")).await, "third");
        let listed = blobs::list_by_object_key(&mut conn, "", 10).await.unwrap();
        assert_eq!(listed.iter().map(|row| row.object_key.as_str()).collect::<Vec<_>>(), ["third"]);
        let unknown = write(&test.db, |conn| Box::pin(async move { blobs::update_missing(conn, "never").await }));
        assert!(!unknown.await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_that_speaks_for_an_object_is_found() {
    on_each(|test| async move {
        let id = repository(&test.db, "a").await;
        write(&test.db, move |conn| {
            Box::pin(async move {
                blobs::insert(conn, &row(1, "of-a-blob"), NOW).await?;
                removals::insert(conn, &["of-a-removal".to_owned()], at(1)).await?;
                open(conn, &id, "upload", Some("tail")).await
            })
        })
        .await
        .unwrap();
        let mut conn = test.db.reader().await.unwrap();
        let asked = ["of-a-blob", "of-a-removal", "key-of-upload", "tail", "of-nobody", "quoted \"'\\"];
        let mut known = blobs::list_known_object_keys(&mut conn, &asked, at(2)).await.unwrap();
        known.sort();
        assert_eq!(known, ["key-of-upload", "of-a-blob", "of-a-removal", "tail"]);
        let earlier = blobs::list_known_object_keys(&mut conn, &asked, at(1)).await.unwrap();
        assert_eq!(earlier.len(), 3, "a removal that is due later: {earlier:?}");
    })
    .await;
}
