//! Managed policies, their versions, and those that come with the program.

use serde_json::{Value, json};
use tests::harness::admin::within_5_s;
use tests::harness::{Backend, Wharf, on_default};

use super::text;
use crate::access::model::identity_policy;

const FIRST: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:ListImages","Resource":"*"}]}"#;
const SECOND: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*"}]}"#;
const ARN: &str = "arn:aws:iam::000000000000:policy/ci/push";

#[tokio::test]
async fn the_cli_makes_versions_and_removes_policies() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let aws = wharf.aws();
    let mut made = aws.json(&[
        "iam",
        "create-policy",
        "--policy-name",
        "push",
        "--path",
        "/ci/",
        "--policy-document",
        FIRST,
        "--description",
        "what CI may",
        "--tags",
        "Key=team,Value=a",
    ]);
    assert_eq!(text(&made, "/Policy/Arn"), ARN);
    assert!(text(&made, "/Policy/PolicyId").starts_with("ANPA"), "{made}");
    let shown = aws.json(&["iam", "get-policy", "--policy-arn", ARN]);
    // As on AWS, what was just made is shown without it.
    assert_eq!(made["Policy"].get("Description"), None);
    made["Policy"]["Description"] = "what CI may".into();
    assert_eq!(shown, made);
    assert_eq!(shown["Policy"]["DefaultVersionId"], "v1");
    assert_eq!(shown["Policy"]["AttachmentCount"], 0);
    let version = aws.json(&[
        "iam",
        "create-policy-version",
        "--policy-arn",
        ARN,
        "--policy-document",
        SECOND,
        "--set-as-default",
    ]);
    assert_eq!(version["PolicyVersion"]["VersionId"], "v2");
    assert_eq!(version["PolicyVersion"]["IsDefaultVersion"], true);
    let document = |version| {
        let shown = aws.json(&["iam", "get-policy-version", "--policy-arn", ARN, "--version-id", version]);
        shown["PolicyVersion"]["Document"].clone()
    };
    let parsed = |text| serde_json::from_str::<Value>(text).expect("JSON");
    assert_eq!((document("v1"), document("v2")), (parsed(FIRST), parsed(SECOND)));
    let versions = aws.json(&["iam", "list-policy-versions", "--policy-arn", ARN]);
    let ids: Vec<_> = versions["Versions"].as_array().expect("a list").iter().map(|row| &row["VersionId"]).collect();
    assert_eq!(ids, ["v2", "v1"]);
    aws.json(&["iam", "set-default-policy-version", "--policy-arn", ARN, "--version-id", "v1"]);
    assert_eq!(aws.json(&["iam", "get-policy", "--policy-arn", ARN])["Policy"]["DefaultVersionId"], "v1");
    aws.json(&["iam", "delete-policy-version", "--policy-arn", ARN, "--version-id", "v2"]);
    let local = aws.json(&["iam", "list-policies", "--scope", "Local"]);
    assert_eq!(text(&local, "/Policies/0/Arn"), ARN);
    aws.json(&["iam", "delete-policy", "--policy-arn", ARN]);
    assert_eq!(aws.json(&["iam", "list-policies", "--scope", "Local"])["Policies"], json!([]));
}

#[tokio::test]
async fn failures_of_policies_are_those_of_iam() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
iam = client("iam")

def says(code, status, message, call, **arguments):
    answer = refused(code, call, **arguments)
    assert answer["Error"]["Message"] == message, answer
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status, answer

def document(action="ecr:*", **more):
    return json.dumps({"Version": "2012-10-17",
                       "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*", **more}]},
                      separators=(",", ":"))

arn = iam.create_policy(PolicyName="push", PolicyDocument=document())["Policy"]["Arn"]
none = "arn:aws:iam::000000000000:policy/none"
says("EntityAlreadyExists", 409, "A policy called Push already exists. Duplicate names are not allowed.",
     iam.create_policy, PolicyName="Push", Path="/other/", PolicyDocument=document())
