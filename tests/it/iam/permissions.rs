//! What operations take: each one its action, on the ARN that it is about.

use serde_json::Value;
use tests::harness::{Backend, Wharf, on_default};

/// What each call is about, as denials tell it. That every operation is refused at all is in `coverage`.
const CALLS: &str = r#"
iam = client("iam")
home = "arn:aws:iam::000000000000:"
managed = home + "policy/ci/push"
provider = home + "oidc-provider/token.example.com"
trust = json.dumps({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}})
document = json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
cases = [
    # What exists is named with its path, and what does not as if it had none.
    (iam.get_user, {"UserName": "known"}, "user/team/known"),
    (iam.get_user, {"UserName": "unknown"}, "user/unknown"),
    (iam.get_user, {}, "user/x"),
    (iam.get_role, {"RoleName": "known"}, "role/team/known"),
    (iam.get_group, {"GroupName": "known"}, "group/team/known"),
    (iam.create_user, {"UserName": "new", "Path": "/a/"}, "user/a/new"),
    (iam.create_role, {"RoleName": "new", "AssumeRolePolicyDocument": trust}, "role/new"),
    (iam.create_group, {"GroupName": "new", "Path": "/a/b/"}, "group/a/b/new"),
    (iam.create_policy, {"PolicyName": "new", "PolicyDocument": document}, "policy/new"),
    (iam.list_users, {}, "user/"),
    (iam.list_roles, {"PathPrefix": "/team/"}, "role/team/"),
    (iam.add_user_to_group, {"GroupName": "known", "UserName": "x"}, "group/team/known"),
    (iam.list_groups_for_user, {"UserName": "known"}, "user/team/known"),
    (iam.create_access_key, {}, "user/x"),
    (iam.update_access_key, {"UserName": "known", "AccessKeyId": "A" * 20, "Status": "Inactive"}, "user/team/known"),
    (iam.attach_role_policy, {"RoleName": "known", "PolicyArn": managed}, "role/team/known"),
    (iam.put_user_permissions_boundary, {"UserName": "known", "PermissionsBoundary": managed}, "user/team/known"),
    (iam.get_policy, {"PolicyArn": managed}, "policy/ci/push"),
    (iam.get_open_id_connect_provider, {"OpenIDConnectProviderArn": provider}, "oidc-provider/token.example.com"),
    (iam.create_open_id_connect_provider, {"Url": "https://token.example.com"}, "oidc-provider/token.example.com"),
]
for call, arguments, resource in cases:
    message = refused("AccessDenied", call, **arguments)["Error"]["Message"]
    assert f" on resource: {home}{resource} because " in message, message
    assert message.startswith(f"User: {home}user/x is not authorized to perform: iam:"), message
for call in [iam.get_account_summary, iam.get_account_authorization_details, iam.list_account_aliases]:
    assert " on resource: * because " in refused("AccessDenied", call)["Error"]["Message"]
refused("AccessDenied", iam.get_policy, PolicyArn="arn:aws:iam::aws:policy/IAMFullAccess")
"#;

#[tokio::test]
async fn denials_name_what_a_call_is_about() {
    on_default(async |wharf| {
        let root = wharf.aws();
        let key = root.boto3(
            r#"
iam = client("iam")
trust = json.dumps({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}})
iam.create_user(UserName="known", Path="/team/")
iam.create_role(RoleName="known", Path="/team/", AssumeRolePolicyDocument=trust)
iam.create_group(GroupName="known", Path="/team/")
iam.create_user(UserName="x")
print(json.dumps(iam.create_access_key(UserName="x")["AccessKey"], default=str))
"#,
        );
        let text = |member: &str| key[member].as_str().expect("text").to_owned();
        root.with_key(&text("AccessKeyId"), &text("SecretAccessKey")).boto3(CALLS);
    })
    .await;
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
