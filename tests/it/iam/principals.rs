//! A policy is about whom it was written for: nobody gets anything by the name of somebody who is gone.

use serde_json::{Value, json};
use tests::harness::on_default;

use crate::access::model::{allow, identity_policy};

const HELPERS: &str = r#"
iam, ecr = client("iam"), client("ecr")
arn = "arn:aws:iam::000000000000:"

def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})

def named(*principals, **more):
    return {"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": "ecr:*", **more}

def trusting(*principals):
    return document(named(*principals, Action="sts:AssumeRole"))

def of_repository():
    return json.loads(ecr.get_repository_policy(repositoryName="app")["policyText"])["Statement"][0]["Principal"]["AWS"]

def of_registry():
    return json.loads(ecr.get_registry_policy()["policyText"])["Statement"][0]["Principal"]["AWS"]

def of_role(name):
    return iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"]
"#;

/// The command line of a session of the role that the tests make.
const ASSUME: &[&str] =
    &["sts", "assume-role", "--role-arn", "arn:aws:iam::000000000000:role/deploy", "--role-session-name", "run-1"];

/// The policy of a user who may assume roles, whom their own trust policies let.
fn assuming() -> Value {
    json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*" } })
}

#[tokio::test]
async fn policies_name_only_who_is_there() {
    on_default(async |wharf| {
        wharf.aws().boto3(&format!(
            r#"{HELPERS}
ecr.create_repository(repositoryName="app")
iam.create_user(UserName="anna", Path="/ci/")
iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=trusting("*"))
anna, deploy, session = arn + "user/ci/anna", arn + "role/deploy", "arn:aws:sts::000000000000:assumed-role/deploy/run-1"
ids = [iam.get_user(UserName="anna")["User"]["UserId"], iam.get_role(RoleName="deploy")["Role"]["RoleId"]]
there = ["*", "000000000000", arn + "root", anna, deploy, session, *ids]
for principal in there:
    ecr.set_repository_policy(repositoryName="app", policyText=document(named(principal)))
    ecr.put_registry_policy(policyText=document(named(principal, Resource="*")))
    iam.update_assume_role_policy(RoleName="deploy", PolicyDocument=trusting(principal))
kept = of_repository(), of_registry(), of_role("deploy")
absent = ["111122223333", "arn:aws:iam::111122223333:root", arn + "user/anna", arn + "user/ci/bert", arn + "role/anna",
          "arn:aws:sts::000000000000:assumed-role/none/run-1", "AIDAAAAAAAAAAAAAAAAA", "arn:aws:iam::111122223333:user/ci/anna"]
for principal in absent:
    text = "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid %s policy provided'"
    # One of many is enough, and so is one who is to be spared.
    for statement in named(*there, principal), {{"Effect": "Deny", "NotPrincipal": {{"AWS": principal}}, "Action": "ecr:*"}}:
        error = refused("InvalidParameterException", ecr.set_repository_policy, repositoryName="app", policyText=document(statement),
                        force=True)
        assert error["message"] == text % "repository", error
        error = refused("InvalidParameterException", ecr.put_registry_policy, policyText=document(dict(statement, Resource="*")))
        assert error["message"] == text % "registry", error
    for call in [lambda: iam.update_assume_role_policy(RoleName="deploy", PolicyDocument=trusting(*there, principal)),
                 lambda: iam.create_role(RoleName="other", AssumeRolePolicyDocument=trusting(principal))]:
        message = refused("MalformedPolicyDocument", call)["Error"]["Message"]
        shown = "111122223333" if principal.endswith(":root") else principal
        assert message == f'Invalid principal in policy: "AWS":"{{shown}}"', message
assert (of_repository(), of_registry(), of_role("deploy")) == kept
refused("NoSuchEntity", iam.get_role, RoleName="other")
"#
        ));
    })
    .await;
}

