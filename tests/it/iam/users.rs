//! Users: made, shown, renamed and removed.

use serde_json::json;
use tests::harness::{Backend, Wharf, on_default};

use super::text;

#[tokio::test]
async fn the_cli_makes_shows_renames_and_removes_users() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let aws = wharf.aws();
    let made =
        aws.json(&["iam", "create-user", "--user-name", "anna", "--path", "/ops/", "--tags", "Key=team,Value=a"]);
    let id = text(&made, "/User/UserId").to_owned();
    assert!(id.starts_with("AIDA") && id.len() == 21, "{id}");
    assert_eq!(text(&made, "/User/Arn"), "arn:aws:iam::000000000000:user/ops/anna");
    let shown = aws.json(&["iam", "get-user", "--user-name", "anna"]);
    assert_eq!(shown, made);
    assert_eq!(shown["User"]["Tags"], json!([{ "Key": "team", "Value": "a" }]));
    let listed = aws.json(&["iam", "list-users", "--path-prefix", "/ops/"]);
    assert_eq!(text(&listed, "/Users/0/UserId"), id);
    aws.json(&["iam", "update-user", "--user-name", "anna", "--new-user-name", "anne", "--new-path", "/"]);
    let renamed = aws.json(&["iam", "get-user", "--user-name", "anne"]);
    assert_eq!(text(&renamed, "/User/Arn"), "arn:aws:iam::000000000000:user/anne");
    assert_eq!(text(&renamed, "/User/UserId"), id);
    assert_eq!(
        aws.refused(&["iam", "get-user", "--user-name", "anna"], "NoSuchEntity"),
        "The user with name anna cannot be found."
    );
    aws.json(&["iam", "delete-user", "--user-name", "anne"]);
    assert_eq!(aws.json(&["iam", "list-users"])["Users"], json!([]));
    // The root of the account is somebody as well.
    let root = aws.json(&["iam", "get-user"]);
    assert_eq!(text(&root, "/User/Arn"), "arn:aws:iam::000000000000:root");
    assert_eq!(text(&root, "/User/UserId"), "000000000000");
}

#[tokio::test]
async fn failures_of_users_are_those_of_iam() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
iam = client("iam")
iam.create_user(UserName="anna")
iam.create_user(UserName="bert")

def says(code, status, message, call, **arguments):
    answer = refused(code, call, **arguments)
    assert answer["Error"]["Message"] == message, answer
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status, answer
    assert answer["Error"]["Type"] == "Sender", answer

says("EntityAlreadyExists", 409, "User with name anna already exists.", iam.create_user, UserName="anna")
says("EntityAlreadyExists", 409, "User with name ANNA already exists.", iam.create_user, UserName="ANNA")
says("EntityAlreadyExists", 409, "User with name bert already exists.",
     iam.update_user, UserName="anna", NewUserName="bert")
absent = "The user with name nobody cannot be found."
for call, arguments in [
    (iam.get_user, {}), (iam.delete_user, {}), (iam.update_user, {"NewPath": "/a/"}),
    (iam.list_groups_for_user, {}), (iam.create_access_key, {}), (iam.list_access_keys, {}),
    (iam.list_user_policies, {}), (iam.list_attached_user_policies, {}), (iam.list_user_tags, {}),
]:
    says("NoSuchEntity", 404, absent, call, UserName="nobody", **arguments)
legal = "It must contain only alphanumeric characters and/or the following: +=,.@_-"
says("ValidationError", 400, "The specified value for userName is invalid. " + legal,
     iam.create_user, UserName="an na")
says("ValidationError", 400,
     "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters "
     "and/or / characters.", iam.create_user, UserName="carl", Path="ops")
long = "x" * 65
says("ValidationError", 400,
     "1 validation error detected: Value at 'userName' failed to satisfy constraint: Member must have length "
     "less than or equal to 64", iam.create_user, UserName=long)
says("InvalidInput", 400, "ARN arn:aws:iam::000000000000:role/x is not valid.",
     iam.create_user, UserName="carl", PermissionsBoundary="arn:aws:iam::000000000000:role/x")
limit = "arn:aws:iam::000000000000:policy/absent"
says("NoSuchEntity", 404, f"Scope ARN: {limit} does not exist or is not attachable.",
     iam.create_user, UserName="carl", PermissionsBoundary=limit)
