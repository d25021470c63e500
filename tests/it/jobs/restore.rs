//! `wharf restore`: deletions and moves of tags undone.

use tests::harness::{Backend, Wharf, on_default};

use super::{collect, must};

#[tokio::test]
async fn a_deleted_image_comes_back_with_its_tags() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let image = repository.push_small("v1").await;
        repository.put_manifest("latest", &image.media_type, &image.manifest).await.expect(201);
        repository.delete_manifest(&image.digest).await.expect(202);
        repository.manifest("v1").await.expect(404);
        // Somebody else has one of the names by now, and keeps it.
        let newer = repository.push_small("latest").await;
        collect(wharf);
        assert!(must(wharf, &["restore", "app"]).contains(&image.digest));
        let said = must(wharf, &["restore", "app", &image.digest]);
        assert!(said.contains("v1 -> ") && !said.contains("latest"), "{said}");
        repository.expect_image(Some("v1"), &image).await;
        repository.expect_image(Some("latest"), &newer).await;
        assert_eq!(must(wharf, &["restore", "app"]), "");
        let again = wharf.run(&["restore", "app", &image.digest]);
        assert!(!again.status.success() && again.stderr.contains(&image.digest), "{again:?}");
    })
    .await;
}

#[tokio::test]
async fn a_tag_that_was_moved_or_ended_goes_back_to_where_it_was() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let old = repository.push_small("latest").await;
        let new = repository.push_small("latest").await;
        must(wharf, &["restore", "app", "latest"]);
        repository.expect_image(Some("latest"), &old).await;
        must(wharf, &["restore", "app", "latest"]);
        repository.expect_image(Some("latest"), &new).await;
        // With the last tag goes the image, by ECR's API.
        wharf.aws().json(&["ecr", "batch-delete-image", "--repository-name", "app", "--image-ids", "imageTag=latest"]);
        repository.manifest(&new.digest).await.expect(404);
        must(wharf, &["restore", "app", "latest"]);
        repository.expect_image(Some("latest"), &new).await;
    })
    .await;
}

#[tokio::test]
async fn an_index_comes_back_with_what_it_lists() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let repository = wharf.client().repository("app");
    let (left, right) = (repository.push_small("left").await, repository.push_small("right").await);
    let index = repository.push_index("index", &[&left, &right]).await;
    for image in [&index, &left, &right] {
        repository.delete_manifest(&image.digest).await.expect(202);
    }
    must(&wharf, &["restore", "app", &index.digest]);
    repository.expect_image(Some("index"), &index).await;
    repository.expect_image(Some("left"), &left).await;
    repository.expect_image(Some("right"), &right).await;
}

#[tokio::test]
async fn what_is_over_or_never_was_cannot_be_restored() {
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_UNDO_WINDOW", "0s").start().await;
    let repository = wharf.client().repository("app");
    let image = repository.push_small("v1").await;
    repository.delete_manifest(&image.digest).await.expect(202);
    for reference in ["v1", image.digest.as_str(), "never"] {
        let finished = wharf.run(&["restore", "app", reference]);
        assert!(!finished.status.success() && finished.stderr.contains(reference), "{finished:?}");
    }
    let finished = wharf.run(&["restore", "absent", "v1"]);
    assert!(finished.stderr.contains("does not exist"), "{finished:?}");
}
