//! The whole way, on a real Docker engine.

use serde_json::json;
use tests::harness::docker::Docker;
use tests::harness::{Backend, Wharf};

use super::load::Load;
use super::way::Way;

async fn server(docker: &Docker) -> Wharf {
    // Figures are by the minute, so a minute is what tests and demonstrations wait for at the least.
    let wharf = Wharf::with(Backend::SqliteDisk)
        .set("WHARF_AGENT", docker.host())
        .set("WHARF_SERVICE_SETTLE", "1s")
        .set("WHARF_SCALE_OUT_AFTER", "1m")
        .set("WHARF_SCALE_IN_AFTER", "1m")
        .start()
        .await;
    docker.login(&wharf);
    wharf
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pushed_runs_behind_a_load_balancer_scales_with_what_it_does_and_loses_no_request() {
    let docker = Docker::take();
    let wharf = server(&docker).await;
    let way = Way::new(&wharf, &docker, "bridge");
    for version in ["v1", "v2"] {
        docker.run(&["push", "--quiet", &way.image(version)]);
    }
    way.prepare();
    way.serve(3);
    let load = way.roll_and_kill(3);
    burn(&way);
    scale_out(&way, &load);
    burned(&way);
    let answers = load.end().await;
    measured(&way, answers);
    way.logs();
    scale_in(&way);
    way.end();
}

/// A service that uses more of the processor than is reserved for it begins: some hundredths of one, of a single one.
fn burn(way: &Way<'_>) {
    let script = r#"
scaling = client("application-autoscaling")
define("burner", "v1", cpu=10, command=["/bin/busybox", "sh", "-c",
    "while :; do i=0; while [ $i -lt 5000 ]; do i=$((i + 1)); done; sleep 0.2; done"])
ecs.create_service(serviceName="burner", taskDefinition="burner", desiredCount=1)
burner = {"ServiceNamespace": "ecs", "ResourceId": "service/default/burner", "ScalableDimension": "ecs:service:DesiredCount"}
scaling.register_scalable_target(MinCapacity=1, MaxCapacity=2, **burner)
scaling.put_scaling_policy(PolicyName="cpu", PolicyType="TargetTrackingScaling", **burner,
    TargetTrackingScalingPolicyConfiguration={"TargetValue": 50, "PredefinedMetricSpecification": {
        "PredefinedMetricType": "ECSServiceAverageCPUUtilization"}})
"#;
    way.run(&json!({}), script);
}

/// It was scaled out, by what the engine says of it.
fn burned(way: &Way<'_>) {
    let script = r#"
scaling = client("application-autoscaling")
def out():
    service = ecs.describe_services(services=["burner"])["services"][0]
    return service["desiredCount"] == service["runningCount"] == 2
eventually(out, 200)
[done] = scaling.describe_scaling_activities(ServiceNamespace="ecs", ResourceId="service/default/burner")["ScalingActivities"]
assert "-AlarmHigh-" in done["Cause"] and done["Cause"].endswith(" in state ALARM triggered policy cpu"), done
ecs.delete_service(service="burner", force=True)
ecs.get_waiter("services_inactive").wait(services=["burner"], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
"#;
    way.run(&json!({}), script);
}

/// Under load the service is scaled out, as far as it may be.
fn scale_out(way: &Way<'_>, load: &Load) {
    // So that twenty seconds of it are too much for three within a minute, and somewhat less is not for four: it need not
    // begin and end with a minute.
    let script = r#"
elb, scaling = client("elbv2"), client("application-autoscaling")
balancer = elb.describe_load_balancers(Names=["web"])["LoadBalancers"][0]["LoadBalancerArn"].split(":loadbalancer/")[1]
group = elb.describe_target_groups(Names=["web"])["TargetGroups"][0]["TargetGroupArn"].split(":")[5]
web = {"ServiceNamespace": "ecs", "ResourceId": "service/default/web", "ScalableDimension": "ecs:service:DesiredCount"}
scaling.register_scalable_target(MinCapacity=3, MaxCapacity=4, **web)
scaling.put_scaling_policy(PolicyName="requests", PolicyType="TargetTrackingScaling", **web,
    TargetTrackingScalingPolicyConfiguration={
        "TargetValue": data["target"], "ScaleOutCooldown": 0, "ScaleInCooldown": 0, "PredefinedMetricSpecification": {
            "PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": f"{balancer}/{group}"}})
count = lambda: ecs.describe_services(services=["web"])["services"][0]
eventually(lambda: count()["desiredCount"] == 4, 200)
[done] = scaling.describe_scaling_activities(**web)["ScalingActivities"]
expect(done["Description"], "Setting desired count to 4.")
assert "-AlarmHigh-" in done["Cause"] and done["Cause"].endswith(" in state ALARM triggered policy requests"), done
eventually(stable, 60)
"#;
    way.run(&json!({ "target": load.per_minute() / 3.0 * 0.3 }), script);
}

/// What agents and load balancers have measured can be read.
fn measured(way: &Way<'_>, answers: u64) {
    let script = r#"
import datetime
elb, cloudwatch = client("elbv2"), client("cloudwatch")
balancer = elb.describe_load_balancers(Names=["web"])["LoadBalancers"][0]["LoadBalancerArn"].split(":loadbalancer/")[1]
group = elb.describe_target_groups(Names=["web"])["TargetGroups"][0]["TargetGroupArn"].split(":")[5]
listed = lambda space: {(one["MetricName"], tuple(sorted(each["Name"] for each in one["Dimensions"])))
    for page in cloudwatch.get_paginator("list_metrics").paginate(Namespace=space) for one in page["Metrics"]}
both = ("LoadBalancer", "TargetGroup")
assert listed("AWS/ApplicationELB") >= {(name, both) for name in (
    "RequestCount", "RequestCountPerTarget", "TargetResponseTime", "HealthyHostCount", "HTTPCode_Target_2XX_Count")}
assert listed("AWS/ECS") >= {(name, of) for name in ("CPUUtilization", "MemoryUtilization")
    for of in (("ClusterName",), ("ClusterName", "ServiceName"))}
now = datetime.datetime.now(datetime.timezone.utc)
times = {"StartTime": now - datetime.timedelta(minutes=10), "EndTime": now + datetime.timedelta(minutes=3)}
service = [{"Name": "ClusterName", "Value": "default"}, {"Name": "ServiceName", "Value": "web"}]
target = [{"Name": "LoadBalancer", "Value": balancer}, {"Name": "TargetGroup", "Value": group}]
def query(id, space, name, dimensions, statistic):
    metric = {"Namespace": space, "MetricName": name, "Dimensions": dimensions}
    return {"Id": id, "MetricStat": {"Metric": metric, "Period": 60, "Stat": statistic}}
found = {one["Id"]: one["Values"] for one in cloudwatch.get_metric_data(**times, MetricDataQueries=[
    query("cpu", "AWS/ECS", "CPUUtilization", service, "Maximum"),
    query("memory", "AWS/ECS", "MemoryUtilization", service, "Average"),
    query("hosts", "AWS/ApplicationELB", "HealthyHostCount", target, "Maximum"),
])["MetricDataResults"]}
cluster = [{"Name": "ClusterName", "Value": "default"}]
def reserved():
    found = cloudwatch.get_metric_data(**times, MetricDataQueries=[
        query("cpu", "AWS/ECS", "CPUReservation", cluster, "Maximum"),
        query("memory", "AWS/ECS", "MemoryReservation", cluster, "Maximum")])["MetricDataResults"]
    return all(one["Values"] and 0 < max(one["Values"]) <= 100 for one in found)
eventually(reserved, 70)
assert max(found["cpu"]) > 0, found
assert all(0 < value < 100 for value in found["memory"]), found
assert max(found["hosts"]) >= 3, found
def agree():
    """Balancers write what they have counted when a minute ends, which may be between the two questions."""
    [requests] = cloudwatch.get_metric_data(**times, MetricDataQueries=[
        query("requests", "AWS/ApplicationELB", "RequestCount", target, "Sum")])["MetricDataResults"]
    points = cloudwatch.get_metric_statistics(**times, Namespace="AWS/ApplicationELB", MetricName="TargetResponseTime",
        Dimensions=target, Period=60, Statistics=["Average", "SampleCount"])["Datapoints"]
    assert 100 < sum(requests["Values"]) <= data["answers"], requests
    assert points and all(0 < point["Average"] < 5 for point in points), points
    return sum(point["SampleCount"] for point in points) == sum(requests["Values"])
eventually(agree)
"#;
    way.run(&json!({ "answers": answers }), script);
}

/// Without load it is scaled in, as far as it may be.
fn scale_in(way: &Way<'_>) {
    let script = r#"
scaling = client("application-autoscaling")
web = {"ServiceNamespace": "ecs", "ResourceId": "service/default/web", "ScalableDimension": "ecs:service:DesiredCount"}
counts = []
def down():
    count = ecs.describe_services(services=["web"])["services"][0]["desiredCount"]
    if count not in counts:
        counts.append(count)
    return count == 3
eventually(down, 200)
assert counts in ([4, 3], [3]), counts
done = scaling.describe_scaling_activities(**web)["ScalingActivities"]
expect([one["Description"] for one in done], [f"Setting desired count to {count}." for count in (3, 4)])
assert "-AlarmLow-" in done[0]["Cause"] and done[0]["Cause"].endswith(" in state ALARM triggered policy requests"), done
eventually(stable, 60)
"#;
    way.run(&json!({}), script);
}