# Typed errors are what programs catch.
try:
    iam.get_user(UserName="nobody")
    raise AssertionError("found")
except iam.exceptions.NoSuchEntityException:
    pass
assert [user["UserName"] for user in iam.list_users()["Users"]] == ["anna", "bert"]
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn a_user_to_whom_something_belongs_is_not_removed() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
iam = client("iam")
iam.create_user(UserName="anna")
policy = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
document = json.dumps({"Version": "2012-10-17",
                       "Statement": {"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}})
iam.create_group(GroupName="team")
iam.attach_user_policy(UserName="anna", PolicyArn=policy)
iam.put_user_policy(UserName="anna", PolicyName="own", PolicyDocument=document)
key = iam.create_access_key(UserName="anna")["AccessKey"]["AccessKeyId"]
iam.add_user_to_group(GroupName="team", UserName="anna")

def conflict(message):
    answer = refused("DeleteConflict", iam.delete_user, UserName="anna")
    assert answer["Error"]["Message"] == message, answer
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 409, answer

conflict("Cannot delete entity, must detach all policies first.")
iam.detach_user_policy(UserName="anna", PolicyArn=policy)
conflict("Cannot delete entity, must delete policies first.")
iam.delete_user_policy(UserName="anna", PolicyName="own")
conflict("Cannot delete entity, must delete access keys first.")
iam.delete_access_key(UserName="anna", AccessKeyId=key)
conflict("Cannot delete entity, must remove users from group first.")
iam.remove_user_from_group(GroupName="team", UserName="anna")
iam.delete_user(UserName="anna")
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn what_was_made_by_the_api_and_by_wharf_admin_is_the_same() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let aws = wharf.aws();
    let policy = crate::access::model::identity_policy(&[]);
    let user = wharf.known_user("anna", &policy).await;
    let shown = aws.json(&["iam", "get-user-policy", "--user-name", "anna", "--policy-name", "initial"]);
    assert_eq!(shown["PolicyDocument"], policy);
    let keys = aws.json(&["iam", "list-access-keys", "--user-name", "anna"]);
    assert_eq!(text(&keys, "/AccessKeyMetadata/0/AccessKeyId"), user.access_key_id);
    aws.json(&["iam", "create-user", "--user-name", "bert"]);
    for name in ["bert", "BERT"] {
        let finished = wharf.admin(&["create-user", name, "--policy", "/dev/null"]);
        assert!(!finished.status.success(), "{}", finished.stdout);
    }
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), policy.to_string()).expect("a temporary file can be written");
    let path = file.path().to_str().expect("temporary paths are text");
    let finished = wharf.admin(&["create-user", "BERT", "--policy", path]);
    assert!(finished.stderr.contains("User with name BERT already exists."), "{}", finished.stderr);
}

#[tokio::test]
async fn terraform_removes_a_user_by_force() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    wharf.aws().boto3(
        r#"
iam = client("iam")
iam.create_user(UserName="anna")
iam.create_group(GroupName="team")
iam.add_user_to_group(GroupName="team", UserName="anna")
iam.create_access_key(UserName="anna")
# The calls of its provider, in their order.
for group in iam.list_groups_for_user(UserName="anna")["Groups"]:
    iam.remove_user_from_group(GroupName=group["GroupName"], UserName="anna")
for key in iam.list_access_keys(UserName="anna")["AccessKeyMetadata"]:
    iam.delete_access_key(UserName="anna", AccessKeyId=key["AccessKeyId"])
assert iam.list_ssh_public_keys(UserName="anna")["SSHPublicKeys"] == []
assert iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"] == []
assert iam.list_mfa_devices(UserName="anna")["MFADevices"] == []
for call in [iam.get_login_profile, iam.delete_login_profile]:
    answer = refused("NoSuchEntity", call, UserName="anna")
    assert answer["Error"]["Message"] == "Login Profile for User anna cannot be found.", answer
assert iam.list_signing_certificates(UserName="anna")["Certificates"] == []
assert iam.list_service_specific_credentials(UserName="anna")["ServiceSpecificCredentials"] == []
iam.delete_user(UserName="anna")
for call in [iam.list_ssh_public_keys, iam.list_mfa_devices, iam.list_signing_certificates, iam.get_login_profile,
             iam.list_service_specific_credentials]:
    refused("NoSuchEntity", call, UserName="anna")
"#,
    );
}
