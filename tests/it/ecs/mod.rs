//! ECS's API by its unmodified clients: boto3, whose errors are typed, and the CLI where its own ways matter. What runs
//! tasks is an agent without containers, unless a test says otherwise.

mod account_settings;
mod amazon;
mod attributes;
mod balanced;
mod capacity_providers;
mod cli;
mod clusters;
mod conditions;
mod confined;
mod containers;
mod deploy_on_push;
mod docker;
mod failures;
mod hosts;
mod images;
mod load;
mod lost_hosts;
mod podman;
mod service_deployments;
mod services;
mod tags;
mod task_definitions;
mod tasks;
mod terraform;
mod way;

use serde_json::Value;
use tests::harness::aws::Aws;

/// Runs a script of boto3 in which `ecs` is a client, `data` is what is given, `home` is how ARNs of the account begin,
/// and `message(code, call, …)` is the text of a refusal.
#[track_caller]
pub fn run(aws: &Aws, data: &Value, script: &str) -> Value {
    let data = serde_json::to_string(&data.to_string()).expect("text is JSON");
    aws.boto3(&format!("data = json.loads({data})\n{HEAD}\n{script}"))
}

const HEAD: &str = r#"
import time
ecs = client("ecs")
home = "arn:aws:ecs:us-east-1:000000000000:"

def message(code, call, **arguments):
    return refused(code, call, **arguments)["Error"]["Message"]

def expect(actual, wanted):
    assert actual == wanted, f"{actual!r} is not {wanted!r}"

def eventually(what, limit=60):
    """Waits until what() is true, and returns it."""
    end = time.time() + limit
    while True:
        found = what()
        if found or time.time() > end:
            assert found, "it does not come true"
            return found
        time.sleep(0.1)

def register(family, image="app:1", **more):
    container = {"name": "app", "image": image, "memory": 64}
    return ecs.register_task_definition(family=family, containerDefinitions=[container], **more)["taskDefinition"]

def connected():
    """The hosts whose agent has a session: a task starts on no other."""
    return ecs.list_container_instances(filter="agentConnected == true")["containerInstanceArns"]

def task(arn, cluster="default"):
    return ecs.describe_tasks(cluster=cluster, tasks=[arn])["tasks"][0]
"#;
