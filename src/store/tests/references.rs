//! What a manifest refers to cannot go away while it is being pushed: pushes and deletes race here in the way that the
//! rules run them.

use std::collections::HashMap;

use types::{Algorithm, Digest, MediaType};

use super::harness::{NOW, digest, number, on_each, registry, repo_name, repository, write};
use crate::blobs::BlobRow;
use crate::edges::Kind;
use crate::manifests::ManifestRow;
use crate::repository_blobs::{Layer, list_layers, update_media_types};
use crate::{Conn, Db, Result, blob_reviews, blobs, edges, manifests, repository_blobs};

const ROUNDS: usize = 200;

pub(super) fn manifest(repository_id: &str, digest: Digest) -> ManifestRow {
    ManifestRow {
        repository_id: repository_id.to_owned(),
        digest,
        media_type: "application/vnd.oci.image.manifest.v1+json".parse().unwrap(),
        artifact_type: None,
        subject: None,
        annotations: None,
        image_size: 0,
        pushed_at: NOW,
        bytes: b"{}".to_vec(),
    }
}

/// Makes a blob and shows it in a repository.
async fn push_blob(conn: &mut Conn, repository_id: &str, digest: &Digest) -> Result<()> {
    let row = BlobRow { digest: digest.clone(), object_key: format!("key-{digest}"), size: 1 };
    blobs::insert(conn, &row, NOW).await?;
    repository_blobs::insert(conn, repository_id, digest, NOW).await?;
    Ok(())
}

/// Pushes a manifest that refers to one blob or manifest. False if that is not there.
async fn push(db: &Db, repository_id: &str, parent: Digest, kind: Kind, child: Digest) -> bool {
    let row = manifest(repository_id, parent);
    write(db, move |conn| {
        Box::pin(async move {
            let found = match kind {
                Kind::Child => manifests::lock(conn, &row.repository_id, &[&child]).await?,
                _ => repository_blobs::lock(conn, &row.repository_id, &[&child])
                    .await?
                    .into_iter()
                    .map(|blob| blob.digest)
                    .collect(),
            };
            if found.is_empty() {
                return Ok(false);
            }
            assert_eq!(found, std::slice::from_ref(&child));
            manifests::insert(conn, &row).await?;
            edges::insert(conn, &row.repository_id, &row.digest, kind, &[(&child, None)]).await?;
            Ok(true)
        })
    })
    .await
    .unwrap()
}

