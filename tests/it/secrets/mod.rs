//! Secrets Manager and the parameter store by their unmodified clients: boto3, whose errors are typed, and the CLI where its
//! own ways matter.

mod manager;
mod parameters;
mod permissions;
mod sealed;
mod tasks;

use serde_json::Value;
use tests::harness::aws::Aws;

/// Runs a script of boto3 in which `sm` and `ssm` are clients, and `message(code, call, …)` is the text of a refusal.
#[track_caller]
fn run(aws: &Aws, script: &str) -> Value {
    aws.boto3(&format!("{HEAD}\n{script}"))
}

const HEAD: &str = r#"
import re, time, uuid
sm, ssm = client("secretsmanager"), client("ssm")
ACCOUNT = "000000000000"

def message(code, call, **arguments):
    return refused(code, call, **arguments)["Error"]["Message"]

def expect(actual, wanted):
    assert actual == wanted, f"{actual!r} is not {wanted!r}"

def value(name, **more):
    return sm.get_secret_value(SecretId=name, **more)["SecretString"]
"#;
