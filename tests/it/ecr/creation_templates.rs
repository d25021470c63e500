//! The four operations of repository creation templates, and what a push creates by them.

use serde_json::json;
use tests::harness::{Backend, Wharf, on_default};

use crate::access::model::{PULL, PUSH, allow, identity_policy};

#[tokio::test]
async fn templates_are_made_listed_changed_and_removed() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
ecr = client("ecr")
account = ecr.describe_registry()["registryId"]
policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}]})
lifecycle = json.dumps({"rules": [{"rulePriority": 1, "action": {"type": "expire"}, "selection":
    {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 5}}]})
plain = ecr.create_repository_creation_template(prefix="ROOT", appliedFor=["REPLICATION"])
assert plain["registryId"] == account
template = plain["repositoryCreationTemplate"]
assert template["createdAt"] == template["updatedAt"] and template["createdAt"].year > 2000
assert {key: value for key, value in template.items() if not key.endswith("At")} == {"prefix": "ROOT",
    "appliedFor": ["REPLICATION"], "imageTagMutability": "MUTABLE", "encryptionConfiguration": {"encryptionType": "AES256"}}, template
settings = dict(description="for us", appliedFor=["CREATE_ON_PUSH", "PULL_THROUGH_CACHE"],
    encryptionConfiguration={"encryptionType": "KMS", "kmsKey": f"arn:aws:kms:us-east-1:{account}:key/abc"},
    resourceTags=[{"Key": "team", "Value": "web"}], imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
    imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "dev-*"}], repositoryPolicy=policy,
    lifecyclePolicy=lifecycle, customRoleArn=f"arn:aws:iam::{account}:role/template")
full = ecr.create_repository_creation_template(prefix="team/web/", **settings)["repositoryCreationTemplate"]
assert {key: full[key] for key in settings} == settings, full
assert full["prefix"] == "team/web", full
ecr.create_repository_creation_template(prefix="a", appliedFor=[])
refused("TemplateAlreadyExistsException", ecr.create_repository_creation_template, prefix="team/web", appliedFor=[])

def prefixes(**arguments):
    return [found["prefix"] for found in ecr.describe_repository_creation_templates(**arguments)["repositoryCreationTemplates"]]
assert prefixes() == ["ROOT", "a", "team/web"]
# The operation has no error for a prefix that does not exist.
assert prefixes(prefixes=["team/web", "absent"]) == ["team/web"]
pages = list(ecr.get_paginator("describe_repository_creation_templates").paginate(PaginationConfig={"PageSize": 2}))
assert [len(page["repositoryCreationTemplates"]) for page in pages] == [2, 1]

updated = ecr.update_repository_creation_template(prefix="team/web", description="", imageTagMutability="MUTABLE",
    resourceTags=[], appliedFor=["CREATE_ON_PUSH"])["repositoryCreationTemplate"]
for gone in ("description", "imageTagMutabilityExclusionFilters", "resourceTags"):
    assert gone not in updated, updated
assert updated["repositoryPolicy"] == policy and updated["lifecyclePolicy"] == lifecycle, "what was not named stays"
assert updated["appliedFor"] == ["CREATE_ON_PUSH"] and updated["updatedAt"] > updated["createdAt"] == full["createdAt"]
deleted = ecr.delete_repository_creation_template(prefix="team/web")
assert deleted["repositoryCreationTemplate"] == updated and deleted["registryId"] == account
for call in (ecr.delete_repository_creation_template, ecr.update_repository_creation_template):
    refused("TemplateNotFoundException", call, prefix="team/web")
for arguments in [
    dict(appliedFor=["PUSH"]), dict(imageTagMutability="SOMETIMES"), dict(imageTagMutability="IMMUTABLE_WITH_EXCLUSION"),
    dict(imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "a"}]),
    dict(encryptionConfiguration={"encryptionType": "DES"}), dict(repositoryPolicy="{}"), dict(lifecyclePolicy="{}"),
    dict(prefix="Team"), dict(description="x" * 257),
]:
    refused("InvalidParameterException", ecr.create_repository_creation_template, **{"prefix": "b", "appliedFor": [], **arguments})
assert prefixes() == ["ROOT", "a"]
"#,
        );
    })
    .await;
}

/// `create_on_push` off: as on ECR, a push creates a repository by a template or not at all.
#[tokio::test]
async fn a_push_creates_what_the_template_with_the_longest_prefix_says() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let wharf = Wharf::with(backend).set("WHARF_CREATE_ON_PUSH", "false").start().await;
        wharf.aws().boto3(
            r#"
ecr = client("ecr")
lifecycle = json.dumps({"rules": [{"rulePriority": 1, "action": {"type": "expire"}, "selection":
    {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 5}}]})
policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",
    "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]}]})
ecr.create_repository_creation_template(prefix="team", appliedFor=["CREATE_ON_PUSH"], imageTagMutability="IMMUTABLE")
ecr.create_repository_creation_template(prefix="team/web", appliedFor=["CREATE_ON_PUSH"], resourceTags=[{"Key": "a", "Value": "b"}],
    repositoryPolicy=policy, lifecyclePolicy=lifecycle, encryptionConfiguration={"encryptionType": "KMS"},
    imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
    imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "dev-*"}])
