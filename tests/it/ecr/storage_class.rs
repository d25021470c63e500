//! UpdateImageStorageClass, and what becomes of an image in the archive: it is listed apart, and nobody can pull it until it
//! is restored or pushed again.

use serde_json::json;
use tests::harness::{Backend, Wharf, on_default};

use super::{image, run};

#[tokio::test]
async fn an_archived_image_is_kept_and_not_given_out() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let (kept, archived) = (repository.push_small("kept").await, repository.push_small("v1").await);
        let signature = repository.push_referrer(&archived, "application/vnd.tests.signature").await;
        let data = json!({
            "image": image(&archived), "kept": kept.digest, "layer": archived.blobs[1].0, "signature": signature.digest,
        });
        run(
            &wharf.aws(),
            &data,
            r#"
digest, tagged = data["image"]["digest"], {"imageTag": "v1"}
def update(target, **arguments):
    return ecr.update_image_storage_class(**{"repositoryName": "app", "imageId": tagged, "targetStorageClass": target,
                                             **arguments})
url = ecr.get_download_url_for_layer(repositoryName="app", layerDigest=data["layer"])["downloadUrl"]
answer = update("ARCHIVE")
expect(answer["imageStatus"], "ARCHIVED")
expect(answer["imageId"], {"imageTag": "v1", "imageDigest": digest})
expect(update("ARCHIVE")["imageStatus"], "ARCHIVED")

# Lists show active images, unless others are asked for.
def ids(status=None, **more):
    filter = {"imageStatus": status, **more} if status else more
    return {(i["imageDigest"], i.get("imageTag")) for i in ecr.list_images(repositoryName="app", filter=filter)["imageIds"]}
expect(ids(), {(data["kept"], "kept")})
expect(ids("ACTIVE"), {(data["kept"], "kept")})
# What is about the image went with it.
expect(ids("ARCHIVED"), {(digest, "v1"), (data["signature"], None)})
expect(ids("ARCHIVED", tagStatus="TAGGED"), {(digest, "v1")})
expect(ids("ARCHIVED", tagStatus="UNTAGGED"), {(data["signature"], None)})
expect(ids("ACTIVATING"), set())
expect(len(ids("ANY")), 3)
def described(status=None):
    filter = {"imageStatus": status} if status else {}
    return {d["imageDigest"]: d for d in ecr.describe_images(repositoryName="app", filter=filter)["imageDetails"]}
expect(set(described()), {data["kept"]})
expect(set(described("ARCHIVED")), {digest, data["signature"]})
expect(set(described("ANY")), {data["kept"], digest, data["signature"]})
detail = ecr.describe_images(repositoryName="app", imageIds=[tagged])["imageDetails"][0]
expect(detail["imageStatus"], "ARCHIVED")
assert detail["lastArchivedAt"].year > 2000 and "lastActivatedAt" not in detail, detail
active = described()[data["kept"]]
assert active["imageStatus"] == "ACTIVE" and "lastArchivedAt" not in active, active

# Nothing of it is given out.
got = ecr.batch_get_image(repositoryName="app", imageIds=[tagged])
expect((got["images"], got["failures"][0]["failureCode"]), ([], "ImageInaccessible"))
got = ecr.batch_get_image(repositoryName="app", imageIds=[{"imageDigest": digest}, {"imageTag": "kept"}])
expect([i["imageId"].get("imageTag") for i in got["images"]], ["kept"])
expect(got["failures"][0]["failureCode"], "ImageInaccessible")
text = message("LayerInaccessibleException", ecr.get_download_url_for_layer, repositoryName="app", layerDigest=data["layer"])
assert "archived" in text, text
layers = ecr.batch_check_layer_availability(repositoryName="app", layerDigests=[data["layer"]])["layers"]
expect([l["layerAvailability"] for l in layers], ["ARCHIVED"])
message("ImageArchivedException", ecr.start_image_scan, repositoryName="app", imageId=tagged)
referrers = lambda **more: [r["digest"] for r in
    ecr.list_image_referrers(repositoryName="app", subjectId={"imageDigest": digest}, **more)["referrers"]]
expect(referrers(), [])
expect(referrers(filter={"artifactStatus": "ARCHIVED"}), [data["signature"]])
expect(referrers(filter={"artifactStatus": "ANY"}), [data["signature"]])
# The repository is not empty.
message("RepositoryNotEmptyException", ecr.delete_repository, repositoryName="app")

# Refusals.
for target in ("ARCHIVE", "STANDARD"):
    refused("ImageNotFoundException", update, target=target, imageId={"imageTag": "v2"})
    refused("RepositoryNotFoundException", update, target=target, repositoryName="absent")
    refused("InvalidParameterException", update, target=target, imageId={})
refused("InvalidParameterException", update, target="GLACIER")
"#,
        );
        for reference in ["v1", &archived.digest] {
            let answer = repository.manifest(reference).await.expect(404);
            assert!(String::from_utf8_lossy(answer.body()).contains("MANIFEST_UNKNOWN"), "{answer:?}");
        }
        repository.expect_image(Some("kept"), &kept).await;
        run(
            &wharf.aws(),
            &data,
            r#"
answer = ecr.update_image_storage_class(repositoryName="app", imageId={"imageTag": "v1"}, targetStorageClass="STANDARD")
expect(answer["imageStatus"], "ACTIVE")
detail = ecr.describe_images(repositoryName="app", imageIds=[{"imageTag": "v1"}])["imageDetails"][0]
assert detail["imageStatus"] == "ACTIVE" and detail["lastActivatedAt"] >= detail["lastArchivedAt"], detail
expect(len(ecr.list_images(repositoryName="app")["imageIds"]), 3)
layers = ecr.batch_check_layer_availability(repositoryName="app", layerDigests=[data["layer"]])["layers"]
expect([l["layerAvailability"] for l in layers], ["AVAILABLE"])
ecr.get_download_url_for_layer(repositoryName="app", layerDigest=data["layer"])
"#,
        );
        for back in [&archived, &signature] {
            repository.expect_image(None, back).await;
        }
        repository.expect_image(Some("v1"), &archived).await;
    })
    .await;
}

