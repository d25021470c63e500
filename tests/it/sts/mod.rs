//! STS and its sessions, by the real clients: who gets temporary credentials, what they may do and when they end.

mod accounts;
mod assume_role;
mod limits;
mod role_sessions;
mod session_tags;
mod session_token;
pub(crate) mod web_identity;
mod web_identity_refusals;

use serde_json::Value;
use tests::harness::aws::Aws;
use tests::harness::{Auth, Client, Wharf};

/// Short ways to write policies, make roles and take sessions, for boto3.
const HELPERS: &str = r#"
import datetime

def allow(action, resource="*", **condition):
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return document(dict(statement, Condition=condition) if condition else statement)

def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})

def trust(principal, action="sts:AssumeRole", **condition):
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    return document(dict(statement, Condition=condition) if condition else statement)

def role(name, trust, policy=None, **arguments):
    made = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust, **arguments)["Role"]
    if policy:
        client("iam").put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy)
    return made["Arn"]

def keys(credentials):
    return dict(
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )

def unchecked(service, **arguments):
    return client(service, config=botocore.config.Config(parameter_validation=False), **arguments)
"#;

/// Runs a script with the helpers.
#[track_caller]
fn script(aws: &Aws, text: &str) -> Value {
    aws.boto3(&format!("{HELPERS}\n{text}"))
}

/// A client with the credentials of an answer.
#[track_caller]
fn with_credentials(aws: &Aws, answer: &Value) -> Aws {
    let text = |name: &str| answer["Credentials"][name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}"));
    aws.with_session(text("AccessKeyId"), text("SecretAccessKey"), text("SessionToken"))
}

/// Logs docker in with a password that the CLI printed.
#[track_caller]
fn docker(wharf: &Wharf, aws: &Aws) -> Client {
    let finished = aws.cli(&["ecr", "get-login-password"]);
    assert!(finished.status.success(), "{}", finished.stderr);
    wharf.client().as_(Auth::basic("AWS", finished.stdout.trim()))
}
