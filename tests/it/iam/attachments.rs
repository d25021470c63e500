//! Managed policies attached to users, groups and roles, seen from both sides.

use serde_json::json;
use tests::harness::{Backend, Wharf, on_default};

use super::text;

const READ_ONLY: &str = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly";

#[tokio::test]
async fn the_cli_attaches_lists_and_detaches() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let aws = wharf.aws();
    let trust = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#;
    aws.json(&["iam", "create-user", "--user-name", "x"]);
    aws.json(&["iam", "create-group", "--group-name", "x"]);
    aws.json(&["iam", "create-role", "--role-name", "x", "--assume-role-policy-document", trust]);
    for kind in ["user", "group", "role"] {
        let owner = format!("--{kind}-name");
        let run = |operation: &str, more: &[&str]| {
            let mut arguments = vec!["iam", operation, owner.as_str(), "x"];
            arguments.extend(more);
            aws.json(&arguments)
        };
        run(&format!("attach-{kind}-policy"), &["--policy-arn", READ_ONLY]);
        let listed = run(&format!("list-attached-{kind}-policies"), &[]);
        assert_eq!(
            listed["AttachedPolicies"],
            json!([{ "PolicyName": "AmazonEC2ContainerRegistryReadOnly", "PolicyArn": READ_ONLY }])
        );
    }
    let entities = aws.json(&["iam", "list-entities-for-policy", "--policy-arn", READ_ONLY]);
    assert_eq!(text(&entities, "/PolicyUsers/0/UserName"), "x");
    assert_eq!(text(&entities, "/PolicyGroups/0/GroupName"), "x");
    assert_eq!(text(&entities, "/PolicyRoles/0/RoleName"), "x");
    let policy = aws.json(&["iam", "get-policy", "--policy-arn", READ_ONLY]);
    assert_eq!(policy["Policy"]["AttachmentCount"], 3);
    for kind in ["user", "group", "role"] {
        aws.json(&["iam", &format!("detach-{kind}-policy"), &format!("--{kind}-name"), "x", "--policy-arn", READ_ONLY]);
    }
    let entities = aws.json(&["iam", "list-entities-for-policy", "--policy-arn", READ_ONLY]);
    assert_eq!(entities, json!({ "PolicyUsers": [], "PolicyGroups": [], "PolicyRoles": [] }));
}

#[tokio::test]
async fn failures_of_attachments_are_those_of_iam() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
iam = client("iam")
iam.create_user(UserName="x")
iam.create_group(GroupName="x")
iam.create_role(RoleName="x", AssumeRolePolicyDocument=json.dumps(
    {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}))
document = json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
arns = [iam.create_policy(PolicyName=f"p{n}", PolicyDocument=document)["Policy"]["Arn"] for n in range(11)]

def says(code, status, message, call, **arguments):
    answer = refused(code, call, **arguments)
    assert answer["Error"]["Message"] == message, answer
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status, answer

