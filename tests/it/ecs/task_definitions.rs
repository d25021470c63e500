//! Task definitions by boto3 and the CLI: what is registered, found, listed, ended, and who may. The rules one by one are
//! in the unit tests of `ecs`.

use serde_json::json;
use tests::harness::ecs_agent::EcsAgent;
use tests::harness::{Backend, Wharf, on_default};

use super::run;

#[tokio::test]
async fn a_definition_is_registered_with_defaults_and_described_the_same() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            &json!({}),
            r#"
container = {"name": "web", "image": "web:1", "memory": 128, "portMappings": [{"containerPort": 80}],
    "environment": [{"name": "A", "value": "b"}], "dockerLabels": {"x": "y"}, "command": ["serve"],
    "ulimits": [{"name": "nofile", "softLimit": 1024, "hardLimit": 4096}]}
answer = ecs.register_task_definition(family="web", containerDefinitions=[container], taskRoleArn="app",
    cpu=".5 vCPU", memory="1GB", tags=[{"key": "team", "value": "a"}])
made = answer["taskDefinition"]
expect(answer["tags"], [{"key": "team", "value": "a"}])
expect(made["taskDefinitionArn"], home + "task-definition/web:1")
expect((made["family"], made["revision"], made["status"]), ("web", 1, "ACTIVE"))
expect((made["networkMode"], made["cpu"], made["memory"]), ("bridge", "512", "1024"))
expect((made["volumes"], made["placementConstraints"]), ([], []))
expect(made["compatibilities"], ["EXTERNAL", "EC2"])
expect(made["taskRoleArn"], "arn:aws:iam::000000000000:role/app")
expect(made["registeredBy"], "arn:aws:iam::000000000000:root")
assert abs(time.time() - made["registeredAt"].timestamp()) < 60, made
assert {"name": "com.amazonaws.ecs.capability.task-iam-role"} in made["requiresAttributes"], made
expect(made["containerDefinitions"], [{**container, "cpu": 0, "essential": True, "mountPoints": [], "volumesFrom": [],
    "systemControls": [], "portMappings": [{"containerPort": 80, "hostPort": 0, "protocol": "tcp"}]}])
for name in ["web", "web:1", made["taskDefinitionArn"]]:
    found = ecs.describe_task_definition(taskDefinition=name)
    expect((found["taskDefinition"], found["tags"]), (made, []))
found = ecs.describe_task_definition(taskDefinition="web", include=["TAGS"])
expect(found["tags"], [{"key": "team", "value": "a"}])

fargate = ecs.register_task_definition(family="job", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
    containerDefinitions=[{"name": "job", "image": "job:1"}])["taskDefinition"]
expect((fargate["networkMode"], fargate["compatibilities"]), ("awsvpc", ["EC2", "FARGATE"]))
expect(fargate["requiresCompatibilities"], ["FARGATE"])
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn revisions_count_up_and_are_never_used_twice() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            &json!({}),
            r#"
for number in [1, 2, 3]:
    expect(register("web")["revision"], number)
describe = lambda name: ecs.describe_task_definition(taskDefinition=name)["taskDefinition"]
ended = ecs.deregister_task_definition(taskDefinition="web:3")["taskDefinition"]
expect((ended["status"], ended["revision"]), ("INACTIVE", 3))
assert ended["deregisteredAt"] >= ended["registeredAt"], ended
# Once more changes nothing.
expect(ecs.deregister_task_definition(taskDefinition="web:3")["taskDefinition"], ended)
# A family is its newest active revision; the others are there by number.
expect(describe("web")["revision"], 2)
expect(describe("web:3"), ended)
for number in [1, 2]:
    ecs.deregister_task_definition(taskDefinition=f"web:{number}")
unable = "Unable to describe task definition."
expect(message("ClientException", ecs.describe_task_definition, taskDefinition="web"), unable)

answer = ecs.delete_task_definitions(taskDefinitions=["web:1", "web:2", "web:3"])
expect(answer["failures"], [])
expect([one["status"] for one in answer["taskDefinitions"]], ["DELETE_IN_PROGRESS"] * 3)
assert all("deleteRequestedAt" in one for one in answer["taskDefinitions"]), answer
# Asked once more, it is still on its way.
expect(ecs.delete_task_definitions(taskDefinitions=["web:1"])["taskDefinitions"][0]["status"], "DELETE_IN_PROGRESS")
expect(register("web")["revision"], 4)

expect(message("ClientException", ecs.deregister_task_definition, taskDefinition="web"), "Revision is missing.")
invalid = "Invalid revision number. Number: foo"
expect(message("ClientException", ecs.deregister_task_definition, taskDefinition="web:foo"), invalid)
expect(message("ClientException", ecs.describe_task_definition, taskDefinition="web:foo"), invalid)
for name in ["web:99", "nothing:1", home + "task-definition/nothing:1", "arn:aws:ecs:us-east-1:000000000001:task-definition/web:4"]:
    expect(message("ClientException", ecs.deregister_task_definition, taskDefinition=name), unable)
    expect(message("ClientException", ecs.describe_task_definition, taskDefinition=name), unable)
