//! `DescribeImages`

use serde_json::json;
use tests::harness::content::{self, OCI_INDEX};
use tests::harness::{Image, on_default, random};

use super::{image, not_found, run};

#[tokio::test]
async fn an_image_that_was_pushed_is_described() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let (small, large) = (Image::of(vec![random(1_000), random(200)]), Image::of(vec![random(9_000)]));
        repository.push_image("small", &small).await;
        repository.push_image("large", &large).await;
        repository.push_image("also-large", &large).await;
        let index = repository.push_index("multi", &[&small, &large]).await;
        let signature = repository.push_referrer(&small, "application/vnd.example.signature").await;
        let empty = content::to_bytes(&content::index(Vec::new()));
        repository.put_manifest("empty", OCI_INDEX, &empty).await.expect(201);
        let aws = wharf.aws();
        run(
            &aws,
            &json!({
                "small": image(&small), "large": image(&large), "index": image(&index), "signature": image(&signature),
                "gone": not_found("absent"),
            }),
            r#"
details = ecr.describe_images(repositoryName="app")["imageDetails"]
for found in details:
    expect((found["registryId"], found["repositoryName"], found["imageStatus"]), ("000000000000", "app", "ACTIVE"))
    assert abs(found["imagePushedAt"].timestamp() - time.time()) < 120, found
    for absent in ["lastInUseAt", "inUseCount", "lastRecordedPullTime", "imageScanStatus", "imageScanFindingsSummary"]:
        assert absent not in found, found
# In the order in which they came.
expect([found.get("imageTags") for found in details],
       [["small"], ["also-large", "large"], ["multi"], None, ["empty"]])
small, large, index, signature, empty = details
expect(small["imageDigest"], data["small"]["digest"])
expect(small["imageSizeInBytes"], data["small"]["size"])
expect(small["imageManifestMediaType"], "application/vnd.oci.image.manifest.v1+json")
expect(small["artifactMediaType"], "application/vnd.oci.image.config.v1+json")
assert "subjectManifestDigest" not in small, small
expect(large["imageSizeInBytes"], data["large"]["size"])
# A list is as large as the largest of its images, and no artifact.
expect(index["imageSizeInBytes"], data["large"]["size"])
expect(index["imageManifestMediaType"], "application/vnd.oci.image.index.v1+json")
assert "artifactMediaType" not in index, index
# The config and the one layer of an artifact are the same two bytes.
expect(signature["imageSizeInBytes"], 2)
expect(signature["artifactMediaType"], "application/vnd.example.signature")
expect(signature["subjectManifestDigest"], data["small"]["digest"])
expect(empty["imageSizeInBytes"], 0)
for pushed, found in [("small", small), ("large", large), ("index", index), ("signature", signature)]:
    expect(ecr.describe_images(repositoryName="app", imageIds=[{"imageDigest": data[pushed]["digest"]}])["imageDetails"],
           [found])
both = [{"imageTag": "large"}, {"imageTag": "small", "imageDigest": data["small"]["digest"]}, {"imageTag": "also-large"}]
expect(ecr.describe_images(repositoryName="app", imageIds=both)["imageDetails"], [large, small])
expect(message("RepositoryNotFoundException", ecr.describe_images, repositoryName="absent"), data["gone"])
"#,
        );
        let by_cli = aws.json(&["ecr", "describe-images", "--repository-name", "app", "--image-ids", "imageTag=multi"]);
        assert_eq!(by_cli["imageDetails"][0]["imageDigest"], json!(index.digest));
    })
    .await;
}

#[tokio::test]
async fn an_unknown_id_fails_the_call_and_is_named() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let (first, second) = (repository.push_small("v1").await, repository.push_small("v2").await);
        run(
            &wharf.aws(),
            &json!({ "first": first.digest, "second": second.digest }),
            r#"
def refusal(**id):
    return message("ImageNotFoundException", ecr.describe_images, repositoryName="app",
                   imageIds=[{"imageTag": "v1"}, id])
text = ("The image with imageId {{imageDigest:'{}', imageTag:'{}'}} does not exist within the repository with name 'app' "
        "in the registry with id '000000000000'")
unknown = "sha256:" + "0" * 64
expect(refusal(imageTag="nope"), text.format("null", "nope"))
expect(refusal(imageDigest=unknown), text.format(unknown, "null"))
expect(refusal(imageDigest=data["second"], imageTag="v1"), text.format(data["second"], "v1"))
describe = ecr.describe_images
message("InvalidParameterException", describe, repositoryName="app", imageIds=[{"imageTag": "v1"}], maxResults=1)
message("InvalidParameterException", describe, repositoryName="app", imageIds=[{"imageTag": "v1"}], nextToken="x")
message("InvalidParameterException", describe, repositoryName="app", filter={"tagStatus": "SOMETIMES"})
message("InvalidParameterException", describe, repositoryName="app", maxResults=1001)
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn filters_tell_tagged_from_untagged() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let untagged = repository.push_small("v1").await;
        let tagged = repository.push_small("v1").await;
        run(
            &wharf.aws(),
            &json!({ "tagged": tagged.digest, "untagged": untagged.digest }),
            r#"
def digests(**filter):
    return [found["imageDigest"] for found in ecr.describe_images(repositoryName="app", filter=filter)["imageDetails"]]
expect(digests(tagStatus="TAGGED"), [data["tagged"]])
expect(digests(tagStatus="UNTAGGED"), [data["untagged"]])
expect(digests(tagStatus="ANY"), [data["untagged"], data["tagged"]])
expect(digests(imageStatus="ACTIVE"), [data["untagged"], data["tagged"]])
expect(digests(imageStatus="ARCHIVED"), [])
expect(digests(imageStatus="ANY", tagStatus="UNTAGGED"), [data["untagged"]])
"#,
        );
    })
    .await;
}
