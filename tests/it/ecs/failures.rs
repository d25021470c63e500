//! Every failure that operations of ECS document and that is not in the test of its thing, and what the operations answer
//! that are not here.

use serde_json::json;
use tests::harness::ecs_agent::EcsAgent;
use tests::harness::on_default;

use super::run;

#[tokio::test]
async fn every_operation_of_the_model_is_here_or_says_that_it_is_not() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            &json!({}),
            r#"
from botocore import xform_name
from botocore.config import Config
loose = boto3.client("ecs", config=Config(parameter_validation=False))
not_here = {name for name in ecs.meta.service_model.operation_names if any(
    word in name for word in ("Daemon", "Gateway", "TaskSet"))} | {"UpdateContainerAgent", "ListServicesByNamespace", "ContinueServiceDeployment"}
expect(len(not_here), 35)
for name in ecs.meta.service_model.operation_names:
    try:
        getattr(loose, xform_name(name))()
        code = None
    except botocore.exceptions.ClientError as error:
        code = error.response["Error"]["Code"]
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400, error
    assert (code == "UnsupportedFeatureException") == (name in not_here), f"{name}: {code}"
    assert code not in ("UnknownOperationException", "SerializationException"), f"{name}: {code}"
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn a_cluster_or_a_service_that_is_not_there_is_told_by_every_operation_on_it() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            &json!({}),
            r#"
task, settings = "0" * 32, [{"name": "containerInsights", "value": "enabled"}]
attribute = [{"name": "a", "targetId": task}]
calls = {
    "create_service": dict(serviceName="web", taskDefinition="web", desiredCount=1), "delete_attributes": dict(attributes=attribute),
    "delete_cluster": {}, "delete_service": dict(service="web"), "deregister_container_instance": dict(containerInstance=task),
    "describe_capacity_providers": {}, "describe_container_instances": dict(containerInstances=[task]),
    "describe_services": dict(services=["web"]), "describe_tasks": dict(tasks=[task]),
    "execute_command": dict(task=task, command="sh", interactive=True), "get_task_protection": dict(tasks=[task]),
    "list_attributes": dict(targetType="container-instance"), "list_container_instances": {},
    "list_service_deployments": dict(service="web"), "list_services": {}, "list_tasks": {}, "put_attributes": dict(attributes=attribute),
    "put_cluster_capacity_providers": dict(capacityProviders=[], defaultCapacityProviderStrategy=[]),
    "register_container_instance": {}, "run_task": dict(taskDefinition="web"),
    "start_task": dict(taskDefinition="web", containerInstances=[task]), "stop_task": dict(task=task),
    "submit_attachment_state_changes": dict(attachments=[]), "submit_container_state_change": dict(task=task, containerName="a", status="RUNNING"),
    "submit_task_state_change": dict(task=task, status="RUNNING"), "update_cluster": dict(settings=settings),
    "update_cluster_settings": dict(settings=settings), "update_container_instances_state": dict(containerInstances=[task], status="DRAINING"),
    "update_service": dict(service="web"), "update_task_protection": dict(tasks=[task], protectionEnabled=True),
}
for cluster in ["absent", home + "cluster/absent", "arn:aws:ecs:us-east-1:000000000001:cluster/web"]:
    for name, arguments in calls.items():
        expect((name, message("ClusterNotFoundException", getattr(ecs, name), cluster=cluster, **arguments)), (name, "Cluster not found."))
found = ecs.describe_clusters(clusters=["absent"])
expect((found["clusters"], found["failures"]), ([], [{"arn": home + "cluster/absent", "reason": "MISSING"}]))
for arn, arguments in [("cluster/absent", {}), ("service/absent/web", {})]:
    message("ClusterNotFoundException", ecs.list_tags_for_resource, resourceArn=home + arn)

