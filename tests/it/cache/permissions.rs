//! Who may bring something in from another registry.

use serde_json::json;
use tests::harness::content::{OCI_INDEX, index, to_bytes};
use tests::harness::{Backend, DEFAULT, Image, Upstream, digest};

use super::{caching, call, counted, imports};
use crate::access::model::{PULL, allow, identity_policy};

/// The managed policy for pulling, but the login.
const IMPORT: &[&str] = &["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchImportUpstreamImage"];

#[tokio::test]
async fn bringing_in_needs_its_own_permissions() {
    let upstream = Upstream::start().await;
    let (image, later) = (Image::small(), Image::small());
    upstream.put_image("app", "v1", &image);
    upstream.put_image("app", "v2", &later);
    for &backend in DEFAULT {
        let wharf = caching(backend, upstream.host(), &[]).await;
        let puller = wharf.create_user("puller", &identity_policy(&[allow(PULL, "*")]));
        let importer = wharf.create_user("importer", &identity_policy(&[allow(IMPORT, "*")]));
        wharf.know(&importer).await;
        upstream.asked();
        let root = wharf.client().repository("cache/app");
        let (puller, importer) = (root.as_(puller.auth()), root.as_(importer.auth()));
        let refused = puller.manifest("v1").await.expect_error(403, "DENIED");
        assert!(String::from_utf8_lossy(refused.body()).contains("ecr:BatchImportUpstreamImage"), "{refused}");
        let refused = importer.manifest("v1").await.expect_error(403, "DENIED");
        assert!(String::from_utf8_lossy(refused.body()).contains("ecr:CreateRepository"), "{refused}");
        wharf.anonymous().repository("cache/app").manifest("v1").await.expect(401);
        assert!(upstream.asked().is_empty(), "nothing is fetched for nobody");
        call(&wharf, "CreateRepository", json!({ "repositoryName": "cache/app" })).await;
        importer.manifest("v1").await.expect(200);
        // What somebody brought in is whole: the rest of it comes for everybody who may pull.
        puller.expect_image(Some("v1"), &image).await;
        puller.manifest("v2").await.expect_error(403, "DENIED");
        puller.blob(&later.blobs[0].0).await.expect_error(403, "DENIED");
        assert_eq!(counted(&upstream.asked()), (1, image.blobs.len()));
        // On whose behalf something came in is kept.
        let events = imports(&wharf).await;
        assert_eq!(events.len(), 1, "{events:?}");
        assert_eq!(events[0]["userIdentity"]["userName"], "importer");
        assert_eq!(events[0]["readOnly"], false);
        assert_eq!(events[0]["requestParameters"]["repositoryName"], "cache/app");
        assert_eq!(events[0]["responseElements"]["image"]["imageId"]["imageDigest"], image.digest);
    }
}

/// An index that somebody brought in: each platform comes for whoever wants it.
#[tokio::test]
async fn the_images_of_an_index_belong_to_it() {
    let upstream = Upstream::start().await;
    let child = Image::small();
    let manifest = to_bytes(&index(vec![child.descriptor()]));
    let index = Image { digest: digest(&manifest), media_type: OCI_INDEX.to_owned(), manifest, blobs: Vec::new() };
    upstream.put_image("app", "v1", &index);
    upstream.put_image("app", "other", &child);
    let wharf = caching(Backend::SqliteDisk, upstream.host(), &[]).await;
    let user = wharf.known_user("puller", &identity_policy(&[allow(PULL, "*")])).await;
    let root = wharf.client().repository("cache/app");
    let puller = root.as_(user.auth());
    puller.manifest(&child.digest).await.expect_error(403, "DENIED");
    root.manifest("v1").await.expect(200);
    puller.expect_image(None, &child).await;
}
