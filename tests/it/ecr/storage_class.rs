//! UpdateImageStorageClass: there is no archive, and nothing pretends that an image moved there.

use tests::harness::on_default;

#[tokio::test]
async fn no_image_is_archived() {
    on_default(async |wharf| {
        wharf.client().repository("app").push_small("v1").await;
        wharf.aws().boto3(
            r#"
ecr = client("ecr")
for target in ("ARCHIVE", "STANDARD"):
    def update(code, repository, image):
        refused(code, ecr.update_image_storage_class, repositoryName=repository, imageId=image, targetStorageClass=target)
    update("ImageStorageClassUpdateNotSupportedException", "app", {"imageTag": "v1"})
    update("ImageNotFoundException", "app", {"imageTag": "v2"})
    update("RepositoryNotFoundException", "absent", {"imageTag": "v1"})
    update("InvalidParameterException", "app", {})
refused("InvalidParameterException", ecr.update_image_storage_class, repositoryName="app", imageId={"imageTag": "v1"},
    targetStorageClass="GLACIER")
assert ecr.describe_images(repositoryName="app")["imageDetails"][0]["imageStatus"] == "ACTIVE"
"#,
        );
        wharf.client().repository("app").manifest("v1").await.expect(200);
    })
    .await;
}
