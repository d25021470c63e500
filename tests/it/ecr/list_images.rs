//! `ListImages`

use serde_json::json;
use tests::harness::on_default;

use super::{not_found, run};

#[tokio::test]
async fn there_is_an_entry_for_each_tag_and_one_for_an_image_without() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let untagged = repository.push_small("b").await;
        let image = repository.push_small("b").await;
        repository.push_image("a", &image).await;
        run(
            &wharf.aws(),
            &json!({ "tagged": image.digest, "untagged": untagged.digest, "gone": not_found("absent") }),
            r#"
def ids(**arguments):
    return ecr.list_images(repositoryName="app", **arguments)["imageIds"]
tagged = [{"imageDigest": data["tagged"], "imageTag": "a"}, {"imageDigest": data["tagged"], "imageTag": "b"}]
untagged = [{"imageDigest": data["untagged"]}]
expect(ids(), tagged + untagged)
expect(ids(filter={"tagStatus": "TAGGED"}), tagged)
expect(ids(filter={"tagStatus": "UNTAGGED"}), untagged)
expect(ids(filter={"tagStatus": "ANY", "imageStatus": "ANY"}), tagged + untagged)
expect(ids(filter={"imageStatus": "ARCHIVED"}), [])
message("InvalidParameterException", ids, filter={"tagStatus": "x"})
message("InvalidParameterException", ids, filter={"imageStatus": "x"})
expect(message("RepositoryNotFoundException", ecr.list_images, repositoryName="absent"), data["gone"])
"#,
        );
    })
    .await;
}