#[tokio::test]
async fn who_is_made_again_gets_nothing_of_what_the_former_had() {
    on_default(async |wharf| {
        let image = wharf.client().repository("app").push_small("v1").await;
        let anna = wharf.known_user("anna", &assuming()).await;
        wharf.aws().boto3(&format!(
            r#"{HELPERS}
anna = arn + "user/anna"
condition = {{"StringNotEquals": {{"aws:PrincipalArn": "x"}}}}
ecr.set_repository_policy(repositoryName="app", policyText=document(named(anna, "000000000000", Condition=condition)))
ecr.put_registry_policy(policyText=document(named(anna, Resource="*")))
iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=trusting(anna))
"#
        ));
        let repository = wharf.client().as_(anna.auth()).repository("app");
        repository.manifest("v1").await.expect(200);
        wharf.aws().as_user(&anna).json(ASSUME);
        // By another name it is still the same user.
        wharf.aws().boto3(&format!(
            r#"{HELPERS}
iam.update_user(UserName="anna", NewUserName="anne", NewPath="/x/")
anne = arn + "user/x/anne"
assert of_repository() == [anne, "000000000000"] and of_registry() == [anne], (of_repository(), of_registry())
assert of_role("deploy") == [anne], of_role("deploy")
iam.create_user(UserName="anna")
"#
        ));
        repository.manifest("v1").await.expect(200);
        wharf.aws().as_user(&anna).json(ASSUME);
        wharf.aws().boto3(&format!(
            r#"{HELPERS}
id = iam.get_user(UserName="anne")["User"]["UserId"]
for key in iam.list_access_keys(UserName="anne")["AccessKeyMetadata"]:
    iam.delete_access_key(UserName="anne", AccessKeyId=key["AccessKeyId"])
for policy in iam.list_user_policies(UserName="anne")["PolicyNames"]:
    iam.delete_user_policy(UserName="anne", PolicyName=policy)
iam.delete_user(UserName="anne")
assert of_repository() == [id, "000000000000"] and of_registry() == [id], (of_repository(), of_registry())
assert of_role("deploy") == [id], of_role("deploy")
# What is shown cannot be stored again.
refused("MalformedPolicyDocument", iam.update_assume_role_policy, RoleName="deploy", PolicyDocument=trusting(id))
refused("InvalidParameterException", ecr.put_registry_policy, policyText=ecr.get_registry_policy()["policyText"])
iam.delete_user(UserName="anna")
iam.create_user(UserName="anne", Path="/x/")
"#
        ));
        let again = wharf.known_user("anna", &assuming()).await;
        let repository = wharf.client().as_(again.auth()).repository("app");
        repository.manifest("v1").await.expect_error(403, "DENIED");
        repository.blob(&image.blobs[0].0).await.expect_error(403, "DENIED");
        wharf.aws().as_user(&again).refused(ASSUME, "AccessDenied");
        // Whom the policy still names by the account is let in by policies of its own, as before.
        let other = wharf.known_user("other", &identity_policy(&[allow(&["ecr:*"], "*")])).await;
        wharf.client().as_(other.auth()).repository("app").manifest("v1").await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn sessions_of_a_role_that_is_made_again_get_nothing_either() {
    on_default(async |wharf| {
        wharf.client().repository("app").push_small("v1").await;
        let anna = wharf.known_user("anna", &assuming()).await;
        let session = || {
            let answer = wharf.aws().as_user(&anna).json(ASSUME);
            let text = |name: &str| answer["Credentials"][name].as_str().expect("a text").to_owned();
            wharf.aws().with_session(&text("AccessKeyId"), &text("SecretAccessKey"), &text("SessionToken"))
        };
        let get = ["ecr", "batch-get-image", "--repository-name", "app", "--image-ids", "imageTag=v1"];
        wharf.aws().boto3(&format!(
            r#"{HELPERS}
iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=trusting("000000000000"))
session = "arn:aws:sts::000000000000:assumed-role/deploy/run-1"
ecr.set_repository_policy(repositoryName="app", policyText=document(named(session, arn + "role/deploy")))
"#
        ));
        session().json(&get);
        wharf.aws().boto3(&format!(
            r#"{HELPERS}
id = iam.get_role(RoleName="deploy")["Role"]["RoleId"]
iam.delete_role(RoleName="deploy")
assert of_repository() == [id + ":run-1", id], of_repository()
iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=trusting("000000000000"))
assert of_repository() == [id + ":run-1", id], of_repository()
"#
        ));
        session().refused(&get, "AccessDeniedException");
    })
    .await;
}
