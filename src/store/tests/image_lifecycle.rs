//! Archived images, images that somebody runs, and what is kept of how much is held.

use std::time::Duration;

use tokio::sync::oneshot;
use types::{Digest, StorageClass};

use super::harness::{NOW, at, digest, number, on_each, on_postgres, registry, repo_name, repository, write};
use super::references::manifest;
use crate::blobs::BlobRow;
use crate::edges::Kind;
use crate::image_uses::{UsedImage, User};
use crate::manifest_storage::{self as storage, Storage};
use crate::registry_usage::RegistryUsageRow;
use crate::repository_usage::RepositoryUsageRow;
use crate::usage::Held;
use crate::{
    Conn, Db, Result, blobs, deleted_manifests, edges, image_uses, manifests, registry_usage, repositories,
    repository_blobs, repository_usage, usage,
};

/// A manifest that refers to others in one way.
async fn refer(conn: &mut Conn, id: &str, parent: usize, kind: Kind, children: &[usize]) -> Result<()> {
    manifests::insert(conn, &manifest(id, digest(parent))).await?;
    let children: Vec<Digest> = children.iter().map(|child| digest(*child)).collect();
    let children: Vec<edges::Child<'_>> = children.iter().map(|child| (child, None)).collect();
    edges::insert(conn, id, &digest(parent), kind, &children).await
}

