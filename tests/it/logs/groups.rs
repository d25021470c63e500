//! Groups: made, described, tagged, kept and deleted, by boto3 and by the CLI.

use tests::harness::on_default;

use super::{ACCOUNT, run};

#[tokio::test]
async fn a_group_is_made_described_and_deleted() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        aws.json(&["logs", "create-log-group", "--log-group-name", "/ecs/web", "--tags", "team=web,stage=prod"]);
        let text = aws
            .refused(&["logs", "create-log-group", "--log-group-name", "/ecs/web"], "ResourceAlreadyExistsException");
        assert_eq!(text, "The specified log group already exists");
        let answer = aws.json(&["logs", "describe-log-groups", "--log-group-name-prefix", "/ecs"]);
        let group = &answer["logGroups"][0];
        let arn = format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/ecs/web");
        assert_eq!(group["logGroupName"], "/ecs/web");
        assert_eq!(group["arn"], format!("{arn}:*"));
        assert_eq!(group["logGroupArn"], arn.as_str());
        assert!(group["creationTime"].as_i64().is_some_and(|at| at > 1_700_000_000_000), "{group}");
        assert!(group.get("retentionInDays").is_none(), "{group}");
        aws.json(&["logs", "put-retention-policy", "--log-group-name", "/ecs/web", "--retention-in-days", "30"]);
        let answer = aws.json(&["logs", "describe-log-groups"]);
        assert_eq!(answer["logGroups"][0]["retentionInDays"], 30);
        aws.json(&["logs", "delete-retention-policy", "--log-group-name", "/ecs/web"]);
        let tags = aws.json(&["logs", "list-tags-for-resource", "--resource-arn", &arn]);
        assert_eq!(tags["tags"], serde_json::json!({ "team": "web", "stage": "prod" }));
        aws.json(&["logs", "tag-resource", "--resource-arn", &arn, "--tags", "team=api,new=1"]);
        aws.json(&["logs", "untag-resource", "--resource-arn", &arn, "--tag-keys", "stage", "absent"]);
        let tags = aws.json(&["logs", "list-tags-log-group", "--log-group-name", "/ecs/web"]);
        assert_eq!(tags["tags"], serde_json::json!({ "team": "api", "new": "1" }));
        aws.json(&["logs", "delete-log-group", "--log-group-name", "/ecs/web"]);
        let text =
            aws.refused(&["logs", "delete-log-group", "--log-group-name", "/ecs/web"], "ResourceNotFoundException");
        assert_eq!(text, "The specified log group does not exist.");
        // The name is free at once, and nothing of the old group is in the new one.
        run(
            &aws,
            r#"
stream("/ecs/web", "a")
expect(logs.list_tags_log_group(logGroupName="/ecs/web")["tags"], {})
put("/ecs/web", "a", [(now, "old")])
logs.delete_log_group(logGroupName="/ecs/web")
stream("/ecs/web", "a")
expect(read("/ecs/web", "a"), [])
expect(texts("/ecs/web"), [])
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn groups_are_found_by_prefix_and_by_pattern() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
names = sorted(f"/{kind}/app-{n:02}" for kind in ["ecs", "Ecs", "lambda"] for n in range(23))
for name in reversed(names):
    logs.create_log_group(logGroupName=name)
def listed(**more):
    pages = logs.get_paginator("describe_log_groups").paginate(**more)
    return [group["logGroupName"] for page in pages for group in page["logGroups"]]
expect(listed(), names)
for size in [1, 7, 23, 50]:
    expect(listed(logGroupNamePrefix="/ecs/", PaginationConfig={"PageSize": size}), [n for n in names if n.startswith("/ecs/")])
    expect(listed(logGroupNamePattern="p-1", PaginationConfig={"PageSize": size}), [n for n in names if "p-1" in n])
expect(listed(logGroupNamePattern="cs/app"), [n for n in names if "cs/app" in n])
expect(listed(logGroupNamePrefix="/none"), [])
expect(listed(logGroupIdentifiers=["/ecs/app-01", "/absent"]), ["/ecs/app-01"])
message("InvalidParameterException", logs.describe_log_groups, logGroupNamePrefix="a", logGroupNamePattern="b")
token = logs.describe_log_groups(limit=2)["nextToken"]
assert b"/ecs" not in base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)), token
for wrong in [{"nextToken": token + "A"}, {"nextToken": "x"}, {"nextToken": token, "logGroupNamePrefix": "/ecs"}]:
    expect(message("InvalidParameterException", logs.describe_log_groups, **wrong), "The specified nextToken is invalid.")
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_no_group_is_refused() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
text = message("InvalidParameterException", logs.create_log_group, logGroupName="a b")
expect(text, "1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: Member must satisfy "
    "regular expression pattern: [\\.\\-_/#A-Za-z0-9]+")
