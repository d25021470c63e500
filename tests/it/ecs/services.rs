//! Services: making, scaling, deploying and deleting them, and what becomes of their tasks. Deployments as such are in
//! `service_deployments`.

use serde_json::json;
use tests::harness::ecs_agent::{Behavior, EcsAgent};
use tests::harness::{DEFAULT, Wharf, port};

use super::balanced::BALANCED;
use super::run;

/// Runs a test on servers where a task counts as healthy after a second.
async fn quickly<F: AsyncFn(&Wharf)>(body: F) {
    for &backend in DEFAULT {
        println!("on {backend:?}");
        body(&Wharf::with(backend).set("WHARF_SERVICE_SETTLE", "1s").start().await).await;
    }
}

pub(super) const SETUP: &str = r#"
def define(family="web", **container):
    container = {"name": "app", "image": "web:1", "memory": 16, "portMappings": [{"containerPort": 80}], **container}
    answer = ecs.register_task_definition(family=family, containerDefinitions=[container])
    return answer["taskDefinition"]["taskDefinitionArn"]

def create(name="web", **arguments):
    arguments = {"taskDefinition": "web", "desiredCount": 2, **arguments}
    return ecs.create_service(serviceName=name, **arguments)["service"]

def service(name="web"):
    return ecs.describe_services(services=[name])["services"][0]

