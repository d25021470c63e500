//! Groups: made, shown, renamed, filled, emptied and removed; and what their policies give to their users.

use serde_json::json;
use tests::harness::admin::within_5_s;
use tests::harness::{Backend, Wharf, on_default};

use super::text;
use crate::access::model::identity_policy;

#[tokio::test]
async fn the_cli_makes_fills_and_removes_groups() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let aws = wharf.aws();
    let made = aws.json(&["iam", "create-group", "--group-name", "team", "--path", "/a/"]);
    assert!(text(&made, "/Group/GroupId").starts_with("AGPA"), "{made}");
    assert_eq!(text(&made, "/Group/Arn"), "arn:aws:iam::000000000000:group/a/team");
    aws.json(&["iam", "create-user", "--user-name", "anna"]);
    aws.json(&["iam", "add-user-to-group", "--group-name", "team", "--user-name", "anna"]);
    let shown = aws.json(&["iam", "get-group", "--group-name", "team"]);
    assert_eq!(shown["Group"], made["Group"]);
    assert_eq!(text(&shown, "/Users/0/UserName"), "anna");
    let groups = aws.json(&["iam", "list-groups-for-user", "--user-name", "anna"]);
    assert_eq!(groups["Groups"], json!([made["Group"]]));
    assert_eq!(aws.json(&["iam", "list-groups", "--path-prefix", "/a/"])["Groups"], groups["Groups"]);
    assert_eq!(aws.json(&["iam", "list-groups", "--path-prefix", "/b/"])["Groups"], json!([]));
    aws.json(&["iam", "update-group", "--group-name", "team", "--new-group-name", "crew", "--new-path", "/b/"]);
    let shown = aws.json(&["iam", "get-group", "--group-name", "crew"]);
    assert_eq!(text(&shown, "/Group/Arn"), "arn:aws:iam::000000000000:group/b/crew");
    aws.json(&["iam", "remove-user-from-group", "--group-name", "crew", "--user-name", "anna"]);
    aws.json(&["iam", "delete-group", "--group-name", "crew"]);
    assert_eq!(aws.json(&["iam", "list-groups"])["Groups"], json!([]));
}

#[tokio::test]
async fn failures_of_groups_are_those_of_iam() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
iam = client("iam")
iam.create_group(GroupName="team")
iam.create_user(UserName="anna")

def says(code, status, message, call, **arguments):
    answer = refused(code, call, **arguments)
    assert answer["Error"]["Message"] == message, answer
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status, answer

says("EntityAlreadyExists", 409, "Group with name Team already exists.", iam.create_group, GroupName="Team")
absent = "The group with name none cannot be found."
for call, arguments in [
    (iam.get_group, {}), (iam.delete_group, {}), (iam.update_group, {"NewPath": "/a/"}),
    (iam.add_user_to_group, {"UserName": "anna"}), (iam.remove_user_from_group, {"UserName": "anna"}),
    (iam.list_group_policies, {}), (iam.list_attached_group_policies, {}),
]:
    says("NoSuchEntity", 404, absent, call, GroupName="none", **arguments)
says("NoSuchEntity", 404, "The user with name nobody cannot be found.",
     iam.add_user_to_group, GroupName="team", UserName="nobody")
iam.remove_user_from_group(GroupName="team", UserName="anna")
iam.add_user_to_group(GroupName="team", UserName="anna")
iam.add_user_to_group(GroupName="team", UserName="anna")
says("DeleteConflict", 409, "Cannot delete entity, must remove users from group first.",
     iam.delete_group, GroupName="team")
iam.remove_user_from_group(GroupName="team", UserName="anna")
policy = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
iam.attach_group_policy(GroupName="team", PolicyArn=policy)
says("DeleteConflict", 409, "Cannot delete entity, must detach all policies first.", iam.delete_group, GroupName="team")
iam.detach_group_policy(GroupName="team", PolicyArn=policy)
for number in range(10):
    iam.create_group(GroupName=f"g{number}")
    iam.add_user_to_group(GroupName=f"g{number}", UserName="anna")
says("LimitExceeded", 409, "Cannot exceed quota for GroupsPerUser: 10",
     iam.add_user_to_group, GroupName="team", UserName="anna")
assert len(iam.list_groups_for_user(UserName="anna")["Groups"]) == 10
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn the_policies_of_a_group_are_those_of_its_users() {
    on_default(async |wharf| {
        let user = wharf.known_user("anna", &identity_policy(&[])).await;
        let (root, anna) = (wharf.aws(), wharf.aws().as_user(&user));
        let may = async || anna.cli(&["iam", "list-users"]).status.success();
        assert!(!may().await);
        root.boto3(
            r#"
iam = client("iam")
iam.create_group(GroupName="readers")
iam.attach_group_policy(GroupName="readers", PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
iam.add_user_to_group(GroupName="readers", UserName="anna")
"#,
        );
        within_5_s("the new member", may).await;
        root.json(&["iam", "remove-user-from-group", "--group-name", "readers", "--user-name", "anna"]);
        within_5_s("the member that left", async || !may().await).await;
    })
    .await;
}
