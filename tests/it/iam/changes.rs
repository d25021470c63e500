//! What changes while a call is under way, or a moment before it: calls are about what they were judged by, and what a
//! server has answered it obeys.

use std::time::Duration;

use serde_json::json;
use tests::harness::{Backend, Wharf};

use super::text;

/// Waits until as many changes wait for this one as there are calls below (or for a minute), then changes what they have
/// found already.
const MEANWHILE: &str = "do $$ begin
    update stamps set version = version + 1 where name = 'authorization';
    for turn in 1..2000 loop
        exit when (select count(*) from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))) >= 8;
        perform pg_sleep(0.03);
    end loop;
    update roles set role_id = 'AROAOTHER' where name = 'again';
    update users set user_id = 'AIDAOTHER' where name = 'again';
    update users set name = 'moved' where name = 'x';
    update groups set name = 'moved' where name = 'x';
    update roles set max_session_duration = 3600 where name = 'long';
end $$";

#[tokio::test]
async fn what_was_found_may_be_another_one_when_it_is_changed() {
    let wharf = Wharf::start(Backend::PostgresS3).await;
    let aws = wharf.aws();
    aws.boto3(
        r#"
iam = client("iam")
trust = json.dumps({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}})
iam.create_role(RoleName="again", AssumeRolePolicyDocument=trust)
iam.create_role(RoleName="long", AssumeRolePolicyDocument=trust, MaxSessionDuration=43200)
iam.create_user(UserName="again")
iam.create_user(UserName="x")
iam.create_group(GroupName="x")
"#,
    );
    let database = wharf.backing().database();
    let outcome = std::thread::scope(|scope| {
        scope.spawn(|| database.query(MEANWHILE));
        let waits =
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
        while database.query(waits).trim() != "1" {
            std::thread::sleep(Duration::from_millis(20));
        }
        aws.boto3(
            r#"
import concurrent.futures
iam = client("iam")
document = json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
tags = [{"Key": "a", "Value": "b"}]
calls = [
    (iam.put_role_policy, {"RoleName": "again", "PolicyName": "p", "PolicyDocument": document}),
    (iam.tag_role, {"RoleName": "again", "Tags": tags}),
    (iam.untag_role, {"RoleName": "again", "TagKeys": ["a"]}),
    (iam.tag_user, {"UserName": "again", "Tags": tags}),
    (iam.untag_user, {"UserName": "again", "TagKeys": ["a"]}),
    (iam.update_user, {"UserName": "x", "NewPath": "/x/"}),
    (iam.update_group, {"GroupName": "x", "NewPath": "/x/"}),
    (iam.update_role_description, {"RoleName": "long", "Description": "new"}),
]

def outcome(call):
    try:
        call[0](**call[1])
        return "done"
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]

with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
    outcomes = list(pool.map(outcome, calls))
role = iam.get_role(RoleName="long")["Role"]
paths = [iam.get_user(UserName="moved")["User"]["Path"], iam.get_group(GroupName="moved")["Group"]["Path"]]
print(json.dumps([outcomes, paths, role["Description"], role["MaxSessionDuration"]]))
"#,
        )
    });
    let mut outcomes = vec!["NoSuchEntity"; 5];
    outcomes.extend(["ServiceUnavailable", "ServiceUnavailable", "done"]);
    assert_eq!(outcome, json!([outcomes, ["/", "/"], "new", 3600]));
    let orphans = "select (select count(*) from iam_tags) + (select count(*) from inline_policies)";
    assert_eq!(database.query(orphans).trim(), "0");
}

#[tokio::test]
async fn the_key_of_a_user_who_is_gone_is_not_good_for_the_next_one_of_that_name() {
    let one = Wharf::start(Backend::PostgresS3).await;
    let other = Wharf::sharing(one.backing().clone()).start().await;
    let keys = one.aws().boto3(
        r#"
iam = client("iam")
own = json.dumps({"Version": "2012-10-17", "Statement": {
    "Effect": "Allow", "Action": "iam:*", "Resource": "arn:aws:iam::*:user/${aws:username}"}})
iam.create_group(GroupName="all")
iam.put_group_policy(GroupName="all", PolicyName="own", PolicyDocument=own)
keys = []
for number in range(6):
    name = f"u{number}"
    iam.create_user(UserName=name)
    iam.add_user_to_group(GroupName="all", UserName=name)
    keys.append(iam.create_access_key(UserName=name)["AccessKey"])
print(json.dumps(keys, default=str))
"#,
    );
    let last = &keys[5];
    let there = other.aws().with_key(text(last, "/AccessKeyId"), text(last, "/SecretAccessKey"));
    tests::harness::admin::within_5_s("the new keys", async || there.cli(&["iam", "get-user"]).status.success()).await;
    // One interpreter for all, so that the other server is asked within milliseconds.
    one.aws().boto3(&format!(
        r#"
iam = client("iam")
for key in {keys}:
    name, id = key["UserName"], key["AccessKeyId"]
    old = boto3.client("iam", endpoint_url="{}", aws_access_key_id=id, aws_secret_access_key=key["SecretAccessKey"])
    iam.delete_access_key(UserName=name, AccessKeyId=id)
    iam.remove_user_from_group(GroupName="all", UserName=name)
    iam.delete_user(UserName=name)
    iam.create_user(UserName=name)
    named = dict(UserName=name) if int(name[1:]) % 2 else dict()
    refused("InvalidClientTokenId", old.create_access_key, **named)
    assert iam.list_access_keys(UserName=name)["AccessKeyMetadata"] == []
"#,
        other.aws().endpoint
    ));
}

#[tokio::test]
async fn a_server_obeys_what_it_answered_however_many_changes_come_at_once() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    wharf.aws().boto3(
        r#"
import concurrent.futures
iam = client("iam")

def toggled(name):
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    sts = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"]).client("sts")
    for _ in range(12):
        iam.update_access_key(UserName=name, AccessKeyId=key["AccessKeyId"], Status="Inactive")
        refused("InvalidClientTokenId", sts.get_caller_identity)
        iam.update_access_key(UserName=name, AccessKeyId=key["AccessKeyId"], Status="Active")
        sts.get_caller_identity()

# Boto3 makes clients one at a time.
boto3.client("sts")
with concurrent.futures.ThreadPoolExecutor(6) as pool:
    list(pool.map(toggled, [f"u{number}" for number in range(6)]))
"#,
    );
}
