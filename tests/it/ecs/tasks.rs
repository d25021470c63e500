//! RunTask, StartTask, StopTask, DescribeTasks, ListTasks, and what an agent is told and says of them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::harness::aws::Aws;
use tests::harness::ecs_agent::{Behavior, EcsAgent};
use tests::harness::{Backend, Wharf, on_default};

use super::run;

const SETUP: &str = r#"
ecs.register_task_definition(family="web", containerDefinitions=[
    {"name": "app", "image": "web:1", "memory": 128, "cpu": 256, "environment": [{"name": "A", "value": "1"}],
     "portMappings": [{"containerPort": 80}]},
])
"#;

/// The ARN of a task of the family `web` that runs.
#[track_caller]
fn running_task(aws: &Aws) -> Value {
    run(
        aws,
        &json!({}),
        r#"
arn = ecs.run_task(taskDefinition="web")["tasks"][0]["taskArn"]
eventually(lambda: task(arn)["lastStatus"] == "RUNNING")
print(json.dumps(arn))
"#,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_runs_on_a_host_and_stops_when_it_is_told_to() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        run(&aws, &json!({}), &format!("ecs.create_cluster()\n{SETUP}"));
        let agent = EcsAgent::join(&aws, "default", 2048, 1024).await;
        let instance = agent.instance_arn.clone();
        let started = run(
            &aws,
            &json!({ "instance": instance }),
            r#"
started = ecs.run_task(taskDefinition="web", startedBy="me", tags=[{"key": "team", "value": "a"}], overrides={
    "containerOverrides": [{"name": "app", "command": ["echo"], "environment": [{"name": "B", "value": "2"}]}]})
expect(started["failures"], [])
one = started["tasks"][0]
expect(one["lastStatus"], "PENDING")
expect(one["desiredStatus"], "RUNNING")
assert "connectivity" not in one and "connectivityAt" not in one, one
expect(one["group"], "family:web")
expect(one["launchType"], "EC2")
expect(one["containerInstanceArn"], data["instance"])
expect(one["tags"], [{"key": "team", "value": "a"}])
arn = one["taskArn"]
ecs.get_waiter("tasks_running").wait(tasks=[arn], WaiterConfig={"Delay": 1, "MaxAttempts": 30})
now = task(arn)
expect(now["startedBy"], "me")
expect(now["connectivity"], "CONNECTED")
assert now["startedAt"] >= now["createdAt"] and now["connectivityAt"] >= now["createdAt"]
box = now["containers"][0]
expect((box["name"], box["lastStatus"], box["runtimeId"]), ("app", "RUNNING", "0123456789ab"))
expect(box["networkBindings"], [{"bindIP": "0.0.0.0", "containerPort": 80, "hostPort": 32768, "protocol": "tcp"}])
host = ecs.describe_container_instances(containerInstances=[data["instance"]])["containerInstances"][0]
expect((host["runningTasksCount"], host["pendingTasksCount"], host["agentConnected"]), (1, 0, True))
left = {one["name"]: one for one in host["remainingResources"]}
expect((left["CPU"]["integerValue"], left["MEMORY"]["integerValue"]), (2048 - 256, 1024 - 128))
expect(ecs.list_tasks()["taskArns"], [arn])
expect(ecs.list_tasks(family="web", launchType="EC2")["taskArns"], [arn])
expect(ecs.list_tasks(startedBy="me")["taskArns"], [arn])
expect(ecs.list_tasks(startedBy="you")["taskArns"], [])
expect(ecs.list_tasks(desiredStatus="STOPPED")["taskArns"], [])
cluster = ecs.describe_clusters()["clusters"][0]
expect((cluster["runningTasksCount"], cluster["registeredContainerInstancesCount"]), (1, 1))
message("ClusterContainsContainerInstancesException", ecs.delete_cluster, cluster="default")
stopped = ecs.stop_task(task=arn, reason="enough")["task"]
expect((stopped["desiredStatus"], stopped["lastStatus"], stopped["stoppedReason"]), ("STOPPED", "RUNNING", "enough"))
ecs.get_waiter("tasks_stopped").wait(tasks=[arn], WaiterConfig={"Delay": 1, "MaxAttempts": 30})
now = task(arn)
expect((now["stopCode"], now["stoppedReason"]), ("UserInitiated", "enough"))
expect(now["containers"][0]["exitCode"], 137)
host = ecs.describe_container_instances(containerInstances=[data["instance"]])["containerInstances"][0]
left = {one["name"]: one for one in host["remainingResources"]}
expect((left["CPU"]["integerValue"], left["MEMORY"]["integerValue"]), (2048, 1024))
expect(ecs.list_tasks()["taskArns"], [])
expect(ecs.list_tasks(desiredStatus="STOPPED")["taskArns"], [arn])
print(json.dumps(arn))
"#,
        );
        let task = &agent.tasks()[started.as_str().unwrap()];
        assert_eq!(task["family"], "web");
        let container = &task["containers"][0];
        assert_eq!(container["environment"], json!({ "A": "1", "B": "2" }));
        assert_eq!(container["command"], json!(["echo"]));
        assert_eq!(container["portMappings"][0]["containerPort"], 80);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_does_not_start_and_one_that_ends_say_why() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        run(&aws, &json!({}), &format!("ecs.create_cluster()\n{SETUP}"));
        let agent = EcsAgent::join(&aws, "default", 2048, 1024).await;
        let reason = "CannotPullContainerError: no such image";
        agent.behave("web", Behavior { fails: Some(reason.to_owned()), ..Behavior::default() });
        run(
            &aws,
            &json!({ "reason": reason }),
            r#"
arn = ecs.run_task(taskDefinition="web")["tasks"][0]["taskArn"]
eventually(lambda: task(arn)["lastStatus"] == "STOPPED")
expect((task(arn)["stopCode"], task(arn)["stoppedReason"]), ("TaskFailedToStart", data["reason"]))
assert "startedAt" not in task(arn)
"#,
        );
        agent.behave("web", Behavior { exits: Some(3), ..Behavior::default() });
        run(
            &aws,
            &json!({}),
            r#"
arn = ecs.run_task(taskDefinition="web")["tasks"][0]["taskArn"]
eventually(lambda: task(arn)["lastStatus"] == "STOPPED")
one = task(arn)
expect((one["stopCode"], one["stoppedReason"]), ("EssentialContainerExited", "Essential container in task exited"))
expect(one["containers"][0]["exitCode"], 3)
"#,
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_finds_no_room_is_a_failure_and_bad_requests_are_refused() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        run(
            &aws,
            &json!({}),
            &format!(
                r#"
message("ClusterNotFoundException", ecs.run_task, taskDefinition="web")
ecs.create_cluster()
{SETUP}
expect(message("InvalidParameterException", ecs.run_task, taskDefinition="web"),
       "No Container Instances were found in your cluster.")
"#
            ),
        );
        let _agent = EcsAgent::join(&aws, "default", 512, 200).await;
        run(
            &aws,
            &json!({}),
            r#"
answer = ecs.run_task(taskDefinition="web", count=3)
expect(len(answer["tasks"]), 1)
expect({failure["reason"] for failure in answer["failures"]}, {"RESOURCE:MEMORY"})
expect(len(answer["failures"]), 2)
message("ClientException", ecs.run_task, taskDefinition="absent")
message("InvalidParameterException", ecs.run_task, taskDefinition="web", count=11)
message("InvalidParameterException", ecs.run_task, taskDefinition="web", launchType="FARGATE")
message("InvalidParameterException", ecs.run_task, taskDefinition="web", overrides={
    "containerOverrides": [{"name": "absent"}]})
message("InvalidParameterException", ecs.stop_task, task="0" * 32)
expect(ecs.describe_tasks(tasks=["0" * 32])["failures"][0]["reason"], "MISSING")
first = ecs.run_task(taskDefinition="web", clientToken="t1", overrides={
    "containerOverrides": [{"name": "app", "memory": 8}]})
again = ecs.run_task(taskDefinition="web", clientToken="t1", overrides={
    "containerOverrides": [{"name": "app", "memory": 8}]})
expect([one["taskArn"] for one in first["tasks"]], [one["taskArn"] for one in again["tasks"]])
refused("ConflictException", ecs.run_task, taskDefinition="web", clientToken="t1")
ecs.run_task(taskDefinition="web", clientToken="")
ecs.deregister_task_definition(taskDefinition="web:1")
message("ClientException", ecs.run_task, taskDefinition="web:1")
"#,
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_names_hosts_gets_tasks_there_whatever_the_strategy_of_the_cluster_is() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        run(
            &aws,
            &json!({}),
            r#"
ecs.create_cluster(capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=[
    {"capacityProvider": "FARGATE", "weight": 1}])
register("web")
register("own", networkMode="awsvpc")
# Also where there are no hosts at all.
answer = ecs.start_task(taskDefinition="web", containerInstances=["0" * 32])
expect((answer["tasks"], answer["failures"]), ([], [
    {"arn": home + "container-instance/default/" + "0" * 32, "reason": "MISSING"}]))
"#,
        );
        let host = EcsAgent::join(&aws, "default", 2048, 1024).await;
        let outside = json!({ "attributes": [{ "name": "ecs.capability.external" }] });
        let outside = EcsAgent::join_with(&aws, "default", 2048, 1024, outside).await;
        run(
            &aws,
            &json!({ "host": host.instance_arn, "outside": outside.instance_arn }),
            r#"
hosts = [data["host"], data["outside"]]
answer = ecs.start_task(taskDefinition="web", containerInstances=hosts)
expect(answer["failures"], [])
expect([one["launchType"] for one in answer["tasks"]], ["EC2", "EXTERNAL"])
expect([one["containerInstanceArn"] for one in answer["tasks"]], hosts)
assert not any("capacityProviderName" in one for one in answer["tasks"]), answer
network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
expect(message("InvalidParameterException", ecs.start_task, taskDefinition="own", containerInstances=hosts,
    networkConfiguration=network), "Task definition does not support launch_type EXTERNAL.")
# RunTask takes the strategy of the cluster.
expect(message("InvalidParameterException", ecs.run_task, taskDefinition="web"),
    "Task definition does not support launch_type FARGATE.")
# A host that is being drained takes no new tasks, and is the one that failed.
ecs.update_container_instances_state(containerInstances=[data["host"]], status="DRAINING")
answer = ecs.start_task(taskDefinition="web", containerInstances=hosts)
expect([one["containerInstanceArn"] for one in answer["tasks"]], [data["outside"]])
expect(answer["failures"], [{"arn": data["host"], "reason": "INACTIVE"}])
"#,
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_comes_back_hears_of_its_tasks_and_of_what_was_wanted_meanwhile() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let mut wharf = Wharf::start(backend).await;
        let aws = wharf.aws();
        run(&aws, &json!({}), &format!("ecs.create_cluster()\n{SETUP}"));
        let agent = EcsAgent::join(&aws, "default", 2048, 1024).await;
        let arn = running_task(&aws);
        wharf.kill();
        wharf.restart().await;
        run(
            &aws,
            &json!({ "arn": arn }),
            r#"
eventually(connected)
expect(task(data["arn"])["lastStatus"], "RUNNING")
ecs.stop_task(task=data["arn"])
eventually(lambda: task(data["arn"])["lastStatus"] == "STOPPED")
"#,
        );
        let manifests = agent.frames("TaskManifestMessage");
        assert!(manifests.len() >= 2, "{manifests:?}");
        assert_eq!(manifests[1]["tasks"][0]["taskArn"], arn);
        assert!(manifests[1]["timeline"].as_i64() > manifests[0]["timeline"].as_i64());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_has_back_what_its_tasks_had_however_many_begin_and_end_at_once() {
    let wharf = Wharf::start(Backend::PostgresS3).await;
    let aws = wharf.aws();
    run(&aws, &json!({}), "ecs.create_cluster()\nregister('web')");
    let agent = EcsAgent::join(&aws, "default", 204_800, 102_400).await;
    agent.behave("web", Behavior { exits: Some(0), ..Behavior::default() });
    run(
        &aws,
        &json!({}),
        r#"
import threading
def begin(ecs):
    for _ in range(12):
        expect(ecs.run_task(taskDefinition="web", count=4)["failures"], [])
threads = [threading.Thread(target=begin, args=(client("ecs"),)) for _ in range(6)]
for one in threads: one.start()
for one in threads: one.join()
# There are 288 of them, and their agent tells of one after the other.
eventually(lambda: not ecs.list_tasks()["taskArns"], 180)
[arn] = ecs.list_container_instances()["containerInstanceArns"]
def host():
    host = ecs.describe_container_instances(containerInstances=[arn])["containerInstances"][0]
    left, whole = host["remainingResources"], host["registeredResources"]
    return host["runningTasksCount"] + host["pendingTasksCount"] == 0 and (left, whole)
left, whole = eventually(host)
expect(left, whole)
"#,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_may_say_much_before_it_hears_the_answers() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let aws = wharf.aws();
    run(&aws, &json!({}), "ecs.create_cluster()\nregister('web')");
    let agent = EcsAgent::join(&aws, "default", 2048, 1024).await;
    let arn = running_task(&aws);
    // An agent tells what its tasks use, ten tasks in a message, and answers come meanwhile.
    let set = json!({ "min": 1.0, "max": 1.0, "sampleCount": 1, "sum": 1.0 });
    let used = json!([{ "containerName": "app", "cpuStatsSet": set, "memoryStatsSet": set }]);
    let one = json!({ "taskArn": arn, "taskDefinitionFamily": "web", "taskDefinitionVersion": "1", "containerMetrics": used });
    let message = json!({ "taskMetrics": [one], "timestamp": 0 });
    agent.tell_often("PublishMetricsRequest", message, "AckPublishMetric", 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_runs_outlives_its_role() {
    let mut wharf = Wharf::start(Backend::SqliteDisk).await;
    let aws = wharf.aws();
    run(
        &aws,
        &json!({}),
        r#"
iam = client("iam")
trust = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
iam.create_role(RoleName="app", AssumeRolePolicyDocument=json.dumps(trust))
ecs.create_cluster()
register("web", taskRoleArn="arn:aws:iam::000000000000:role/app")
"#,
    );
    let agent = EcsAgent::join(&aws, "default", 2048, 1024).await;
    let arn = running_task(&aws);
    run(&aws, &json!({}), "client('iam').delete_role(RoleName='app')");
    // Agents dial anew every half an hour at the latest, and whenever a server starts. Then they are told all of their tasks.
    let told = agent.frames("PayloadMessage").len();
    wharf.restart().await;
    let limit = Instant::now() + Duration::from_secs(60);
    while agent.frames("PayloadMessage").len() == told && Instant::now() < limit {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    run(
        &wharf.aws(),
        &json!({ "arn": arn }),
        r#"
expect((task(data["arn"])["lastStatus"], task(data["arn"])["desiredStatus"]), ("RUNNING", "RUNNING"))
# Another one cannot begin.
failed = ecs.run_task(taskDefinition="web")["tasks"][0]["taskArn"]
eventually(lambda: task(failed)["lastStatus"] == "STOPPED")
expect(task(failed)["stopCode"], "TaskFailedToStart")
ecs.stop_task(task=data["arn"])
eventually(lambda: task(data["arn"])["lastStatus"] == "STOPPED")
"#,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_overrides_sizes_as_definitions_say_them() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster()\nregister('web', memory='512')");
        let agent = EcsAgent::join(&aws, "default", 4096, 8192).await;
        let arn = run(
            &aws,
            &json!({ "host": agent.instance_arn }),
            r#"
calls = [lambda **more: ecs.run_task(taskDefinition="web", **more),
    lambda **more: ecs.start_task(taskDefinition="web", containerInstances=[data["host"]], **more)]
for call in calls:
    for overrides, text in [
        ({"cpu": "a lot"}, "Invalid 'cpu' setting for task."),
        ({"memory": "2 vCPU"}, "Invalid 'memory' setting for task."),
        ({"memory": "32"}, "The 'memory' setting for container 'app' is greater than for the task."),
        ({"containerOverrides": [{"name": "app", "memory": 5}]},
            "Invalid setting for container 'app'. 'memory' must be at least 6 MiB."),
    ]:
        expect(message("InvalidParameterException", call, overrides=overrides), text)
register("fargate", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512")
fargate = dict(taskDefinition="fargate", launchType="FARGATE", networkConfiguration={
    "awsvpcConfiguration": {"subnets": ["subnet-1"]}})
expect(message("InvalidParameterException", ecs.run_task, overrides={"cpu": "1 vCPU"}, **fargate),
    "No Fargate configuration exists for given values: 1024 CPU, 512 memory.")
[large] = ecs.run_task(overrides={"cpu": "1 vCPU", "memory": "2 GB"}, **fargate)["tasks"]
expect((large["cpu"], large["memory"]), ("1024", "2048"))
host = ecs.describe_container_instances(containerInstances=[data["host"]])["containerInstances"][0]
left = {one["name"]: one for one in host["remainingResources"]}
expect((left["CPU"]["integerValue"], left["MEMORY"]["integerValue"]), (4096 - 1024, 8192 - 2048))
eventually(lambda: task(large["taskArn"])["lastStatus"] == "RUNNING")
print(json.dumps(large["taskArn"]))
"#,
        );
        let task = &agent.tasks()[arn.as_str().unwrap()];
        assert_eq!((&task["cpu"], &task["memory"]), (&json!(1.0), &json!(2048)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tags_that_ecs_sets_itself_come_on_top_of_all_others() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster()\nregister('web')");
        let agent = EcsAgent::join(&aws, "default", 4096, 8192).await;
        run(
            &aws,
            &json!({ "host": agent.instance_arn }),
            r#"
own = [{"key": f"{n:02}", "value": ""} for n in range(50)]
managed = {"key": "aws:ecs:clusterName", "value": "default"}
for call, more in [(ecs.run_task, {}), (ecs.start_task, {"containerInstances": [data["host"]]})]:
    [one] = call(taskDefinition="web", tags=own, enableECSManagedTags=True, **more)["tasks"]
    tags = ecs.list_tags_for_resource(resourceArn=one["taskArn"])["tags"]
    expect(sorted(tags, key=lambda tag: tag["key"]), own + [managed])
    [one] = call(taskDefinition="web", tags=own[:1], **more)["tasks"]
    expect(one["tags"], own[:1])
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn whoever_runs_a_task_must_be_allowed_to_pass_its_roles() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    run(
        &wharf.aws(),
        &json!({}),
        r#"
ecs.create_cluster()
register("web", taskRoleArn="arn:aws:iam::000000000000:role/admin", executionRoleArn="arn:aws:iam::000000000000:role/exec")
register("plain")
"#,
    );
    let user = wharf
        .known_user(
            "runner",
            &json!({ "Version": "2012-10-17", "Statement": [
                { "Effect": "Allow", "Action": ["ecs:RunTask", "ecs:StartTask"], "Resource": "*" },
                { "Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::000000000000:role/e*" },
            ] }),
        )
        .await;
    run(
        &wharf.aws().as_user(&user),
        &json!({}),
        r#"
text = "is not authorized to perform: iam:PassRole on resource: arn:aws:iam::000000000000:role/admin"
for family in ["web", "web:1", home + "task-definition/web:1"]:
    assert text in message("AccessDeniedException", ecs.run_task, taskDefinition=family), family
    assert text in message("AccessDeniedException", ecs.start_task, taskDefinition=family, containerInstances=["0" * 32])
# Another role in its place is the one that is passed; so are no roles at all.
none = "No Container Instances were found in your cluster."
other = {"taskRoleArn": "arn:aws:iam::000000000000:role/empty"}
expect(message("InvalidParameterException", ecs.run_task, taskDefinition="web", overrides=other), none)
expect(message("InvalidParameterException", ecs.run_task, taskDefinition="plain"), none)
"#,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_is_larger_than_agents_take_fails_and_is_in_the_way_of_no_other() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        run(&aws, &json!({}), &format!("ecs.create_cluster()\n{SETUP}"));
        let agent = EcsAgent::join(&aws, "default", 2048, 1024).await;
        run(
            &aws,
            &json!({}),
            r#"
register("large", volumes=[{"name": f"v{number}"} for number in range(1000)])
register("fits", volumes=[{"name": f"v{number}"} for number in range(100)])
large, fits = [ecs.run_task(taskDefinition=name)["tasks"][0]["taskArn"] for name in ("large", "fits")]
eventually(lambda: task(large)["lastStatus"] == "STOPPED" and task(fits)["lastStatus"] == "RUNNING")
expect((task(large)["stopCode"], task(large)["stoppedReason"]), ("TaskFailedToStart",
    "ResourceInitializationError: the task, with its environment files, is larger than agents take"))
"#,
        );
        assert_eq!(agent.tasks().len(), 1);
    })
    .await;
}
