//! Application Auto Scaling by its unmodified client, boto3: what is registered, the alarms of policies, what becomes
//! of services, and where figures come from. What runs tasks is an agent without containers.

mod alarms;
mod figures;
mod registered;
mod scaling;

use serde_json::Value;
use tests::harness::aws::Aws;

/// Runs a script of boto3 in which `scaling`, `ecs` and `cloudwatch` are clients, and `WEB` names the service `web` of the
/// default cluster.
#[track_caller]
fn run(aws: &Aws, script: &str) -> Value {
    aws.boto3(&format!("{HEAD}\n{script}"))
}

const HEAD: &str = r#"
import time, datetime
scaling, ecs, cloudwatch = client("application-autoscaling"), client("ecs"), client("cloudwatch")
ECS = {"ServiceNamespace": "ecs"}
WEB = {**ECS, "ResourceId": "service/default/web", "ScalableDimension": "ecs:service:DesiredCount"}
TRACKING = {"TargetValue": 50.0, "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}}
WEB_DIMENSIONS = [{"Name": "ClusterName", "Value": "default"}, {"Name": "ServiceName", "Value": "web"}]
home = "arn:aws:application-autoscaling:us-east-1:000000000000:"

def message(code, call, **arguments):
    return refused(code, call, **arguments)["Error"]["Message"]

def expect(actual, wanted):
    assert actual == wanted, f"{actual!r} is not {wanted!r}"

def eventually(what, limit=90):
    """Waits until what() is true, and returns it."""
    end = time.time() + limit
    while True:
        found = what()
        if found or time.time() > end:
            assert found, "it does not come true"
            return found
        time.sleep(0.2)

def create(count, name="web"):
    container = {"name": "app", "image": "web:1", "memory": 16}
    ecs.register_task_definition(family="web", containerDefinitions=[container])
    ecs.create_service(serviceName=name, taskDefinition="web", desiredCount=count)

def service(name="web"):
    return ecs.describe_services(services=[name])["services"][0]

def completed(name="web"):
    eventually(lambda: [one["rolloutState"] for one in service(name)["deployments"]] == ["COMPLETED"])

def put(policy="cpu", **more):
    return scaling.put_scaling_policy(PolicyName=policy, PolicyType="TargetTrackingScaling", **WEB,
        TargetTrackingScalingPolicyConfiguration={**TRACKING, **more})

def measure(value, name="CPUUtilization", minutes=range(-10, 20)):
    """So many minutes ago it was so, and in the next ones: some may end before it is looked at."""
    now = datetime.datetime.now(datetime.timezone.utc)
    cloudwatch.put_metric_data(Namespace="AWS/ECS", MetricData=[{"MetricName": name, "Dimensions": WEB_DIMENSIONS, "Value": value,
        "Unit": "Percent", "Timestamp": now - datetime.timedelta(minutes=minute)} for minute in minutes])

def alarms(**more):
    """All alarms of policies, by name."""
    pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix="TargetTracking-", **more)
    return {one["AlarmName"]: one for page in pages for one in page["MetricAlarms"]}

def activities():
    return scaling.describe_scaling_activities(**WEB)["ScalingActivities"]
"#;
