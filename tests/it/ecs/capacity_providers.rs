//! Capacity provider strategies of tasks and services: what they may be, and how tasks are shared among providers.

use serde_json::json;
use tests::harness::ecs_agent::EcsAgent;
use tests::harness::{Backend, Wharf, on_default};

use super::run;

const HEAD: &str = r#"
from collections import Counter
network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
def of(provider, **more):
    return {"capacityProvider": provider, **more}
def shares(arns):
    return Counter(one["capacityProviderName"] for one in ecs.describe_tasks(tasks=arns)["tasks"])
"#;

#[tokio::test(flavor = "multi_thread")]
async fn tasks_are_shared_among_the_providers_of_a_strategy() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let wharf = Wharf::with(backend).set("WHARF_SERVICE_SETTLE", "1s").start().await;
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster(capacityProviders=['FARGATE', 'FARGATE_SPOT'])");
        let _agent = EcsAgent::join(&aws, "default", 16384, 32768).await;
        let script = r#"
register("web", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512")
mixed = [of("FARGATE", weight=1, base=2), of("FARGATE_SPOT", weight=4)]
started = ecs.run_task(taskDefinition="web", networkConfiguration=network, count=7, capacityProviderStrategy=mixed)["tasks"]
expect(Counter(one["capacityProviderName"] for one in started), {"FARGATE": 3, "FARGATE_SPOT": 4})
expect({one["launchType"] for one in started}, {"FARGATE"})
for one in started:
    ecs.stop_task(task=one["taskArn"])

# The tasks of a service are counted over its whole life.
ecs.create_service(serviceName="web", taskDefinition="web", desiredCount=2, networkConfiguration=network,
    capacityProviderStrategy=mixed)
running = lambda: ecs.list_tasks(serviceName="web")["taskArns"]
eventually(lambda: len(running()) == 2)
expect(shares(running()), {"FARGATE": 2})
for count, wanted in [(7, {"FARGATE": 3, "FARGATE_SPOT": 4}), (8, {"FARGATE": 3, "FARGATE_SPOT": 5})]:
    ecs.update_service(service="web", desiredCount=count)
    eventually(lambda: len(running()) == count)
    expect(shares(running()), wanted)
# Another strategy is another deployment.
ecs.update_service(service="web", capacityProviderStrategy=[of("FARGATE_SPOT", weight=1)])
eventually(lambda: len(running()) == 8 and shares(running()) == {"FARGATE_SPOT": 8})
"#;
        run(&aws, &json!({}), &format!("{HEAD}\n{script}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strategy_that_cannot_be_is_refused_wherever_it_is_given() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster()");
        let _agent = EcsAgent::join(&aws, "default", 4096, 4096).await;
        let script = r#"
register("web", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512")
both = ["FARGATE", "FARGATE_SPOT"]
put = lambda *providers: ecs.put_cluster_capacity_providers(cluster="default", capacityProviders=list(providers),
    defaultCapacityProviderStrategy=[])
put(*both)
ecs.create_service(serviceName="there", taskDefinition="web", desiredCount=0, networkConfiguration=network,
    capacityProviderStrategy=[of("FARGATE", weight=1)])
# Clients that check numbers do not send those that cannot be.
from botocore.config import Config
ecs = boto3.client("ecs", config=Config(parameter_validation=False))
calls = [
    lambda code, strategy: message(code, ecs.run_task, taskDefinition="web", networkConfiguration=network,
        capacityProviderStrategy=strategy),
    lambda code, strategy: message(code, ecs.create_service, serviceName="web", taskDefinition="web", desiredCount=0,
        networkConfiguration=network, capacityProviderStrategy=strategy),
    lambda code, strategy: message(code, ecs.update_service, service="there", capacityProviderStrategy=strategy),
]
absent = ("The specified capacity provider strategy cannot contain a capacity provider that is not associated with the "
    "cluster. Associate the capacity provider with the cluster or specify a valid capacity provider and try again.")
mixed = ("A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and Fargate "
    "providers. Specify one or the other and try again.")
bases = "Only one capacity provider in a capacity provider strategy can have a base value defined."
weights = ("The specified capacity provider strategy must have at least one capacity provider with a weight greater "
    "than 0.")
for call in calls:
    for text, strategy in [
        (absent, [of("mine", weight=1)]),
        (mixed, [of("mine", weight=1), of("FARGATE", weight=1)]),
        (bases, [of(one, weight=1, base=1) for one in both]),
        (weights, [of(one) for one in both]),
    ]:
        expect(call("InvalidParameterException", strategy), text)
    for strategy in [
        [of("FARGATE", weight=1001)], [of("FARGATE", weight=-1)], [of("FARGATE", weight=1, base=100001)],
        [of("FARGATE", weight=1, base=-1)], [of("FARGATE", weight=1)] * 2, [of("FARGATE", weight=1)] * 21,
    ]:
        call("InvalidParameterException", strategy)
put("FARGATE")
for call in calls:
    expect(call("InvalidParameterException", [of("FARGATE_SPOT", weight=1)]), absent)
expect(ecs.list_tasks()["taskArns"], [])
"#;
        run(&aws, &json!({}), &format!("{HEAD}\n{script}"));
    })
    .await;
}