too_long = "Invalid LogGroup or LogStream, both must have length less than or equal to 512."
expect(message("InvalidParameterException", logs.create_log_group, logGroupName="a" * 513), too_long)
expect(message("InvalidParameterException", logs.create_log_stream, logGroupName="a", logStreamName="s" * 513), too_long)
expect(message("ValidationException", logs.describe_log_streams, logGroupName="a", logGroupIdentifier="a"),
    "LogGroup name and LogGroup ARN are mutually exclusive parameters.")
message("InvalidParameterException", logs.create_log_group, logGroupName="a", kmsKeyId="arn:aws:kms:x")
message("InvalidParameterException", logs.create_log_group, logGroupName="a", logGroupClass="INFREQUENT_ACCESS")
message("InvalidParameterException", logs.create_log_group, logGroupName="a", deletionProtectionEnabled=True)
message("InvalidParameterException", logs.create_log_group, logGroupName="a", tags={"aws:x": "y"})
expect(logs.describe_log_groups()["logGroups"], [])
logs.create_log_group(logGroupName="a" * 512)
for call, arguments in [
    (logs.put_retention_policy, {"retentionInDays": 7}), (logs.delete_retention_policy, {}), (logs.create_log_stream, {"logStreamName": "s"}),
    (logs.describe_log_streams, {}), (logs.filter_log_events, {}), (logs.get_log_events, {"logStreamName": "s"}),
    (logs.tag_log_group, {"tags": {"a": "b"}}), (logs.list_tags_log_group, {}), (logs.untag_log_group, {"tags": ["a"]}),
    (logs.put_log_events, {"logStreamName": "s", "logEvents": [{"timestamp": now, "message": "m"}]}),
    (logs.delete_log_stream, {"logStreamName": "s"}),
]:
    expect(message("ResourceNotFoundException", call, logGroupName="absent", **arguments), "The specified log group does not exist.")
text = message("InvalidParameterException", logs.put_retention_policy, logGroupName="a" * 512, retentionInDays=2)
assert "Member must satisfy enum value set: [1, 3, 5, 7, 14," in text, text
arn = "arn:aws:logs:us-east-1:000000000000:log-group:" + "a" * 512
tags = {f"k{n}": "v" for n in range(50)}
logs.tag_resource(resourceArn=arn, tags=tags)
message("TooManyTagsException", logs.tag_resource, resourceArn=arn, tags={"more": "v"})
logs.tag_resource(resourceArn=arn, tags={"k0": "w"})
expect(logs.list_tags_for_resource(resourceArn=arn)["tags"], tags | {"k0": "w"})
message("InvalidParameterException", logs.list_tags_for_resource, resourceArn="arn:aws:logs:eu-west-1:000000000000:log-group:x")
for operation in ["start_query", "put_metric_filter", "put_subscription_filter"]:
    arguments = {"start_query": {"startTime": 1, "endTime": 2, "queryString": "x", "logGroupName": "a"},
        "put_metric_filter": {"logGroupName": "a", "filterName": "f", "filterPattern": "", "metricTransformations": [
            {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}]},
        "put_subscription_filter": {"logGroupName": "a", "filterName": "f", "filterPattern": "", "destinationArn": "x"}}
    message("UnknownOperationException", getattr(logs, operation), **arguments[operation])
"#,
        );
    })
    .await;
}
