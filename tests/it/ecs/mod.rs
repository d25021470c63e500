//! ECS's API by its unmodified clients. What runs tasks is an agent without containers, unless a test says otherwise.

mod tasks;

use serde_json::Value;
use tests::harness::aws::Aws;

/// Runs a script of boto3 in which `ecs` is a client, `data` is what is given, and `message(code, call, …)` is the text of
/// a refusal.
#[track_caller]
fn run(aws: &Aws, data: &Value, script: &str) -> Value {
    let data = serde_json::to_string(&data.to_string()).expect("text is JSON");
    aws.boto3(&format!("data = json.loads({data})\n{HEAD}\n{script}"))
}

const HEAD: &str = r#"
import time
ecs = client("ecs")

def message(code, call, **arguments):
    return refused(code, call, **arguments)["Error"]["Message"]

def eventually(what, limit=30):
    """Waits until what() is true, and returns it."""
    end = time.time() + limit
    while True:
        found = what()
        if found or time.time() > end:
            assert found, "it does not come true"
            return found
        time.sleep(0.1)

def task(arn, cluster="default"):
    return ecs.describe_tasks(cluster=cluster, tasks=[arn])["tasks"][0]
"#;
