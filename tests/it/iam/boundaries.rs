//! Permissions boundaries: set, shown, lifted, and obeyed.

use serde_json::json;
use tests::harness::admin::within_5_s;
use tests::harness::{Backend, Wharf, on_default};

use crate::access::model::identity_policy;

const READ_ONLY: &str = "arn:aws:iam::aws:policy/IAMReadOnlyAccess";

#[tokio::test]
async fn the_cli_sets_and_lifts_boundaries() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let aws = wharf.aws();
    let trust = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#;
    aws.json(&["iam", "create-user", "--user-name", "x", "--permissions-boundary", READ_ONLY]);
    aws.json(&["iam", "create-role", "--role-name", "x", "--assume-role-policy-document", trust]);
    aws.json(&["iam", "put-role-permissions-boundary", "--role-name", "x", "--permissions-boundary", READ_ONLY]);
    let expected = json!({ "PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": READ_ONLY });
    let shown = aws.json(&["iam", "get-user", "--user-name", "x"]);
    assert_eq!(shown["User"]["PermissionsBoundary"], expected);
    let shown = aws.json(&["iam", "get-role", "--role-name", "x"]);
    assert_eq!(shown["Role"]["PermissionsBoundary"], expected);
    let policy = aws.json(&["iam", "get-policy", "--policy-arn", READ_ONLY]);
    assert_eq!(policy["Policy"]["PermissionsBoundaryUsageCount"], 2);
    aws.json(&["iam", "delete-user-permissions-boundary", "--user-name", "x"]);
    aws.json(&["iam", "delete-role-permissions-boundary", "--role-name", "x"]);
    assert!(aws.json(&["iam", "get-user", "--user-name", "x"])["User"].get("PermissionsBoundary").is_none());
    aws.json(&["iam", "put-user-permissions-boundary", "--user-name", "x", "--permissions-boundary", READ_ONLY]);
    let refused = |arguments: &[&str]| aws.refused(arguments, "NoSuchEntity");
    refused(&["iam", "delete-role-permissions-boundary", "--role-name", "x"]);
    refused(&["iam", "delete-user-permissions-boundary", "--user-name", "none"]);
    let absent = "arn:aws:iam::000000000000:policy/none";
    assert_eq!(
        refused(&["iam", "put-user-permissions-boundary", "--user-name", "x", "--permissions-boundary", absent]),
        format!("Scope ARN: {absent} does not exist or is not attachable.")
    );
    refused(&["iam", "put-role-permissions-boundary", "--role-name", "none", "--permissions-boundary", READ_ONLY]);
}

#[tokio::test]
async fn a_boundary_takes_away_and_never_gives() {
    on_default(async |wharf| {
        let user = wharf.known_user("anna", &identity_policy(&[])).await;
        let (root, anna) = (wharf.aws(), wharf.aws().as_user(&user));
        root.json(&[
            "iam",
            "put-user-permissions-boundary",
            "--user-name",
            "anna",
            "--permissions-boundary",
            READ_ONLY,
        ]);
        anna.refused(&["iam", "list-users"], "AccessDenied");
        let administrator = "arn:aws:iam::aws:policy/AdministratorAccess";
        root.json(&["iam", "attach-user-policy", "--user-name", "anna", "--policy-arn", administrator]);
        within_5_s("the policy", async || anna.cli(&["iam", "list-users"]).status.success()).await;
        let message = anna.refused(&["iam", "create-user", "--user-name", "bert"], "AccessDenied");
        assert_eq!(
            message,
            "User: arn:aws:iam::000000000000:user/anna is not authorized to perform: iam:CreateUser on resource: \
             arn:aws:iam::000000000000:user/bert because no permissions boundary allows the iam:CreateUser action"
        );
        root.json(&["iam", "delete-user-permissions-boundary", "--user-name", "anna"]);
        within_5_s("the limit that was lifted", async || {
            anna.cli(&["iam", "create-user", "--user-name", "bert"]).status.success()
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn whoever_may_make_limited_users_makes_no_others() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
iam = client("iam")
limit = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
iam.create_user(UserName="lead")
key = iam.create_access_key(UserName="lead")["AccessKey"]
iam.put_user_policy(UserName="lead", PolicyName="delegate", PolicyDocument=json.dumps({
    "Version": "2012-10-17",
    "Statement": [{
        "Effect": "Allow",
        "Action": ["iam:CreateUser", "iam:PutUserPolicy", "iam:AttachUserPolicy", "iam:PutUserPermissionsBoundary",
                   "iam:GetUser", "iam:DeleteUser"],
        "Resource": "arn:aws:iam::000000000000:user/*",
        "Condition": {"StringEquals": {"iam:PermissionsBoundary": limit}},
    }],
}))
iam.create_user(UserName="other")
lead = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"]).client("iam")
refused("AccessDenied", lead.create_user, UserName="free")
lead.create_user(UserName="bound", PermissionsBoundary=limit)
everything = "arn:aws:iam::aws:policy/AdministratorAccess"
lead.attach_user_policy(UserName="bound", PolicyArn=everything)
refused("AccessDenied", lead.attach_user_policy, UserName="other", PolicyArn=everything)
refused("AccessDenied", lead.put_user_permissions_boundary, UserName="bound", PermissionsBoundary=everything)
refused("AccessDenied", lead.delete_user_permissions_boundary, UserName="bound")
refused("AccessDenied", lead.attach_user_policy, UserName="lead", PolicyArn=everything)
# These have no such condition key.
refused("AccessDenied", lead.get_user, UserName="bound")
refused("AccessDenied", lead.delete_user, UserName="bound")
"#,
        );
    })
    .await;
}