absent = "arn:aws:iam::000000000000:policy/none"
elsewhere = "arn:aws:iam::111122223333:policy/p0"
for kind, attach, detach in [
    ("User", iam.attach_user_policy, iam.detach_user_policy),
    ("Group", iam.attach_group_policy, iam.detach_group_policy),
    ("Role", iam.attach_role_policy, iam.detach_role_policy),
]:
    owner, nobody = {kind + "Name": "x"}, {kind + "Name": "none"}
    missing = f"The {kind.lower()} with name none cannot be found."
    says("NoSuchEntity", 404, missing, attach, PolicyArn=arns[0], **nobody)
    says("NoSuchEntity", 404, missing, detach, PolicyArn=arns[0], **nobody)
    for arn in [absent, elsewhere]:
        says("NoSuchEntity", 404, f"Policy {arn} does not exist or is not attachable.", attach, PolicyArn=arn, **owner)
    says("NoSuchEntity", 404, f"Policy {arns[0]} was not found.", detach, PolicyArn=arns[0], **owner)
    says("InvalidInput", 400, "ARN arn:aws:iam::000000000000:role/x is not valid.",
         attach, PolicyArn="arn:aws:iam::000000000000:role/x", **owner)
    for arn in arns[:10]:
        attach(PolicyArn=arn, **owner)
        attach(PolicyArn=arn, **owner)
    says("LimitExceeded", 409, f"Cannot exceed quota for PoliciesPer{kind}: 10", attach, PolicyArn=arns[10], **owner)
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn lists_of_both_sides_are_filtered_and_paged() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
iam = client("iam")
document = json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
arn = iam.create_policy(PolicyName="p", Path="/a/", PolicyDocument=document)["Policy"]["Arn"]
limit = iam.create_policy(PolicyName="limit", PolicyDocument=document)["Policy"]["Arn"]
for name in ["u1", "u2", "u3"]:
    iam.create_user(UserName=name, Path="/x/" if name == "u3" else "/")
    iam.attach_user_policy(UserName=name, PolicyArn=arn)
iam.put_user_permissions_boundary(UserName="u1", PermissionsBoundary=arn)
iam.put_user_permissions_boundary(UserName="u2", PermissionsBoundary=limit)
iam.create_group(GroupName="g1")
iam.attach_group_policy(GroupName="g1", PolicyArn=arn)

def entities(**arguments):
    found = []
    pages = iam.get_paginator("list_entities_for_policy").paginate(**arguments)
    for page in pages:
        found += [row["GroupName"] for row in page["PolicyGroups"]]
        found += [row["UserName"] for row in page["PolicyUsers"]]
        found += [row["RoleName"] for row in page["PolicyRoles"]]
    return found

for size in [1, 2, 3, 100]:
    assert entities(PolicyArn=arn, PaginationConfig={"PageSize": size}) == ["g1", "u1", "u2", "u3"], size
assert entities(PolicyArn=arn, EntityFilter="Group") == ["g1"]
for kind in ["LocalManagedPolicy", "AWSManagedPolicy"]:
    assert entities(PolicyArn=arn, EntityFilter=kind) == []
assert entities(PolicyArn=arn, EntityFilter="User", PathPrefix="/x/") == ["u3"]
assert entities(PolicyArn=arn, PolicyUsageFilter="PermissionsBoundary") == ["u1"]
assert entities(PolicyArn=limit) == ["u2"]
assert entities(PolicyArn=limit, PolicyUsageFilter="PermissionsPolicy") == []
shown = iam.get_policy(PolicyArn=arn)["Policy"]
assert (shown["AttachmentCount"], shown["PermissionsBoundaryUsageCount"]) == (4, 1), shown

iam.attach_user_policy(UserName="u1", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
iam.attach_user_policy(UserName="u1", PolicyArn=limit)

def attached(**arguments):
    pages = iam.get_paginator("list_attached_user_policies").paginate(UserName="u1", **arguments)
    return [row["PolicyName"] for page in pages for row in page["AttachedPolicies"]]

for size in [1, 2, 100]:
    assert attached(PaginationConfig={"PageSize": size}) == ["AdministratorAccess", "limit", "p"], size
assert attached(PathPrefix="/a/") == ["p"]

def policies(**arguments):
    return [row["PolicyName"] for page in iam.get_paginator("list_policies").paginate(**arguments) for row in page["Policies"]]

everything = policies()
for size in [1, 2, 5]:
    assert policies(PaginationConfig={"PageSize": size}) == everything, size
assert everything[:3] == ["limit", "p", "AdministratorAccess"], everything
assert policies(PathPrefix="/a/") == ["p"]
assert policies(OnlyAttached=True) == ["limit", "p", "AdministratorAccess"]
assert policies(PolicyUsageFilter="PermissionsBoundary", Scope="Local") == ["limit", "p"]
"#,
        );
    })
    .await;
}
