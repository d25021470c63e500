//! `PutImageScanningConfiguration`

use serde_json::json;
use tests::harness::on_default;

use super::{not_found, run};

#[tokio::test]
async fn the_setting_is_changed_and_shown() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            &json!({ "gone": not_found("absent") }),
            r#"
put = ecr.put_image_scanning_configuration
ecr.create_repository(repositoryName="app")
for wanted in [True, False]:
    answer = put(registryId="000000000000", repositoryName="app", imageScanningConfiguration={"scanOnPush": wanted})
    answer.pop("ResponseMetadata")
    expect(answer, {"registryId": "000000000000", "repositoryName": "app",
                    "imageScanningConfiguration": {"scanOnPush": wanted}})
    shown = ecr.describe_repositories(repositoryNames=["app"])["repositories"][0]
    expect(shown["imageScanningConfiguration"], {"scanOnPush": wanted})
expect(message("RepositoryNotFoundException", put, repositoryName="absent",
               imageScanningConfiguration={"scanOnPush": True}), data["gone"])
"#,
        );
    })
    .await;
}
