//! The quotas of ECR, as settings.

use serde_json::json;
use tests::harness::{DEFAULT, Wharf};

use super::run;

#[tokio::test]
async fn what_would_pass_a_quota_is_refused_on_both_fronts() {
    for &backend in DEFAULT {
        let wharf = Wharf::with(backend)
            .set("WHARF_MAX_REPOSITORIES", "2")
            .set("WHARF_MAX_IMAGES", "3")
            .set("WHARF_MAX_IMAGE_TAGS", "2")
            .start()
            .await;
        let repository = wharf.client().repository("app");
        run(
            &wharf.aws(),
            &json!({}),
            r#"
ecr.create_repository(repositoryName="app")
ecr.create_repository(repositoryName="other")
text = message("LimitExceededException", ecr.create_repository, repositoryName="third")
assert "2" in text, text
def put(number, **tag):
    manifest = json.dumps({"schemaVersion": 2, "manifests": [], "annotations": {"number": str(number)},
                           "mediaType": "application/vnd.oci.image.index.v1+json"})
    return ecr.put_image(repositoryName="app", imageManifest=manifest, **tag)
for number in range(3):
    put(number, imageTag=f"t{number}")
message("LimitExceededException", put, number=3)
message("LimitExceededException", put, number=3, imageTag="t0")
# Nothing of what was refused is left, and what is there may be tagged.
expect(len(ecr.describe_images(repositoryName="app")["imageDetails"]), 3)
put(0, imageTag="more")
message("LimitExceededException", put, number=0, imageTag="too-many")
put(1, imageTag="more")
put(0, imageTag="again")
"#,
        );
        let index = tests::harness::content::index(Vec::new());
        let bytes = tests::harness::content::to_bytes(&index);
        let kind = tests::harness::content::OCI_INDEX;
        repository.put_manifest("t9", kind, &bytes).await.expect_error(403, "DENIED");
        let third = wharf.client().repository("third");
        third.put_manifest("t", kind, &bytes).await.expect_error(403, "DENIED");
        // Room is there again as soon as something goes.
        run(
            &wharf.aws(),
            &json!({}),
            r#"
ecr.batch_delete_image(repositoryName="app", imageIds=[{"imageTag": "t2"}])
ecr.delete_repository(repositoryName="other")
"#,
        );
        repository.put_manifest("t9", kind, &bytes).await.expect(201);
        third.put_manifest("t", kind, &bytes).await.expect(201);
    }
}

#[tokio::test]
async fn layers_and_their_parts_have_limits() {
    for &backend in DEFAULT {
        let wharf = Wharf::with(backend)
            .set("WHARF_MAX_LAYER_BYTES", "1MiB")
            .set("WHARF_MAX_LAYER_PARTS", "3")
            .set("WHARF_MAX_LAYER_PART_BYTES", "600000")
            .set("WHARF_MIN_LAYER_PART_BYTES", "10")
            .start()
            .await;
        let repository = wharf.client().repository("app");
        repository.push_blob(&tests::harness::random(1 << 20)).await;
        let large = tests::harness::random((1 << 20) + 1);
        let begun = wharf.client().post(&repository.path("blobs/uploads/")).send().await.expect(202);
        let mut upload = tests::harness::Upload::new(wharf.client(), &begun);
        upload.append(&large).await.expect_error(403, "DENIED");
        upload.append_streamed(&large, 100_000).await.expect_error(403, "DENIED");
        upload.append(b"what fits still comes").await.expect(202);
        run(
            &wharf.aws(),
            &json!({}),
            r#"
begun = ecr.initiate_layer_upload(repositoryName="app")
expect(begun["partSize"], 600000)
def put(upload, first, content):
    return ecr.upload_layer_part(repositoryName="app", uploadId=upload, partFirstByte=first,
                                 partLastByte=first + len(content) - 1, layerPartBlob=content)
upload = begun["uploadId"]
message("InvalidLayerPartException", put, upload=upload, first=0, content=b"x" * 600001)
put(upload, 0, b"x" * 600000)
message("LimitExceededException", put, upload=upload, first=600000, content=b"x" * 500000)
put(upload, 600000, b"y" * 10)
put(upload, 600010, b"z")
message("LimitExceededException", put, upload=upload, first=600011, content=b"one more")
ecr.complete_layer_upload(repositoryName="app", uploadId=upload,
                          layerDigests=[sha256(b"x" * 600000 + b"y" * 10 + b"z")])
"#,
        );
    }
}
