//! end-9 and end-10: deleting tags, manifests and blobs.

use tests::harness::content::OCI_MANIFEST;
use tests::harness::{Backend, Wharf, digest, on_all, on_default, random};

#[tokio::test]
async fn deleting_a_tag_keeps_the_manifest() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        repository.put_manifest("two", OCI_MANIFEST, &image.manifest).await.expect(201);
        repository.delete_manifest("one").await.expect(202);
        repository.head_manifest("one").await.expect(404);
        repository.delete_manifest("one").await.expect_error(404, "MANIFEST_UNKNOWN");
        repository.expect_image(Some("two"), &image).await;
        repository.delete_manifest("two").await.expect(202);
        repository.expect_image(None, &image).await;
    })
    .await;
}

#[tokio::test]
async fn deleting_a_manifest_takes_its_tags_along() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        repository.put_manifest("two", OCI_MANIFEST, &image.manifest).await.expect(201);
        let other = repository.push_small("other").await;
        repository.delete_manifest(&image.digest).await.expect(202);
        for reference in ["one", "two", &image.digest] {
            repository.manifest(reference).await.expect_error(404, "MANIFEST_UNKNOWN");
            repository.head_manifest(reference).await.expect(404);
        }
        repository.delete_manifest(&image.digest).await.expect(404);
        assert_eq!(repository.tags("").await.strings("tags"), ["other"]);
        repository.expect_image(Some("other"), &other).await;
    })
    .await;
}

#[tokio::test]
async fn a_deleted_image_can_be_pushed_again() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        for _ in 0..3 {
            repository.delete_manifest("one").await.expect(202);
            repository.delete_manifest(&image.digest).await.expect(202);
            for (digest, _) in &image.blobs {
                repository.delete_blob(digest).await.expect(202);
                repository.head_blob(digest).await.expect(404);
            }
            repository.push_image("one", &image).await;
            repository.expect_image(Some("one"), &image).await;
        }
    })
    .await;
}

#[tokio::test]
async fn deleting_a_blob_takes_it_out_of_one_repository() {
    on_all(async |wharf| {
        let (one, other) = (wharf.repository(), wharf.repository());
        let bytes = random(1000);
        one.push_blob(&bytes).await;
        other.push_blob(&bytes).await;
        let digest = digest(&bytes);
        one.delete_blob(&digest).await.expect(202);
        one.blob(&digest).await.expect_error(404, "BLOB_UNKNOWN");
        one.head_blob(&digest).await.expect(404);
        one.delete_blob(&digest).await.expect_error(404, "BLOB_UNKNOWN");
        other.blob(&digest).await.expect(200).expect_body(&bytes);
    })
    .await;
}

#[tokio::test]
async fn a_blob_that_a_manifest_needs_stays() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        for (digest, _) in &image.blobs {
            let answer = repository.delete_blob(digest).await;
            // 405 or 409 or 403, but never a success, and never a 400, which clients take for another thing.
            assert!([403, 405, 409].contains(&answer.status()), "{answer}");
        }
        repository.expect_image(Some("one"), &image).await;
    })
    .await;
}

#[tokio::test]
async fn a_child_of_an_index_stays() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        let index = repository.push_index("index", &[&image]).await;
        let answer = repository.delete_manifest(&image.digest).await;
        assert!([403, 405, 409].contains(&answer.status()), "{answer}");
        repository.expect_image(Some("one"), &image).await;
        repository.delete_manifest("one").await.expect(202);
        repository.expect_image(None, &image).await;
        repository.delete_manifest(&index.digest).await.expect(202);
        repository.delete_manifest(&image.digest).await.expect(202);
        repository.head_manifest(&image.digest).await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn what_is_absent_cannot_be_deleted() {
    on_default(async |wharf| {
        let unborn = wharf.repository();
        unborn.delete_manifest("tag").await.expect(404);
        unborn.delete_blob(&digest(b"x")).await.expect(404);
        let repository = wharf.repository();
        repository.push_small("one").await;
        repository.delete_manifest("absent").await.expect_error(404, "MANIFEST_UNKNOWN");
        repository.delete_manifest(&digest(b"absent")).await.expect_error(404, "MANIFEST_UNKNOWN");
        repository.delete_blob(&digest(b"absent")).await.expect_error(404, "BLOB_UNKNOWN");
        repository.delete_blob("sha256:short").await.expect_error(400, "DIGEST_INVALID");
    })
    .await;
}

#[tokio::test]
async fn deletion_can_be_switched_off_altogether() {
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_DELETE_ENABLED", "false").start().await;
    let repository = wharf.repository();
    let image = repository.push_small("one").await;
    let loose = repository.push_blob(&random(100)).await;
    repository.delete_manifest("one").await.expect_error(405, "UNSUPPORTED");
    repository.delete_manifest(&image.digest).await.expect_error(405, "UNSUPPORTED");
    repository.delete_blob(&loose).await.expect_error(405, "UNSUPPORTED");
    repository.expect_image(Some("one"), &image).await;
    repository.head_blob(&loose).await.expect(200);
    // Giving up an upload deletes nothing that was acknowledged.
    repository.begin().await.cancel().await.expect(204);
}

#[tokio::test]
async fn a_deleted_tag_may_come_back_with_other_content() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        for _ in 0..3 {
            let image = repository.push_small("again").await;
            repository.expect_image(Some("again"), &image).await;
            repository.delete_manifest("again").await.expect(202);
        }
        assert!(repository.tags("").await.strings("tags").is_empty());
    })
    .await;
}
