//! `BatchDeleteImage`

use serde_json::json;
use tests::harness::{Image, on_default};

use super::{image, not_found, run};

#[tokio::test]
async fn by_digest_an_image_goes_with_all_its_tags() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let image = repository.push_small("b").await;
        repository.push_image("a", &image).await;
        let untagged = repository.push_referrer(&image, "application/x").await;
        run(
            &wharf.aws(),
            &json!({ "digest": image.digest, "untagged": untagged.digest, "gone": not_found("absent") }),
            r#"
delete, digest = ecr.batch_delete_image, data["digest"]
answer = delete(registryId="000000000000", repositoryName="app",
                imageIds=[{"imageDigest": digest}, {"imageDigest": data["untagged"]}])
expect(answer["imageIds"], [{"imageDigest": digest, "imageTag": "a"}, {"imageDigest": digest, "imageTag": "b"},
                            {"imageDigest": data["untagged"]}])
expect(answer["failures"], [])
expect(ecr.list_images(repositoryName="app")["imageIds"], [])
again = delete(repositoryName="app", imageIds=[{"imageDigest": digest}, {}, {"imageDigest": "x"}, {"imageTag": "a b"}])
expect(again["imageIds"], [])
expect([(failure["imageId"], failure["failureCode"]) for failure in again["failures"]], [
    ({"imageDigest": digest}, "ImageNotFound"), ({}, "MissingDigestAndTag"),
    ({"imageDigest": "x"}, "InvalidImageDigest"), ({"imageTag": "a b"}, "InvalidImageTag")])
expect(again["failures"][0]["failureReason"], "Requested image not found")
expect(message("RepositoryNotFoundException", delete, repositoryName="absent", imageIds=[{"imageTag": "a"}]), data["gone"])
"#,
        );
        repository.manifest("a").await.expect_error(404, "MANIFEST_UNKNOWN");
        repository.manifest(&image.digest).await.expect_error(404, "MANIFEST_UNKNOWN");
    })
    .await;
}

#[tokio::test]
async fn by_tag_the_tag_goes_and_with_the_last_one_the_image() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let (image, other) = (repository.push_small("a").await, repository.push_small("other").await);
        repository.push_image("b", &image).await;
        run(
            &wharf.aws(),
            &json!({ "digest": image.digest, "other": other.digest }),
            r#"
digest = data["digest"]
def delete(**id):
    answer = ecr.batch_delete_image(repositoryName="app", imageIds=[id])
    return answer["imageIds"], [failure["failureCode"] for failure in answer["failures"]]
expect(delete(imageTag="a"), ([{"imageDigest": digest, "imageTag": "a"}], []))
expect(ecr.describe_images(repositoryName="app", imageIds=[{"imageDigest": digest}])["imageDetails"][0]["imageTags"], ["b"])
# Both must match.
expect(delete(imageTag="b", imageDigest=data["other"]), ([], ["ImageTagDoesNotMatchDigest"]))
expect(delete(imageTag="b", imageDigest=digest), ([{"imageDigest": digest, "imageTag": "b"}], []))
message("ImageNotFoundException", ecr.describe_images, repositoryName="app", imageIds=[{"imageDigest": digest}])
expect(delete(imageTag="b"), ([], ["ImageNotFound"]))
"#,
        );
        repository.expect_image(Some("other"), &other).await;
        repository.manifest(&image.digest).await.expect_error(404, "MANIFEST_UNKNOWN");
    })
    .await;
}

#[tokio::test]
async fn what_an_index_lists_goes_after_it_or_with_it() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let (tagged, untagged) = (repository.push_small("child").await, Image::small());
        repository.push_image(&untagged.digest, &untagged).await;
        let index = repository.push_index("multi", &[&tagged, &untagged]).await;
        let outer = repository.push_index("outer", &[&index]).await;
        run(
            &wharf.aws(),
            &json!({ "child": tagged.digest, "other": untagged.digest, "index": image(&index), "outer": outer.digest }),
            r#"
def delete(*ids):
    return ecr.batch_delete_image(repositoryName="app", imageIds=list(ids))
for id in [{"imageTag": "child"}, {"imageDigest": data["child"]}, {"imageDigest": data["other"]}, {"imageTag": "multi"}]:
    answer = delete(id)
    expect(answer["imageIds"], [])
    expect(answer["failures"], [{"imageId": id, "failureCode": "ImageReferencedByManifestList",
                                 "failureReason": "Requested image referenced by manifest list"}])
# Not even a tag was lost, though one that is not the last may go.
expect(len(ecr.list_images(repositoryName="app", filter={"tagStatus": "TAGGED"})["imageIds"]), 3)
ecr.put_image(repositoryName="app", imageManifest=data["index"]["manifest"], imageTag="more",
              imageManifestMediaType=data["index"]["mediaType"])
expect(delete({"imageTag": "multi"})["failures"], [])
# Children first on purpose: the order within a call does not matter.
answer = delete({"imageDigest": data["other"]}, {"imageTag": "child"}, {"imageTag": "more"}, {"imageDigest": data["outer"]})
expect(answer["failures"], [])
expect([id.get("imageTag") for id in answer["imageIds"]], [None, "child", "more", "outer"])
expect(ecr.list_images(repositoryName="app")["imageIds"], [])
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn immutability_does_not_hinder_a_deletion() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        repository.push_small("v1").await;
        run(
            &wharf.aws(),
            &json!({}),
            r#"
ecr.put_image_tag_mutability(repositoryName="app", imageTagMutability="IMMUTABLE")
expect(len(ecr.batch_delete_image(repositoryName="app", imageIds=[{"imageTag": "v1"}])["imageIds"]), 1)
"#,
        );
        let fresh = repository.push_small("v1").await;
        repository.expect_image(Some("v1"), &fresh).await;
    })
    .await;
}

#[tokio::test]
async fn of_two_who_take_the_last_two_tags_one_takes_the_image() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            &json!({}),
            r#"
import concurrent.futures
manifest = json.dumps({"schemaVersion": 2, "manifests": []})
ecr.create_repository(repositoryName="app")
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    for round in range(10):
        tags = [str(number) for number in range(8)]
        for tag in tags:
            ecr.put_image(repositoryName="app", imageManifest=manifest, imageTag=tag,
                          imageManifestMediaType="application/vnd.oci.image.index.v1+json")
        def delete(tag):
            return ecr.batch_delete_image(repositoryName="app", imageIds=[{"imageTag": tag}])["failures"]
        expect([failures for failures in pool.map(delete, tags) if failures], [])
        expect(ecr.list_images(repositoryName="app")["imageIds"], [])
"#,
        );
    })
    .await;
}