/// Moves one image.
async fn shift(db: &Db, id: &str, image: usize, to: StorageClass, seconds: i64) -> usize {
    let id = id.to_owned();
    write(db, move |conn| {
        Box::pin(async move {
            let image = digest(image);
            let moved = storage::update_class(conn, &id, &[&image], to, at(seconds)).await?;
            edges::update_archived(conn, &id, &[&image], to == StorageClass::Archive).await?;
            Ok(moved.len())
        })
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_moves_to_the_archive_and_back() {
    on_each(|test| async move {
        let (db, id) = (&test.db, repository(&test.db, "app").await);
        let own = id.clone();
        write(db, move |conn| {
            Box::pin(async move {
                // Layer 100 is of both images, 101 and 102 of one each, 103 of none.
                refer(conn, &own, 1, Kind::Layer, &[100, 101]).await?;
                refer(conn, &own, 2, Kind::Layer, &[100, 102]).await?;
                refer(conn, &own, 3, Kind::Child, &[1]).await
            })
        })
        .await
        .unwrap();
        let parent = |conn| {
            let id = id.clone();
            async move {
                let mut conn: Conn = conn;
                edges::find_active_parent_of_manifest(&mut conn, &id, &digest(1)).await.unwrap()
            }
        };
        assert_eq!(parent(db.reader().await.unwrap()).await, Some(digest(3)));
        assert_eq!(shift(db, &id, 3, StorageClass::Archive, 5).await, 1);
        assert_eq!(parent(db.reader().await.unwrap()).await, None);

        assert_eq!(shift(db, &id, 1, StorageClass::Archive, 10).await, 1);
        assert_eq!(shift(db, &id, 1, StorageClass::Archive, 20).await, 0, "it is there");
        let mut conn = db.reader().await.unwrap();
        let layers = [digest(100), digest(101), digest(102), digest(103)];
        let layers: Vec<&Digest> = layers.iter().collect();
        let archived = |conn| {
            let (id, layers) = (id.clone(), layers.clone());
            async move {
                let mut conn: Conn = conn;
                let mut archived = Vec::new();
                for layer in layers {
                    archived.push(edges::is_blob_archived(&mut conn, &id, layer).await.unwrap());
                }
                archived
            }
        };
        assert_eq!(archived(db.reader().await.unwrap()).await, [Some(false), Some(true), Some(false), None]);
        let found = manifests::find_by_digest(&mut conn, &registry(), &repo_name("app"), &digest(1)).await.unwrap();
        assert!(found.unwrap().archived);
        let rows = manifests::list_described(&mut conn, &id, &[&digest(1)]).await.unwrap();
        let expected = Storage { class: StorageClass::Archive, archived_at: Some(at(10)), activated_at: None };
        assert_eq!(rows[0].storage, expected);
        assert_eq!(storage::count_active(&mut conn, &id, 10).await.unwrap(), 1);
        let mut counted = edges::count_of_blobs(&mut conn, &id, &layers).await.unwrap();
        counted.sort_by_key(|(_, count)| *count);
        assert_eq!(counted.iter().map(|(_, count)| *count).collect::<Vec<_>>(), [1, 1, 2]);
        assert_eq!(counted[2].0, digest(100));
        drop(conn);

        // Deleted, it is remembered as what it was.
        let own = id.clone();
        write(db, move |conn| Box::pin(async move { deleted_manifests::insert(conn, &own, &digest(1), at(30)).await }))
            .await
            .unwrap();
        let mut conn = db.reader().await.unwrap();
        let deleted = deleted_manifests::find(&mut conn, &id, &digest(1), NOW).await.unwrap().unwrap();
        assert_eq!(deleted.storage, expected);
        drop(conn);

        assert_eq!(shift(db, &id, 1, StorageClass::Standard, 40).await, 1);
        let mut conn = db.reader().await.unwrap();
        let rows = manifests::list_described(&mut conn, &id, &[&digest(1)]).await.unwrap();
        let back = Storage { class: StorageClass::Standard, archived_at: Some(at(10)), activated_at: Some(at(40)) };
        assert_eq!(rows[0].storage, back);
        assert_eq!(archived(db.reader().await.unwrap()).await, [Some(false), Some(false), Some(false), None]);
    })
    .await;
}

/// Notes that a task runs an image of the repository `app`.
async fn run(db: &Db, image: usize, task: &'static str) -> bool {
    write(db, move |conn| {
        Box::pin(async move {
            let (registry, repository, digest) = (registry(), repo_name("app"), digest(image));
            let image = UsedImage { registry: &registry, repository: &repository, digest: &digest };
            image_uses::insert(conn, image, User { kind: "task", id: task }, NOW).await
        })
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_runs_an_image_is_known_until_it_ends() {
    on_each(|test| async move {
        let (db, id) = (&test.db, repository(&test.db, "app").await);
        let own = id.clone();
        write(db, move |conn| {
            Box::pin(async move {
                for image in 1..=3 {
                    manifests::insert(conn, &manifest(&own, digest(image))).await?;
                }
                refer(conn, &own, 4, Kind::Child, &[2]).await
            })
        })
        .await
        .unwrap();
        assert!(
            run(db, 1, "one").await && run(db, 1, "one").await && run(db, 1, "two").await && run(db, 2, "two").await
        );
        assert!(!run(db, 99, "one").await, "there is no such image");
        let used = |conn| {
            let id = id.clone();
            async move {
                let mut conn: Conn = conn;
                let asked = [digest(1), digest(2), digest(3), digest(4)];
                let asked: Vec<&Digest> = asked.iter().collect();
                let mut used = image_uses::list_used(&mut conn, &id, &asked).await.unwrap();
                used.sort();
                let mut listed = image_uses::list(&mut conn, &id, "", 10).await.unwrap();
                listed.sort();
                (used, listed)
            }
        };
        let sorted = |images: &[usize]| {
            let mut images: Vec<Digest> = images.iter().map(|image| digest(*image)).collect();
            images.sort();
            images
        };
        // The index lists one that somebody runs.
        assert_eq!(used(db.reader().await.unwrap()).await, (sorted(&[1, 2, 4]), sorted(&[1, 2])));
        let ended = |task| {
            write(db, move |conn| {
                Box::pin(async move { image_uses::delete(conn, User { kind: "task", id: task }).await })
            })
        };
        assert_eq!(ended("two").await.unwrap(), 2);
        assert_eq!(used(db.reader().await.unwrap()).await, (sorted(&[1]), sorted(&[1])));
        assert_eq!(ended("one").await.unwrap(), 1);
        assert_eq!(ended("one").await.unwrap(), 0);
        assert!(run(db, 1, "three").await);
        let own = id.clone();
        let gone = write(db, move |conn| Box::pin(async move { image_uses::delete_some(conn, &own, 10).await }));
        assert_eq!(gone.await.unwrap(), 1);
        assert_eq!(number(db, "select count(*) from image_uses").await, 0);
    })
    .await;
}

/// A policy that deletes an image which a task is about to run: the task hears that it is gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_task_waits_for_a_policy_that_holds_its_image() {
    on_postgres(|test| async move {
        let (db, id) = (&test.db, repository(&test.db, "app").await);
        let own = id.clone();
        write(db, move |conn| Box::pin(async move { manifests::insert(conn, &manifest(&own, digest(1))).await }))
            .await
            .unwrap();
        let (held, may_go) = (oneshot::channel(), oneshot::channel::<()>());
        let (db_of_policy, own) = (db.clone(), id.clone());
        let policy = tokio::spawn(async move {
            write(&db_of_policy, move |conn| {
                Box::pin(async move {
                    manifests::lock_all_for_delete(conn, &own, &[&digest(1)]).await?;
                    assert!(image_uses::list_used(conn, &own, &[&digest(1)]).await?.is_empty());
                    held.0.send(()).unwrap();
                    may_go.1.await.unwrap();
                    manifests::delete(conn, &own, &digest(1)).await
                })
            })
            .await
        });
        held.1.await.unwrap();
        let db_of_task = db.clone();
        let task = tokio::spawn(async move { run(&db_of_task, 1, "task").await });
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!task.is_finished(), "it must not know before the policy is done");
        may_go.0.send(()).unwrap();
        assert!(policy.await.unwrap().unwrap());
        assert!(!task.await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_replaced_and_go_with_what_they_are_about() {
    on_each(|test| async move {
        let (db, id) = (&test.db, repository(&test.db, "app").await);
        let other = repository(&test.db, "other").await;
        let row = |id: &str, images| RepositoryUsageRow {
            repository_id: id.to_owned(),
            held: Held { images, logical: 20, deduplicated: 15, own: 5 },
            measured_at: at(1),
        };
        let rows = [row(&id, 1), row(&id, 2), row(&other, 3), row("gone", 4)];
        write(db, move |conn| Box::pin(async move { repository_usage::upsert(conn, &rows).await })).await.unwrap();
        let mut conn = db.reader().await.unwrap();
        let listed = repository_usage::list(&mut conn, &registry(), "", 10).await.unwrap();
        let listed: Vec<_> =
            listed.into_iter().map(|(name, held)| (name.to_string(), held.unwrap().0.images)).collect();
        assert_eq!(listed, [("app".to_owned(), 2), ("other".to_owned(), 3)]);
        drop(conn);
        let gone = other.clone();
        let last = write(db, move |conn| {
            Box::pin(async move {
                repositories::update_deleted(conn, &gone, at(2)).await?;
                repository_usage::delete_gone(conn, "", 10).await
            })
        });
        assert_eq!(last.await.unwrap(), Some(other));
        assert_eq!(number(db, "select count(*) from repository_usage").await, 1);

        let registries = [("us-east-1", 10, 1), ("eu-west-1", 30, 2), ("us-east-1", 20, 3)];
        for (region, deduplicated, seconds) in registries {
            let row = RegistryUsageRow {
                registry: types::RegistryId { region: region.parse().unwrap(), ..registry() },
                held: Held { images: 1, logical: 40, deduplicated, own: 1 },
                measured_at: at(seconds),
            };
            write(db, move |conn| Box::pin(async move { registry_usage::upsert(conn, &row).await })).await.unwrap();
        }
        let mut conn = db.reader().await.unwrap();
        let largest = registry_usage::list_largest(&mut conn, 1).await.unwrap();
        assert_eq!((largest.len(), largest[0].held.deduplicated), (1, 30));
        let found = registry_usage::find(&mut conn, &registry()).await.unwrap().unwrap();
        assert_eq!((found.held.deduplicated, found.measured_at), (20, at(3)));
        drop(conn);
        let old = write(db, |conn| Box::pin(async move { registry_usage::delete_before(conn, at(3)).await }));
        assert_eq!(old.await.unwrap(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_walked_once_whatever_the_size_of_pages() {
    on_each(|test| async move {
        let (db, one) = (&test.db, repository(&test.db, "one").await);
        let two = repository(&test.db, "two").await;
        let ids = [one, two];
        write(db, move |conn| {
            Box::pin(async move {
                for blob in 0..5 {
                    let row = BlobRow { digest: digest(blob), object_key: format!("key-{blob}"), size: 10 };
                    blobs::insert(conn, &row, NOW).await?;
                    for id in &ids[..1 + blob % 2] {
                        repository_blobs::insert(conn, id, &digest(blob), NOW).await?;
                    }
                }
                for (image, id) in ids.iter().cycle().take(6).enumerate() {
                    let mut row = manifest(id, digest(100 + image));
                    row.image_size = 7;
                    if image == 0 {
                        row.media_type = "application/vnd.oci.image.index.v1+json".parse().unwrap();
                    }
                    manifests::insert(conn, &row).await?;
                }
                edges::insert(conn, &ids[0], &digest(100), Kind::Child, &[(&digest(102), None)]).await
            })
        })
        .await
        .unwrap();
        for size in 1..8 {
            let mut conn = db.reader().await.unwrap();
            let (mut after, mut links) = ((String::new(), String::new()), Vec::new());
            loop {
                let page = repository_blobs::list_sizes(&mut conn, (&after.0, &after.1), size).await.unwrap();
                let Some(last) = page.last() else { break };
                after = (last.digest.clone(), last.repository_id.clone());
                links.extend(page);
            }
            assert_eq!(links.len(), 7, "pages of {size}");
            assert!(links.iter().all(|link| link.size == 10 && link.region == "us-east-1"));
            assert!(links.is_sorted_by(|one, other| {
                (&one.digest, &one.repository_id) < (&other.digest, &other.repository_id)
            }));
            let (mut after, mut content, mut count) = ((String::new(), String::new()), 0, 0);
            loop {
                let page = usage::list_manifests(&mut conn, (&after.0, &after.1), size).await.unwrap();
                let Some(last) = page.last() else { break };
                after = (last.repository_id.clone(), last.digest.clone());
                content += page.iter().map(|row| row.content).sum::<u64>();
                count += page.len();
            }
            // The index counts by its images.
            assert_eq!((count, content), (6, 5 * 7), "pages of {size}");
        }
    })
    .await;
}
