//! Conditions of policies that ECS knows: tags of what is there and of what is asked for, the cluster, the task definition.

use serde_json::{Value, json};
use tests::harness::ecs_agent::EcsAgent;
use tests::harness::{Backend, Wharf, on_default};

use super::run;

fn policy(statements: Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_ask_for_tags_of_what_is_there_and_for_definitions_by_their_revision() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let wharf = Wharf::start(backend).await;
        let aws = wharf.aws();
        let home = "arn:aws:ecs:us-east-1:000000000000:";
        let allow = |action: &str, condition: Value| json!({ "Effect": "Allow", "Action": action, "Resource": "*", "Condition": condition });
        let team = |key: &str| json!({ "StringEquals": { key: "a" } });
        let of_team = policy(json!([
            allow("ecs:*", team("aws:ResourceTag/team")),
            allow("ecs:CreateCluster", team("aws:RequestTag/team")),
            { "Effect": "Allow", "Action": "ecs:TagResource", "Resource": "*",
              "Condition": { "StringEquals": { "ecs:CreateAction": ["CreateCluster", "RunTask"], "aws:RequestTag/team": "a" } } },
            { "Effect": "Allow", "Action": "ecs:ListTasks", "Resource": "*" },
        ]));
        let of_team = wharf.known_user("of-team", &of_team).await;
        let by_revision = policy(json!([
            { "Effect": "Allow", "Action": ["ecs:RunTask", "ecs:UpdateService"], "Resource": "*" },
            { "Effect": "Deny", "Action": "ecs:RunTask", "Resource": format!("{home}task-definition/web:2") },
            { "Effect": "Deny", "Action": "ecs:UpdateService", "Resource": "*",
              "Condition": { "ArnEquals": { "ecs:task-definition": format!("{home}task-definition/web:2") } } },
            { "Effect": "Deny", "Action": ["ecs:RunTask", "ecs:UpdateService"], "Resource": "*",
              "Condition": { "Bool": { "ecs:enable-execute-command": "true" } } },
            { "Effect": "Deny", "Action": "ecs:RunTask", "Resource": "*",
              "Condition": { "ArnNotEquals": { "ecs:cluster": format!("{home}cluster/default") } } },
        ]));
        let by_revision = wharf.known_user("by-revision", &by_revision).await;
        run(&aws, &json!({}), "ecs.create_cluster()\necs.create_cluster(clusterName='other')");
        let _agent = EcsAgent::join(&aws, "default", 4096, 4096).await;
        let made = run(
            &aws,
            &json!({}),
            r#"
tags = [{"key": "team", "value": "a"}]
for _ in range(2):
    register("web")
register("ours", tags=tags)
mine, theirs = [ecs.run_task(taskDefinition="web:1", **more)["tasks"][0]["taskArn"] for more in (dict(tags=tags), {})]
ecs.create_service(serviceName="ours", taskDefinition="web:1", desiredCount=0, tags=tags)
ecs.create_service(serviceName="theirs", taskDefinition="web:1", desiredCount=0)
print(json.dumps([mine, theirs]))
"#,
        );
        run(
            &aws.as_user(&of_team),
            &made,
            r#"
denied, (mine, theirs), tags = "AccessDeniedException", data, [{"key": "team", "value": "a"}]
expect(task(mine)["taskArn"], mine)
message(denied, task, arn=theirs)
message(denied, ecs.stop_task, task=theirs)
ecs.stop_task(task=mine)
ecs.update_service(service="ours", desiredCount=0)
message(denied, ecs.update_service, service="theirs", desiredCount=0)
expect(ecs.describe_services(services=["ours"])["services"][0]["serviceName"], "ours")
message(denied, ecs.describe_services, services=["ours", "theirs"])
# The family means its newest revision, whose tags count.
expect(ecs.run_task(taskDefinition="ours", tags=tags)["failures"], [])
expect(ecs.run_task(taskDefinition="ours:1")["failures"], [])
message(denied, ecs.run_task, taskDefinition="web")
message(denied, ecs.run_task, taskDefinition="ours", tags=[{"key": "team", "value": "b"}])
ecs.create_cluster(clusterName="new", tags=tags)
message(denied, ecs.create_cluster, clusterName="newer")
message(denied, ecs.tag_resource, resourceArn=theirs, tags=tags)
ecs.delete_cluster(cluster="new")
# What is tagged no longer is lost.
ecs.untag_resource(resourceArn=home + "service/default/ours", tagKeys=["team"])
message(denied, ecs.update_service, service="ours", desiredCount=0)
"#,
        );
        run(
            &aws.as_user(&by_revision),
            &json!({}),
            r#"
denied = "AccessDeniedException"
expect(ecs.run_task(taskDefinition="web:1")["failures"], [])
for name in ["web", "web:2", home + "task-definition/web:2"]:
    message(denied, ecs.run_task, taskDefinition=name)
    message(denied, ecs.update_service, service="theirs", taskDefinition=name)
ecs.update_service(service="theirs", taskDefinition="web:1")
message(denied, ecs.run_task, taskDefinition="web:1", enableExecuteCommand=True)
message(denied, ecs.update_service, service="theirs", enableExecuteCommand=True)
message(denied, ecs.run_task, cluster="other", taskDefinition="web:1")
"#,
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_ask_for_the_hosts_on_which_tasks_are_started() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster()\nregister('web')");
        let (one, other) =
            (EcsAgent::join(&aws, "default", 1024, 512).await, EcsAgent::join(&aws, "default", 1024, 512).await);
        let on_one = wharf
            .known_user(
                "on-one",
                &policy(json!([{ "Effect": "Allow", "Action": "ecs:StartTask", "Resource": "*",
                    "Condition": { "ForAllValues:ArnEquals": { "ecs:container-instances": one.instance_arn },
                        "Null": { "ecs:container-instances": "false" } } }])),
            )
            .await;
        run(
            &aws.as_user(&on_one),
            &json!({ "one": one.instance_arn, "other": other.instance_arn }),
            r#"
start = lambda *hosts: dict(taskDefinition="web", containerInstances=list(hosts))
for name in (data["one"], data["one"].split("/")[-1]):
    expect(ecs.start_task(**start(name))["failures"], [])
for hosts in ([data["other"]], [data["one"], data["other"]], [data["other"].split("/")[-1]]):
    message("AccessDeniedException", ecs.start_task, **start(*hosts))
message("AccessDeniedException", ecs.run_task, taskDefinition="web")
"#,
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_ask_what_a_definition_is_registered_for() {
    on_default(async |wharf| {
        let deny = |condition: Value| json!({ "Effect": "Deny", "Action": "ecs:RegisterTaskDefinition", "Resource": "*", "Condition": condition });
        let careful = policy(json!([
            { "Effect": "Allow", "Action": "ecs:*", "Resource": "*" },
            deny(json!({ "Bool": { "ecs:privileged": "true" } })),
            deny(json!({ "NumericGreaterThan": { "ecs:task-cpu": "1024" } })),
            deny(json!({ "NumericGreaterThan": { "ecs:task-memory": "2048" } })),
            deny(json!({ "ForAnyValue:StringEquals": { "ecs:compute-compatibility": "FARGATE" } })),
        ]));
        let careful = wharf.known_user("careful", &careful).await;
        run(
            &wharf.aws().as_user(&careful),
            &json!({}),
            r#"
plain = {"name": "app", "image": "app:1", "memory": 64}
privileged = plain | {"name": "side", "privileged": True}
def registered(*containers, **more):
    return ecs.register_task_definition(family="web", containerDefinitions=list(containers), **more)
registered(plain, plain | {"name": "side", "privileged": False})
registered(plain, cpu="1024", memory="2 GB", requiresCompatibilities=["EC2"])
for containers, more in [
    ([privileged], {}), ([plain, privileged], {}), ([plain], {"cpu": "2 vCPU"}), ([plain], {"cpu": "1025"}),
    ([plain], {"memory": "2049"}), ([plain], {"memory": "3GB"}),
    ([plain], {"requiresCompatibilities": ["EC2", "FARGATE"], "networkMode": "awsvpc", "cpu": "256", "memory": "512"}),
]:
    message("AccessDeniedException", lambda **rest: registered(*containers, **rest), **more)
"#,
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_ask_how_large_tasks_are_and_which_capacity_they_get() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        let large = ["ecs:RunTask", "ecs:StartTask", "ecs:CreateService", "ecs:UpdateService"];
        let deny = |condition: Value| json!({ "Effect": "Deny", "Action": large, "Resource": "*", "Condition": condition });
        let spot = "arn:aws:ecs:us-east-1:000000000000:capacity-provider/FARGATE_SPOT";
        let careful = policy(json!([
            { "Effect": "Allow", "Action": "ecs:*", "Resource": "*" },
            deny(json!({ "NumericGreaterThan": { "ecs:task-cpu": "512" } })),
            deny(json!({ "NumericGreaterThan": { "ecs:task-memory": "1024" } })),
            { "Effect": "Deny", "Action": "ecs:*", "Resource": "*",
              "Condition": { "ForAnyValue:ArnEquals": { "ecs:capacity-provider": spot } } },
        ]));
        let careful = wharf.known_user("careful", &careful).await;
        let both = "capacityProviders=['FARGATE', 'FARGATE_SPOT']";
        let ready = format!("ecs.create_cluster({both})\n").to_owned()
            + r#"
def sized(name, **more):
    app = {"name": "app", "image": "app:1", "memory": 64}
    ecs.register_task_definition(family=name, containerDefinitions=[app], **more)
sized("plain")
sized("small", cpu="512", memory="1 GB")
sized("wide", cpu="1 vCPU", memory="512")
sized("high", cpu="256", memory="2048")
ecs.create_service(serviceName="there", taskDefinition="small", desiredCount=0)
"#;
        run(&aws, &json!({}), &ready);
        let host = EcsAgent::join(&aws, "default", 4096, 4096).await;
        run(
            &aws.as_user(&careful),
            &json!({ "host": host.instance_arn }),
            r#"
def all_of(name):
    yield lambda **more: ecs.run_task(taskDefinition=name, **more)
    yield lambda **more: ecs.start_task(taskDefinition=name, containerInstances=[data["host"]], **more)
    yield lambda **more: ecs.create_service(serviceName="of-" + name.split(":")[0], taskDefinition=name, desiredCount=0)
    yield lambda **more: ecs.update_service(service="there", taskDefinition=name)
for name in ["plain", "small", "small:1"]:
    for call in list(all_of(name))[:2] + list(all_of(name))[3:]:
        call()
ecs.create_service(serviceName="of-small", taskDefinition="small", desiredCount=0)
for name in ["wide", "wide:1", "high"]:
    for call in all_of(name):
        message("AccessDeniedException", call)
# What a task gets instead counts.
for call in list(all_of("small"))[:2]:
    message("AccessDeniedException", call, overrides={"cpu": "513"})
    message("AccessDeniedException", call, overrides={"memory": "1025"})
for call in list(all_of("wide"))[:2]:
    call(overrides={"cpu": "512"})

def with_provider(name):
    strategy = [{"capacityProvider": name}]
    yield lambda: ecs.create_service(serviceName="of-" + name, taskDefinition="small", desiredCount=0, capacityProviderStrategy=strategy)
    yield lambda: ecs.update_service(service="there", capacityProviderStrategy=strategy, forceNewDeployment=True)
    yield lambda: ecs.run_task(taskDefinition="small", capacityProviderStrategy=strategy)
    yield lambda: ecs.put_cluster_capacity_providers(cluster="default", capacityProviders=["FARGATE", name], defaultCapacityProviderStrategy=[])
    yield lambda: ecs.put_cluster_capacity_providers(cluster="default", capacityProviders=[], defaultCapacityProviderStrategy=strategy)
    yield lambda: ecs.create_cluster(clusterName="more", capacityProviders=[name])
for call in with_provider("FARGATE_SPOT"):
    message("AccessDeniedException", call)
for call in with_provider("FARGATE"):
    try:
        call()
    except ecs.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] != "AccessDeniedException", error
"#,
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_ask_for_the_network_of_tasks_and_for_the_tags_that_they_get() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        let starts = ["ecs:RunTask", "ecs:StartTask", "ecs:CreateService", "ecs:UpdateService"];
        let deny =
            |condition: Value| json!({ "Effect": "Deny", "Action": starts, "Resource": "*", "Condition": condition });
        let careful = policy(json!([
            { "Effect": "Allow", "Action": "ecs:*", "Resource": "*" },
            deny(json!({ "StringEquals": { "ecs:auto-assign-public-ip": "ENABLED" } })),
            deny(json!({ "ForAnyValue:StringNotEquals": { "ecs:subnet": ["subnet-1", "subnet-2"] } })),
            deny(json!({ "StringEquals": { "ecs:propagate-tags": "NONE" } })),
            deny(json!({ "Bool": { "ecs:enable-ecs-managed-tags": "false" } })),
        ]));
        let careful = wharf.known_user("careful", &careful).await;
        let ready = r#"
ecs.create_cluster()
register("plain")
register("own", networkMode="awsvpc")
network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
ecs.create_service(serviceName="there", taskDefinition="own", desiredCount=0, networkConfiguration=network)
"#;
        run(&aws, &json!({}), ready);
        let host = EcsAgent::join(&aws, "default", 4096, 4096).await;
        run(
            &aws.as_user(&careful),
            &json!({ "host": host.instance_arn }),
            r#"
def network(*subnets, **more):
    return {"networkConfiguration": {"awsvpcConfiguration": {"subnets": list(subnets), **more}}}
calls = [
    lambda **more: ecs.run_task(taskDefinition="own", **more),
    lambda **more: ecs.start_task(taskDefinition="own", containerInstances=[data["host"]], **more),
    lambda **more: ecs.create_service(serviceName="new", taskDefinition="own", desiredCount=0, **more),
    lambda **more: ecs.update_service(service="there", **more)]
for call in calls:
    asked = network("subnet-1") | {"enableECSManagedTags": True}
    for other in [network("subnet-1", assignPublicIp="ENABLED"), network("subnet-3"), network("subnet-1", "subnet-3"),
            {"propagateTags": "NONE"}, {"enableECSManagedTags": False}]:
        message("AccessDeniedException", call, **(asked | other))
    call(**(asked | {"propagateTags": "TASK_DEFINITION"} | network("subnet-1", "subnet-2", assignPublicIp="DISABLED")))
# What a request does not say is not judged, but for what is off unless it is asked for.
ecs.update_service(service="there", desiredCount=0)
ecs.run_task(taskDefinition="plain", enableECSManagedTags=True)
message("AccessDeniedException", ecs.run_task, taskDefinition="plain")
"#,
        );
    })
    .await;
}