absent = f"Policy {none} was not found."
for call, arguments in [
    (iam.get_policy, {}), (iam.delete_policy, {}), (iam.list_policy_versions, {}), (iam.list_policy_tags, {}),
    (iam.delete_policy_version, {"VersionId": "v1"}), (iam.create_policy_version, {"PolicyDocument": document()}),
    (iam.tag_policy, {"Tags": []}), (iam.untag_policy, {"TagKeys": []}),
]:
    says("NoSuchEntity", 404, absent, call, PolicyArn=none, **arguments)
for filter in [{}, {"EntityFilter": "LocalManagedPolicy"}]:
    says("NoSuchEntity", 404, f"Policy {none} does not exist or is not attachable.",
         iam.list_entities_for_policy, PolicyArn=none, **filter)
for bad in ["arn:aws:iam::000000000000:user/anna", "not an ARN but long enough"]:
    says("InvalidInput", 400, f"ARN {bad} is not valid.", iam.get_policy, PolicyArn=bad)
for call in [iam.get_policy_version, iam.set_default_policy_version]:
    for policy in [arn, none]:
        says("NoSuchEntity", 404, f"Policy {policy} version v7 does not exist or is not attachable.",
             call, PolicyArn=policy, VersionId="v7")
    says("ValidationError", 400, "1 validation error detected: Value at 'versionId' failed to satisfy constraint: Member "
         "must satisfy regular expression pattern: v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?", call, PolicyArn=arn, VersionId="v2-a")
# Keys that differ by case are two on AWS and one here, in words that say so.
for keys, message in [
    ("00", "Duplicate tag keys found."),
    ("aA", "Duplicate tag keys found. Please note that Tag keys are case insensitive."),
]:
    twice = [{"Key": key, "Value": ""} for key in keys]
    says("InvalidInput", 400, message, iam.create_policy, PolicyName="other", PolicyDocument=document(), Tags=twice)
    says("InvalidInput", 400, message, iam.tag_policy, PolicyArn=arn, Tags=twice)
# What was just made is shown without its description, and with tags if it has some; alone, always with both.
made = iam.create_policy(PolicyName="described", PolicyDocument=document(), Description="why")["Policy"]
assert "Description" not in made and "Tags" not in made, made
shown = iam.get_policy(PolicyArn=made["Arn"])["Policy"]
assert (shown["Description"], shown["Tags"]) == ("why", []), shown
refused("ValidationError", iam.create_policy, PolicyName="other", PolicyDocument=document(), Description="a\0b")
says("DeleteConflict", 409, "Cannot delete the default version of a policy.",
     iam.delete_policy_version, PolicyArn=arn, VersionId="v1")
for number in range(2, 6):
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=document())["PolicyVersion"]
    assert (made["VersionId"], made["IsDefaultVersion"]) == (f"v{number}", False), made
says("LimitExceeded", 409, "A managed policy can have up to 5 versions. Before you create a new version, you must delete "
     "an existing version.", iam.create_policy_version, PolicyArn=arn, PolicyDocument=document())
says("DeleteConflict", 409, "This policy has more than one version. Before you delete a policy, you must delete the "
     "policy's versions. The default version is deleted with the policy.", iam.delete_policy, PolicyArn=arn)
# The number of a version that is gone is not used again.
iam.delete_policy_version(PolicyArn=arn, VersionId="v5")
assert iam.create_policy_version(PolicyArn=arn, PolicyDocument=document())["PolicyVersion"]["VersionId"] == "v6"
for text, message in [
    ("nonsense", "This policy contains invalid Json"),
    (document(Principal="*"), "Policy document should not specify a principal."),
    (document(Sid="a b"), "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular "
                          "expression [A-Za-z0-9]*"),
    (document().replace("2012-10-17", "2012-10-18"), "Policy document must be version 2012-10-17 or greater."),
]:
    says("MalformedPolicyDocument", 400, message, iam.create_policy, PolicyName="other", PolicyDocument=text)
    says("MalformedPolicyDocument", 400, message, iam.create_policy_version, PolicyArn=arn, PolicyDocument=text)
long = document(["ecr:" + "A" * 60] * 100)
says("LimitExceeded", 409, "Cannot exceed quota for PolicySize: 6144",
     iam.create_policy, PolicyName="other", PolicyDocument=long)
iam.create_user(UserName="anna")
for version in ["v2", "v3", "v4", "v6"]:
    iam.delete_policy_version(PolicyArn=arn, VersionId=version)
