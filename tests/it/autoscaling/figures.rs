//! Where figures come from: what agents tell of tasks. Those of load balancers are in `elb`.

use serde_json::json;
use tests::harness::ecs_agent::EcsAgent;
use tests::harness::on_default;

use super::run;

#[tokio::test(flavor = "multi_thread")]
async fn what_tasks_use_becomes_metrics_of_their_service_and_cluster() {
    on_default(async |wharf| {
        run(&wharf.aws(), "ecs.create_cluster()");
        let agent = EcsAgent::join(&wharf.aws(), "default", 4096, 4096).await;
        let arn = run(
            &wharf.aws(),
            r#"
container = {"name": "app", "image": "web:1", "memory": 64, "cpu": 256}
ecs.register_task_definition(family="web", containerDefinitions=[container])
ecs.create_service(serviceName="web", taskDefinition="web", desiredCount=1)
eventually(lambda: service()["runningCount"] == 1)
print(json.dumps(ecs.list_tasks(serviceName="web")["taskArns"][0]))
"#,
        );
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
        run(
            &wharf.aws(),
            r#"
now = datetime.datetime.now(datetime.timezone.utc)
def read(name, **dimensions):
    dimensions = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    points = cloudwatch.get_metric_statistics(Namespace="AWS/ECS", MetricName=name, Dimensions=dimensions, Period=60,
        StartTime=now - datetime.timedelta(minutes=10), EndTime=now + datetime.timedelta(minutes=5),
        Statistics=["Average", "SampleCount"])["Datapoints"]
    return [(point["Average"], point["SampleCount"], point["Unit"]) for point in points]
for dimensions in ({"ClusterName": "default"}, {"ClusterName": "default", "ServiceName": "web"}):
    expect(read("CPUUtilization", **dimensions), [(80.0, 2.0, "Percent")])
    expect(read("MemoryUtilization", **dimensions), [(25.0, 2.0, "Percent")])
"#,
        );
    })
    .await;
}
