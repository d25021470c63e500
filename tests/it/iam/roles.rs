//! Roles: made, shown, changed and removed. That a trust policy is obeyed is tested with STS.

use serde_json::json;
use tests::harness::{Backend, Wharf, on_default};

use super::text;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole"}]}"#;

#[tokio::test]
async fn the_cli_makes_changes_and_removes_roles() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let aws = wharf.aws();
    let made = aws.json(&[
        "iam",
        "create-role",
        "--role-name",
        "deploy",
        "--path",
        "/ci/",
        "--assume-role-policy-document",
        TRUST,
        "--description",
        "for the pipeline",
        "--max-session-duration",
        "7200",
        "--tags",
        "Key=team,Value=a",
    ]);
    assert!(text(&made, "/Role/RoleId").starts_with("AROA"), "{made}");
    assert_eq!(text(&made, "/Role/Arn"), "arn:aws:iam::000000000000:role/ci/deploy");
    let trust: serde_json::Value = serde_json::from_str(TRUST).expect("JSON");
    assert_eq!(made["Role"]["AssumeRolePolicyDocument"], trust);
    let shown = aws.json(&["iam", "get-role", "--role-name", "deploy"]);
    for member in ["RoleId", "Arn", "CreateDate", "AssumeRolePolicyDocument", "Tags"] {
        assert_eq!(shown["Role"][member], made["Role"][member], "{member}");
    }
    for absent in ["Description", "MaxSessionDuration", "RoleLastUsed"] {
        assert_eq!(made["Role"].get(absent), None, "{absent}");
    }
    assert_eq!(shown["Role"]["MaxSessionDuration"], 7200);
    assert_eq!(shown["Role"]["Description"], "for the pipeline");
    assert_eq!(shown["Role"]["RoleLastUsed"], json!({}));
    assert_eq!(shown["Role"]["Tags"], json!([{ "Key": "team", "Value": "a" }]));
    let listed = aws.json(&["iam", "list-roles", "--path-prefix", "/ci/"]);
    assert_eq!(text(&listed, "/Roles/0/RoleName"), "deploy");
    aws.json(&["iam", "update-role", "--role-name", "deploy", "--max-session-duration", "3600"]);
    let described = aws.json(&["iam", "update-role-description", "--role-name", "deploy", "--description", "new"]);
    assert_eq!(text(&described, "/Role/Description"), "new");
    assert_eq!(described["Role"].get("MaxSessionDuration"), None);
    let other = TRUST.replace("000000000000", "*");
    aws.json(&["iam", "update-assume-role-policy", "--role-name", "deploy", "--policy-document", &other]);
    let shown = aws.json(&["iam", "get-role", "--role-name", "deploy"]);
    assert_eq!(shown["Role"]["MaxSessionDuration"], 3600);
    assert_eq!(shown["Role"]["Description"], "new");
    assert_eq!(text(&shown, "/Role/AssumeRolePolicyDocument/Statement/0/Principal/AWS"), "*");
    let profiles = aws.json(&["iam", "list-instance-profiles-for-role", "--role-name", "deploy"]);
    assert_eq!(profiles["InstanceProfiles"], json!([]));
    aws.json(&["iam", "delete-role", "--role-name", "deploy"]);
    assert_eq!(aws.json(&["iam", "list-roles"])["Roles"], json!([]));
}

#[tokio::test]
async fn failures_of_roles_are_those_of_iam() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
iam = client("iam")

def trust(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})

good = trust(Principal={"AWS": "*"}, Action="sts:AssumeRole")
iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=good)

def says(code, status, message, call, **arguments):
    answer = refused(code, call, **arguments)
    assert answer["Error"]["Message"] == message, answer
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status, answer

says("EntityAlreadyExists", 409, "Role with name deploy already exists.",
     iam.create_role, RoleName="deploy", AssumeRolePolicyDocument=good)
absent = "The role with name none cannot be found."
for call, arguments in [
    (iam.get_role, {}), (iam.delete_role, {}), (iam.update_role, {}), (iam.update_role_description, {"Description": ""}),
    (iam.update_assume_role_policy, {"PolicyDocument": good}), (iam.list_role_policies, {}),
    (iam.list_attached_role_policies, {}), (iam.list_role_tags, {}), (iam.list_instance_profiles_for_role, {}),
]:
    says("NoSuchEntity", 404, absent, call, RoleName="none", **arguments)
for document, message in [
    ("{", "This policy contains invalid Json"),
    (trust(Action="sts:AssumeRole"), "Missing required field Principal"),
    (trust(Principal="*", Action="sts:AssumeRole", Resource="*"), "Has prohibited field Resource"),
    (trust(Principal="*", Action="ecr:PutImage"), "AssumeRole policy may only specify STS AssumeRole actions."),
    (trust(Principal={"AWS": "anna"}, Action="sts:AssumeRole"), 'Invalid principal in policy: "AWS":"anna"'),
    # Who is not there.
    (trust(Principal={"AWS": ["000000000000", "arn:aws:iam::000000000000:user/anna"]}, Action="sts:AssumeRole"),
     'Invalid principal in policy: "AWS":"arn:aws:iam::000000000000:user/anna"'),
    (trust(Principal={"AWS": "111122223333"}, Action="sts:AssumeRole"), 'Invalid principal in policy: "AWS":"111122223333"'),
]:
    says("MalformedPolicyDocument", 400, message, iam.create_role, RoleName="other", AssumeRolePolicyDocument=document)
    says("MalformedPolicyDocument", 400, message, iam.update_assume_role_policy, RoleName="deploy", PolicyDocument=document)
long = trust(Principal={"AWS": [f"{number:012}" for number in range(150)]}, Action="sts:AssumeRole")
says("LimitExceeded", 409, "Cannot exceed quota for ACLSizePerRole: 2048",
     iam.create_role, RoleName="other", AssumeRolePolicyDocument=long)
# White space does not count.
iam.create_role(RoleName="spacious", AssumeRolePolicyDocument=good + " " * 5000)
refused("ValidationError", iam.create_role, RoleName="other", AssumeRolePolicyDocument=good, MaxSessionDuration=43201)
iam.put_role_policy(RoleName="deploy", PolicyName="own",
                    PolicyDocument=json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}))
says("DeleteConflict", 409, "Cannot delete entity, must delete policies first.", iam.delete_role, RoleName="deploy")
iam.delete_role_policy(RoleName="deploy", PolicyName="own")
iam.attach_role_policy(RoleName="deploy", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
says("DeleteConflict", 409, "Cannot delete entity, must detach all policies first.", iam.delete_role, RoleName="deploy")
assert [role["RoleName"] for role in iam.list_roles()["Roles"]] == ["deploy", "spacious"]
"#,
        );
    })
    .await;
}
