//! CloudWatch Logs by its unmodified clients: boto3, whose errors are typed, and the CLI where its own ways matter.

mod events;
mod filter;
mod groups;
mod paging;
mod permissions;
mod streams;
mod upkeep;

use serde_json::Value;
use tests::harness::Wharf;
use tests::harness::aws::Aws;

/// The account of the servers under test.
const ACCOUNT: &str = "000000000000";

/// Runs a script of boto3 in which `logs` is a client, `now` the time in milliseconds, and `message(code, call, …)` the text
/// of a refusal.
#[track_caller]
fn run(aws: &Aws, script: &str) -> Value {
    aws.boto3(&format!("{HEAD}\n{script}"))
}

const HEAD: &str = r#"
import base64, random, time
logs = client("logs")
now = int(time.time() * 1000)
HOUR, DAY = 3_600_000, 24 * 3_600_000

def message(code, call, **arguments):
    return refused(code, call, **arguments)["Error"]["Message"]

def expect(actual, wanted):
    assert actual == wanted, f"{actual!r} is not {wanted!r}"

def stream(group, *names):
    try:
        logs.create_log_group(logGroupName=group)
    except logs.exceptions.ResourceAlreadyExistsException:
        pass
    for name in names:
        logs.create_log_stream(logGroupName=group, logStreamName=name)

def put(group, name, events, **more):
    return logs.put_log_events(logGroupName=group, logStreamName=name, **more,
        logEvents=[{"timestamp": at, "message": text} for at, text in events])

def read(group, name, **more):
    """All events of a stream, forwards, and that the end is told by the same token twice."""
    found, token = [], {}
    while True:
        page = logs.get_log_events(logGroupName=group, logStreamName=name, startFromHead=True, **token, **more)
        found += [(event["timestamp"], event["message"]) for event in page["events"]]
        if token.get("nextToken") == page["nextForwardToken"]:
            assert page["events"] == [], page
            return found
        token = {"nextToken": page["nextForwardToken"]}

def search(group, **more):
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, **more)
    return [event for page in pages for event in page["events"]]

def texts(group, **more):
    return [event["message"] for event in search(group, **more)]
"#;

/// Changes the database of a server on PostgreSQL, or asks it, behind its back.
fn query(wharf: &Wharf, sql: &str) -> String {
    wharf.backing().database().query(sql).trim().to_owned()
}
