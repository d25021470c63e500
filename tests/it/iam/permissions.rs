//! What operations take: each one its action, on the ARN that it is about.

use serde_json::Value;
use tests::harness::{Backend, Wharf, on_default};

/// What the server has of IAM, beside what is simulated. An operation that is added gets its name here.
const OPERATIONS: &str = "
    AddClientIDToOpenIDConnectProvider AddUserToGroup AttachGroupPolicy AttachRolePolicy AttachUserPolicy CreateAccessKey
    CreateAccountAlias CreateGroup CreateOpenIDConnectProvider CreatePolicy CreatePolicyVersion CreateRole CreateUser
    DeleteAccessKey DeleteAccountAlias DeleteGroup DeleteGroupPolicy DeleteOpenIDConnectProvider DeletePolicy
    DeletePolicyVersion DeleteRole DeleteRolePermissionsBoundary DeleteRolePolicy DeleteUser
    DeleteUserPermissionsBoundary DeleteUserPolicy DetachGroupPolicy DetachRolePolicy DetachUserPolicy
    GetAccessKeyLastUsed GetAccountAuthorizationDetails GetAccountSummary GetGroup GetGroupPolicy
    GetOpenIDConnectProvider GetPolicy GetPolicyVersion GetRole GetRolePolicy GetUser GetUserPolicy ListAccessKeys
    ListAccountAliases ListAttachedGroupPolicies ListAttachedRolePolicies ListAttachedUserPolicies ListEntitiesForPolicy
    ListGroupPolicies ListGroups ListGroupsForUser ListInstanceProfilesForRole ListOpenIDConnectProviderTags
    ListOpenIDConnectProviders ListPolicies ListPolicyTags ListPolicyVersions ListRolePolicies ListRoleTags ListRoles
    ListUserPolicies ListUserTags ListUsers PutGroupPolicy PutRolePermissionsBoundary PutRolePolicy
    PutUserPermissionsBoundary PutUserPolicy RemoveClientIDFromOpenIDConnectProvider RemoveUserFromGroup
    SetDefaultPolicyVersion TagOpenIDConnectProvider TagPolicy TagRole TagUser UntagOpenIDConnectProvider UntagPolicy
    UntagRole UntagUser UpdateAccessKey UpdateAssumeRolePolicy UpdateGroup UpdateOpenIDConnectProviderThumbprint
    UpdateRole UpdateRoleDescription UpdateUser";

/// Calls every operation that the model of botocore knows, with the least that it takes.
const CALL_EVERYTHING: &str = r#"
iam = client("iam")
model = iam.meta.service_model
arns = {"PolicyArn": "arn:aws:iam::000000000000:policy/x", "PermissionsBoundary": "arn:aws:iam::000000000000:policy/x",
        "OpenIDConnectProviderArn": "arn:aws:iam::000000000000:oidc-provider/x.example.com"}
words = {"Url": "https://x.example.com", "VersionId": "v1", "AccountAlias": "alias", "ThumbprintList": ["a" * 40],
         "PolicyDocument": json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}),
         "AssumeRolePolicyDocument": json.dumps({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}})}

def least(name, shape):
    if name in arns or name in words:
        return (arns | words)[name]
    if shape.type_name == "structure":
        return {member: least(member, shape.members[member]) for member in shape.required_members}
    if shape.type_name == "list":
        return [least(name, shape.member)]
    if shape.type_name == "map":
        return {}
    if shape.type_name == "string":
        return shape.enum[0] if getattr(shape, "enum", None) else "x" * max(1, shape.metadata.get("min", 1))
    return {"integer": shape.metadata.get("min", 1), "long": 1, "boolean": True, "blob": b"x"}[shape.type_name]

outcome = {}
for name in model.operation_names:
    shape = model.operation_model(name).input_shape
    arguments = least("", shape) if shape else {}
    try:
        getattr(iam, botocore.xform_name(name))(**arguments)
        outcome[name] = ["", ""]
    except botocore.exceptions.ClientError as error:
        outcome[name] = [error.response["Error"]["Code"], error.response["Error"]["Message"]]
print(json.dumps(outcome))
"#;

#[tokio::test]
async fn every_operation_is_refused_without_its_permission() {
    on_default(async |wharf| {
        let root = wharf.aws();
        root.json(&["iam", "create-user", "--user-name", "x"]);
        let key = root.json(&["iam", "create-access-key", "--user-name", "x"])["AccessKey"].clone();
        let text = |member: &str| key[member].as_str().expect("text").to_owned();
        let outcome = root.with_key(&text("AccessKeyId"), &text("SecretAccessKey")).boto3(CALL_EVERYTHING);
        let expected: Vec<&str> = OPERATIONS.split_whitespace().collect();
        for (name, answer) in outcome.as_object().expect("an object") {
            let (code, message) = (answer[0].as_str(), answer[1].as_str().expect("text"));
            if name.starts_with("Simulate") || name.starts_with("GetContextKeys") {
                continue;
            }
            if !expected.contains(&name.as_str()) {
                assert_eq!(code, Some("InvalidAction"), "{name} exists and is not in the list: {message}");
                continue;
            }
            assert_eq!(code, Some("AccessDenied"), "{name}: {message}");
            let start = format!(
                "User: arn:aws:iam::000000000000:user/x is not authorized to perform: iam:{name} on resource: "
            );
            assert!(message.starts_with(&start), "{name}: {message}");
            let end = format!(" because no identity-based policy allows the iam:{name} action");
            assert!(message.ends_with(&end), "{name}: {message}");
        }
        assert!(expected.iter().all(|name| outcome.get(name).is_some()), "a name in the list is not IAM's");
        assert_eq!(root.json(&["iam", "list-users"])["Users"].as_array().map(Vec::len), Some(1));
    })
    .await;
}

