//! Where figures come from: what agents tell of tasks. Those of load balancers are in `elb`.

use serde_json::{Value, json};
use tests::harness::ecs_agent::EcsAgent;
use tests::harness::{Backend, Wharf, on_default};

use super::run;

/// The ARN of a task of the service `web` that runs and has reserved so many CPU units and MiB.
#[track_caller]
fn running_task(wharf: &Wharf, cpu: u64, memory: u64) -> Value {
    let container = json!({ "name": "app", "image": "web:1", "memory": memory, "cpu": cpu });
    run(
        &wharf.aws(),
        &format!(
            r#"
ecs.register_task_definition(family="web", containerDefinitions=[{container}])
ecs.create_service(serviceName="web", taskDefinition="web", desiredCount=1)
eventually(lambda: service()["runningCount"] == 1)
print(json.dumps(ecs.list_tasks(serviceName="web")["taskArns"][0]))
"#
        ),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_tasks_use_becomes_metrics_of_their_service_and_cluster() {
    on_default(async |wharf| {
        run(&wharf.aws(), "ecs.create_cluster()");
        let agent = EcsAgent::join(&wharf.aws(), "default", 4096, 4096).await;
        let arn = running_task(wharf, 256, 64);
        let set = |value: f64| json!({ "min": value, "max": value, "sum": 2.0 * value, "sampleCount": 2 });
        // A fifth of a core of four, of a quarter that is reserved, and 16 of 64 MiB. What is told of tasks of others counts for nothing.
        let used = json!([{ "containerName": "app", "cpuStatsSet": set(5.0), "memoryStatsSet": set(16.0) }]);
        let other = arn.as_str().expect("an ARN").replace("task/default/", "task/default/0");
        agent
            .publish(json!([
                { "taskArn": arn, "containerMetrics": used },
                { "taskArn": other, "containerMetrics": used },
            ]))
            .await;
        let idle = EcsAgent::join(&wharf.aws(), "default", 4096, 12288).await;
        idle.publish(json!([])).await;
        run(
            &wharf.aws(),
            r#"
now = datetime.datetime.now(datetime.timezone.utc)
def read(name, **dimensions):
    dimensions = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    points = cloudwatch.get_metric_statistics(Namespace="AWS/ECS", MetricName=name, Dimensions=dimensions, Period=60,
        StartTime=now - datetime.timedelta(minutes=10), EndTime=now + datetime.timedelta(minutes=5),
        Statistics=["Average", "SampleCount"])["Datapoints"]
    # A minute may end in between.
    count = sum(point["SampleCount"] for point in points)
    average = sum(point["Average"] * point["SampleCount"] for point in points) / count
    return average, count, {point["Unit"] for point in points}
web = {"ClusterName": "default", "ServiceName": "web"}
expect(read("CPUUtilization", **web), (80.0, 2.0, {"Percent"}))
expect(read("MemoryUtilization", **web), (25.0, 2.0, {"Percent"}))
# Of both hosts together it is a twentieth of the smaller one, and 16 MiB of 16 GiB.
expect(read("CPUUtilization", ClusterName="default"), (2.5, 8.0, {"Percent"}))
expect(read("MemoryUtilization", ClusterName="default"), (100 / 1024, 16.0, {"Percent"}))
"#,
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_tasks_reserve_is_a_share_of_all_hosts_and_is_told_while_a_task_runs() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    run(&wharf.aws(), "ecs.create_cluster()\necs.create_cluster(clusterName='idle')");
    let _idle = EcsAgent::join(&wharf.aws(), "idle", 1024, 1024).await;
    // One of the two hosts is away.
    drop(EcsAgent::join(&wharf.aws(), "default", 3072, 1024).await);
    run(
        &wharf.aws(),
        "eventually(lambda: not ecs.list_container_instances(filter='agentConnected == true')['containerInstanceArns'])",
    );
    let _agent = EcsAgent::join(&wharf.aws(), "default", 1024, 1024).await;
    running_task(&wharf, 1024, 512);
    run(
        &wharf.aws(),
        r#"
def reserved(cluster):
    now = datetime.datetime.now(datetime.timezone.utc)
    values = lambda name: {point["Average"] for point in cloudwatch.get_metric_statistics(
        Namespace="AWS/ECS", MetricName=name, Dimensions=[{"Name": "ClusterName", "Value": cluster}], Period=60,
        StartTime=now - datetime.timedelta(minutes=10), EndTime=now + datetime.timedelta(minutes=5),
        Statistics=["Average"])["Datapoints"]}
    return values("CPUReservation"), values("MemoryReservation")
eventually(lambda: all(reserved("default")), 90)
expect(reserved("default"), ({25.0}, {25.0}))
expect(reserved("idle"), (set(), set()))
"#,
    );
}
