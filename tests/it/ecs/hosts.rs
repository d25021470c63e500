//! Hosts: how they come, who speaks for them, and what becomes of the tasks of those that are gone.

use std::time::Duration;

use serde_json::json;
use tests::harness::admin::within;
use tests::harness::ecs_agent::{Behavior, EcsAgent, call};
use tests::harness::{Backend, Wharf, on_default};

use super::run;

#[tokio::test(flavor = "multi_thread")]
async fn the_tasks_of_a_host_that_is_gone_move_to_another() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        // An agent that is silent for so long is cut off, also one that a busy machine lets stand still.
        let wharf =
            Wharf::with(backend).set("WHARF_HOST_TIMEOUT", "6s").set("WHARF_SERVICE_SETTLE", "1s").start().await;
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster()\nregister('web')");
        let (one, other) =
            (EcsAgent::join(&aws, "default", 2048, 1024).await, EcsAgent::join(&aws, "default", 2048, 1024).await);
        run(
            &aws,
            &json!({}),
            r#"
ecs.create_service(serviceName="web", taskDefinition="web", desiredCount=4)
eventually(lambda: ecs.describe_services(services=["web"])["services"][0]["runningCount"] == 4)
hosts = {one["containerInstanceArn"] for one in ecs.describe_tasks(tasks=ecs.list_tasks()["taskArns"])["tasks"]}
expect(len(hosts), 2)
alone = ecs.run_task(taskDefinition="web", placementConstraints=[
    {"type": "memberOf", "expression": "attribute:ecs.availability-zone == us-east-1a"}])
expect(alone["failures"], [])
"#,
        );
        let gone = one.instance_arn.clone();
        drop(one);
        run(
            &aws,
            &json!({ "gone": gone, "left": other.instance_arn }),
            r#"
def moved():
    service = ecs.describe_services(services=["web"])["services"][0]
    tasks = ecs.describe_tasks(tasks=ecs.list_tasks(serviceName="web")["taskArns"])["tasks"]
    return service["runningCount"] == 4 and {one["containerInstanceArn"] for one in tasks} == {data["left"]}
eventually(moved)
host = ecs.describe_container_instances(containerInstances=[data["gone"]])["containerInstances"][0]
expect((host["agentConnected"], host["runningTasksCount"]), (False, 0))
left = {one["name"]: one for one in host["remainingResources"]}
expect(left["MEMORY"]["integerValue"], 1024)
lost = [one for one in ecs.describe_tasks(tasks=ecs.list_tasks(desiredStatus="STOPPED")["taskArns"])["tasks"]
        if one["containerInstanceArn"] == data["gone"]]
expect({one["stopCode"] for one in lost}, {"TerminationNotice"})
id = data["gone"].split("/")[-1]
expect({one["stoppedReason"] for one in lost}, {f"Host EC2 (instance {id}) terminated."})
expect(ecs.list_container_instances(filter="agentConnected == true")["containerInstanceArns"], [data["left"]])
"#,
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_whose_loss_cannot_be_noted_is_in_the_way_of_no_other() {
    let wharf = Wharf::with(Backend::PostgresS3)
        .set("WHARF_HOST_TIMEOUT", "6s")
        .set("WHARF_SERVICE_SETTLE", "1s")
        .start()
        .await;
    let aws = wharf.aws();
    run(&aws, &json!({}), "ecs.create_cluster()\nregister('web')");
    let (one, other) =
        (EcsAgent::join(&aws, "default", 2048, 1024).await, EcsAgent::join(&aws, "default", 2048, 1024).await);
    let tasks = run(
        &aws,
        &json!({ "hosts": [one.instance_arn, other.instance_arn] }),
        r#"
started = ecs.start_task(taskDefinition="web", containerInstances=data["hosts"])["tasks"]
eventually(lambda: all(task(one["taskArn"])["lastStatus"] == "RUNNING" for one in started))
print(json.dumps([one["taskArn"] for one in started]))
"#,
    );
    let stuck = one.instance_arn.rsplit('/').next().unwrap().to_owned();
    wharf.backing().database().query(&format!(
        "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
         create trigger refuse before update on tasks for each row when (old.instance_id = '{stuck}')
         execute function refuse()"
    ));
    // The one that cannot be given up is the first in the list, since it is away for longer.
    let request = json!({ "cluster": "default", "containerInstances": [one.instance_arn] });
    drop(one);
    within(60, "the end of a connection", async || {
        call(&aws, "DescribeContainerInstances", &request).await["containerInstances"][0]["agentConnected"] == false
    })
    .await;
    drop(other);
    run(&aws, &json!({ "tasks": tasks }), "eventually(lambda: task(data['tasks'][1])['lastStatus'] == 'STOPPED')");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_cannot_be_put_into_words_is_in_the_way_of_no_other() {
    let wharf = Wharf::start(Backend::PostgresS3).await;
    let aws = wharf.aws();
    run(&aws, &json!({}), "ecs.create_cluster()\nregister('web')\nregister('bad')");
    let agent = EcsAgent::join(&aws, "default", 2048, 1024).await;
    let good = run(
        &aws,
        &json!({}),
        r#"
good, bad = [ecs.run_task(taskDefinition=name)["tasks"][0]["taskArn"] for name in ("web", "bad")]
eventually(lambda: task(good)["lastStatus"] == task(bad)["lastStatus"] == "RUNNING")
print(json.dumps(good))
"#,
    );
    wharf.backing().database().query("update task_definitions set document = 'x' where family = 'bad'");
    // Its agent dials anew, and is told everything again.
    let further = json!({ "containerInstanceArn": agent.instance_arn });
    drop(agent);
    let _agent = EcsAgent::join_with(&aws, "default", 2048, 1024, further).await;
    run(
        &aws,
        &json!({ "good": good }),
        "ecs.stop_task(task=data['good'])\neventually(lambda: task(data['good'])['lastStatus'] == 'STOPPED')",
    );
}

// One test each: the scripts of one would hold the other up, and its host has some seconds to come back.

#[tokio::test(flavor = "multi_thread")]
async fn hosts_are_not_lost_while_nobody_looks_after_them() {
    keep_hosts(Backend::SqliteDisk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_are_not_lost_while_nobody_looks_after_them_in_a_database_of_all() {
    keep_hosts(Backend::PostgresS3).await;
}

async fn keep_hosts(backend: Backend) {
    let mut wharf =
        Wharf::with(backend).set("WHARF_HOST_TIMEOUT", "8s").set("WHARF_SERVICE_SETTLE", "1s").start().await;
    let aws = wharf.aws();
    run(&aws, &json!({}), "ecs.create_cluster()\nregister('web')");
    let (one, other) =
        (EcsAgent::join(&aws, "default", 2048, 1024).await, EcsAgent::join(&aws, "default", 2048, 1024).await);
    let before = run(
        &aws,
        &json!({}),
        r#"
ecs.create_service(serviceName="web", taskDefinition="web", desiredCount=2)
eventually(lambda: ecs.describe_services(services=["web"])["services"][0]["runningCount"] == 2)
print(json.dumps({one["containerInstanceArn"]: one["taskArn"] for one in ecs.describe_tasks(tasks=ecs.list_tasks()["taskArns"])["tasks"]}))
"#,
    );
    // The server is away for longer than a host may be, and the agent of one of them comes back after hosts were looked at.
    let (stays, gone) = (one.instance_arn.clone(), other.instance_arn.clone());
    drop((one, other));
    // A server that ends before it has noted that would take them for connected later on.
    let request = json!({ "cluster": "default", "containerInstances": [stays, gone] });
    within(60, "the end of both connections", async || {
        let found = call(&aws, "DescribeContainerInstances", &request).await;
        (0..2).all(|host| found["containerInstances"][host]["agentConnected"] == false)
    })
    .await;
    wharf.signal("TERM");
    assert!(wharf.wait(Duration::from_secs(30)).is_some());
    tokio::time::sleep(Duration::from_secs(12)).await;
    let looks = |wharf: &Wharf| wharf.output().matches("nobody has looked after hosts for a while").count();
    let before_it = looks(&wharf);
    wharf.restart().await;
    within(60, "a look at hosts", async || looks(&wharf) > before_it).await;
    let _one = EcsAgent::join_with(&aws, "default", 2048, 1024, json!({ "containerInstanceArn": stays })).await;
    run(
        &wharf.aws(),
        &json!({ "stays": before[&stays], "gone": before[&gone], "host": stays }),
        r#"
eventually(lambda: task(data["gone"])["lastStatus"] == "STOPPED")
expect(task(data["gone"])["stopCode"], "TerminationNotice")
eventually(lambda: ecs.describe_services(services=["web"])["services"][0]["runningCount"] == 2)
expect((task(data["stays"])["lastStatus"], task(data["stays"])["desiredStatus"]), ("RUNNING", "RUNNING"))
expect({one["containerInstanceArn"] for one in ecs.describe_tasks(tasks=ecs.list_tasks()["taskArns"])["tasks"]}, {data["host"]})
"#,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_are_drained_are_listed_until_they_are_deregistered() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster()");
        let mut agents = Vec::new();
        for _ in 0..3 {
            agents.push(EcsAgent::join(&aws, "default", 1024, 512).await);
        }
        let hosts: Vec<&str> = agents.iter().map(|agent| agent.instance_arn.as_str()).collect();
        run(
            &aws,
            &json!({ "hosts": hosts }),
            r#"
every = sorted(data["hosts"])
drained, *others = data["hosts"]
def listed(**arguments):
    return [arn for page in ecs.get_paginator("list_container_instances").paginate(**arguments)
            for arn in page["containerInstanceArns"]]
ecs.update_container_instances_state(containerInstances=[drained], status="DRAINING")
expect(listed(), every)
expect(listed(PaginationConfig={"PageSize": 1}), every)
expect(listed(filter="agentConnected == true"), every)
expect(listed(status="ACTIVE"), sorted(others))
expect(listed(status="DRAINING"), [drained])
expect(listed(status="REGISTERING"), [])
expect(message("InvalidParameterException", ecs.list_container_instances, status="INACTIVE"), "Invalid status.")
ecs.deregister_container_instance(containerInstance=drained)
expect(listed(), sorted(others))
# It is remembered, but is none any more.
answer = ecs.describe_container_instances(containerInstances=[drained, others[0]])
expect([(one["status"], one["agentConnected"]) for one in answer["containerInstances"]], [("INACTIVE", False), ("ACTIVE", True)])
gone = "The referenced container instance was not found."
expect(message("InvalidParameterException", ecs.deregister_container_instance, containerInstance=drained), gone)
[failure] = ecs.update_container_instances_state(containerInstances=[drained], status="ACTIVE")["failures"]
expect(failure["reason"], "MISSING")
"#,
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_ends_says_nothing_about_the_one_that_began_after_it() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster()");
        let before = EcsAgent::join(&aws, "default", 1024, 512).await;
        let further = json!({ "containerInstanceArn": before.instance_arn });
        let after = EcsAgent::join_with(&aws, "default", 1024, 512, further).await;
        assert_eq!(before.instance_arn, after.instance_arn);
        drop(before);
        run(
            &aws,
            &json!({ "host": after.instance_arn }),
            r#"
register("web")
for _ in range(20):
    assert ecs.describe_container_instances(containerInstances=[data["host"]])["containerInstances"][0]["agentConnected"]
    time.sleep(0.1)
expect(ecs.run_task(taskDefinition="web")["failures"], [])
"#,
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_whose_key_is_deleted_is_not_told_anything_any_more() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster()\nregister('web')");
        let policy = json!({
            "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "ecs:*", "Resource": "*" }],
        });
        let user = wharf.known_user("host", &policy).await;
        let agent = EcsAgent::join(&aws.as_user(&user), "default", 1024, 512).await;
        run(
            &aws,
            &json!({ "key": user.access_key_id }),
            r#"
client("iam").delete_access_key(UserName="host", AccessKeyId=data["key"])
eventually(lambda: not connected(), 30)
expect([one["reason"] for one in ecs.run_task(taskDefinition="web")["failures"]], ["AGENT"])
"#,
        );
        // What the agent was told is on its way when its host counts as away.
        within(60, "the last word", async || !agent.frames("AccessDeniedException").is_empty()).await;
        assert_eq!(agent.frames("AccessDeniedException").len(), 1);
        assert!(agent.tasks().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_is_repeated_leaves_the_host_as_it_is() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster()");
        let resources = json!([
            { "name": "CPU", "type": "INTEGER", "integerValue": 1024 },
            { "name": "MEMORY", "type": "INTEGER", "integerValue": 512 },
        ]);
        let request = json!({ "cluster": "default", "totalResources": resources, "clientToken": "once" });
        let first = call(&aws, "RegisterContainerInstance", &request).await;
        let arn = &first["containerInstance"]["containerInstanceArn"];
        run(
            &aws,
            &json!({ "host": arn }),
            r#"
ecs.put_attributes(attributes=[{"name": "stack", "value": "blue", "targetId": data["host"]}])
ecs.update_container_instances_state(containerInstances=[data["host"]], status="DRAINING")
"#,
        );
        let again = call(&aws, "RegisterContainerInstance", &request).await;
        let host = &again["containerInstance"];
        assert_eq!(host["containerInstanceArn"], *arn);
        assert_eq!(host["status"], "DRAINING");
        let attributes = host["attributes"].as_array().unwrap();
        assert!(attributes.iter().any(|one| one["name"] == "stack" && one["value"] == "blue"), "{attributes:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_is_judged_and_tagged_by_its_own_name_whatever_it_is_called() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster()");
        let agent = EcsAgent::join(&aws, "default", 1024, 512).await;
        let policy = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "ecs:*", "Resource": "*" },
            { "Effect": "Deny", "Action": ["ecs:UpdateContainerInstancesState", "ecs:TagResource"], "Resource": agent.instance_arn },
        ] });
        let user = wharf.known_user("careful", &policy).await;
        // As a UUID, which some clients write.
        let called = r#"
import uuid
begin, id = data["host"].rsplit("/", 1)
dashed = str(uuid.UUID(id))
tags = [{"key": "team", "value": "a"}]
"#;
        let data = json!({ "host": agent.instance_arn });
        run(
            &aws.as_user(&user),
            &data,
            &format!(
                r#"{called}
for name in (id, dashed, f"{{begin}}/{{dashed}}"):
    message("AccessDeniedException", ecs.update_container_instances_state, containerInstances=[name], status="DRAINING")
for name in (data["host"], f"{{begin}}/{{dashed}}"):
    message("AccessDeniedException", ecs.tag_resource, resourceArn=name, tags=tags)
"#
            ),
        );
        run(
            &aws,
            &data,
            &format!(
                r#"{called}
ecs.tag_resource(resourceArn=f"{{begin}}/{{dashed}}", tags=tags)
expect(ecs.list_tags_for_resource(resourceArn=data["host"])["tags"], tags)
expect(ecs.describe_container_instances(containerInstances=[dashed], include=["TAGS"])["containerInstances"][0]["tags"], tags)
"#
            ),
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_connects_again_can_put_away_what_tasks_wrote_that_are_over() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let mut wharf = Wharf::start(backend).await;
        let aws = wharf.aws();
        let setup = r#"
iam = client("iam")
trust = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
iam.create_role(RoleName="exec", AssumeRolePolicyDocument=json.dumps(trust))
ecs.create_cluster()
exec = {"executionRoleArn": "arn:aws:iam::000000000000:role/exec"}
options = {"awslogs-group": "jobs", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "job"}
app = {"name": "app", "image": "job", "memory": 32}
ecs.register_task_definition(family="quiet", containerDefinitions=[app], **exec)
ecs.register_task_definition(family="job", containerDefinitions=[
    app | {"logConfiguration": {"logDriver": "awslogs", "options": options}}], **exec)
"#;
        run(&aws, &json!({}), setup);
        let agent = EcsAgent::join(&aws, "default", 2048, 1024).await;
        for family in ["job", "quiet"] {
            agent.behave(family, Behavior { exits: Some(0), ..Behavior::default() });
        }
        let ended = r#"
job, quiet = [ecs.run_task(taskDefinition=name)["tasks"][0]["taskArn"] for name in ("job", "quiet")]
eventually(lambda: task(job)["lastStatus"] == task(quiet)["lastStatus"] == "STOPPED")
print(json.dumps(job))
"#;
        let job = run(&aws, &json!({}), ended);
        let had = agent.tasks()[job.as_str().expect("an ARN")]["executionRoleCredentials"]["credentialsId"].clone();
        assert!(had.is_string(), "{had}");
        assert!(agent.frames("IAMRoleCredentialsMessage").is_empty());
        wharf.restart().await;
        run(&aws, &json!({}), "eventually(connected)");
        while agent.frames("TaskManifestMessage").len() < 2 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let [given] = &agent.frames("IAMRoleCredentialsMessage")[..] else {
            panic!("{:?}", agent.frames("IAMRoleCredentialsMessage"))
        };
        assert_eq!((&given["taskArn"], &given["roleType"]), (&job, &json!("TaskExecution")));
        assert_eq!(given["roleCredentials"]["credentialsId"], had);
    }
}