ecs.create_cluster()
for call, arguments in [
    (ecs.update_service, dict(service="web")), (ecs.delete_service, dict(service="web")), (ecs.list_tasks, dict(serviceName="web")),
    (ecs.list_service_deployments, dict(service="web")),
]:
    expect(message("ServiceNotFoundException", call, **arguments), "Service not found.")
invalid = "InvalidParameterException"
expect(message(invalid, ecs.stop_task, task=task), "The referenced task was not found.")
expect(message(invalid, ecs.deregister_container_instance, containerInstance=task), "The referenced container instance was not found.")
expect(message(invalid, ecs.execute_command, task=task, command="sh", interactive=True), "The specified task was not found.")
for call, key, kind, arguments in [
    (ecs.describe_services, "services", "service", dict(services=["web"])),
    (ecs.describe_tasks, "tasks", "task", dict(tasks=[task])),
    (ecs.describe_container_instances, "containerInstances", "container-instance", dict(containerInstances=[task])),
    (ecs.update_container_instances_state, "containerInstances", "container-instance", dict(containerInstances=[task], status="DRAINING")),
    (ecs.get_task_protection, "protectedTasks", "task", dict(cluster="default", tasks=[task])),
]:
    answer = call(**arguments)
    name = list(arguments.values())[-1 if "status" not in arguments else 0][0]
    expect((answer[key], answer["failures"]), ([], [{"arn": home + f"{kind}/default/{name}", "reason": "MISSING"}]))
for call, key, arn in [
    (ecs.describe_service_deployments, "serviceDeploymentArns", "service-deployment/default/web/1"),
    (ecs.describe_service_revisions, "serviceRevisionArns", "service-revision/default/web/1"),
]:
    expect([one["reason"] for one in call(**{key: [home + arn]})["failures"]], ["MISSING"])
expect(message("ServiceDeploymentNotFoundException", ecs.stop_service_deployment, serviceDeploymentArn=home + "service-deployment/default/web/1"),
    "Service deployment not found.")
# More than a call may name, pages that cannot be, and members that are missing or empty.
many = [f"{n:032x}" for n in range(101)]
for call, arguments in [
    (ecs.describe_tasks, dict(tasks=many)), (ecs.describe_tasks, dict(tasks=[])), (ecs.describe_clusters, dict(clusters=many)),
    (ecs.describe_container_instances, dict(containerInstances=many)), (ecs.describe_services, dict(services=[])),
    (ecs.update_container_instances_state, dict(containerInstances=many[:11], status="DRAINING")),
    (ecs.update_container_instances_state, dict(containerInstances=many[:1], status="ASLEEP")),
    (ecs.start_task, dict(taskDefinition="web", containerInstances=many[:11])), (ecs.start_task, dict(taskDefinition="web", containerInstances=[])),
    (ecs.run_task, dict(taskDefinition="web", count=0)), (ecs.list_tasks, dict(maxResults=101)), (ecs.list_tasks, dict(maxResults=0)),
    (ecs.list_tasks, dict(nextToken="x")), (ecs.list_tasks, dict(startedBy="a", family="b")), (ecs.list_clusters, dict(nextToken="x")),
    (ecs.list_services, dict(maxResults=101)), (ecs.list_container_instances, dict(filter="what is this")),
    (ecs.create_cluster, dict(clusterName="a b")), (ecs.create_cluster, dict(clusterName="x" * 256)), (ecs.describe_tasks, dict(cluster="a b", tasks=many[:1])),
    (ecs.put_account_setting, dict(name="awsvpcTrunking", value="perhaps")), (ecs.stop_task, dict(task="a b")),
]:
    message(invalid, call, **arguments)
