//! Garbage collection in single steps, with the interleavings that would lose something forced where a database has them.

use types::Digest;

use super::harness::{NOW, at, digest, number, on_each, on_postgres, repository, write};
use super::references::manifest;
use crate::blobs::BlobRow;
use crate::edges::Kind;
use crate::{Db, blob_reviews, blobs, deleted_manifests, edges, manifests, repository_blobs, unlinked_blobs};

/// A blob of a repository, put down for review.
async fn blob(db: &Db, id: &str, number: usize, since: i64) -> Digest {
    let (id, digest) = (id.to_owned(), digest(number));
    let own = digest.clone();
    write(db, move |conn| {
        Box::pin(async move {
            let row = BlobRow { digest: own.clone(), object_key: format!("key-{number}"), size: 7 };
            blobs::insert(conn, &row, NOW).await?;
            repository_blobs::insert(conn, &id, &own, NOW).await?;
            blob_reviews::upsert(conn, &id, &[&own], at(since)).await
        })
    })
    .await
    .unwrap();
    digest
}

/// A manifest that refers to blobs.
async fn refer(db: &Db, id: &str, number: usize, blobs: &[&Digest]) -> Digest {
    let row = manifest(id, digest(number));
    let (digest, id) = (row.digest.clone(), id.to_owned());
    let blobs: Vec<Digest> = blobs.iter().map(|digest| (*digest).clone()).collect();
    write(db, move |conn| {
        Box::pin(async move {
            manifests::insert(conn, &row).await?;
            let blobs: Vec<edges::Child<'_>> = blobs.iter().map(|blob| (blob, None)).collect();
            edges::insert(conn, &id, &row.digest, Kind::Layer, &blobs).await
        })
    })
    .await
    .unwrap();
    digest
}

/// Reviews what is from before a time: the blobs that went.
async fn review(db: &Db, before: i64) -> Vec<Digest> {
    write(db, move |conn| {
        Box::pin(async move {
            let mut gone = Vec::new();
            for (id, digest) in blob_reviews::list_due(conn, "000000000000/us-east-1", at(before), 100).await? {
                if blob_reviews::lock_due(conn, &id, &[&digest], at(before)).await?.is_empty() {
                    continue;
                }
                let held = repository_blobs::lock_for_delete_unless_locked(conn, &id, &[&digest]).await?;
                if held.is_empty() && !repository_blobs::list_linked(conn, &id, &[&digest]).await?.is_empty() {
                    continue;
                }
                let held: Vec<&Digest> = held.iter().collect();
                gone.extend(repository_blobs::delete_unneeded(conn, &id, &held).await?);
                blob_reviews::delete(conn, &id, &[&digest]).await?;
            }
            let digests: Vec<&Digest> = gone.iter().collect();
            unlinked_blobs::insert(conn, &digests).await?;
            Ok(gone)
        })
    })
    .await
    .unwrap()
}

