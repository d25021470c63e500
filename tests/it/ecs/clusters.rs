//! Clusters: what is said of them is changed, and what they get that say nothing.

use serde_json::json;
use tests::harness::ecs_agent::EcsAgent;
use tests::harness::on_default;

use super::run;

#[tokio::test]
async fn clusters_are_changed_in_parts() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            &json!({}),
            r#"
ecs.create_cluster(clusterName="web", configuration={"executeCommandConfiguration": {"logging": "DEFAULT"}})
insights = lambda value: [{"name": "containerInsights", "value": value}]
changed = ecs.update_cluster(cluster="web", settings=insights("enhanced"))["cluster"]
expect(changed["settings"], insights("enhanced"))
expect(changed["configuration"], {"executeCommandConfiguration": {"logging": "DEFAULT"}})
expect(ecs.update_cluster_settings(cluster=home + "cluster/web", settings=insights("disabled"))["cluster"]["settings"],
    insights("disabled"))
changed = ecs.update_cluster(cluster="web", serviceConnectDefaults={"namespace": "internal"})["cluster"]
expect((changed["serviceConnectDefaults"], changed["settings"]), ({"namespace": "internal"}, insights("disabled")))
changed = ecs.update_cluster(cluster="web", serviceConnectDefaults={"namespace": ""})["cluster"]
assert "serviceConnectDefaults" not in changed, changed
found = ecs.describe_clusters(clusters=["web"], include=["SETTINGS", "CONFIGURATIONS"])["clusters"][0]
expect((found["settings"], found["configuration"]), (changed["settings"], changed["configuration"]))

invalid = "InvalidParameterException"
message(invalid, ecs.update_cluster, cluster="web")
message(invalid, ecs.update_cluster_settings, cluster="web", settings=insights("perhaps"))
for call in [ecs.update_cluster, ecs.update_cluster_settings]:
    expect(message("ClusterNotFoundException", call, cluster="nothing", settings=insights("enabled")), "Cluster not found.")
"#,
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clusters_have_the_capacity_providers_that_are_built_in() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster(clusterName='web')");
        let _agent = EcsAgent::join(&aws, "web", 1024, 2048).await;
        run(
            &aws,
            &json!({}),
            r#"
both = ["FARGATE", "FARGATE_SPOT"]
strategy = [{"capacityProvider": "FARGATE", "weight": 1, "base": 2}, {"capacityProvider": "FARGATE_SPOT", "weight": 3, "base": 0}]
put = lambda providers, strategy: ecs.put_cluster_capacity_providers(cluster="web", capacityProviders=providers,
    defaultCapacityProviderStrategy=strategy)["cluster"]
changed = put(both, strategy)
expect((changed["capacityProviders"], changed["defaultCapacityProviderStrategy"]), (both, strategy))
found = ecs.describe_clusters(clusters=["web"])["clusters"][0]
expect((found["capacityProviders"], found["defaultCapacityProviderStrategy"]), (both, strategy))

arn = home + "capacity-provider/"
described = ecs.describe_capacity_providers()
expect([(one["name"], one["capacityProviderArn"], one["status"]) for one in described["capacityProviders"]],
    [(name, arn + name, "ACTIVE") for name in both])
described = ecs.describe_capacity_providers(capacityProviders=[arn + "FARGATE", "mine"])
expect([one["name"] for one in described["capacityProviders"]], ["FARGATE"])
expect([(one["arn"], one["reason"]) for one in described["failures"]], [(arn + "mine", "MISSING")])
first = ecs.describe_capacity_providers(maxResults=1)
second = ecs.describe_capacity_providers(maxResults=1, nextToken=first["nextToken"])
expect([one["name"] for one in first["capacityProviders"] + second["capacityProviders"]], both)
assert "nextToken" not in second, second
put(["FARGATE"], [])
expect([one["name"] for one in ecs.describe_capacity_providers(cluster="web")["capacityProviders"]], ["FARGATE"])

def refusal(providers, strategy):
    return message("InvalidParameterException", ecs.put_cluster_capacity_providers, cluster="web", capacityProviders=providers,
        defaultCapacityProviderStrategy=strategy)
expect(refusal(["mine"], []), "The specified capacity provider 'mine' was not found.")
assert "not associated with the cluster. Associate" in refusal(["FARGATE"], strategy)
refusal(both, [{**item, "base": 1} for item in strategy])
message("ClusterNotFoundException", ecs.put_cluster_capacity_providers, cluster="nothing", capacityProviders=[],
    defaultCapacityProviderStrategy=[])
# What is used cannot be taken away: by a service though it has no task, and by a task.
fargate = dict(requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512")
network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
register("job", **fargate)
put(both, strategy)
used = "The specified capacity provider is in use and cannot be removed."
def in_use(providers):
    return message("ResourceInUseException", ecs.put_cluster_capacity_providers, cluster="web", capacityProviders=providers,
        defaultCapacityProviderStrategy=[])
spot = [{"capacityProvider": "FARGATE_SPOT"}]
ecs.create_service(cluster="web", serviceName="job", taskDefinition="job", desiredCount=0, networkConfiguration=network,
    capacityProviderStrategy=spot)
expect(in_use(["FARGATE"]), used)
expect(put(["FARGATE_SPOT"], [])["capacityProviders"], ["FARGATE_SPOT"])
put(both, strategy)
ecs.delete_service(cluster="web", service="job")
eventually(lambda: ecs.describe_services(cluster="web", services=["job"])["services"][0]["status"] == "INACTIVE")
put(["FARGATE"], [])
ran = ecs.run_task(cluster="web", taskDefinition="job", networkConfiguration=network,
    capacityProviderStrategy=[{"capacityProvider": "FARGATE"}])["tasks"][0]
expect(ran["capacityProviderName"], "FARGATE")
expect(in_use([]), used)
ecs.stop_task(cluster="web", task=ran["taskArn"])
eventually(lambda: task(ran["taskArn"], "web")["lastStatus"] == "STOPPED")
put([], [])
group = {"autoScalingGroupArn": "arn:aws:autoscaling:us-east-1:000000000000:autoScalingGroup:x:autoScalingGroupName/x"}
unsupported = "UnsupportedFeatureException"
message(unsupported, ecs.create_capacity_provider, name="mine", autoScalingGroupProvider=group)
message(unsupported, ecs.update_capacity_provider, name="mine", autoScalingGroupProvider={})
message(unsupported, ecs.delete_capacity_provider, capacityProvider="mine")
"#,
        );
    })
    .await;
}
