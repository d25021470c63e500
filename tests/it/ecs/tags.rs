//! Tags of what ECS has.

use serde_json::json;
use tests::harness::{Backend, Wharf, on_default};

use super::run;

#[tokio::test]
async fn what_is_there_is_tagged_by_its_arn() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            &json!({}),
            r#"
cluster = ecs.create_cluster(clusterName="web", tags=[{"key": "a", "value": "1"}])["cluster"]["clusterArn"]
definition = register("web")["taskDefinitionArn"]
host = ecs.register_container_instance(cluster="web", totalResources=[
    {"name": "CPU", "type": "INTEGER", "integerValue": 1024}, {"name": "MEMORY", "type": "INTEGER", "integerValue": 1024},
])["containerInstance"]["containerInstanceArn"]
tag = lambda key, value: {"key": key, "value": value}
for arn, before in [(cluster, [tag("a", "1")]), (definition, []), (host, [])]:
    tags = lambda: ecs.list_tags_for_resource(resourceArn=arn)["tags"]
    expect(tags(), before)
    ecs.tag_resource(resourceArn=arn, tags=[tag("a", "2"), tag("b", "")])
    expect(tags(), [tag("a", "2"), tag("b", "")])
    ecs.untag_resource(resourceArn=arn, tagKeys=["b", "nothing"])
    expect(tags(), [tag("a", "2")])
    message("InvalidParameterException", ecs.tag_resource, resourceArn=arn, tags=[tag("aws:x", "")])
    message("InvalidParameterException", ecs.tag_resource, resourceArn=arn, tags=[tag(str(n), "") for n in range(50)])
    expect(tags(), [tag("a", "2")])
expect(ecs.describe_task_definition(taskDefinition="web", include=["TAGS"])["tags"], [tag("a", "2")])
expect(ecs.describe_clusters(clusters=["web"], include=["TAGS"])["clusters"][0]["tags"], [tag("a", "2")])

one = [tag("a", "b")]
for missing in ["task-definition/web:9", "task/web/" + "0" * 32, "container-instance/web/" + "0" * 32, "service/web/nothing"]:
    message("ResourceNotFoundException", ecs.tag_resource, resourceArn=home + missing, tags=one)
    message("ResourceNotFoundException", ecs.untag_resource, resourceArn=home + missing, tagKeys=["a"])
    message("InvalidParameterException", ecs.list_tags_for_resource, resourceArn=home + missing)
for missing in ["cluster/nothing", "task/nothing/" + "0" * 32]:
    message("ClusterNotFoundException", ecs.tag_resource, resourceArn=home + missing, tags=one)
    message("ClusterNotFoundException", ecs.list_tags_for_resource, resourceArn=home + missing)
for bad in ["web", home + "cluster", "arn:aws:ecs:us-east-1:000000000001:cluster/web", home + "capacity-provider/FARGATE"]:
    message("InvalidParameterException", ecs.tag_resource, resourceArn=bad, tags=one)
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn tagging_is_allowed_by_arn_and_by_what_is_set() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    run(&wharf.aws(), &json!({}), "ecs.create_cluster(clusterName='web')\necs.create_cluster(clusterName='api')");
    let allowed = json!({
        "Effect": "Allow", "Action": ["ecs:TagResource", "ecs:UntagResource"],
        "Resource": "arn:aws:ecs:us-east-1:000000000000:cluster/web",
        "Condition": { "ForAllValues:StringEquals": { "aws:TagKeys": ["team"] } },
    });
    let user = wharf.known_user("tagger", &json!({ "Version": "2012-10-17", "Statement": allowed })).await;
    run(
        &wharf.aws().as_user(&user),
        &json!({}),
        r#"
web, api = home + "cluster/web", home + "cluster/api"
ecs.tag_resource(resourceArn=web, tags=[{"key": "team", "value": "a"}])
ecs.untag_resource(resourceArn=web, tagKeys=["team"])
denied = "AccessDeniedException"
message(denied, ecs.tag_resource, resourceArn=web, tags=[{"key": "other", "value": "a"}])
message(denied, ecs.untag_resource, resourceArn=web, tagKeys=["other"])
message(denied, ecs.tag_resource, resourceArn=api, tags=[{"key": "team", "value": "a"}])
"#,
    );
}
