//! Tags of users, roles, policies and identity providers.

use serde_json::json;
use tests::harness::{Backend, Wharf, on_default};

#[tokio::test]
async fn the_cli_sets_lists_and_removes_tags() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let aws = wharf.aws();
    let trust = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#;
    let document = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    aws.json(&["iam", "create-user", "--user-name", "x"]);
    aws.json(&["iam", "create-role", "--role-name", "x", "--assume-role-policy-document", trust]);
    aws.json(&["iam", "create-policy", "--policy-name", "x", "--policy-document", document]);
    aws.json(&["iam", "create-open-id-connect-provider", "--url", "https://token.example.com"]);
    for (kind, member, name) in [
        ("user", "--user-name", "x"),
        ("role", "--role-name", "x"),
        ("policy", "--policy-arn", "arn:aws:iam::000000000000:policy/x"),
        (
            "open-id-connect-provider",
            "--open-id-connect-provider-arn",
            "arn:aws:iam::000000000000:oidc-provider/token.example.com",
        ),
    ] {
        aws.json(&["iam", &format!("tag-{kind}"), member, name, "--tags", "Key=Team,Value=a", "Key=cost,Value="]);
        // A key that differs only by case is the same one.
        aws.json(&["iam", &format!("tag-{kind}"), member, name, "--tags", "Key=TEAM,Value=b"]);
        let tags = || aws.json(&["iam", &format!("list-{kind}-tags"), member, name])["Tags"].clone();
        assert_eq!(tags(), json!([{ "Key": "cost", "Value": "" }, { "Key": "TEAM", "Value": "b" }]), "{kind}");
        aws.json(&["iam", &format!("untag-{kind}"), member, name, "--tag-keys", "team", "none"]);
        assert_eq!(tags(), json!([{ "Key": "cost", "Value": "" }]), "{kind}");
    }
}

#[tokio::test]
async fn failures_of_tags_are_those_of_iam() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
iam = client("iam")
iam.create_user(UserName="x")

def says(code, status, message, call, **arguments):
    answer = refused(code, call, **arguments)
    assert answer["Error"]["Message"] == message, answer
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status, answer

def tag(key, value=""):
    return {"Key": key, "Value": value}

says("InvalidInput", 400, "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
     iam.tag_user, UserName="x", Tags=[tag("a"), tag("A")])
says("ValidationError", 400,
     "1 validation error detected: Value at 'tags.1.member.key' failed to satisfy constraint: Member must satisfy "
     "regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+", iam.tag_user, UserName="x", Tags=[tag("a{b")])
refused("InvalidInput", iam.tag_user, UserName="x", Tags=[tag("aws:a")])
refused("ValidationError", iam.tag_user, UserName="x", Tags=[tag(str(n)) for n in range(51)])
for key in ["k" * 129, "a{b"]:
    says("ValidationError", 400,
         "1 validation error detected: Value at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: "
         "[Member must have length less than or equal to 128, Member must have length greater than or equal to 1, Member "
         "must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+, Member must not be null]",
         iam.untag_user, UserName="x", TagKeys=["ok", key])
iam.tag_user(UserName="x", Tags=[tag(f"k{n:02}", str(n)) for n in range(50)])
says("LimitExceeded", 409, "The number of tags has reached the maximum limit.",
     iam.tag_user, UserName="x", Tags=[tag("one more")])
assert len(iam.get_user(UserName="x")["User"]["Tags"]) == 50
pages = iam.get_paginator("list_user_tags").paginate(UserName="x", PaginationConfig={"PageSize": 7})
keys = [row["Key"] for page in pages for row in page["Tags"]]
assert keys == [f"k{n:02}" for n in range(50)], keys
absent = "arn:aws:iam::000000000000:oidc-provider/none.example.com"
message = f"OpenIDConnect Provider not found for arn {absent}"
for call, arguments in [
    (iam.tag_open_id_connect_provider, {"Tags": [tag("a")]}), (iam.untag_open_id_connect_provider, {"TagKeys": ["a"]}),
    (iam.list_open_id_connect_provider_tags, {}),
]:
    says("NoSuchEntity", 404, message, call, OpenIDConnectProviderArn=absent, **arguments)
for call, arguments in [(iam.tag_user, {"Tags": [tag("a")]}), (iam.untag_user, {"TagKeys": ["a"]})]:
    says("NoSuchEntity", 404, "The user with name none cannot be found.", call, UserName="none", **arguments)
# What is gone takes its tags along.
iam.delete_user(UserName="x")
iam.create_user(UserName="x")
assert iam.list_user_tags(UserName="x")["Tags"] == []
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn policies_may_ask_for_tags() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
iam = client("iam")
iam.create_user(UserName="lead")
key = iam.create_access_key(UserName="lead")["AccessKey"]
iam.put_user_policy(UserName="lead", PolicyName="own", PolicyDocument=json.dumps({
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "iam:GetUser", "Resource": "*",
         "Condition": {"StringEquals": {"iam:ResourceTag/team": "a"}}},
        {"Effect": "Allow", "Action": ["iam:CreateUser", "iam:TagUser"], "Resource": "*",
         "Condition": {"StringEquals": {"aws:RequestTag/team": "a"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}},
    ],
}))
lead = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"]).client("iam")
team = lambda value: [{"Key": "team", "Value": value}]
lead.create_user(UserName="ours", Tags=team("a"))
refused("AccessDenied", lead.create_user, UserName="theirs", Tags=team("b"))
refused("AccessDenied", lead.create_user, UserName="theirs")
refused("AccessDenied", lead.create_user, UserName="theirs", Tags=team("a") + [{"Key": "x", "Value": "y"}])
iam.create_user(UserName="theirs", Tags=team("b"))
lead.get_user(UserName="ours")
refused("AccessDenied", lead.get_user, UserName="theirs")
"#,
        );
    })
    .await;
}
