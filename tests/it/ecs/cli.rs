//! The CLI drives every group of operations once, as a person would type it.

use serde_json::json;
use tests::harness::ecs_agent::EcsAgent;
use tests::harness::{Backend, Wharf};

use super::run;

#[tokio::test(flavor = "multi_thread")]
async fn the_cli_goes_the_way_from_a_cluster_to_a_service() {
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_SERVICE_SETTLE", "1s").start().await;
    let aws = wharf.aws();
    run(&aws, &json!({}), "ecs.create_cluster()");
    let _agent = EcsAgent::join(&aws, "default", 2048, 1024).await;
    let ended = aws.shell(
        r#"
set -euo pipefail
ecs() { aws ecs "$@" --output text; }
test "$(ecs describe-clusters --clusters default --query 'clusters[0].status')" = ACTIVE
definition=$(ecs register-task-definition --family web --query taskDefinition.taskDefinitionArn \
    --container-definitions '[{"name":"app","image":"web:1","memory":64}]')
task=$(ecs run-task --task-definition web --count 1 --query 'tasks[0].taskArn')
aws ecs wait tasks-running --tasks "$task"
test "$(ecs list-tasks --query 'taskArns[0]')" = "$task"
test "$(ecs stop-task --task "$task" --reason enough --query 'task.stoppedReason')" = enough
service=$(ecs create-service --service-name web --task-definition "$definition" --desired-count 1 --query service.serviceArn)
# A waiter that finds it not so yet sleeps for 15 seconds, so there is something to do first.
ecs tag-resource --resource-arn "$service" --tags key=team,value=a
test "$(ecs list-tags-for-resource --resource-arn "$service" --query 'tags[0].value')" = a
aws ecs wait services-stable --services web
ecs delete-service --service web --force > /dev/null
host=$(ecs list-container-instances --query 'containerInstanceArns[0]')
aws ecs wait services-inactive --services web
test "$(ecs deregister-container-instance --container-instance "$host" --force --query containerInstance.status)" = INACTIVE
test "$(ecs delete-cluster --cluster default --query cluster.status)" = INACTIVE
"#,
    );
    assert!(ended.status.success(), "{}{}", ended.stdout, ended.stderr);
}