failures = ecs.delete_task_definitions(taskDefinitions=["web:4", "web", "web:99", "a b:1"])["failures"]
expect([one["reason"] for one in failures], [
    "The specified task definition is still in ACTIVE status. Please deregister the target and try again.",
    "The specified task definition identifier is invalid. Specify a valid name or ARN and try again.",
    "The specified task definition does not exist. Specify a valid account, family, revision and try again.",
    "The specified task definition identifier is invalid. Specify a valid name or ARN and try again.",
])
expect(failures[0]["arn"], home + "task-definition/web:4")
message("InvalidParameterException", ecs.delete_task_definitions, taskDefinitions=["a:1"] * 11)
"#,
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_down_for_deletion_goes_when_nothing_uses_it_any_more() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster()");
        let _agent = EcsAgent::join(&aws, "default", 1024, 2048).await;
        run(
            &aws,
            &json!({}),
            r#"
for family in ["web", "web", "job", "free"]:
    register(family)
ecs.create_service(serviceName="web", taskDefinition="web:1", desiredCount=1)
ran = ecs.run_task(taskDefinition="job")["tasks"][0]["taskArn"]
eventually(lambda: task(ran)["lastStatus"] == "RUNNING")
for name in ["web:1", "job:1", "free:1"]:
    ecs.deregister_task_definition(taskDefinition=name)
deleted = ecs.delete_task_definitions(taskDefinitions=["web:1", "job:1", "free:1"])
expect([one["status"] for one in deleted["taskDefinitions"]], ["DELETE_IN_PROGRESS"] * 3)
listed = lambda: [arn.split("/")[1] for arn in ecs.list_task_definitions(status="DELETE_IN_PROGRESS")["taskDefinitionArns"]]
eventually(lambda: "free:1" not in listed())
expect(message("ClientException", ecs.describe_task_definition, taskDefinition="free:1"), "Unable to describe task definition.")
# A service has one of the others, and a task the other.
expect(listed(), ["job:1", "web:1"])
expect(ecs.describe_task_definition(taskDefinition="web:1")["taskDefinition"]["status"], "DELETE_IN_PROGRESS")
ecs.stop_task(task=ran)
ecs.delete_service(service="web", force=True)
eventually(lambda: listed() == [])
expect(register("free")["revision"], 2)
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn lists_are_sorted_filtered_and_paged_whatever_the_size_of_pages() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            &json!({}),
            r#"
names = ["web", "Web", "web-2", "a", "-x", "z_z"]
for family in names:
    for _ in range(11 if family == "web" else 2):
        register(family)
ecs.deregister_task_definition(taskDefinition="web:5")
for number in [1, 2]:
    ecs.deregister_task_definition(taskDefinition=f"a:{number}")

def all_of(operation, key, size, **arguments):
    found, pages = [], ecs.get_paginator(operation).paginate(PaginationConfig={"PageSize": size}, **arguments)
    for page in pages:
        assert len(page[key]) <= size, page
        found += page[key]
    return found

def revisions(family, numbers):
    return [home + f"task-definition/{family}:{number}" for number in numbers]

active = []
for family in sorted(set(names) - {"a"}):
    active += revisions(family, [n for n in range(1, 12) if n != 5] if family == "web" else [1, 2])
inactive = revisions("a", [1, 2]) + revisions("web", [5])
for size in [1, 3, 100]:
    listed = lambda **arguments: all_of("list_task_definitions", "taskDefinitionArns", size, **arguments)
    expect(listed(), active)
    expect(listed(sort="DESC"), active[::-1])
    expect(listed(status="INACTIVE"), inactive)
    expect(listed(status="INACTIVE", sort="DESC"), inactive[::-1])
    expect(listed(status="DELETE_IN_PROGRESS"), [])
    web = [n for n in range(1, 12) if n != 5]
    # It is called a prefix, and is a whole name.
    expect(listed(familyPrefix="web"), revisions("web", web))
    expect(listed(familyPrefix="web", sort="DESC"), revisions("web", web[::-1]))
    expect(listed(familyPrefix="we"), [])
    families = lambda **arguments: all_of("list_task_definition_families", "families", size, **arguments)
    expect(families(), sorted(names))
    expect(families(status="ACTIVE"), sorted(set(names) - {"a"}))
    expect(families(status="INACTIVE"), ["a"])
    # This one is a prefix.
    expect(families(familyPrefix="we"), ["web", "web-2"])
    expect(families(familyPrefix="web-2", status="ACTIVE"), ["web-2"])

token = ecs.list_task_definitions(maxResults=1)["nextToken"]
invalid = "InvalidParameterException"
message(invalid, ecs.list_task_definitions, maxResults=1, nextToken=token, sort="DESC")
message(invalid, ecs.list_task_definitions, maxResults=1, nextToken="x" + token)
message(invalid, ecs.list_task_definition_families, maxResults=1, nextToken=token)
message(invalid, ecs.list_task_definitions, maxResults=101)
message(invalid, ecs.list_task_definitions, status="x")
message(invalid, ecs.list_task_definitions, sort="x")
message(invalid, ecs.list_task_definition_families, status="DELETE_IN_PROGRESS")
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn refusals_have_the_texts_of_ecs() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            &json!({}),
            r#"
def refusal(container={}, containers=None, family="web", **task):
    one = {"name": "app", "image": "app:1", "memory": 64, **container}
    one = {key: value for key, value in one.items() if value is not None}
    return message("ClientException", ecs.register_task_definition, family=family,
        containerDefinitions=[one] if containers is None else containers, **task)

expect(refusal({"name": None}), "Container.name should not be null or empty.")
expect(refusal({"image": None}), "Container.image should not be null or empty.")
expect(refusal({"memory": None}),
    "Invalid setting for container 'app'. At least one of 'memory' or 'memoryReservation' must be specified.")
expect(refusal(containers=[]), "Container list cannot be empty.")
expect(refusal(family="a b"), "Family contains invalid characters.")
expect(refusal(family=""), "Family should not be null or empty.")
expect(refusal(taskRoleArn="arn:aws:iam::000000000001:role/x"), "Role is not valid.")
fargate = dict(requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256")
expect(refusal(memory="4096", **fargate), "No Fargate configuration exists for given values: 256 CPU, 4096 memory.")
expect(refusal(memory="512", pidMode="host", **fargate),
    "Tasks using the Fargate launch type do not support pidMode 'host'. The supported value for pidMode is 'task'.")
refused("InvalidParameterException", ecs.register_task_definition, family="web",
    containerDefinitions=[{"name": "app", "image": "app:1", "memory": 64}], tags=[{"key": "aws:x", "value": "y"}])
expect(ecs.list_task_definition_families()["families"], [])
# What was refused took no number.
expect(register("web")["revision"], 1)
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn roles_must_be_passed_and_tags_allowed() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let ecs = |action: &str| format!("ecs:{action}");
    let user = wharf
        .known_user(
            "deployer",
            &json!({ "Version": "2012-10-17", "Statement": [
                { "Effect": "Allow", "Action": ecs("RegisterTaskDefinition"),
                  "Resource": "arn:aws:ecs:us-east-1:000000000000:task-definition/web:*" },
                { "Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::000000000000:role/app/*",
                  "Condition": { "StringEquals": { "iam:PassedToService": "ecs-tasks.amazonaws.com" } } },
            ] }),
        )
        .await;
    run(
        &wharf.aws().as_user(&user),
        &json!({}),
        r#"
register("web")
register("web", taskRoleArn="arn:aws:iam::000000000000:role/app/one")
def denial(family="web", **arguments):
    return message("AccessDeniedException", ecs.register_task_definition, family=family,
        containerDefinitions=[{"name": "app", "image": "app:1", "memory": 64}], **arguments)
text = "is not authorized to perform: iam:PassRole on resource: arn:aws:iam::000000000000:role/"
assert text + "other" in denial(taskRoleArn="arn:aws:iam::000000000000:role/other"), denial
assert text + "exec" in denial(executionRoleArn="exec"), denial
assert "ecs:TagResource" in denial(tags=[{"key": "a", "value": "b"}]), denial
assert "ecs:RegisterTaskDefinition on resource: " + home + "task-definition/api:*" in denial(family="api"), denial
message("AccessDeniedException", ecs.describe_task_definition, taskDefinition="web")
"#,
    );
}

#[tokio::test]
async fn the_cli_registers_from_a_document() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let aws = wharf.aws();
    let document = json!({ "family": "web", "networkMode": "host", "containerDefinitions": [
        { "name": "web", "image": "web:1", "memoryReservation": 64, "portMappings": [{ "containerPort": 80 }] }] });
    aws.json(&["ecs", "register-task-definition", "--cli-input-json", &document.to_string()]);
    let shown = aws.json(&["ecs", "describe-task-definition", "--task-definition", "web"]);
    assert_eq!(shown["taskDefinition"]["containerDefinitions"][0]["portMappings"][0]["hostPort"], 80);
    let listed = aws.json(&["ecs", "list-task-definitions"]);
    assert_eq!(listed["taskDefinitionArns"], json!(["arn:aws:ecs:us-east-1:000000000000:task-definition/web:1"]));
}