#[tokio::test]
async fn pushing_an_archived_image_again_restores_it_with_what_it_lists() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let (left, right) = (repository.push_small("left").await, repository.push_small("right").await);
        let index = repository.push_index("index", &[&left, &right]).await;
        run(
            &wharf.aws(),
            &json!({ "index": image(&index) }),
            r#"
def archive(tag):
    return dict(repositoryName="app", imageId={"imageTag": tag}, targetStorageClass="ARCHIVE")
# What an index lists goes after the index.
text = message("ImageStorageClassUpdateNotSupportedException", ecr.update_image_storage_class, **archive("left"))
assert "image index" in text, text
for tag in ("index", "left", "right"):
    expect(ecr.update_image_storage_class(**archive(tag))["imageStatus"], "ARCHIVED")
expect(ecr.list_images(repositoryName="app")["imageIds"], [])
"#,
        );
        // As docker does: it asks whether the manifest is there, and pushes what is not.
        repository.head_manifest("index").await.expect(404);
        repository.put_manifest("index", &index.media_type, &index.manifest).await.expect(201);
        for (tag, image) in [("index", &index), ("left", &left), ("right", &right)] {
            repository.expect_image(Some(tag), image).await;
        }
        run(
            &wharf.aws(),
            &json!({ "left": image(&left) }),
            r#"
# A call that pushes what is there is no refusal if it restores something.
put = dict(repositoryName="app", imageManifest=data["left"]["manifest"], imageTag="left")
message("ImageAlreadyExistsException", ecr.put_image, **put)
ecr.update_image_storage_class(repositoryName="app", imageId={"imageTag": "index"}, targetStorageClass="ARCHIVE")
ecr.update_image_storage_class(repositoryName="app", imageId={"imageTag": "left"}, targetStorageClass="ARCHIVE")
ecr.put_image(**put)
message("ImageAlreadyExistsException", ecr.put_image, **put)
ids = ecr.list_images(repositoryName="app", filter={"imageStatus": "ARCHIVED"})["imageIds"]
expect([i["imageTag"] for i in ids], ["index"])
"#,
        );
        repository.expect_image(Some("left"), &left).await;
    })
    .await;
}