def stable(name="web"):
    ecs.get_waiter("services_stable").wait(services=[name], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    return service(name)

def completed(name="web"):
    """Waits until one deployment is left, and it is completed."""
    states = lambda: [one["rolloutState"] for one in service(name)["deployments"]]
    eventually(lambda: states() == ["COMPLETED"], 60)
    return service(name)

def messages(name="web"):
    return [event["message"] for event in service(name)["events"]]

def tasks(name="web"):
    arns = ecs.list_tasks(serviceName=name)["taskArns"]
    return ecs.describe_tasks(tasks=arns, include=["TAGS"])["tasks"] if arns else []
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_service_keeps_its_tasks_running_until_it_is_deleted() {
    quickly(async |wharf| {
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster()");
        let agent = EcsAgent::join(&aws, "default", 2048, 1024).await;
        run(
            &aws,
            &json!({}),
            &format!(
                r#"{SETUP}
define()
made = create(tags=[{{"key": "team", "value": "a"}}], propagateTags="SERVICE", enableECSManagedTags=True)
expect((made["status"], made["desiredCount"], made["schedulingStrategy"]), ("ACTIVE", 2, "REPLICA"))
expect(made["serviceArn"].split(":", 5)[5], "service/default/web")
expect(made["launchType"], "EC2")
expect(made["deploymentController"], {{"type": "ECS"}})
expect(made["deploymentConfiguration"]["maximumPercent"], 200)
expect(made["deploymentConfiguration"]["minimumHealthyPercent"], 100)
expect(made["deploymentConfiguration"]["deploymentCircuitBreaker"], {{"enable": False, "rollback": False}})
expect(made["tags"], [{{"key": "team", "value": "a"}}])
[first] = made["deployments"]
expect((first["status"], first["rolloutState"], first["desiredCount"]), ("PRIMARY", "IN_PROGRESS", 2))
assert first["id"].startswith("ecs-svc/") and len(first["id"]) == 27, first["id"]
expect(first["rolloutStateReason"], f"ECS deployment {{first['id']}} in progress.")
now = stable()
expect((now["runningCount"], now["pendingCount"]), (2, 0))
now = completed()
expect(now["deployments"][0]["rolloutStateReason"], f"ECS deployment {{first['id']}} completed.")
expect(messages()[0], "(service web) has reached a steady state.")
expect(messages()[1], f"(service web) (deployment {{first['id']}}) deployment completed.")
assert messages()[2].startswith("(service web) has started 2 tasks: (task "), messages()
ran = tasks()
expect({{one["group"] for one in ran}}, {{"service:web"}})
expect({{one["startedBy"] for one in ran}}, {{first["id"]}})
tags = {{tag["key"]: tag["value"] for tag in ran[0]["tags"]}}
expect(tags, {{"team": "a", "aws:ecs:clusterName": "default", "aws:ecs:serviceName": "web"}})
expect(ecs.list_services()["serviceArns"], [made["serviceArn"]])
expect(ecs.describe_clusters()["clusters"][0]["activeServicesCount"], 1)

ecs.update_service(service="web", desiredCount=3)
expect(stable()["runningCount"], 3)
expect([one["id"] for one in service()["deployments"]], [first["id"]])
ecs.update_service(service="web", desiredCount=1)
eventually(lambda: len(tasks()) == 1)
assert any("has stopped 2 running tasks: (task " in one for one in messages()), messages()
[left] = tasks()
ecs.stop_task(task=left["taskArn"])
eventually(lambda: tasks() and tasks()[0]["taskArn"] != left["taskArn"] and service()["runningCount"] == 1)

text = message("InvalidParameterException", ecs.delete_service, service="web")
expect(text, "The service cannot be stopped while it is scaled above 0.")
deleted = ecs.delete_service(service="web", force=True)["service"]
expect((deleted["status"], deleted["desiredCount"]), ("DRAINING", 0))
ecs.get_waiter("services_inactive").wait(services=["web"], WaiterConfig={{"Delay": 1, "MaxAttempts": 60}})
expect(ecs.list_services()["serviceArns"], [])
expect(service()["status"], "INACTIVE")
expect(service()["deployments"], [])
message("ServiceNotActiveException", ecs.update_service, service="web", desiredCount=1)
message("ServiceNotFoundException", ecs.delete_service, service="web")
create(desiredCount=0)
expect(completed()["status"], "ACTIVE")
"#
            ),
        );
        let waited = aws.cli(&["ecs", "wait", "services-stable", "--services", "web"]);
        assert!(waited.status.success(), "{}", waited.stderr);
        let ended = agent.tasks().values().filter(|task| task["desiredStatus"] == "STOPPED").count();
        assert_eq!(ended, agent.tasks().len(), "everything was stopped");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_definition_is_rolled_out_and_a_bad_one_is_rolled_back() {
    quickly(async |wharf| {
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster()");
        let agent = EcsAgent::join(&aws, "default", 4096, 1024).await;
        agent.behave("bad", Behavior { fails: Some("CannotPullContainerError: no".to_owned()), ..Behavior::default() });
        agent.behave("crash", Behavior { exits: Some(1), ..Behavior::default() });
        run(
            &aws,
            &json!({}),
            &format!(
                r#"{SETUP}
define()
breaker = {{"deploymentCircuitBreaker": {{"enable": True, "rollback": True}}}}
create(deploymentConfiguration=breaker)
first = completed()["deployments"][0]["id"]
second = ecs.update_service(service="web", taskDefinition=define())["service"]
expect([one["status"] for one in second["deployments"]], ["PRIMARY", "ACTIVE"])
now = completed()
assert now["deployments"][0]["id"] not in (None, first)
second = now["deployments"][0]["id"]
expect(now["taskDefinition"].split("/")[1], "web:2")
expect({{one["taskDefinitionArn"].split("/")[1] for one in tasks()}}, {{"web:2"}})
stopped = ecs.describe_tasks(tasks=ecs.list_tasks(desiredStatus="STOPPED")["taskArns"])["tasks"]
expect({{one["stopCode"] for one in stopped}}, {{"ServiceSchedulerInitiated"}})
expect({{one["stoppedReason"] for one in stopped}}, {{f"Scaling activity initiated by (deployment {{second}})"}})

for family in ("bad", "crash"):
    third = ecs.update_service(service="web", taskDefinition=define(family))["service"]["deployments"][0]["id"]
    eventually(lambda: service()["deployments"][0]["id"] == second, 60)
    now = completed()
    expect(now["taskDefinition"].split("/")[1], "web:2")
    assert f"(service web) (deployment {{third}}) deployment failed: tasks failed to start." in messages(), messages()
    assert f"(service web) rolling back to (deployment {{second}})." in messages(), messages()
    [one] = [one for one in ecs.list_service_deployments(service="web")["serviceDeployments"]
             if one["targetServiceRevisionArn"].endswith(third.split("/")[1])]
    expect(one["status"], "ROLLBACK_SUCCESSFUL")

ecs.update_service(service="web", forceNewDeployment=True)
assert completed()["deployments"][0]["id"] != second
same = ecs.update_service(service="web", taskDefinition="web:2", enableExecuteCommand=True)["service"]
expect((len(same["deployments"]), same["enableExecuteCommand"]), (1, True))
"#
            ),
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_waits_for_a_host_and_leaves_one_that_is_drained() {
    quickly(async |wharf| {
        let aws = wharf.aws();
        run(
            &aws,
            &json!({}),
            &format!(
                r#"ecs.create_cluster()
{SETUP}
define()
create()
reason = ("(service web) was unable to place a task because no container instance met all of its requirements. "
          "Reason: No Container Instances were found in your cluster.")
eventually(lambda: messages() == [reason])
"#
            ),
        );
        let first = EcsAgent::join(&aws, "default", 2048, 1024).await;
        run(&aws, &json!({}), &format!("{SETUP}\nexpect(stable()['runningCount'], 2)\ncompleted()"));
        let second = EcsAgent::join(&aws, "default", 2048, 1024).await;
        run(
            &aws,
            &json!({ "first": first.instance_arn, "second": second.instance_arn }),
            &format!(
                r#"{SETUP}
ecs.update_container_instances_state(containerInstances=[data["first"]], status="DRAINING")
where = lambda: [one["containerInstanceArn"] for one in tasks()]
eventually(lambda: where() == [data["second"]] * 2, 60)
expect(stable()["runningCount"], 2)
"#
            ),
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_service_has_one_task_on_each_host() {
    quickly(async |wharf| {
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster()");
        let _first = EcsAgent::join(&aws, "default", 2048, 1024).await;
        let _second = EcsAgent::join(&aws, "default", 2048, 1024).await;
        run(
            &aws,
            &json!({}),
            &format!(
                r#"{SETUP}
define()
text = message("InvalidParameterException", create, schedulingStrategy="DAEMON")
expect(text, "The daemon scheduling strategy does not support a desired count for services. "
             "Remove the desired count value and try again.")
made = ecs.create_service(serviceName="web", taskDefinition="web", schedulingStrategy="DAEMON")["service"]
expect(made["deploymentConfiguration"]["maximumPercent"], 100)
expect(made["deploymentConfiguration"]["minimumHealthyPercent"], 0)
expect(completed()["runningCount"], 2)
expect(len({{one["containerInstanceArn"] for one in tasks()}}), 2)
"#
            ),
        );
        let _third = EcsAgent::join(&aws, "default", 2048, 1024).await;
        run(
            &aws,
            &json!({}),
            &format!(
                r#"{SETUP}
eventually(lambda: service()["runningCount"] == 3)
expect(len({{one["containerInstanceArn"] for one in tasks()}}), 3)
expect(service()["desiredCount"], 3)
ecs.update_service(service="web", taskDefinition=define())
eventually(lambda: {{one["taskDefinitionArn"].split("/")[1] for one in tasks()}} == {{"web:2"}}, 60)
expect(completed()["runningCount"], 3)
ecs.delete_service(service="web")
ecs.get_waiter("services_inactive").wait(services=["web"], WaiterConfig={{"Delay": 1, "MaxAttempts": 60}})
"#
            ),
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_and_a_repetition_is_not() {
    quickly(async |wharf| {
        let aws = wharf.aws();
        run(
            &aws,
            &json!({ "listen": port::free() }),
            &format!(
                r#"{SETUP}
{BALANCED}
message("ClusterNotFoundException", create)
ecs.create_cluster()
message("ClientException", create)
define()
invalid = lambda **arguments: message("InvalidParameterException", create, **arguments)
invalid(name="a b")
invalid(desiredCount=-1)
invalid(launchType="FARGATE")
invalid(launchType="MOON")
invalid(launchType="EC2", capacityProviderStrategy=[{{"capacityProvider": "FARGATE"}}])
invalid(deploymentConfiguration={{"maximumPercent": 50}})
invalid(deploymentConfiguration={{"minimumHealthyPercent": 101}})
invalid(schedulingStrategy="SOMETIMES")
invalid(placementConstraints=[{{"type": "memberOf"}}])
invalid(placementStrategy=[{{"type": "spread"}}])
invalid(healthCheckGracePeriodSeconds=-1)
invalid(propagateTags="MAYBE")
invalid(clientToken="x" * 37)
invalid(tags=[{{"key": "aws:x", "value": ""}}])
invalid(networkConfiguration={{"awsvpcConfiguration": {{"subnets": ["subnet-1"]}}}})
arn = group()
listen(arn, data["listen"])
balancer = lambda **more: [{{**behind(arn)[0], **more}}]
expect(invalid(loadBalancers=balancer(containerName="other")),
       "The container other does not exist in the task definition.")
expect(invalid(loadBalancers=balancer(containerPort=81)),
       "The container app did not have a container port 81 defined.")
invalid(loadBalancers=balancer(targetGroupArn="x"))
for unsupported in (
    {{"deploymentController": {{"type": "EXTERNAL"}}}},
    {{"deploymentConfiguration": {{"strategy": "BLUE_GREEN"}}}},
    {{"serviceConnectConfiguration": {{"enabled": True}}}},
):
    message("UnsupportedFeatureException", create, **unsupported)
message("UnsupportedFeatureException", ecs.describe_task_sets, cluster="default", service="web")
message("UnsupportedFeatureException", ecs.list_services_by_namespace, namespace="n")
expect(ecs.list_services()["serviceArns"], [])

made = create(clientToken="t", loadBalancers=balancer())
expect(made["loadBalancers"], balancer())
expect(create(clientToken="t", loadBalancers=balancer())["serviceArn"], made["serviceArn"])
twice = "Creation of service was not idempotent."
expect(invalid(clientToken="t", desiredCount=3, loadBalancers=balancer()), twice)
expect(invalid(loadBalancers=balancer()), twice)
# Some clients send one that is empty when they mean none.
expect(invalid(clientToken="", loadBalancers=balancer()), twice)
message("ServiceNotFoundException", ecs.update_service, service="absent")
message("ServiceNotFoundException", ecs.delete_service, service="absent")
message("InvalidParameterException", ecs.update_service, service="web", desiredCount=-1)
message("ClientException", ecs.update_service, service="web", taskDefinition="absent")
[missing] = ecs.describe_services(services=["absent"])["failures"]
expect((missing["reason"], missing["arn"].split(":", 5)[5]), ("MISSING", "service/default/absent"))
message("InvalidParameterException", ecs.describe_services, services=["a"] * 11)
for index in range(11):
    create(name=f"more-{{index:02}}", desiredCount=0)
page = ecs.list_services()
expect((len(page["serviceArns"]), "nextToken" in page), (10, True))
rest = ecs.list_services(nextToken=page["nextToken"])
expect((len(rest["serviceArns"]), "nextToken" in rest), (2, False))
expect(len(ecs.list_services(schedulingStrategy="DAEMON")["serviceArns"]), 0)
expect(len(ecs.list_services(launchType="EC2", maxResults=100)["serviceArns"]), 12)
"#
            ),
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_protected_outlives_a_scale_in() {
    quickly(async |wharf| {
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster()");
        let _agent = EcsAgent::join(&aws, "default", 2048, 1024).await;
        run(
            &aws,
            &json!({}),
            &format!(
                r#"{SETUP}
define()
create()
completed()
one, other = [task["taskArn"] for task in tasks()]
answer = ecs.update_task_protection(cluster="default", tasks=[one], protectionEnabled=True, expiresInMinutes=5)
[protected] = answer["protectedTasks"]
expect((protected["taskArn"], protected["protectionEnabled"]), (one, True))
assert 290 < protected["expirationDate"].timestamp() - time.time() < 310
answer = ecs.get_task_protection(cluster="default", tasks=[one, other, "0" * 32])
expect([task["protectionEnabled"] for task in answer["protectedTasks"]], [True, False])
expect([failure["reason"] for failure in answer["failures"]], ["MISSING"])
alone = ecs.run_task(taskDefinition="web")["tasks"][0]["taskArn"]
answer = ecs.update_task_protection(cluster="default", tasks=[alone], protectionEnabled=True)
expect([failure["reason"] for failure in answer["failures"]], ["TASK_NOT_VALID"])
message("InvalidParameterException", ecs.update_task_protection,
        cluster="default", tasks=[one], protectionEnabled=True, expiresInMinutes=2881)
ecs.update_service(service="web", desiredCount=0)
eventually(lambda: [task["taskArn"] for task in tasks()] == [one])
ecs.update_task_protection(cluster="default", tasks=[one], protectionEnabled=False)
eventually(lambda: tasks() == [])
"#
            ),
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_killed_goes_on_with_its_services() {
    for &backend in DEFAULT {
        println!("on {backend:?}");
        let mut wharf = Wharf::with(backend).set("WHARF_SERVICE_SETTLE", "1s").start().await;
        let aws = wharf.aws();
        run(&aws, &json!({}), &format!("ecs.create_cluster()\n{SETUP}\ndefine()"));
        let _agent = EcsAgent::join(&aws, "default", 2048, 1024).await;
        run(
            &aws,
            &json!({}),
            &format!("{SETUP}\ncreate()\ncompleted()\necs.update_service(service='web', taskDefinition=define())"),
        );
        wharf.kill();
        wharf.restart().await;
        run(
            &wharf.aws(),
            &json!({}),
            &format!(
                r#"{SETUP}
now = completed()
expect((now["runningCount"], now["taskDefinition"].split("/")[1]), (2, "web:2"))
expect({{one["taskDefinitionArn"].split("/")[1] for one in tasks()}}, {{"web:2"}})
"#
            ),
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn permissions_are_about_services_clusters_and_roles() {
    quickly(async |wharf| {
        let aws = wharf.aws();
        let policy = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": ["ecs:CreateService", "ecs:UpdateService", "ecs:DescribeServices"],
              "Resource": "arn:aws:ecs:*:*:service/default/web*",
              "Condition": { "ArnEquals": { "ecs:cluster": "arn:aws:ecs:us-east-1:000000000000:cluster/default" } } },
            { "Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::000000000000:role/balancer",
              "Condition": { "StringEquals": { "iam:PassedToService": "ecs.amazonaws.com" } } },
        ] });
        let user = wharf.known_user("deployer", &policy).await;
        let group = run(
            &aws,
            &json!({ "listen": port::free() }),
            &format!(
                r#"{SETUP}
{BALANCED}
ecs.create_cluster()
ecs.create_cluster(clusterName="other")
define()
arn = group()
listen(arn, data["listen"])
print(json.dumps(arn))
"#
            ),
        );
        run(
            &aws.as_user(&user),
            &json!({ "group": group }),
            &format!(
                r#"{SETUP}
denied = "AccessDeniedException"
create(desiredCount=0)
ecs.update_service(service="web", desiredCount=0)
expect(service()["serviceName"], "web")
message(denied, create, name="api", desiredCount=0)
message(denied, create, name="web-2", desiredCount=0, cluster="other")
message(denied, create, name="web-3", desiredCount=0, tags=[{{"key": "a", "value": "b"}}])
message(denied, ecs.delete_service, service="web")
message(denied, ecs.list_services)
balancers = [{{"targetGroupArn": data["group"], "containerName": "app", "containerPort": 80}}]
message(denied, create, name="web-4", desiredCount=0, role="other", loadBalancers=balancers)
made = create(name="web-5", desiredCount=0, role="balancer", loadBalancers=balancers)
expect(made["roleArn"], "arn:aws:iam::000000000000:role/balancer")
"#
            ),
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_host_is_given_room_if_the_minimum_lets_it() {
    quickly(async |wharf| {
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster()");
        let _agent = EcsAgent::join(&aws, "default", 1024, 1024).await;
        run(
            &aws,
            &json!({}),
            &format!(
                r#"{SETUP}
fixed = dict(portMappings=[{{"containerPort": 80, "hostPort": 8080}}])
define(**fixed)
create(desiredCount=1, deploymentConfiguration={{"minimumHealthyPercent": 0, "maximumPercent": 200}})
completed()
ecs.update_service(service="web", taskDefinition=define(**fixed))
now = completed()
expect((now["runningCount"], now["taskDefinition"].split("/")[1]), (1, "web:2"))
assert not any("unable to place" in one for one in messages()), messages()
ecs.update_service(service="web", deploymentConfiguration={{"minimumHealthyPercent": 100}}, forceNewDeployment=True)
eventually(lambda: any("is already using a port required by your task." in one for one in messages()))
expect(service()["runningCount"], 1)
"#
            ),
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn containers_whose_check_is_turned_off_have_no_health_to_wait_for() {
    quickly(async |wharf| {
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster()");
        let agent = EcsAgent::join(&aws, "default", 1024, 1024).await;
        run(
            &aws,
            &json!({}),
            &format!(
                r#"{SETUP}
define(healthCheck={{"command": ["NONE"]}})
create(desiredCount=1)
expect(completed()["runningCount"], 1)
[one] = tasks()
expect((one["healthStatus"], one["containers"][0]["healthStatus"]), ("UNKNOWN", "UNKNOWN"))
"#
            ),
        );
        let tasks = agent.tasks();
        let sent = tasks.values().next().expect("a task");
        assert_eq!(sent["containers"][0]["healthCheckType"], json!(null), "nobody asks for its health");
        assert!(
            sent["containers"][0]["dockerConfig"]["config"].as_str().is_some_and(|it| it.contains("NONE")),
            "{sent}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_is_on_every_host_that_has_room_and_comes_to_those_that_get_its_attribute() {
    quickly(async |wharf| {
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster()");
        // Which of them comes first in any order is chance; most likely it is a full one.
        let mut full = Vec::new();
        for _ in 0..5 {
            full.push(EcsAgent::join(&aws, "default", 2048, 8).await);
        }
        let roomy = EcsAgent::join(&aws, "default", 2048, 1024).await;
        run(
            &aws,
            &json!({ "roomy": roomy.instance_arn }),
            &format!(
                r#"{SETUP}
define()
daemon = dict(taskDefinition="web", schedulingStrategy="DAEMON")
ecs.create_service(serviceName="web", **daemon)
where = lambda name="web": [one["containerInstanceArn"] for one in tasks(name) if one["lastStatus"] == "RUNNING"]
eventually(lambda: where() == [data["roomy"]])
# It is told with the decision after that which started a task, and that task may run by then.
[closest] = eventually(lambda: [one for one in messages() if "was unable to place a task" in one])
assert closest.endswith("has insufficient memory available."), closest

# A host gets what the tasks of another one ask for.
blue = [{{"type": "memberOf", "expression": "attribute:stack == blue"}}]
ecs.create_service(serviceName="blue", **daemon, placementConstraints=blue)
eventually(lambda: messages("blue"))
expect(where("blue"), [])
attribute = {{"name": "stack", "value": "blue", "targetId": data["roomy"]}}
ecs.put_attributes(attributes=[attribute])
eventually(lambda: where("blue") == [data["roomy"]])
ecs.delete_attributes(attributes=[attribute])
eventually(lambda: where("blue") == [])
"#
            ),
        );
    })
    .await;
}
