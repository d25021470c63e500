//! ECS's API by its unmodified clients. Scripts run boto3, whose errors are typed; the CLI is used where its own ways matter.

mod task_definitions;

use serde_json::Value;
use tests::harness::aws::Aws;

/// Runs a script of boto3 in which `ecs` is a client, `data` is what is given, `home` is how ARNs of the account begin,
/// and `message(code, call, …)` is the text of a refusal.
#[track_caller]
fn run(aws: &Aws, data: &Value, script: &str) -> Value {
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

def register(family, image="app:1", **more):
    container = {"name": "app", "image": image, "memory": 64}
    return ecs.register_task_definition(family=family, containerDefinitions=[container], **more)["taskDefinition"]
"#;