expect(ecs.list_tasks(desiredStatus="PENDING")["taskArns"], [])
"#,
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_finds_no_place_says_why_and_what_is_used_stays() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster()");
        let agent = EcsAgent::join(&aws, "default", 1024, 512).await;
        run(
            &aws,
            &json!({ "host": agent.instance_arn }),
            r#"
def define(family, requires=None, **container):
    more = {"requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "256", "memory": "512", **requires} if requires is not None else {}
    ecs.register_task_definition(family=family, containerDefinitions=[{"name": "app", "image": "web:1", "memory": 64, **container}], **more)
def why(call=ecs.run_task, **arguments):
    answer = call(**arguments)
    expect(answer["tasks"], [])
    return [failure["reason"] for failure in answer["failures"]]
define("cpu", cpu=2048)
define("memory", memory=1024)
define("ports", portMappings=[{"containerPort": 22, "hostPort": 22}])
define("attribute", logConfiguration={"logDriver": "gelf"})
define("web")
for family, reason in [("cpu", "RESOURCE:CPU"), ("memory", "RESOURCE:MEMORY"), ("ports", "RESOURCE:PORTS"), ("attribute", "ATTRIBUTE")]:
    expect((family, why(taskDefinition=family)), (family, [reason]))
    expect((family, why(ecs.start_task, taskDefinition=family, containerInstances=[data["host"]])), (family, [reason]))
    expect((family, ecs.run_task(taskDefinition=family)["failures"][0]["arn"]), (family, data["host"]))

# Hosts that are not there, were, or whose agent is away.
resources = [{"name": "CPU", "type": "INTEGER", "integerValue": 4096}, {"name": "MEMORY", "type": "INTEGER", "integerValue": 4096}]
silent = ecs.register_container_instance(totalResources=resources)["containerInstance"]["containerInstanceArn"]
expect(why(ecs.start_task, taskDefinition="web", containerInstances=["0" * 32, silent]), ["MISSING", "AGENT"])
ecs.deregister_container_instance(containerInstance=silent)
expect(why(ecs.start_task, taskDefinition="web", containerInstances=[silent]), ["INACTIVE"])

# Versions of Fargate's platform.
network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
define("fargate", {})
define("large", {"ephemeralStorage": {"sizeInGiB": 30}})
fargate = dict(launchType="FARGATE", networkConfiguration=network)
for call, more in [(ecs.run_task, {}), (ecs.create_service, dict(serviceName="versions", desiredCount=0))]:
    expect(message("PlatformUnknownException", call, taskDefinition="fargate", platformVersion="9.9.9", **fargate, **more),
        "The specified platform version does not exist.")
    message("PlatformTaskDefinitionIncompatibilityException", call, taskDefinition="large", platformVersion="1.3.0", **fargate, **more)
    expect(message("InvalidParameterException", call, taskDefinition="web", platformVersion="LATEST", **more),
        "The platform version must be null when specifying an EC2 launch type.")
    expect(message("InvalidParameterException", call, taskDefinition="fargate", launchType="FARGATE", **more),
        "Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    message("InvalidParameterException", call, taskDefinition="fargate", launchType="FARGATE",
        capacityProviderStrategy=[{"capacityProvider": "FARGATE"}], networkConfiguration=network, **more)

# What a service uses cannot be taken away, and a cluster with something in it is not deleted.
put = lambda *providers: ecs.put_cluster_capacity_providers(cluster="web", capacityProviders=list(providers), defaultCapacityProviderStrategy=[])
ecs.create_cluster(clusterName="web")
put("FARGATE", "FARGATE_SPOT")
ecs.create_service(cluster="web", serviceName="web", taskDefinition="fargate", desiredCount=0, networkConfiguration=network,
    capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}])
put("FARGATE_SPOT")
expect(message("ResourceInUseException", put), "The specified capacity provider is in use and cannot be removed.")
expect(ecs.describe_clusters(clusters=["web"])["clusters"][0]["capacityProviders"], ["FARGATE_SPOT"])
expect(message("ClusterContainsServicesException", ecs.delete_cluster, cluster="web"), "The Cluster cannot be deleted while Services are active.")
ecs.delete_service(cluster="web", service="web", force=True)
put()
eventually(lambda: ecs.describe_services(cluster="web", services=["web"])["services"][0]["status"] == "INACTIVE")
expect(ecs.delete_cluster(cluster="web")["cluster"]["status"], "INACTIVE")
message("ClusterNotFoundException", ecs.delete_cluster, cluster="web")