# For something else, though its prefix is longer.
ecr.create_repository_creation_template(prefix="team/web/deep", appliedFor=["REPLICATION"], imageTagMutability="MUTABLE")
"#,
        );
        let client = wharf.client();
        for name in ["team/app", "team/web/app", "team/web/deep/app"] {
            client.repository(name).push_small("v1").await;
        }
        // No template is for these; `team` is not in the folder `team`.
        for name in ["other/app", "team", "teams/app"] {
            let uploads = format!("/v2/{name}/blobs/uploads/");
            client.post(&uploads).send().await.expect_error(404, "NAME_UNKNOWN");
        }
        // Anonymous, by the policy that came with the template.
        wharf.anonymous().repository("team/web/app").manifest("v1").await.expect(200);
        wharf.anonymous().repository("team/app").manifest("v1").await.expect(401);
        wharf.aws().boto3(
            r#"
ecr = client("ecr")
def found(name):
    return ecr.describe_repositories(repositoryNames=[name])["repositories"][0]
assert found("team/app")["imageTagMutability"] == "IMMUTABLE"
refused("LifecyclePolicyNotFoundException", ecr.get_lifecycle_policy, repositoryName="team/app")
for name in ("team/web/app", "team/web/deep/app"):
    repository = found(name)
    assert repository["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION", repository
    assert repository["imageTagMutabilityExclusionFilters"] == [{"filterType": "WILDCARD", "filter": "dev-*"}], repository
    assert repository["encryptionConfiguration"]["encryptionType"] == "KMS", repository
    assert ecr.list_tags_for_resource(resourceArn=repository["repositoryArn"])["tags"] == [{"Key": "a", "Value": "b"}]
    assert "imageCountMoreThan" in ecr.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"]
    assert "BatchGetImage" in ecr.get_repository_policy(repositoryName=name)["policyText"]
assert len(ecr.describe_repositories()["repositories"]) == 3
"#,
        );
        // Who may not create repositories creates none by a template either.
        let user = wharf.known_user("anna", &identity_policy(&[allow(PUSH, "*"), allow(PULL, "*")])).await;
        let denied =
            client.as_(user.auth()).post("/v2/team/new/blobs/uploads/").send().await.expect_error(403, "DENIED");
        assert!(denied.json().to_string().contains("ecr:CreateRepository"), "{denied}");
    }
}

/// `create_on_push` on, as it is by default: a template is applied where there is one.
#[tokio::test]
async fn where_every_push_may_create_templates_still_count() {
    on_default(async |wharf| {
        let create =
            json!({"prefix": "ROOT", "appliedFor": ["CREATE_ON_PUSH"], "imageTagMutability": "IMMUTABLE"}).to_string();
        wharf.client().repository("before").push_small("v1").await;
        wharf.aws().json(&["ecr", "create-repository-creation-template", "--cli-input-json", &create]);
        wharf.client().repository("after").push_small("v1").await;
        let mutability = |name: &str| {
            let found = wharf.aws().json(&["ecr", "describe-repositories", "--repository-names", name]);
            found["repositories"][0]["imageTagMutability"].as_str().map(str::to_owned)
        };
        assert_eq!(mutability("before").as_deref(), Some("MUTABLE"));
        assert_eq!(mutability("after").as_deref(), Some("IMMUTABLE"));
        // The immutability counts for the push that creates it already: its tag is set once.
        let image = wharf.client().repository("after").push_small("v2").await;
        let again = wharf.client().repository("after").put_manifest("v2", &image.media_type, &image.manifest).await;
        again.expect_error(400, "TAG_INVALID");
    })
    .await;
}

#[tokio::test]
async fn everything_needs_its_permission() {
    on_default(async |wharf| {
        let user = wharf.known_user("anna", &identity_policy(&[allow(&["ecr:*"], "*")])).await;
        wharf.aws().as_user(&user).boto3(
            r#"
ecr = client("ecr")
for call, arguments in [
    (ecr.create_repository_creation_template, dict(prefix="a", appliedFor=[])),
    (ecr.describe_repository_creation_templates, {}),
    (ecr.update_repository_creation_template, dict(prefix="a")),
    (ecr.delete_repository_creation_template, dict(prefix="a")),
]:
    error = refused("AccessDeniedException", call, **arguments)
    assert " on resource: * because" in error["Error"]["Message"], error
"#,
        );
    })
    .await;
}
