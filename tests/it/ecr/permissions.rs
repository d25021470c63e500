//! Every operation of this folder, without its permission and with it: what is refused, in which words, and which action on
//! which resource lets it through.

use serde_json::{Value, json};
use tests::harness::on_default;

use super::{policy, run};

/// Operation, further arguments, the action that it needs.
const OPERATIONS: &[(&str, &str, &str)] = &[
    ("batch_check_layer_availability", "layerDigests=[layer]", "BatchCheckLayerAvailability"),
    ("batch_get_image", "imageIds=[{'imageTag': 'v1'}]", "BatchGetImage"),
    ("describe_images", "", "DescribeImages"),
    ("describe_images", "imageIds=[{'imageTag': 'v1'}]", "DescribeImages"),
    ("get_download_url_for_layer", "layerDigest=layer", "GetDownloadUrlForLayer"),
    ("get_repository_policy", "", "GetRepositoryPolicy"),
    ("initiate_layer_upload", "", "InitiateLayerUpload"),
    ("list_image_referrers", "subjectId={'imageDigest': layer}", "BatchGetImage"),
    ("list_images", "", "ListImages"),
    ("put_image", "imageManifest='{}'", "PutImage"),
    ("put_image_scanning_configuration", "imageScanningConfiguration={}", "PutImageScanningConfiguration"),
    ("put_image_tag_mutability", "imageTagMutability='MUTABLE'", "PutImageTagMutability"),
    ("set_repository_policy", "policyText='{}'", "SetRepositoryPolicy"),
    ("upload_layer_part", "uploadId='u', partFirstByte=0, partLastByte=0, layerPartBlob=b'x'", "UploadLayerPart"),
    ("complete_layer_upload", "uploadId='u', layerDigests=[layer]", "CompleteLayerUpload"),
    ("batch_delete_image", "imageIds=[{'imageTag': 'nope'}]", "BatchDeleteImage"),
    ("delete_repository_policy", "", "DeleteRepositoryPolicy"),
    ("delete_repository", "", "DeleteRepository"),
    ("create_repository", "", "CreateRepository"),
];

/// The script that calls all of them on two repositories, of which `allowed` names those that may be reached.
fn script(allowed: &[&str]) -> (Value, String) {
    let calls: Vec<String> = OPERATIONS
        .iter()
        .map(|(operation, arguments, action)| format!("    ('{action}', ecr.{operation}, dict({arguments})),"))
        .collect();
    let script = format!(
        r#"
layer = "sha256:" + "0" * 64
for name in ["mine/app", "theirs/app"]:
    arn = f"arn:aws:ecr:us-east-1:000000000000:repository/{{name}}"
    calls = [(action, call, dict(arguments, repositoryName=name)) for action, call, arguments in [
{}
    ]]
    calls.append(("ListTagsForResource", ecr.list_tags_for_resource, dict(resourceArn=arn)))
    calls.append(("TagResource", ecr.tag_resource, dict(resourceArn=arn, tags=[{{"Key": "k", "Value": "v"}}])))
    calls.append(("UntagResource", ecr.untag_resource, dict(resourceArn=arn, tagKeys=["k"])))
    calls.append(("DescribeRepositories", ecr.describe_repositories, dict(repositoryNames=[name])))
    for action, call, arguments in calls:
        try:
            call(**arguments)
            denied = None
        except botocore.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            denied = error.response["Error"]["Message"] if code == "AccessDeniedException" else None
        if name in data["allowed"]:
            assert denied is None, denied
        else:
            expect(denied, f"User: arn:aws:iam::000000000000:user/somebody is not authorized to perform: ecr:{{action}} on "
                           f"resource: {{arn}} because no identity-based policy allows the ecr:{{action}} action")
"#,
        calls.join("\n")
    );
    (json!({ "allowed": allowed }), script)
}

#[tokio::test]
async fn every_operation_is_refused_without_its_action_on_its_repository() {
    on_default(async |wharf| {
        for name in ["mine/app", "theirs/app"] {
            wharf.client().repository(name).push_small("v1").await;
        }
        let nothing = wharf.create_user(
            "somebody",
            &policy(&[json!({
                "Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*",
            })]),
        );
        wharf.know(&nothing).await;
        let aws = wharf.aws().as_user(&nothing);
        let (data, all) = script(&[]);
        run(&aws, &data, &all);
        // Nothing came of it.
        wharf.client().repository("theirs/app").manifest("v1").await.expect(200);
        wharf.set_user_policy("somebody", &policy(&[json!({
            "Effect": "Allow", "Action": "ecr:*", "Resource": "arn:aws:ecr:us-east-1:000000000000:repository/mine/*",
        })]));
        tests::harness::admin::within_5_s("the new policy", async || {
            aws.cli(&["ecr", "list-images", "--repository-name", "mine/app"]).status.success()
        })
        .await;
        let (data, all) = script(&["mine/app"]);
        run(&aws, &data, &all);
    })
    .await;
}

#[tokio::test]
async fn all_repositories_are_described_only_with_the_right_to_all() {
    on_default(async |wharf| {
        wharf.client().repository("mine/app").push_small("v1").await;
        let some = wharf.create_user(
            "some",
            &policy(&[json!({
                "Effect": "Allow", "Action": "ecr:DescribeRepositories",
                "Resource": "arn:aws:ecr:us-east-1:000000000000:repository/mine/*",
            })]),
        );
        let all = wharf
            .known_user(
                "all",
                &policy(&[json!({
                    "Effect": "Allow", "Action": "ecr:DescribeRepositories",
                    "Resource": "arn:aws:ecr:us-east-1:000000000000:repository/*",
                })]),
            )
            .await;
        wharf.know(&some).await;
        run(
            &wharf.aws().as_user(&some),
            &json!({}),
            r#"
ecr.describe_repositories(repositoryNames=["mine/app"])
expect(message("AccessDeniedException", ecr.describe_repositories),
       "User: arn:aws:iam::000000000000:user/some is not authorized to perform: ecr:DescribeRepositories on resource: "
       "arn:aws:ecr:us-east-1:000000000000:repository/* because no identity-based policy allows the "
       "ecr:DescribeRepositories action")
message("AccessDeniedException", ecr.describe_repositories, repositoryNames=["mine/app", "theirs/app"])
"#,
        );
        run(&wharf.aws().as_user(&all), &json!({}), "expect(len(ecr.describe_repositories()['repositories']), 1)");
    })
    .await;
}
