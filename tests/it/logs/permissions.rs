//! Who may do what: actions on the ARNs of groups and streams, as AWS forms them, and groups of others that are not seen.

use serde_json::json;
use tests::harness::on_default;

use super::run;

#[tokio::test]
async fn policies_name_groups_and_streams() {
    on_default(async |wharf| {
        run(&wharf.aws(), "stream('/ecs/web', 'web/1', 'api/1')\nstream('/ecs/other', 'web/1')");
        let group = "arn:aws:logs:us-east-1:000000000000:log-group:/ecs/web";
        let policy = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": ["logs:PutLogEvents", "logs:CreateLogStream"], "Resource": format!("{group}:log-stream:web/*") },
            { "Effect": "Allow", "Action": ["logs:FilterLogEvents", "logs:DescribeLogStreams"], "Resource": format!("{group}:*") },
            { "Effect": "Allow", "Action": "logs:ListTagsForResource", "Resource": group },
        ] });
        let user = wharf.known_user("writer", &policy).await;
        run(
            &wharf.aws().as_user(&user),
            r#"
put("/ecs/web", "web/1", [(now, "hello")])
logs.create_log_stream(logGroupName="/ecs/web", logStreamName="web/2")
expect(texts("/ecs/web"), ["hello"])
logs.describe_log_streams(logGroupName="/ecs/web")
logs.list_tags_for_resource(resourceArn="arn:aws:logs:us-east-1:000000000000:log-group:/ecs/web")
who = "User: arn:aws:iam::000000000000:user/writer is not authorized to perform: "
because = " because no identity-based policy allows the "
events = [{"timestamp": now, "message": "m"}]
text = message("AccessDeniedException", logs.put_log_events, logGroupName="/ecs/web", logStreamName="api/1", logEvents=events)
expect(text, who + "logs:PutLogEvents on resource: arn:aws:logs:us-east-1:000000000000:log-group:/ecs/web:log-stream:api/1"
    + because + "logs:PutLogEvents action")
text = message("AccessDeniedException", logs.filter_log_events, logGroupName="/ecs/other")
expect(text, who + "logs:FilterLogEvents on resource: arn:aws:logs:us-east-1:000000000000:log-group:/ecs/other:log-stream:"
    + because + "logs:FilterLogEvents action")
text = message("AccessDeniedException", logs.describe_log_groups)
expect(text, who + "logs:DescribeLogGroups on resource: arn:aws:logs:us-east-1:000000000000:log-group::log-stream:"
    + because + "logs:DescribeLogGroups action")
# Whether it exists is not told to whom it does not concern.
message("AccessDeniedException", logs.get_log_events, logGroupName="absent", logStreamName="s")
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn regions_and_accounts_have_groups_of_their_own() {
    let wharf = tests::harness::Wharf::with(tests::harness::Backend::SqliteDisk)
        .set("WHARF_REGIONS", "us-east-1, eu-west-1")
        .start()
        .await;
    run(&wharf.aws(), "stream('g', 's')\nput('g', 's', [(now, 'here')])");
    run(
        &wharf.aws().in_region("eu-west-1"),
        "expect(logs.describe_log_groups()['logGroups'], [])\nstream('g', 's')\nexpect(read('g', 's'), [])",
    );
    run(&wharf.aws(), "expect(read('g', 's'), [(read('g', 's')[0][0], 'here')])");
}
