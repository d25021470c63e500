//! CloudWatch by its unmodified clients: boto3, which speaks JSON, a boto3 that is made to speak Query as older ones do, or CBOR
//! as other SDKs do, and the CLI.

mod alarms;
mod metrics;
mod permissions;
mod protocols;

use serde_json::Value;
use tests::harness::Wharf;
use tests::harness::aws::Aws;

/// Runs a script of boto3 in which `cloudwatch` is a client, `now` the time in seconds at a full minute, and
/// `message(code, call, …)` the text of a refusal.
#[track_caller]
fn run(aws: &Aws, script: &str) -> Value {
    aws.boto3(&format!("{HEAD}\n{script}"))
}

const HEAD: &str = r#"
import time, datetime, os, tempfile
cloudwatch = client("cloudwatch")
now = int(time.time()) // 60 * 60

def message(code, call, **arguments):
    return refused(code, call, **arguments)["Error"]["Message"]

def expect(actual, wanted):
    assert actual == wanted, f"{actual!r} is not {wanted!r}"

def at(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)

def dimensions(**pairs):
    return [{"Name": name, "Value": value} for name, value in pairs.items()]

def put(name, value, seconds=None, namespace="Test", **more):
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=[
        {"MetricName": name, "Value": value, "Timestamp": at(now if seconds is None else seconds), **more}])

def statistics(name, start, end, period=60, namespace="Test", of=("Sum",), **more):
    answer = cloudwatch.get_metric_statistics(Namespace=namespace, MetricName=name, StartTime=at(start), EndTime=at(end),
        Period=period, Statistics=list(of), **more)
    points = sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])
    return [(int(point["Timestamp"].timestamp()), *[point[one] for one in of]) for point in points]

def query(id, name, stat="Sum", period=60, namespace="Test", **more):
    return {"Id": id, "MetricStat": {"Metric": {"Namespace": namespace, "MetricName": name, **more}, "Period": period, "Stat": stat}}

def speaking(protocol, service="cloudwatch"):
    """A client that speaks this protocol: the same model, as if it named no other. Before there were others, it was Query."""
    import botocore.session
    session = botocore.session.get_session()
    loader = session.get_component("data_loader")
    model = loader.load_service_model(service, "service-2")
    version = loader.determine_latest_version(service, "service-2")
    model["metadata"].update(protocol=protocol, protocols=[protocol])
    if protocol == "query":
        model["metadata"].pop("awsQueryCompatible", None)
    folder = tempfile.mkdtemp()
    os.makedirs(f"{folder}/{service}/{version}")
    with open(f"{folder}/{service}/{version}/service-2.json", "w") as file:
        json.dump(model, file)
    old = botocore.session.get_session()
    old.get_component("data_loader").search_paths.insert(0, folder)
    made = boto3.Session(botocore_session=old).client(service)
    assert protocol in (made.meta.service_model.protocol, made.meta.service_model.resolved_protocol)
    return made
"#;

/// Changes the database of a server on PostgreSQL, or asks it, behind its back.
fn query(wharf: &Wharf, sql: &str) -> String {
    wharf.backing().database().query(sql).trim().to_owned()
}
