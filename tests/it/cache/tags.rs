//! Tags that came from another registry: when they are checked there again, and when they are this registry's own.

use serde_json::json;
use tests::harness::{Backend, DEFAULT, Image, Upstream};

use super::{caching, call, counted};
use crate::jobs::must;

#[tokio::test]
async fn a_tag_follows_the_other_registry_after_a_while() {
    for &backend in DEFAULT {
        let upstream = Upstream::start().await;
        let (old, new) = (Image::small(), Image::small());
        upstream.put_image("app", "v1", &old);
        let one = caching(backend, upstream.host(), &[]).await;
        let other = caching(backend, upstream.host(), &[("WHARF_CACHE_TAG_TTL", "0s")]).await;
        let patient = one.client().repository("cache/app");
        let eager = other.client().repository("cache/app");
        for ours in [&patient, &eager] {
            ours.expect_image(Some("v1"), &old).await;
        }
        upstream.put_image("app", "v1", &new);
        upstream.asked();
        patient.expect_image(Some("v1"), &old).await;
        assert!(upstream.asked().is_empty(), "it was checked a moment ago");
        eager.expect_image(Some("v1"), &new).await;
        // Both stay, as after a push.
        eager.expect_image(None, &old).await;
        // A tag that is where it was costs a question and no pull.
        upstream.asked();
        eager.manifest("v1").await.expect(200).expect_body(&new.manifest);
        let asked = upstream.asked();
        assert_eq!((asked.len(), counted(&asked)), (1, (0, 0)), "{asked:?}");
        // One that is gone there stays here.
        upstream.clear();
        eager.expect_image(Some("v1"), &new).await;
    }
}

/// Of an image that is deleted and restored, what had not come still comes when somebody wants it.
#[tokio::test]
async fn an_image_that_came_in_part_can_be_restored() {
    let upstream = Upstream::start().await;
    let image = Image::small();
    upstream.put_image("app", "v1", &image);
    let wharf = caching(Backend::SqliteDisk, upstream.host(), &[]).await;
    let ours = wharf.client().repository("cache/app");
    ours.manifest("v1").await.expect(200);
    ours.blob(&image.blobs[0].0).await.expect(200);
    ours.delete_manifest(&image.digest).await.expect(202);
    upstream.asked();
    must(&wharf, &["restore", "cache/app", &image.digest]);
    ours.expect_image(Some("v1"), &image).await;
    assert_eq!(counted(&upstream.asked()), (0, 1));
}

#[tokio::test]
async fn what_is_set_here_is_not_moved_by_the_other_registry() {
    let upstream = Upstream::start().await;
    let (theirs, newer) = (Image::small(), Image::small());
    upstream.put_image("app", "v1", &theirs);
    upstream.put_image("app", "own", &theirs);
    let wharf = caching(Backend::SqliteDisk, upstream.host(), &[("WHARF_CACHE_TAG_TTL", "0s")]).await;
    let ours = wharf.client().repository("cache/app");
    let own = ours.push_small("own").await;
    ours.expect_image(Some("own"), &own).await;
    // Moved here after it came from there.
    ours.expect_image(Some("v1"), &theirs).await;
    ours.push_image("v1", &own).await;
    ours.expect_image(Some("v1"), &own).await;
    // A repository whose tags may not move keeps them.
    upstream.put_image("app", "v2", &theirs);
    ours.expect_image(Some("v2"), &theirs).await;
    let immutable = json!({ "repositoryName": "cache/app", "imageTagMutability": "IMMUTABLE" });
    call(&wharf, "PutImageTagMutability", immutable).await;
    upstream.put_image("app", "v2", &newer);
    ours.expect_image(Some("v2"), &theirs).await;
    upstream.put_image("app", "v3", &newer);
    ours.expect_image(Some("v3"), &newer).await;
    // One that was deleted here is asked for anew.
    call(&wharf, "PutImageTagMutability", json!({ "repositoryName": "cache/app", "imageTagMutability": "MUTABLE" }))
        .await;
    ours.delete_manifest("v1").await.expect(202);
    ours.expect_image(Some("v1"), &theirs).await;
}