#[tokio::test]
async fn an_archived_image_can_be_deleted_and_comes_back_archived() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let archived = repository.push_small("v1").await;
        run(
            &wharf.aws(),
            &json!({}),
            r#"
ecr.update_image_storage_class(repositoryName="app", imageId={"imageTag": "v1"}, targetStorageClass="ARCHIVE")
expect(ecr.batch_delete_image(repositoryName="app", imageIds=[{"imageTag": "v1"}])["failures"], [])
"#,
        );
        let restored = wharf.run(&["restore", "app", "v1"]);
        assert!(restored.status.success(), "{restored:?}");
        repository.manifest("v1").await.expect(404);
        run(
            &wharf.aws(),
            &json!({}),
            r#"
detail = ecr.describe_images(repositoryName="app", imageIds=[{"imageTag": "v1"}])["imageDetails"][0]
assert detail["imageStatus"] == "ARCHIVED" and "lastArchivedAt" in detail, detail
ecr.update_image_storage_class(repositoryName="app", imageId={"imageTag": "v1"}, targetStorageClass="STANDARD")
"#,
        );
        repository.expect_image(Some("v1"), &archived).await;
    })
    .await;
}

/// The archive does not count against the limit of images, and what is restored does.
#[tokio::test]
async fn archived_images_do_not_count_against_the_limit() {
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_MAX_IMAGES", "2").start().await;
    let repository = wharf.client().repository("app");
    for tag in ["v1", "v2"] {
        repository.push_small(tag).await;
    }
    let third = tests::harness::Image::small();
    for (_, blob) in &third.blobs {
        repository.push_blob(blob).await;
    }
    repository.put_manifest("v3", &third.media_type, &third.manifest).await.expect(403);
    run(
        &wharf.aws(),
        &json!({}),
        r#"ecr.update_image_storage_class(repositoryName="app", imageId={"imageTag": "v1"}, targetStorageClass="ARCHIVE")"#,
    );
    repository.put_manifest("v3", &third.media_type, &third.manifest).await.expect(201);
    run(
        &wharf.aws(),
        &json!({}),
        r#"message("LimitExceededException", ecr.update_image_storage_class, repositoryName="app", imageId={"imageTag": "v1"},
    targetStorageClass="STANDARD")"#,
    );
    repository.manifest("v1").await.expect(404);
}

#[tokio::test]
async fn pages_of_lists_pass_over_the_archive() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        for number in 0..9 {
            repository.push_small(&format!("v{number}")).await;
        }
        run(
            &wharf.aws(),
            &json!({}),
            r#"
for number in (0, 1, 2, 4, 8):
    ecr.update_image_storage_class(repositoryName="app", imageId={"imageTag": f"v{number}"}, targetStorageClass="ARCHIVE")
def tags(operation, key, status, size):
    pages = ecr.get_paginator(operation).paginate(
        repositoryName="app", filter={"imageStatus": status}, PaginationConfig={"PageSize": size})
    return sorted(tag for page in pages for item in page[key] for tag in item.get("imageTags", [item.get("imageTag")]))
for size in (1, 2, 3, 100):
    for operation, key in (("list_images", "imageIds"), ("describe_images", "imageDetails")):
        expect(tags(operation, key, "ACTIVE", size), ["v3", "v5", "v6", "v7"])
        expect(tags(operation, key, "ARCHIVED", size), ["v0", "v1", "v2", "v4", "v8"])
        expect(len(tags(operation, key, "ANY", size)), 9)
"#,
        );
    })
    .await;
}