/// Frees what no repository has: the objects of it.
async fn free(db: &Db) -> Vec<String> {
    write(db, |conn| {
        Box::pin(async move {
            let unlinked = unlinked_blobs::lock(conn, 100).await?;
            let mut digests: Vec<&Digest> = unlinked.iter().collect();
            let held = blobs::lock_unless_locked(conn, &digests).await?;
            let there = blobs::list_existing(conn, &digests).await?;
            digests.retain(|digest| held.contains(digest) || !there.contains(digest));
            let held: Vec<&Digest> = held.iter().collect();
            let freed = blobs::delete_unlinked(conn, &held).await?;
            unlinked_blobs::delete(conn, &digests).await?;
            Ok(freed.into_iter().map(|blob| blob.object_key).collect())
        })
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nothing_refers_to_goes_and_nothing_else() {
    on_each(|test| async move {
        let (db, one, two) = (&test.db, repository(&test.db, "one").await, repository(&test.db, "two").await);
        let used = blob(db, &one, 1, 0).await;
        let unused = blob(db, &one, 2, 0).await;
        let shared = blob(db, &one, 3, 0).await;
        let young = blob(db, &one, 4, 100).await;
        blob(db, &two, 3, 100).await;
        refer(db, &one, 10, &[&used]).await;
        let mut gone = review(db, 50).await;
        gone.sort();
        let mut expected = vec![unused, shared.clone()];
        expected.sort();
        assert_eq!(gone, expected);
        // The other repository still has one of them.
        assert_eq!(free(db).await, ["key-2"]);
        assert_eq!(number(db, "select count(*) from unlinked_blobs").await, 0);
        assert_eq!(number(db, "select count(*) from blob_reviews").await, 2);
        let mut gone = review(db, 200).await;
        gone.sort();
        let mut expected = vec![young, shared];
        expected.sort();
        assert_eq!(gone, expected);
        let mut freed = free(db).await;
        freed.sort();
        assert_eq!(freed, ["key-3", "key-4"]);
        assert_eq!(number(db, "select count(*) from blobs").await, 1);
        // Two repositories may let go of one blob in the same moment.
        let digest = digest(1);
        let twice =
            write(db, move |conn| Box::pin(async move { unlinked_blobs::insert(conn, &[&digest, &digest]).await }));
        twice.await.unwrap();
        assert_eq!(number(db, "select count(*) from unlinked_blobs").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_can_be_put_off_and_never_forward() {
    on_each(|test| async move {
        let (db, id) = (&test.db, repository(&test.db, "one").await);
        let digest = blob(db, &id, 1, 100).await;
        blob(db, &id, 1, 50).await;
        assert!(review(db, 90).await.is_empty());
        let own = (id.clone(), digest.clone());
        let put_off = write(db, move |conn| {
            Box::pin(async move { blob_reviews::update_stale(conn, &own.0, &[&own.1], at(300), at(200)).await })
        });
        assert_eq!(put_off.await.unwrap(), 1);
        assert!(review(db, 300).await.is_empty());
        assert_eq!(review(db, 301).await, [digest]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_manifest_keeps_its_blobs_until_it_is_forgotten() {
    on_each(|test| async move {
        let (db, id) = (&test.db, repository(&test.db, "one").await);
        let layer = blob(db, &id, 1, 0).await;
        let parent = refer(db, &id, 10, &[&layer]).await;
        let own = (id.clone(), parent.clone());
        write(db, move |conn| {
            Box::pin(async move {
                deleted_manifests::insert(conn, &own.0, &own.1, at(10)).await?;
                edges::delete(conn, &own.0, &own.1).await?;
                manifests::delete(conn, &own.0, &own.1).await
            })
        })
        .await
        .unwrap();
        assert!(review(db, 100).await.is_empty());
        let mut conn = db.reader().await.unwrap();
        let kept = deleted_manifests::find(&mut conn, &id, &parent, at(10)).await.unwrap().unwrap();
        assert_eq!((kept.digest, kept.deleted_at), (parent.clone(), at(10)));
        assert!(deleted_manifests::find(&mut conn, &id, &parent, at(11)).await.unwrap().is_none());
        assert_eq!(
            deleted_manifests::list_references(&mut conn, &id, &[&parent]).await.unwrap(),
            std::slice::from_ref(&layer)
        );
        drop(conn);
        let own = (id.clone(), parent, layer.clone());
        write(db, move |conn| {
            Box::pin(async move {
                blob_reviews::upsert(conn, &own.0, &[&own.2], at(10)).await?;
                deleted_manifests::delete(conn, &own.0, &[&own.1]).await
            })
        })
        .await
        .unwrap();
        assert_eq!(review(db, 100).await, [layer]);
    })
    .await;
}

/// A push that holds its layers and has not committed yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_review_passes_over_what_a_push_is_about_to_refer_to() {
    on_postgres(|test| async move {
        let (db, id) = (&test.db, repository(&test.db, "one").await);
        let layer = blob(db, &id, 1, 0).await;
        let (held, let_go) = (tokio::sync::oneshot::channel(), tokio::sync::oneshot::channel::<()>());
        let own = (id.clone(), layer.clone());
        let push = write(db, move |conn| {
            Box::pin(async move {
                assert_eq!(repository_blobs::lock(conn, &own.0, &[&own.1]).await?.len(), 1);
                held.0.send(()).unwrap();
                let_go.1.await.unwrap();
                let row = manifest(&own.0, digest(10));
                manifests::insert(conn, &row).await?;
                edges::insert(conn, &own.0, &row.digest, Kind::Layer, &[(&own.1, None)]).await
            })
        });
        let interleaved = async {
            held.1.await.unwrap();
            assert!(review(db, 100).await.is_empty(), "it neither waits nor takes the layer");
            let_go.0.send(()).unwrap();
        };
        let (pushed, ()) = tokio::join!(push, interleaved);
        pushed.unwrap();
        assert!(review(db, 100).await.is_empty());
        assert_eq!(number(db, "select count(*) from repository_blobs").await, 1);
    })
    .await;
}

/// Another repository comes to have the blob between the look and the deletion.
#[tokio::test(flavor = "multi_thread")]
async fn a_blob_that_somebody_links_at_the_moment_is_not_freed() {
    on_postgres(|test| async move {
        let (db, one, two) = (&test.db, repository(&test.db, "one").await, repository(&test.db, "two").await);
        let layer = blob(db, &one, 1, 0).await;
        assert_eq!(review(db, 100).await, std::slice::from_ref(&layer));
        let (linked, let_go) = (tokio::sync::oneshot::channel(), tokio::sync::oneshot::channel::<()>());
        let own = (two.clone(), layer.clone());
        let push = write(db, move |conn| {
            Box::pin(async move {
                let row = BlobRow { digest: own.1.clone(), object_key: "another".to_owned(), size: 7 };
                assert_eq!(blobs::insert(conn, &row, NOW).await?, "key-1");
                repository_blobs::insert(conn, &own.0, &own.1, NOW).await?;
                linked.0.send(()).unwrap();
                let_go.1.await.unwrap();
                Ok(())
            })
        });
        let interleaved = async {
            linked.1.await.unwrap();
            assert!(free(db).await.is_empty(), "it neither waits nor takes the blob");
            let_go.0.send(()).unwrap();
        };
        let (pushed, ()) = tokio::join!(push, interleaved);
        pushed.unwrap();
        assert!(free(db).await.is_empty());
        assert_eq!(number(db, "select count(*) from blobs").await, 1);
        assert_eq!(number(db, "select count(*) from unlinked_blobs").await, 0);
    })
    .await;
}

/// A repository lets go of a blob while it is being struck off the list because another repository had it.
#[tokio::test(flavor = "multi_thread")]
async fn a_blob_that_is_let_go_while_it_is_struck_off_is_put_down_again() {
    on_postgres(|test| async move {
        let (db, one, two) = (&test.db, repository(&test.db, "one").await, repository(&test.db, "two").await);
        let layer = blob(db, &one, 1, 0).await;
        blob(db, &two, 1, 100).await;
        assert_eq!(review(db, 50).await, std::slice::from_ref(&layer));
        let (looked, let_go) = (tokio::sync::oneshot::channel(), tokio::sync::oneshot::channel::<()>());
        let collector = write(db, move |conn| {
            Box::pin(async move {
                let unlinked = unlinked_blobs::lock(conn, 100).await?;
                let digests: Vec<&Digest> = unlinked.iter().collect();
                assert!(blobs::delete_unlinked(conn, &digests).await?.is_empty());
                looked.0.send(()).unwrap();
                let_go.1.await.unwrap();
                unlinked_blobs::delete(conn, &digests).await
            })
        });
        let interleaved = async {
            looked.1.await.unwrap();
            let own = (two.clone(), layer.clone());
            let deletion = tokio::spawn({
                let db = db.clone();
                async move {
                    write(&db, move |conn| {
                        Box::pin(async move {
                            repository_blobs::delete(conn, &own.0, &own.1).await?;
                            unlinked_blobs::insert(conn, &[&own.1]).await
                        })
                    })
                    .await
                }
            });
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            let_go.0.send(()).unwrap();
            deletion.await.unwrap().unwrap();
        };
        let (struck, ()) = tokio::join!(collector, interleaved);
        assert_eq!(struck.unwrap(), 1);
        assert_eq!(free(db).await, ["key-1"]);
    })
    .await;
}

/// Somebody mounts or pushes a blob that the repository has, while a review that found no reference to it is about to let it go.
#[tokio::test(flavor = "multi_thread")]
async fn a_blob_that_is_linked_while_a_review_lets_it_go_is_there_afterwards() {
    on_postgres(|test| async move {
        let (db, id) = (&test.db, repository(&test.db, "one").await);
        let layer = blob(db, &id, 1, 0).await;
        let (held, let_go) = (tokio::sync::oneshot::channel(), tokio::sync::oneshot::channel::<()>());
        let own = (id.clone(), layer.clone());
        let review = write(db, move |conn| {
            Box::pin(async move {
                let digests = [&own.1];
                assert_eq!(blob_reviews::lock_due(conn, &own.0, &digests, at(100)).await?.len(), 1);
                let links = repository_blobs::lock_for_delete_unless_locked(conn, &own.0, &digests).await?;
                assert_eq!(links.len(), 1);
                held.0.send(()).unwrap();
                let_go.1.await.unwrap();
                let gone = repository_blobs::delete_unneeded(conn, &own.0, &digests).await?;
                blob_reviews::delete(conn, &own.0, &digests).await?;
                unlinked_blobs::insert(conn, &digests).await?;
                Ok(gone)
            })
        });
        let interleaved = async {
            held.1.await.unwrap();
            let own = (id.clone(), layer.clone());
            let mount = tokio::spawn({
                let db = db.clone();
                async move {
                    write(&db, move |conn| {
                        Box::pin(async move {
                            let new = repository_blobs::insert(conn, &own.0, &own.1, NOW).await?;
                            blob_reviews::upsert(conn, &own.0, &[&own.1], at(200)).await?;
                            Ok(new)
                        })
                    })
                    .await
                }
            });
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            let_go.0.send(()).unwrap();
            assert!(mount.await.unwrap().unwrap(), "it is new once the review is over");
        };
        let (gone, ()) = tokio::join!(review, interleaved);
        assert_eq!(gone.unwrap(), [layer]);
        assert_eq!(number(db, "select count(*) from repository_blobs").await, 1);
        assert!(free(db).await.is_empty());
    })
    .await;
}

/// An image that was deleted long ago and pushed again is deleted again while what was deleted long ago is forgotten.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_again_while_it_is_forgotten_can_be_restored() {
    on_postgres(|test| async move {
        let (db, id) = (&test.db, repository(&test.db, "one").await);
        let layer = blob(db, &id, 1, 0).await;
        let parent = refer(db, &id, 10, &[&layer]).await;
        let own = (id.clone(), parent.clone());
        let deletion = write(db, move |conn| {
            Box::pin(async move { deleted_manifests::insert(conn, &own.0, &own.1, at(10)).await })
        });
        deletion.await.unwrap();
        let (held, let_go) = (tokio::sync::oneshot::channel(), tokio::sync::oneshot::channel::<()>());
        let forgetting = write(db, move |conn| {
            Box::pin(async move {
                let due = deleted_manifests::lock_before(conn, at(50), 100).await?;
                held.0.send(()).unwrap();
                let_go.1.await.unwrap();
                for (id, digest) in &due {
                    deleted_manifests::delete(conn, id, &[digest]).await?;
                }
                Ok(due.len())
            })
        });
        let interleaved = async {
            held.1.await.unwrap();
            let own = (id.clone(), parent.clone());
            let again = tokio::spawn({
                let db = db.clone();
                async move {
                    write(&db, move |conn| {
                        Box::pin(async move { deleted_manifests::insert(conn, &own.0, &own.1, at(100)).await })
                    })
                    .await
                }
            });
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            let_go.0.send(()).unwrap();
            again.await.unwrap().unwrap();
        };
        let (forgotten, ()) = tokio::join!(forgetting, interleaved);
        assert_eq!(forgotten.unwrap(), 1);
        let mut conn = db.reader().await.unwrap();
        let kept = deleted_manifests::find(&mut conn, &id, &parent, at(90)).await.unwrap();
        assert_eq!(kept.expect("what was deleted a moment ago").deleted_at, at(100));
        assert_eq!(deleted_manifests::list_references(&mut conn, &id, &[&parent]).await.unwrap(), [layer]);
    })
    .await;
}
