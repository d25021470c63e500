//! What is asked about the account as a whole.

use serde_json::json;
use tests::harness::{Backend, Wharf, on_default};

use super::text;

#[tokio::test]
async fn an_account_has_one_alias_at_most() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let aws = wharf.aws();
    assert_eq!(aws.json(&["iam", "list-account-aliases"])["AccountAliases"], json!([]));
    aws.json(&["iam", "create-account-alias", "--account-alias", "first"]);
    aws.json(&["iam", "create-account-alias", "--account-alias", "second"]);
    assert_eq!(aws.json(&["iam", "list-account-aliases"])["AccountAliases"], json!(["second"]));
    let message = aws.refused(&["iam", "delete-account-alias", "--account-alias", "first"], "NoSuchEntity");
    assert_eq!(message, "The account alias first cannot be found.");
    aws.refused(&["iam", "create-account-alias", "--account-alias", "No--way"], "ValidationError");
    aws.json(&["iam", "delete-account-alias", "--account-alias", "second"]);
    assert_eq!(aws.json(&["iam", "list-account-aliases"])["AccountAliases"], json!([]));
}

#[tokio::test]
async fn the_summary_counts_everything() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let aws = wharf.aws();
    aws.json(&["iam", "create-user", "--user-name", "anna"]);
    aws.json(&["iam", "create-group", "--group-name", "team"]);
    let summary = aws.json(&["iam", "get-account-summary"])["SummaryMap"].clone();
    let counted = ["Users", "Groups", "Roles", "Policies", "AccountAccessKeysPresent", "Providers"];
    let counts: Vec<i64> = counted.iter().map(|name| summary[name].as_i64().expect("a number")).collect();
    assert_eq!(counts, [1, 1, 0, 0, 1, 0], "{summary}");
    assert_eq!(summary["AccessKeysPerUserQuota"], 2);
    assert_eq!(summary["VersionsPerPolicyQuota"], 5);
}

#[tokio::test]
async fn the_details_of_an_account_are_complete_and_paged() {
    on_default(async |wharf| {
        let details = wharf.aws().boto3(
            r#"
iam = client("iam")
document = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}})
trust = json.dumps({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}})
arn = iam.create_policy(PolicyName="p", PolicyDocument=document)["Policy"]["Arn"]
iam.create_policy_version(PolicyArn=arn, PolicyDocument=document)
readers = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
for name in ["u1", "u2"]:
    iam.create_user(UserName=name, Tags=[{"Key": "team", "Value": name}])
iam.create_group(GroupName="g")
iam.add_user_to_group(GroupName="g", UserName="u1")
iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust, PermissionsBoundary=arn)
iam.put_user_policy(UserName="u1", PolicyName="own", PolicyDocument=document)
iam.put_group_policy(GroupName="g", PolicyName="own", PolicyDocument=document)
iam.put_role_policy(RoleName="r", PolicyName="own", PolicyDocument=document)
iam.attach_user_policy(UserName="u1", PolicyArn=arn)
iam.attach_group_policy(GroupName="g", PolicyArn=readers)

def collect(**arguments):
    found = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}
    for page in iam.get_paginator("get_account_authorization_details").paginate(**arguments):
        for name in found:
            found[name] += page[name]
    return found

everything = collect()
for size in [1, 2, 3]:
    assert collect(PaginationConfig={"PageSize": size}) == everything, size
only = collect(Filter=["Group", "AWSManagedPolicy"])
assert only["GroupDetailList"] == everything["GroupDetailList"] and only["UserDetailList"] == []
assert [policy["Arn"] for policy in only["Policies"]] == [readers]
refused("ValidationError", iam.get_account_authorization_details, Filter=["Nothing"])
print(json.dumps(everything, default=str))
"#,
        );
        let document =
            json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "ecr:*", "Resource": "*" } });
        assert_eq!(text(&details, "/UserDetailList/0/UserName"), "u1");
        let user = &details["UserDetailList"][0];
        assert_eq!(user["UserPolicyList"], json!([{ "PolicyName": "own", "PolicyDocument": document }]));
        assert!(details["UserDetailList"][1].get("UserPolicyList").is_none(), "{details}");
        assert_eq!(user["GroupList"], json!(["g"]));
        assert_eq!(text(user, "/AttachedManagedPolicies/0/PolicyName"), "p");
        assert_eq!(user["Tags"], json!([{ "Key": "team", "Value": "u1" }]));
        assert_eq!(details["GroupDetailList"][0]["GroupPolicyList"][0]["PolicyDocument"], document);
        let role = &details["RoleDetailList"][0];
        assert_eq!(role["RolePolicyList"][0]["PolicyDocument"], document);
        assert_eq!(role["AssumeRolePolicyDocument"]["Statement"]["Action"], "sts:AssumeRole");
        assert_eq!(role["InstanceProfileList"], json!([]));
        let policies = details["Policies"].as_array().expect("a list");
        assert_eq!(policies.len(), 2, "{details}");
        assert_eq!(policies[0]["PolicyVersionList"].as_array().map(Vec::len), Some(2));
        assert_eq!(policies[0]["AttachmentCount"], 1);
        assert_eq!(policies[0]["PermissionsBoundaryUsageCount"], 1);
    })
    .await;
}
