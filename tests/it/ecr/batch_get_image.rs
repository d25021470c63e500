//! `BatchGetImage`

use serde_json::json;
use tests::harness::content::{self, OCI_INDEX};
use tests::harness::on_default;

use super::{image, not_found, run};

#[tokio::test]
async fn manifests_come_byte_by_byte_and_what_is_wrong_is_told_one_by_one() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let pushed = repository.push_small("v1").await;
        // White space and letters that an encoder would write in another way.
        let odd = "{ \"schemaVersion\" : 2,\n\t\"manifests\":[], \"annotations\": {\"a\":\"\\u00e4 ö \\/ \u{1f40b}\"} }\n";
        repository.put_manifest("odd", OCI_INDEX, odd.as_bytes()).await.expect(201);
        run(
            &wharf.aws(),
            &json!({ "image": image(&pushed), "odd": odd, "odd_digest": content::digest(odd.as_bytes()),
                     "gone": not_found("absent") }),
            r#"
one, unknown = data["image"], "sha256:" + "0" * 64
def failure(code, reason, **id):
    return {"imageId": id, "failureCode": code, "failureReason": reason}
asked = [
    {"imageTag": "v1"}, {"imageDigest": one["digest"]}, {"imageTag": "v1", "imageDigest": one["digest"]},
    {"imageTag": "odd"}, {"imageTag": "v1"},
    {"imageTag": "nope"}, {"imageDigest": unknown}, {"imageTag": "v1", "imageDigest": data["odd_digest"]}, {},
    {"imageDigest": "sha256"}, {"imageTag": "a b"}, {"imageDigest": one["digest"].upper().replace("SHA", "sha")},
]
answer = ecr.batch_get_image(registryId="000000000000", repositoryName="app", imageIds=asked)
def shown(manifest, digest, type, **tag):
    return {"registryId": "000000000000", "repositoryName": "app", "imageId": dict({"imageDigest": digest}, **tag),
            "imageManifest": manifest, "imageManifestMediaType": type}
by_tag = shown(one["manifest"], one["digest"], one["mediaType"], imageTag="v1")
expect(answer["images"], [
    by_tag, shown(one["manifest"], one["digest"], one["mediaType"]), by_tag,
    shown(data["odd"], data["odd_digest"], "application/vnd.oci.image.index.v1+json", imageTag="odd"), by_tag,
])
missing = "Requested image not found"
expect(answer["failures"][:3], [
    failure("ImageNotFound", missing, imageTag="nope"),
    failure("ImageNotFound", missing, imageDigest=unknown),
    failure("ImageTagDoesNotMatchDigest", "Requested image tag does not match the image digest",
            imageTag="v1", imageDigest=data["odd_digest"]),
])
expect(answer["failures"][3], failure(
    "MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null"))
expect(answer["failures"][4], failure(
    "InvalidImageDigest",
    "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
    imageDigest="sha256"))
expect([(found["failureCode"], found["imageId"]) for found in answer["failures"][5:]], [
    ("InvalidImageTag", {"imageTag": "a b"}), ("ImageNotFound", asked[-1])])
# What is accepted does not change what is stored.
for accepted in [["application/vnd.docker.distribution.manifest.v2+json"], ["application/vnd.oci.image.index.v1+json"]]:
    again = ecr.batch_get_image(repositoryName="app", imageIds=[{"imageTag": "v1"}], acceptedMediaTypes=accepted)
    expect(again["images"], [by_tag])
    expect(again["failures"], [])
expect(message("RepositoryNotFoundException", ecr.batch_get_image, repositoryName="absent", imageIds=asked), data["gone"])
message("InvalidParameterException", ecr.batch_get_image, repositoryName="app", imageIds=[{"imageTag": "v1"}] * 101)
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn an_image_that_was_deleted_is_not_served_from_memory() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let pushed = repository.push_small("v1").await;
        let get = "print(len(ecr.batch_get_image(repositoryName='app', imageIds=[data])['images']))";
        let id = json!({ "imageDigest": pushed.digest });
        assert_eq!(run(&wharf.aws(), &id, get), 1);
        repository.delete_manifest(&pushed.digest).await.expect(202);
        assert_eq!(run(&wharf.aws(), &id, get), 0);
    })
    .await;
}
