//! PutLifecyclePolicy, GetLifecyclePolicy, DeleteLifecyclePolicy: policies are checked with ECR's words, and given back as they
//! were sent.

use tests::harness::on_default;

use crate::access::model::{allow, identity_policy};

#[tokio::test]
async fn a_policy_is_given_back_as_it_was_sent() {
    on_default(async |wharf| {
        wharf.create_repository("app", "MUTABLE", &[]);
        wharf.aws().boto3(
            r#"
ecr = client("ecr")
text = '''{ "rules" : [ {"rulePriority": 10, "description": "größer — same bytes back",
  "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14},
  "action": {"type": "expire"}} ] }'''
refused("LifecyclePolicyNotFoundException", ecr.get_lifecycle_policy, repositoryName="app")
put = ecr.put_lifecycle_policy(repositoryName="app", lifecyclePolicyText=text)
account = put["registryId"]
assert (put["repositoryName"], put["lifecyclePolicyText"]) == ("app", text), put
assert "lastEvaluatedAt" not in put
got = ecr.get_lifecycle_policy(repositoryName="app", registryId=account)
assert got["lifecyclePolicyText"] == text
# It was never applied: tools break when the member is absent, and show 1970.
assert got["lastEvaluatedAt"].timestamp() == 0, got
other = text.replace("14", "15")
ecr.put_lifecycle_policy(repositoryName="app", lifecyclePolicyText=other)
deleted = ecr.delete_lifecycle_policy(repositoryName="app")
assert deleted["lifecyclePolicyText"] == other and deleted["lastEvaluatedAt"].timestamp() == 0
for call in (ecr.get_lifecycle_policy, ecr.delete_lifecycle_policy):
    error = refused("LifecyclePolicyNotFoundException", call, repositoryName="app")
    assert error["message"] == ("Lifecycle policy does not exist for the repository with name 'app' in the registry "
        f"with id '{account}'"), error
    refused("RepositoryNotFoundException", call, repositoryName="absent")
error = refused("RepositoryNotFoundException", ecr.put_lifecycle_policy, repositoryName="absent", lifecyclePolicyText=text)
assert error["message"] == f"The repository with name 'absent' does not exist in the registry with id '{account}'"
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn a_policy_that_is_not_valid_is_refused_with_the_words_of_ecr() {
    on_default(async |wharf| {
        wharf.create_repository("app", "MUTABLE", &[]);
        wharf.aws().boto3(
            r#"
ecr = client("ecr")
head = "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure: "
def rule(priority, selection, action={"type": "expire"}, **more):
    return {"rulePriority": priority, "selection": selection, "action": action, **more}
count = {"countType": "imageCountMoreThan", "countNumber": 1}
pad = {"description": "x" * 100}
def check(text, expected):
    text = text if isinstance(text, str) else json.dumps(text)
    error = refused("InvalidParameterException", ecr.put_lifecycle_policy, repositoryName="app",
                    lifecyclePolicyText=text.ljust(100))
    assert error["message"] == head + expected + "'", error["message"]
    # A preview of it is refused in the same way.
    error = refused("InvalidParameterException", ecr.start_lifecycle_policy_preview, repositoryName="app",
                    lifecyclePolicyText=text.ljust(100))
    assert error["message"] == head + expected + "'", error["message"]
check("no json", "Could not map policyString into LifecyclePolicy.")
check({}, 'object has missing required properties (["rules"])')
untagged = {"tagStatus": "untagged", **count}
everything = {"tagStatus": "any", **count}
check({"rules": [rule(1, untagged, **pad), rule(2, untagged)]},
      "Only one rule can select Untagged images per storage class")
check({"rules": [rule(1, everything, **pad), rule(2, untagged)]},
      "Rule for tagStatus=ANY must have the lowest priority per storage class")
check({"rules": [rule(1, {"tagStatus": "tagged", **count}, **pad)]},
      "Must specify tagPrefixList or tagPatternList when tagStatus=TAGGED")
check({"rules": [rule(1, {"tagStatus": "tagged", "tagPrefixList": [], **count}, **pad)]},
      "Must specify tagPrefixList or tagPatternList when tagStatus=TAGGED")
# The server checks the length too: botocore knows only the lower bound.
session = boto3.Session()
from botocore.config import Config
unchecked = client("ecr", config=Config(parameter_validation=False))
error = refused("InvalidParameterException", unchecked.put_lifecycle_policy, repositoryName="app", lifecyclePolicyText="{}")
assert "must have length greater than or equal to 100" in error["message"], error
error = refused("InvalidParameterException", unchecked.put_lifecycle_policy, repositoryName="app",
                lifecyclePolicyText=" " * 30721)
assert "must have length less than or equal to 30720" in error["message"], error
# Nothing of it was stored.
refused("LifecyclePolicyNotFoundException", ecr.get_lifecycle_policy, repositoryName="app")
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn policies_need_their_permissions() {
    on_default(async |wharf| {
        wharf.create_repository("team/app", "MUTABLE", &[]);
        wharf.create_repository("other", "MUTABLE", &[]);
        let rules = [
            allow(&["ecr:PutLifecyclePolicy", "ecr:GetLifecyclePolicy"], "team/*"),
            allow(&["ecr:StartLifecyclePolicyPreview"], "team/*"),
        ];
        let user = wharf.known_user("anna", &identity_policy(&rules)).await;
        wharf.aws().as_user(&user).boto3(
            r#"
ecr = client("ecr")
text = json.dumps({"rules": [{"rulePriority": 1, "action": {"type": "expire"}, "selection":
    {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 5}}]})
ecr.put_lifecycle_policy(repositoryName="team/app", lifecyclePolicyText=text)
assert ecr.get_lifecycle_policy(repositoryName="team/app")["lifecyclePolicyText"] == text
ecr.start_lifecycle_policy_preview(repositoryName="team/app")
for call, action, arguments in [
    (ecr.put_lifecycle_policy, "PutLifecyclePolicy", dict(repositoryName="other", lifecyclePolicyText=text)),
    (ecr.get_lifecycle_policy, "GetLifecyclePolicy", dict(repositoryName="other")),
    (ecr.delete_lifecycle_policy, "DeleteLifecyclePolicy", dict(repositoryName="team/app")),
    (ecr.start_lifecycle_policy_preview, "StartLifecyclePolicyPreview", dict(repositoryName="other")),
    (ecr.get_lifecycle_policy_preview, "GetLifecyclePolicyPreview", dict(repositoryName="team/app")),
]:
    error = refused("AccessDeniedException", call, **arguments)
    message = error.get("message") or error["Error"]["Message"]
    assert f"is not authorized to perform: ecr:{action} on resource: arn:aws:ecr:" in message, message
    assert message.endswith(f"because no identity-based policy allows the ecr:{action} action"), message
"#,
        );
    })
    .await;
}
