//! What Terraform's aws provider asks, in its order: creating, reading, updating and destroying a repository with its policy
//! and tags, and reading an image.

use serde_json::json;
use tests::harness::on_default;

use super::run;

#[tokio::test]
async fn a_repository_lives_and_dies_under_terraform() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            &json!({}),
            r#"
account = client("sts").get_caller_identity()["Account"]
made = ecr.create_repository(
    repositoryName="tf/app", imageTagMutability="MUTABLE", tags=[{"Key": "env", "Value": "test"}],
    encryptionConfiguration={"encryptionType": "AES256"}, imageScanningConfiguration={"scanOnPush": True},
)["repository"]
for member in ["repositoryArn", "registryId", "repositoryUri", "imageTagMutability", "imageScanningConfiguration",
               "encryptionConfiguration"]:
    assert made[member] is not None, member
assert "kmsKey" not in made["encryptionConfiguration"], made

def read():
    found = ecr.describe_repositories(repositoryNames=["tf/app"])["repositories"]
    expect(len(found), 1)
    tags = ecr.list_tags_for_resource(resourceArn=found[0]["repositoryArn"])["tags"]
    return found[0], {tag["Key"]: tag["Value"] for tag in tags}

expect(read(), (made, {"env": "test"}))
# An update.
ecr.put_image_tag_mutability(registryId=account, repositoryName="tf/app", imageTagMutability="IMMUTABLE")
ecr.put_image_scanning_configuration(registryId=account, repositoryName="tf/app",
                                     imageScanningConfiguration={"scanOnPush": False})
ecr.untag_resource(resourceArn=made["repositoryArn"], tagKeys=["env"])
ecr.tag_resource(resourceArn=made["repositoryArn"], tags=[{"Key": "stage", "Value": "test"}])
found, tags = read()
expect((found["imageTagMutability"], found["imageScanningConfiguration"], tags),
       ("IMMUTABLE", {"scanOnPush": False}, {"stage": "test"}))
# aws_ecr_repository_policy
text = json.dumps({"Version": "2012-10-17", "Statement": [{
    "Sid": "new", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
    "Action": ["ecr:ListImages", "ecr:SetRepositoryPolicy"]}]})
ecr.set_repository_policy(repositoryName="tf/app", policyText=text)
policy = ecr.get_repository_policy(repositoryName="tf/app")
expect((policy["policyText"], policy["registryId"]), (text, account))
ecr.delete_repository_policy(registryId=account, repositoryName="tf/app")
message("RepositoryPolicyNotFoundException", ecr.delete_repository_policy, registryId=account, repositoryName="tf/app")
# The destruction, and the wait for it.
ecr.delete_repository(registryId=account, repositoryName="tf/app")
message("RepositoryNotFoundException", ecr.describe_repositories, repositoryNames=["tf/app"])
message("RepositoryNotFoundException", ecr.delete_repository, registryId=account, repositoryName="tf/app")
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn an_image_is_read_for_its_uri() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let image = repository.push_small("v1").await;
        let answer = run(
            &wharf.aws(),
            &json!({}),
            r#"
uri = ecr.describe_repositories(repositoryNames=["app"])["repositories"][0]["repositoryUri"]
by_tag = ecr.describe_images(registryId="000000000000", repositoryName="app", imageIds=[{"imageTag": "v1"}])
# The most recent one is found by looking through all of them.
every = [found for page in ecr.get_paginator("describe_images").paginate(repositoryName="app")
         for found in page["imageDetails"]]
newest = max(every, key=lambda found: found["imagePushedAt"])
expect(newest, by_tag["imageDetails"][0])
# CDK's question before it publishes.
message("ImageNotFoundException", ecr.describe_images, repositoryName="app", imageIds=[{"imageTag": "v2"}])
print(json.dumps(f"{uri}@{newest['imageDigest']}"))
"#,
        );
        let (place, digest) = answer.as_str().and_then(|uri| uri.split_once('@')).expect("a URI by digest");
        let (host, name) = place.split_once('/').expect("a host and a name");
        assert_eq!(host, wharf.address().to_string());
        wharf.client().repository(name).manifest(digest).await.expect(200).expect_body(&image.manifest);
    })
    .await;
}