# Figures by launch types.
def figures():
    [found] = ecs.describe_clusters(include=["STATISTICS"])["clusters"]
    return {one["name"]: one["value"] for one in found["statistics"] if one["value"] != "0"}
expect(ecs.describe_clusters()["clusters"][0]["statistics"], [])
expect(figures(), {})
ecs.create_service(serviceName="external", taskDefinition="web", desiredCount=0, launchType="EXTERNAL")
expect(figures(), {"activeExternalServiceCount": "1"})
ecs.delete_service(service="external")

# A task that runs: no command is executed in it, and its host is not let go without force.
running = ecs.run_task(taskDefinition="web", enableExecuteCommand=True)["tasks"][0]
eventually(lambda: task(running["taskArn"])["lastStatus"] == "RUNNING")
expect({key: value for key, value in figures().items() if "EC2" in key}, {"runningEC2TasksCount": "1"})
text = message("InvalidParameterException", ecs.execute_command, task=running["taskArn"], command="sh", interactive=True)
assert text.startswith("The execute command failed because execute command was not enabled when the task was run"), text
message("InvalidParameterException", ecs.deregister_container_instance, containerInstance=data["host"])
drained = ecs.update_container_instances_state(containerInstances=[data["host"].split("/")[-1]], status="DRAINING")["containerInstances"][0]
expect((drained["status"], drained["runningTasksCount"]), ("DRAINING", 1))
expect(message("InvalidParameterException", ecs.run_task, taskDefinition="web"), "No Container Instances were found in your cluster.")
gone = ecs.deregister_container_instance(containerInstance=data["host"], force=True)["containerInstance"]
expect(gone["status"], "INACTIVE")
lost = task(running["taskArn"])
expect((lost["lastStatus"], lost["stopCode"], lost["stoppedReason"]),
    ("STOPPED", "TerminationNotice", "Container instance deregistration forced by user"))
"#,
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_that_no_database_keeps_and_pages_of_other_lists_are_refused() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster()\nregister('web')");
        let _agent = EcsAgent::join(&aws, "default", 1024, 2048).await;
        run(
            &aws,
            &json!({}),
            r#"
import random, string
invalid = lambda call, **arguments: message("InvalidParameterException", call, **arguments)
long = "".join(random.choice(string.ascii_letters + string.digits) for _ in range(6000))
for more in (dict(startedBy="a\0b"), dict(group="a\0b"), dict(clientToken="a\0b"), dict(clientToken="a b"), dict(group=long),
             dict(startedBy="x" * 129), dict(clientToken="x" * 65)):
    invalid(ecs.run_task, taskDefinition="web", **more)
for more in (dict(startedBy="a\0b"), dict(family="a\0b"), dict(launchType="a\0b")):
    invalid(ecs.list_tasks, **more)
cluster = home + "cluster/default"
for key in ("a\0b", "aws:ecs:clusterName"):
    invalid(ecs.untag_resource, resourceArn=cluster, tagKeys=[key])
ecs.untag_resource(resourceArn=cluster, tagKeys=["absent"])
expect(ecs.list_tasks()["taskArns"], [])

# A page goes on in its own list alone.
for mine in ("me", "you"):
    ecs.run_task(taskDefinition="web", count=2, startedBy=mine)
page = ecs.list_tasks(startedBy="me", maxResults=1)
expect(len(ecs.list_tasks(startedBy="me", maxResults=1, nextToken=page["nextToken"])["taskArns"]), 1)
for other in (dict(startedBy="you"), {}, dict(launchType="EC2")):
    expect(invalid(ecs.list_tasks, nextToken=page["nextToken"], **other), "Invalid token. Try again with a valid token.")
"#,
        );
    })
    .await;
}