#[tokio::test]
async fn without_a_signature_nothing_is_answered() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    for operation in OPERATIONS.split_whitespace() {
        let body = format!("Action={operation}&Version=2010-05-08");
        let answer = wharf
            .anonymous()
            .post("/")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.into_bytes())
            .send()
            .await
            .expect(403);
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        assert!(text.contains("<Code>MissingAuthenticationToken</Code>"), "{operation}: {text}");
    }
}

#[tokio::test]
async fn a_policy_may_name_users_by_their_path() {
    on_default(async |wharf| {
        let outcome = wharf.aws().boto3(
            r#"
iam = client("iam")
iam.create_user(UserName="lead")
key = iam.create_access_key(UserName="lead")["AccessKey"]
iam.put_user_policy(UserName="lead", PolicyName="own", PolicyDocument=json.dumps({
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "iam:*", "Resource": [
            "arn:aws:iam::000000000000:user/team/*", "arn:aws:iam::000000000000:role/team/*",
            "arn:aws:iam::000000000000:group/team/*", "arn:aws:iam::000000000000:policy/team/*"]},
        {"Effect": "Deny", "Action": "iam:AttachUserPolicy", "Resource": "*",
         "Condition": {"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}}},
    ],
}))
iam.create_user(UserName="theirs")
trust = json.dumps({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}})
document = json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
lead = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"]).client("iam")
lead.create_user(UserName="ours", Path="/team/")
lead.create_access_key(UserName="ours")
lead.tag_user(UserName="ours", Tags=[{"Key": "a", "Value": "b"}])
lead.create_role(RoleName="ours", Path="/team/", AssumeRolePolicyDocument=trust)
lead.create_group(GroupName="ours", Path="/team/")
arn = lead.create_policy(PolicyName="ours", Path="/team/", PolicyDocument=document)["Policy"]["Arn"]
lead.attach_user_policy(UserName="ours", PolicyArn=arn)
lead.list_users(PathPrefix="/team/")
refused("AccessDenied", lead.list_users)
refused("AccessDenied", lead.attach_user_policy, UserName="ours", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
refused("AccessDenied", lead.create_user, UserName="free")
refused("AccessDenied", lead.create_access_key, UserName="theirs")
refused("AccessDenied", lead.create_policy, PolicyName="free", PolicyDocument=document)
# Nobody is moved out of reach, or into it.
refused("AccessDenied", lead.update_user, UserName="ours", NewPath="/")
refused("AccessDenied", lead.update_user, UserName="theirs", NewPath="/team/")
lead.update_user(UserName="ours", NewUserName="renamed")
# Nobody learns who exists out of reach.
print(json.dumps([refused("AccessDenied", lead.get_user, UserName=name)["Error"]["Message"] for name in ["theirs", "nobody"]]))
"#,
        );
        let messages: Vec<&str> = outcome.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        assert_eq!(messages[0].replace("theirs", "nobody"), messages[1]);
    })
    .await;
}

#[tokio::test]
async fn the_policies_of_another_account_are_out_of_reach() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let arn = "arn:aws:iam::111122223333:policy/x";
    wharf.aws().refused(&["iam", "get-policy", "--policy-arn", arn], "AccessDenied");
    wharf.aws().refused(&["iam", "delete-policy", "--policy-arn", arn], "AccessDenied");
}

#[tokio::test]
async fn a_path_that_another_replica_gave_a_moment_ago_counts() {
    let one = Wharf::start(Backend::PostgresS3).await;
    let other = Wharf::sharing(one.backing().clone()).start().await;
    let root = one.aws();
    root.json(&["iam", "create-user", "--user-name", "lead"]);
    let key = root.json(&["iam", "create-access-key", "--user-name", "lead"])["AccessKey"].clone();
    let document = r#"{"Statement":[
        {"Effect":"Allow","Action":"iam:*","Resource":"arn:aws:iam::000000000000:user/*"},
        {"Effect":"Deny","Action":"iam:*","Resource":"arn:aws:iam::000000000000:user/admins/*"}]}"#;
    root.json(&[
        "iam",
        "put-user-policy",
        "--user-name",
        "lead",
        "--policy-name",
        "own",
        "--policy-document",
        document,
    ]);
    let text = |member: &str| key[member].as_str().expect("text").to_owned();
    let there = other.aws().with_key(&text("AccessKeyId"), &text("SecretAccessKey"));
    tests::harness::admin::within_5_s("the new key", async || there.cli(&["iam", "get-user"]).status.success()).await;
    for number in 0..3 {
        let name = format!("admin-{number}");
        // One interpreter for both calls: the second comes within milliseconds of the first.
        let script = format!(
            r#"
root = boto3.client("iam", endpoint_url="{}", aws_access_key_id="{}", aws_secret_access_key="{}")
root.create_user(UserName="{name}", Path="/admins/")
refused("AccessDenied", client("iam").create_access_key, UserName="{name}")
"#,
            root.endpoint, root.access_key_id, root.secret
        );
        there.boto3(&script);
    }
}