iam.attach_user_policy(UserName="anna", PolicyArn=arn)
says("DeleteConflict", 409, "Cannot delete a policy attached to entities.", iam.delete_policy, PolicyArn=arn)
iam.detach_user_policy(UserName="anna", PolicyArn=arn)
iam.put_user_permissions_boundary(UserName="anna", PermissionsBoundary=arn)
says("DeleteConflict", 409, "Cannot delete a policy attached to entities.", iam.delete_policy, PolicyArn=arn)
iam.delete_user_permissions_boundary(UserName="anna")
iam.delete_policy(PolicyArn=arn)
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn the_version_in_force_decides() {
    on_default(async |wharf| {
        let user = wharf.known_user("anna", &identity_policy(&[])).await;
        let (root, anna) = (wharf.aws(), wharf.aws().as_user(&user));
        root.json(&["iam", "create-policy", "--policy-name", "push", "--path", "/ci/", "--policy-document", FIRST]);
        root.json(&["iam", "attach-user-policy", "--user-name", "anna", "--policy-arn", ARN]);
        let may = async || anna.cli(&["iam", "list-users"]).status.success();
        assert!(!may().await);
        root.json(&["iam", "create-policy-version", "--policy-arn", ARN, "--policy-document", SECOND]);
        assert!(!may().await, "a version that is not in force decides nothing");
        root.json(&["iam", "set-default-policy-version", "--policy-arn", ARN, "--version-id", "v2"]);
        within_5_s("the version that was put in force", may).await;
        root.json(&["iam", "detach-user-policy", "--user-name", "anna", "--policy-arn", ARN]);
        within_5_s("the policy that was detached", async || !may().await).await;
    })
    .await;
}

#[tokio::test]
async fn the_policies_that_come_with_the_program_can_be_attached_and_not_changed() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
iam = client("iam")
expected = {"AdministratorAccess", "IAMFullAccess", "IAMReadOnlyAccess"} | {
    "AmazonEC2ContainerRegistry" + name for name in ["FullAccess", "PowerUser", "ReadOnly", "PullOnly"]}
listed = iam.list_policies(Scope="AWS")["Policies"]
assert {policy["PolicyName"] for policy in listed} == expected, listed
for policy in listed:
    arn = policy["Arn"]
    assert arn == "arn:aws:iam::aws:policy/" + policy["PolicyName"]
    shown = iam.get_policy(PolicyArn=arn)["Policy"]
    assert shown["Description"] and shown["Tags"] == [] and shown["IsAttachable"] and shown["DefaultVersionId"] == "v1", shown
    version = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    assert version["Document"]["Statement"], version
    assert [row["VersionId"] for row in iam.list_policy_versions(PolicyArn=arn)["Versions"]] == ["v1"]
    assert iam.list_policy_tags(PolicyArn=arn)["Tags"] == []
    document = json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    for call, arguments in [
        (iam.delete_policy, {}), (iam.create_policy_version, {"PolicyDocument": document}),
        (iam.set_default_policy_version, {"VersionId": "v1"}), (iam.delete_policy_version, {"VersionId": "v1"}),
        (iam.tag_policy, {"Tags": [{"Key": "a", "Value": "b"}]}), (iam.untag_policy, {"TagKeys": ["a"]}),
    ]:
        refused("AccessDenied", call, PolicyArn=arn, **arguments)
refused("NoSuchEntity", iam.get_policy, PolicyArn="arn:aws:iam::aws:policy/NoSuchAccess")
# What they allow.
iam.create_user(UserName="anna")
key = iam.create_access_key(UserName="anna")["AccessKey"]
iam.attach_user_policy(UserName="anna", PolicyArn="arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly")
anna = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"])
anna.client("ecr").get_authorization_token()
refused("AccessDenied", anna.client("iam").list_users)
assert iam.get_policy(PolicyArn="arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly")["Policy"]["AttachmentCount"] == 1
attached = iam.list_policies(OnlyAttached=True)["Policies"]
assert [policy["PolicyName"] for policy in attached] == ["AmazonEC2ContainerRegistryPullOnly"], attached
"#,
        );
    })
    .await;
}
