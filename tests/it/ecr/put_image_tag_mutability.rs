//! `PutImageTagMutability`

use serde_json::json;
use tests::harness::on_default;

use super::{not_found, run};

#[tokio::test]
async fn mode_and_filters_are_replaced_together_and_obeyed_at_once() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let image = repository.push_small("v1").await;
        repository.push_image("dev-1", &image).await;
        let aws = wharf.aws();
        run(
            &aws,
            &json!({ "gone": not_found("absent") }),
            r#"
put = ecr.put_image_tag_mutability
filters = [{"filterType": "WILDCARD", "filter": "dev-*"}]
answer = put(repositoryName="app", registryId="000000000000", imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
             imageTagMutabilityExclusionFilters=filters)
answer.pop("ResponseMetadata")
expect(answer, {"registryId": "000000000000", "repositoryName": "app",
                "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION", "imageTagMutabilityExclusionFilters": filters})
shown = ecr.describe_repositories(repositoryNames=["app"])["repositories"][0]
expect(shown["imageTagMutabilityExclusionFilters"], filters)
expect(message("RepositoryNotFoundException", put, repositoryName="absent", imageTagMutability="MUTABLE"), data["gone"])
for bad in [{"imageTagMutability": "NEVER"}, {"imageTagMutability": "MUTABLE_WITH_EXCLUSION"},
            {"imageTagMutability": "MUTABLE", "imageTagMutabilityExclusionFilters": filters}]:
    message("InvalidParameterException", put, repositoryName="app", **bad)
"#,
        );
        let moved = repository.push_small("dev-1").await;
        repository.expect_image(Some("dev-1"), &moved).await;
        let refused = repository.put_manifest("v1", &moved.media_type, &moved.manifest).await;
        let refused = refused.expect_error(400, "TAG_INVALID");
        assert!(String::from_utf8_lossy(refused.body()).contains(
            "The image tag 'v1' already exists in the 'app' repository and cannot be overwritten because the repository \
             is immutable."
        ));
        run(
            &aws,
            &json!({}),
            r#"
answer = ecr.put_image_tag_mutability(repositoryName="app", imageTagMutability="IMMUTABLE")
assert "imageTagMutabilityExclusionFilters" not in answer, answer
shown = ecr.describe_repositories(repositoryNames=["app"])["repositories"][0]
expect(shown["imageTagMutability"], "IMMUTABLE")
assert "imageTagMutabilityExclusionFilters" not in shown, shown
"#,
        );
        repository.put_manifest("dev-1", &image.media_type, &image.manifest).await.expect_error(400, "TAG_INVALID");
    })
    .await;
}
