//! Pushes against deletions of the same content. What a push was told stays true; what is listed can be pulled.

use tests::harness::content::{self, OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, descriptor, to_bytes};
use tests::harness::{digest, on_default, random};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acknowledged_manifest_has_its_blobs() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let mut outcomes = (0, 0);
        for turn in 0..30 {
            let (config, layer) = (content::config(), random(500));
            repository.push_blob(&config).await;
            repository.push_blob(&layer).await;
            let document = content::manifest(descriptor(OCI_CONFIG, &config), vec![descriptor(OCI_LAYER, &layer)]);
            let bytes = to_bytes(&document);
            let (tag, gone) = (format!("t{turn}"), digest(&layer));
            let (put, deleted) =
                tokio::join!(repository.put_manifest(&tag, OCI_MANIFEST, &bytes), repository.delete_blob(&gone));
            assert!([201, 400].contains(&put.status()), "{put}");
            assert!([202, 403, 404, 405, 409].contains(&deleted.status()), "{deleted}");
            if put.status() == 201 {
                outcomes.0 += 1;
                repository.blob(&digest(&layer)).await.expect(200).expect_body(&layer);
                repository.blob(&digest(&config)).await.expect(200).expect_body(&config);
            } else {
                outcomes.1 += 1;
                repository.head_manifest(&tag).await.expect(404);
            }
        }
        println!("{:?}: {} manifests first, {} deletions first", wharf.backend(), outcomes.0, outcomes.1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acknowledged_index_has_its_children() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        for turn in 0..25 {
            let image = repository.push_small("child").await;
            repository.delete_manifest("child").await.expect(202);
            let index = to_bytes(&content::index(vec![image.descriptor()]));
            let tag = format!("i{turn}");
            let (put, deleted) = tokio::join!(
                repository.put_manifest(&tag, OCI_INDEX, &index),
                repository.delete_manifest(&image.digest)
            );
            assert!([201, 400].contains(&put.status()), "{put}");
            assert!([202, 403, 404, 405, 409].contains(&deleted.status()), "{deleted}");
            if put.status() == 201 {
                assert_ne!(deleted.status(), 202, "the index was acknowledged and its child deleted");
                repository.expect_image(None, &image).await;
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blob_pushed_while_it_is_deleted_is_whole_or_absent() {
    tests::harness::on_all(async |wharf| {
        let repository = wharf.repository();
        let other = wharf.repository();
        for _ in 0..25 {
            let bytes = random(30_000);
            let name = repository.push_blob(&bytes).await;
            let upload = repository.begin().await;
            let (pushed, deleted) =
                tokio::join!(upload.close_with(&name, bytes.clone()), repository.delete_blob(&name));
            pushed.expect(201);
            assert!([202, 404].contains(&deleted.status()), "{deleted}");
            let found = repository.head_blob(&name).await.expect_one_of(&[200, 404]);
            let got = repository.blob(&name).await.expect(found.status());
            if got.status() == 200 {
                got.expect_body(&bytes);
            }
            // Whatever became of the first object, the content can be pushed again, here and elsewhere.
            repository.push_blob(&bytes).await;
            other.push_blob(&bytes).await;
            repository.blob(&name).await.expect(200).expect_body(&bytes);
            other.blob(&name).await.expect(200).expect_body(&bytes);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mount_while_the_source_is_deleted_is_whole_or_a_session() {
    on_default(async |wharf| {
        let (source, target) = (wharf.repository(), wharf.repository());
        for _ in 0..25 {
            let bytes = random(3000);
            let name = source.push_blob(&bytes).await;
            let (mounted, deleted) = tokio::join!(target.mount(&name, source.name()), source.delete_blob(&name));
            deleted.expect(202);
            match mounted.status() {
                201 => target.blob(&name).await.expect(200).expect_body(&bytes),
                202 => target.head_blob(&name).await.expect(404),
                _ => panic!("{mounted}"),
            };
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tag_never_points_at_a_deleted_manifest() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        for turn in 0..25 {
            let image = repository.push_small("base").await;
            let tag = format!("t{turn}");
            let (put, deleted) = tokio::join!(
                repository.put_manifest(&tag, OCI_MANIFEST, &image.manifest),
                repository.delete_manifest(&image.digest),
            );
            put.expect_one_of(&[201]);
            assert!([202, 404].contains(&deleted.status()), "{deleted}");
            // Push first: both gone. Deletion first: both there. The list says the same.
            let by_tag = repository.manifest(&tag).await;
            let by_digest = repository.manifest(&image.digest).await;
            assert_eq!(by_tag.status(), by_digest.status(), "{by_tag}\n{by_digest}");
            let listed = repository.tags("?n=1000").await.expect(200).strings("tags").contains(&tag);
            assert_eq!(listed, by_tag.status() == 200, "{by_tag}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_listed_can_be_pulled_while_writers_work() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("stays").await;
        let writers = (0..4).map(|writer| {
            let (repository, image) = (repository.clone(), image.clone());
            async move {
                for turn in 0..15 {
                    let tag = format!("w{writer}-{turn}");
                    repository.put_manifest(&tag, OCI_MANIFEST, &image.manifest).await.expect(201);
                    repository.manifest(&tag).await.expect(200);
                    let listed = repository.tags("?n=1000").await.expect(200).strings("tags");
                    assert!(listed.contains(&tag), "a writer does not see its own tag {tag}");
                    repository.delete_manifest(&tag).await.expect(202);
                    repository.manifest(&tag).await.expect(404);
                }
            }
        });
        futures_util::future::join_all(writers).await;
        assert_eq!(repository.tags("").await.strings("tags"), ["stays"]);
    })
    .await;
}
