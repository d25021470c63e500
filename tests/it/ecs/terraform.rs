//! The calls of Terraform's AWS provider for a log group, a cluster, a load balancer and a service, in its order and with what it
//! looks at, from the first apply to the destroy.

use serde_json::json;
use tests::harness::ecs_agent::EcsAgent;
use tests::harness::{DEFAULT, Wharf};

use super::run;

#[tokio::test(flavor = "multi_thread")]
async fn what_terraform_calls_is_answered_as_it_expects() {
    for &backend in DEFAULT {
        println!("on {backend:?}");
        let wharf = Wharf::with(backend).set("WHARF_SERVICE_SETTLE", "1s").set("WHARF_BALANCER", "false").start().await;
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster(clusterName='app')");
        let _agent = EcsAgent::join(&aws, "app", 4096, 4096).await;
        run(
            &aws,
            &json!({}),
            r#"
import uuid
logs, elb = client("logs"), client("elbv2")
tags = {"Environment": "test", "ManagedBy": "terraform"}
ecs_tags = [{"key": key, "value": value} for key, value in tags.items()]
elb_tags = [{"Key": key, "Value": value} for key, value in tags.items()]
account = "000000000000"

# aws_cloudwatch_log_group
logs.create_log_group(logGroupName="/ecs/app", tags=tags)
logs.put_retention_policy(logGroupName="/ecs/app", retentionInDays=7)
[group] = logs.describe_log_groups(logGroupNamePrefix="/ecs/app")["logGroups"]
expect((group["retentionInDays"], group["logGroupName"]), (7, "/ecs/app"))
expect(logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"], tags)

# aws_ecs_cluster, aws_ecs_cluster_capacity_providers
cluster = ecs.create_cluster(clusterName="app", settings=[{"name": "containerInsights", "value": "enabled"}], tags=ecs_tags)["cluster"]["clusterArn"]
def read_cluster():
    found = ecs.describe_clusters(clusters=[cluster], include=["TAGS", "CONFIGURATIONS", "SETTINGS"])
    expect((found["failures"], found["clusters"][0]["status"]), ([], "ACTIVE"))
    return found["clusters"][0]
read_cluster()
ecs.tag_resource(resourceArn=cluster, tags=ecs_tags)
ecs.update_cluster(cluster=cluster, settings=[{"name": "containerInsights", "value": "enabled"}])
strategy = [{"capacityProvider": "FARGATE", "weight": 1, "base": 1}]
ecs.put_cluster_capacity_providers(cluster="app", capacityProviders=["FARGATE", "FARGATE_SPOT"], defaultCapacityProviderStrategy=strategy)
now = read_cluster()
expect((now["tags"], now["settings"], now["defaultCapacityProviderStrategy"]),
    (ecs_tags, [{"name": "containerInsights", "value": "enabled"}], strategy))

# aws_ecs_task_definition: what is read back is what was given, but for defaults that it leaves out when it compares.
container = {"name": "app", "image": "app:1", "cpu": 0, "essential": True, "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
    "environment": [], "mountPoints": [], "volumesFrom": [], "systemControls": [],
    "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/app", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "app"}}}
def define(image):
    made = ecs.register_task_definition(family="app", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
        executionRoleArn=f"arn:aws:iam::{account}:role/exec", containerDefinitions=[{**container, "image": image}], tags=ecs_tags)["taskDefinition"]
    found = ecs.describe_task_definition(taskDefinition=made["taskDefinitionArn"], include=["TAGS"])
    expect((found["tags"], found["taskDefinition"]["status"]), (ecs_tags, "ACTIVE"))
    expect(found["taskDefinition"]["containerDefinitions"], [{**container, "image": image}])
    return made["taskDefinitionArn"]
first = define("app:1")

# aws_lb, aws_lb_target_group, aws_lb_listener
[made] = elb.create_load_balancer(Name="app", Type="application", Scheme="internal", Subnets=["subnet-1", "subnet-2"],
    SecurityGroups=["sg-1"], IpAddressType="ipv4", Tags=elb_tags)["LoadBalancers"]
balancer = made["LoadBalancerArn"]
expect(elb.describe_load_balancers(LoadBalancerArns=[balancer])["LoadBalancers"][0]["Type"], "application")
elb.set_security_groups(LoadBalancerArn=balancer, SecurityGroups=["sg-1"])
elb.set_ip_address_type(LoadBalancerArn=balancer, IpAddressType="ipv4")
elb.set_subnets(LoadBalancerArn=balancer, Subnets=["subnet-1", "subnet-2"])
attributes = {"idle_timeout.timeout_seconds": "60", "routing.http2.enabled": "true", "deletion_protection.enabled": "false",
    "routing.http.drop_invalid_header_fields.enabled": "false", "routing.http.preserve_host_header.enabled": "false",
    "routing.http.xff_header_processing.mode": "append", "routing.http.desync_mitigation_mode": "defensive", "access_logs.s3.enabled": "false"}
elb.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=[{"Key": key, "Value": value} for key, value in attributes.items()])
read = {one["Key"]: one["Value"] for one in elb.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"]}
expect({key: read[key] for key in attributes}, attributes)
elb.describe_capacity_reservation(LoadBalancerArn=balancer)
expect(elb.describe_tags(ResourceArns=[balancer])["TagDescriptions"][0]["Tags"], elb_tags)
[made] = elb.create_target_group(Name="app", Port=80, Protocol="HTTP", ProtocolVersion="HTTP1", VpcId="vpc-1", TargetType="ip", IpAddressType="ipv4",
    HealthCheckEnabled=True, HealthCheckPath="/", HealthCheckProtocol="HTTP", HealthCheckPort="traffic-port", HealthCheckIntervalSeconds=30,
    HealthCheckTimeoutSeconds=5, HealthyThresholdCount=3, UnhealthyThresholdCount=3, Matcher={"HttpCode": "200"}, Tags=elb_tags)["TargetGroups"]
target = made["TargetGroupArn"]
attributes = {"deregistration_delay.timeout_seconds": "0", "stickiness.enabled": "false", "load_balancing.algorithm.type": "round_robin",
    "slow_start.duration_seconds": "0"}
elb.modify_target_group_attributes(TargetGroupArn=target, Attributes=[{"Key": key, "Value": value} for key, value in attributes.items()])
read = {one["Key"]: one["Value"] for one in elb.describe_target_group_attributes(TargetGroupArn=target)["Attributes"]}
expect({key: read[key] for key in attributes}, attributes)
[listener] = elb.create_listener(LoadBalancerArn=balancer, Port=8080, Protocol="HTTP", Tags=elb_tags,
    DefaultActions=[{"Type": "forward", "TargetGroupArn": target}])["Listeners"]
listener = listener["ListenerArn"]
expect(elb.describe_listeners(ListenerArns=[listener])["Listeners"][0]["Port"], 8080)
elb.describe_listener_attributes(ListenerArn=listener)
expect(elb.describe_tags(ResourceArns=[listener])["TagDescriptions"][0]["Tags"], elb_tags)

# aws_ecs_service
network = {"awsvpcConfiguration": {"subnets": ["subnet-1", "subnet-2"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}}
balancers = [{"targetGroupArn": target, "containerName": "app", "containerPort": 80}]
rolling = {"maximumPercent": 200, "minimumHealthyPercent": 100, "deploymentCircuitBreaker": {"enable": True, "rollback": True}}
made = ecs.create_service(cluster=cluster, serviceName="app", clientToken=uuid.uuid4().hex, taskDefinition=first, desiredCount=0, launchType="FARGATE",
    schedulingStrategy="REPLICA", deploymentController={"type": "ECS"}, deploymentConfiguration=rolling, networkConfiguration=network,
    loadBalancers=balancers, healthCheckGracePeriodSeconds=0, enableECSManagedTags=False, enableExecuteCommand=False, propagateTags="NONE",
    availabilityZoneRebalancing="DISABLED", tags=ecs_tags)["service"]
def read_service():
    [found] = ecs.describe_services(cluster=cluster, services=[made["serviceArn"]], include=["TAGS"])["services"]
    return found
now = read_service()
expect((now["status"], now["launchType"], now["platformVersion"], now["deploymentController"], now["taskDefinition"]),
    ("ACTIVE", "FARGATE", "LATEST", {"type": "ECS"}, first))
expect((now["networkConfiguration"], now["loadBalancers"], now["tags"], now["placementConstraints"], now["placementStrategy"]),
    (network, balancers, ecs_tags, [], []))
expect({key: now["deploymentConfiguration"][key] for key in ("maximumPercent", "minimumHealthyPercent")}, {"maximumPercent": 200, "minimumHealthyPercent": 100})
second = define("app:2")
ecs.update_service(cluster=cluster, service=made["serviceArn"], taskDefinition=second, desiredCount=0, deploymentConfiguration=rolling,
    networkConfiguration=network, loadBalancers=balancers, healthCheckGracePeriodSeconds=0, platformVersion="LATEST", forceNewDeployment=False)
expect(read_service()["taskDefinition"], second)
expect(ecs.deregister_task_definition(taskDefinition=first)["taskDefinition"]["status"], "INACTIVE")
ecs.untag_resource(resourceArn=made["serviceArn"], tagKeys=["Environment"])
expect(ecs.list_tags_for_resource(resourceArn=made["serviceArn"])["tags"], ecs_tags[1:])

# Destroy: the service is scaled down, deleted and waited for; the cluster is tried until nothing is in it.
ecs.update_service(cluster=cluster, service=made["serviceArn"], desiredCount=0)
ecs.delete_service(cluster=cluster, service=made["serviceArn"])
eventually(lambda: read_service()["status"] == "INACTIVE")
elb.delete_listener(ListenerArn=listener)
elb.delete_target_group(TargetGroupArn=target)
elb.delete_load_balancer(LoadBalancerArn=balancer)
refused("LoadBalancerNotFound", elb.describe_load_balancers, LoadBalancerArns=[balancer])
refused("TargetGroupNotFound", elb.describe_target_groups, TargetGroupArns=[target])
ecs.deregister_task_definition(taskDefinition=second)
ecs.put_cluster_capacity_providers(cluster=cluster, capacityProviders=[], defaultCapacityProviderStrategy=[])
message("ClusterContainsContainerInstancesException", ecs.delete_cluster, cluster=cluster)
for host in ecs.list_container_instances(cluster=cluster)["containerInstanceArns"]:
    ecs.deregister_container_instance(cluster=cluster, containerInstance=host, force=True)
expect(ecs.delete_cluster(cluster=cluster)["cluster"]["status"], "INACTIVE")
[gone] = ecs.describe_clusters(clusters=[cluster])["clusters"]
expect(gone["status"], "INACTIVE")
logs.delete_log_group(logGroupName="/ecs/app")
expect(logs.describe_log_groups(logGroupNamePrefix="/ecs/app")["logGroups"], [])
"#,
        );
    }
}