/// Deletes a blob or a manifest, unless something refers to it.
async fn delete(db: &Db, repository_id: &str, kind: Kind, child: Digest) -> bool {
    let id = repository_id.to_owned();
    write(db, move |conn| {
        Box::pin(async move {
            if kind == Kind::Child {
                if !manifests::lock_for_delete(conn, &id, &child).await?
                    || edges::find_parent_of_manifest(conn, &id, &child).await?.is_some()
                {
                    return Ok(false);
                }
                edges::delete(conn, &id, &child).await?;
                manifests::delete(conn, &id, &child).await
            } else {
                if !repository_blobs::lock_for_delete(conn, &id, &child).await?
                    || edges::find_parent_of_blob(conn, &id, &child).await?.is_some()
                {
                    return Ok(false);
                }
                repository_blobs::delete(conn, &id, &child).await
            }
        })
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_manifest_refers_to_a_blob_that_was_deleted_meanwhile() {
    on_each(|test| async move {
        let id = repository(&test.db, "a").await;
        let mut pushed = 0;
        for round in 0..ROUNDS {
            let (parent, child) = (digest(round * 2), digest(round * 2 + 1));
            let (setup_id, setup_child) = (id.clone(), child.clone());
            write(&test.db, move |conn| Box::pin(async move { push_blob(conn, &setup_id, &setup_child).await }))
                .await
                .unwrap();
            let kind = if round % 2 == 0 { Kind::Config } else { Kind::Layer };
            let push = push(&test.db, &id, parent, kind, child.clone());
            let delete = delete(&test.db, &id, kind, child);
            // Either may come first; who is asked first is given a small lead.
            let (was_pushed, was_deleted) =
                if round % 3 == 0 { tokio::join!(push, delete) } else { swapped(tokio::join!(delete, push)) };
            assert!(was_pushed != was_deleted, "round {round}: pushed {was_pushed}, deleted {was_deleted}");
            pushed += usize::from(was_pushed);
        }
        let dangling = "select count(*) from edges edge where not exists (
            select 1 from repository_blobs link
            where link.repository_id = edge.repository_id and link.digest = edge.child_digest)";
        assert_eq!(number(&test.db, dangling).await, 0);
        assert_eq!(number(&test.db, "select count(*) from edges").await, pushed as i64);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_index_lists_a_manifest_that_was_deleted_meanwhile() {
    on_each(|test| async move {
        let id = repository(&test.db, "a").await;
        for round in 0..ROUNDS {
            let (parent, child) = (digest(round * 2), digest(round * 2 + 1));
            let row = manifest(&id, child.clone());
            write(&test.db, move |conn| Box::pin(async move { manifests::insert(conn, &row).await })).await.unwrap();
            let push = push(&test.db, &id, parent, Kind::Child, child.clone());
            let delete = delete(&test.db, &id, Kind::Child, child);
            let (was_pushed, was_deleted) =
                if round % 3 == 0 { tokio::join!(push, delete) } else { swapped(tokio::join!(delete, push)) };
            assert!(was_pushed != was_deleted, "round {round}: pushed {was_pushed}, deleted {was_deleted}");
        }
        let dangling = "select count(*) from edges edge where not exists (
            select 1 from manifests child
            where child.repository_id = edge.repository_id and child.digest = edge.child_digest)";
        assert_eq!(number(&test.db, dangling).await, 0);
    })
    .await;
}

fn swapped<A, B>((a, b): (A, B)) -> (B, A) {
    (b, a)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_is_seen_only_in_its_repositories() {
    on_each(|test| async move {
        let (first, _second) = (repository(&test.db, "first").await, repository(&test.db, "second").await);
        write(&test.db, move |conn| {
            Box::pin(async move {
                push_blob(conn, &first, &digest(1)).await?;
                assert!(!repository_blobs::insert(conn, &first, &digest(1), NOW).await?);
                Ok(())
            })
        })
        .await
        .unwrap();
        let mut conn = test.db.reader().await.unwrap();
        let find = repository_blobs::find(&mut conn, &registry(), &repo_name("first"), &digest(1)).await.unwrap();
        assert_eq!(find.unwrap().blob.unwrap().object_key, format!("key-{}", digest(1)));
        let find = repository_blobs::find(&mut conn, &registry(), &repo_name("second"), &digest(1)).await.unwrap();
        assert!(find.unwrap().blob.is_none());
        let find = repository_blobs::find(&mut conn, &registry(), &repo_name("third"), &digest(1)).await.unwrap();
        assert!(find.is_none());
        let all = repository_blobs::list_repositories(&mut conn, &registry(), &digest(1), 10).await.unwrap();
        assert_eq!(all, [repo_name("first")]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_comes_back_as_it_was_stored() {
    on_each(|test| async move {
        let id = repository(&test.db, "a").await;
        let row = ManifestRow {
            artifact_type: Some("application/x".to_owned()),
            subject: Some(digest(7)),
            annotations: Some("{}".to_owned()),
            bytes: vec![0, 159, 146, 150, b'"', b'\''],
            ..manifest(&id, digest(1))
        };
        let stored = row.clone();
        write(&test.db, move |conn| Box::pin(async move { manifests::insert(conn, &stored).await })).await.unwrap();
        let mut conn = test.db.reader().await.unwrap();
        let found = manifests::find(&mut conn, &id, &digest(1)).await.unwrap().unwrap();
        assert_eq!(format!("{found:?}"), format!("{row:?}"));
        assert!(manifests::find(&mut conn, &id, &digest(2)).await.unwrap().is_none());
        let by_digest = manifests::find_by_digest(&mut conn, &registry(), &repo_name("a"), &digest(1)).await.unwrap();
        assert_eq!(by_digest.unwrap().digest, Some(digest(1)));
        let none = manifests::find_by_digest(&mut conn, &registry(), &repo_name("a"), &digest(2)).await.unwrap();
        assert_eq!(none.unwrap().digest, None);
        let none = manifests::find_by_digest(&mut conn, &registry(), &repo_name("b"), &digest(1)).await.unwrap();
        assert!(none.is_none());
        let none =
            manifests::find_by_tag(&mut conn, &registry(), &repo_name("a"), &"t".parse().unwrap()).await.unwrap();
        assert_eq!(none.unwrap().digest, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_is_what_the_manifests_that_refer_to_it_say() {
    on_each(|test| async move {
        let id = repository(&test.db, "app").await;
        let named = [Algorithm::Sha256, Algorithm::Sha512].map(|algorithm| algorithm.digest(b"layer"));
        let (plain, loose, absent) = (digest(3), digest(4), digest(5));
        let there = [named[0].clone(), named[1].clone(), plain.clone(), loose.clone()];
        let own = id.clone();
        write(&test.db, move |conn| {
            Box::pin(async move {
                for blob in &there {
                    push_blob(conn, &own, blob).await?;
                }
                let row = manifest(&own, digest(1));
                manifests::insert(conn, &row).await?;
                let media_type: MediaType = "application/vnd.example.layer+zstd".parse().unwrap();
                let [short, long, plain, _] = &there;
                let children = [(short, Some(&media_type)), (long, Some(&media_type)), (plain, None)];
                edges::insert(conn, &own, &row.digest, Kind::Layer, &children).await?;
                edges::update_archived(conn, &own, &[&row.digest], true).await?;
                let row = manifest(&own, digest(2));
                manifests::insert(conn, &row).await?;
                edges::insert(conn, &own, &row.digest, Kind::Config, &[(short, Some(&media_type))]).await?;
                blob_reviews::upsert(conn, &own, &[plain], NOW).await
            })
        })
        .await
        .unwrap();
        let mut conn = test.db.reader().await.unwrap();
        let asked = [&absent, &loose, &plain, &named[1], &named[0]];
        let found = list_layers(&mut conn, &registry(), &repo_name("app"), &asked).await.unwrap().unwrap();
        assert_eq!(found.repository_id, id);
        let mut layers = found.layers;
        layers.sort_by_key(|layer| asked.iter().position(|asked| **asked == layer.digest));
        let media_type: MediaType = "application/vnd.example.layer+zstd".parse().unwrap();
        let layer = |digest: &Digest, media_type, archived, review_since| Layer {
            digest: digest.clone(),
            size: 1,
            archived,
            media_type,
            review_since,
        };
        assert_eq!(
            layers,
            [
                layer(&loose, None, false, None),
                layer(&plain, None, true, Some(NOW)),
                layer(&named[1], Some(media_type.clone()), true, None),
                layer(&named[0], Some(media_type), false, None),
            ]
        );
        let found = list_layers(&mut conn, &registry(), &repo_name("app"), &[]).await.unwrap().unwrap();
        assert_eq!((found.repository_id, found.layers), (id, Vec::new()));
        assert!(list_layers(&mut conn, &registry(), &repo_name("absent"), &asked).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_first_manifest_calls_a_blob_is_kept() {
    on_each(|test| async move {
        let id = repository(&test.db, "app").await;
        let [layer, other] = [1, 2].map(digest);
        let (own, blobs) = (id.clone(), [layer.clone(), other.clone()]);
        write(&test.db, move |conn| {
            Box::pin(async move {
                let [first, second]: [MediaType; 2] =
                    ["application/vnd.example.first", "application/vnd.example.second"]
                        .map(|text| text.parse().unwrap());
                for blob in &blobs {
                    push_blob(conn, &own, blob).await?;
                }
                let [layer, other] = &blobs;
                update_media_types(conn, &own, &[(layer, &first)]).await?;
                update_media_types(conn, &own, &[(layer, &second), (other, &second)]).await?;
                let held = repository_blobs::lock(conn, &own, &[layer, other]).await?;
                assert!(held.iter().all(|blob| blob.has_media_type), "{held:?}");
                let found = list_layers(conn, &registry(), &repo_name("app"), &[layer, other]).await?.unwrap();
                let told: HashMap<_, _> =
                    found.layers.into_iter().map(|layer| (layer.digest, layer.media_type.unwrap())).collect();
                assert_eq!(told, HashMap::from([(layer.clone(), first), (other.clone(), second)]));
                Ok(())
            })
        })
        .await
        .unwrap();
    })
    .await;
}
