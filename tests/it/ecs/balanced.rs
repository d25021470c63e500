//! Services behind load balancers: what target groups say of tasks, and what becomes of a task that leaves one. Containers are
//! servers of the test, on ports that the agent says that they have.

use serde_json::{Value, json};
use tests::harness::ecs_agent::{Behavior, EcsAgent, call};
use tests::harness::target::Target;
use tests::harness::{DEFAULT, Wharf, on_default, port};

use super::run;
use super::services::SETUP;

pub(super) const BALANCED: &str = r#"
elb = client("elbv2")

def group(name="web", kind="instance"):
    """A target group whose checks come as soon after each other as AWS lets them, and wait as long as it lets them."""
    return elb.create_target_group(
        Name=name, Protocol="HTTP", Port=80, TargetType=kind, VpcId="vpc-1", HealthCheckPath="/health",
        HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=4, HealthyThresholdCount=2, UnhealthyThresholdCount=2,
    )["TargetGroups"][0]["TargetGroupArn"]

def listen(arn, port, name="web"):
    balancer = elb.create_load_balancer(Name=name, Subnets=["subnet-1", "subnet-2"])["LoadBalancers"][0]["LoadBalancerArn"]
    elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=port, DefaultActions=[
        {"Type": "forward", "TargetGroupArn": arn}])
    return balancer

def behind(arn, container="app", port=80):
    return [{"targetGroupArn": arn, "containerName": container, "containerPort": port}]
"#;

/// Runs a test on servers with a cluster that has one host, on which the tasks of `web` get these ports one after the other.
async fn with_targets<F: AsyncFn(&Wharf, &[Target], EcsAgent)>(count: usize, body: F) {
    for &backend in DEFAULT {
        println!("on {backend:?}");
        let wharf = Wharf::with(backend).set("WHARF_SERVICE_SETTLE", "1s").start().await;
        let mut targets = Vec::new();
        for index in 0..count {
            targets.push(Target::start(&index.to_string()).await);
        }
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster()");
        let agent = EcsAgent::join(&aws, "default", 2048, 1024).await;
        let ports = targets.iter().map(Target::port).collect();
        agent.behave("web", Behavior { ports, ..Behavior::default() });
        body(&wharf, &targets, agent).await;
    }
}

#[track_caller]
fn script(wharf: &Wharf, data: &Value, text: &str) -> Value {
    run(&wharf.aws(), data, &format!("{SETUP}\n{BALANCED}\n{text}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_whose_target_fails_its_checks_is_replaced() {
    with_targets(2, async |wharf, targets, agent| {
        let instance = agent.instance_arn.rsplit('/').next();
        let mut data = json!({
            "listen": port::free(), "first": targets[0].port(), "second": targets[1].port(), "instance": instance,
        });
        // Which task it is that fails must be known before it does: soon after there are two of them.
        data["sick"] = script(
            wharf,
            &data,
            r#"
arn = group()
listen(arn, data["listen"])
define()
create(desiredCount=1, loadBalancers=behind(arn))
completed()
[one] = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
expect((one["Target"]["Id"], one["Target"]["Port"]), (data["instance"], data["first"]))
[sick] = tasks()
print(json.dumps(sick["taskArn"]))
"#,
        );
        targets[0].set_health(503);
        script(
            wharf,
            &data,
            r#"
arn = elb.describe_target_groups(Names=["web"])["TargetGroups"][0]["TargetGroupArn"]
sick = data["sick"]
eventually(lambda: task(sick)["lastStatus"] == "STOPPED")
gone = task(sick)
expect((gone["stopCode"], gone["stoppedReason"]),
       ("ServiceSchedulerInitiated", f"Task failed ELB health checks in (target-group {arn})"))
[other] = [one for one in tasks()]
assert other["createdAt"] < gone["stoppingAt"], "the other one was started first"
eventually(lambda: messages()[0] == "(service web) has reached a steady state.")
expect(stable()["runningCount"], 1)
eventually(lambda: [(one["Target"]["Port"], one["TargetHealth"]["State"])
                    for one in elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]]
           == [(data["second"], "healthy")])
id = lambda arn: arn.split("/")[-1]
told = [one.removeprefix("(service web) ") for one in reversed(messages())]
told = told[told.index(f"has started 1 tasks: (task {id(other['taskArn'])})."):]
expect(told, [
    f"has started 1 tasks: (task {id(other['taskArn'])}).",
    f"registered 1 targets in (target-group {arn})",
    f"(task {id(sick)}) (instance {data['instance']}) (port {data['first']}) is unhealthy in (target-group {arn}) "
    "due to (reason Health checks failed with these codes: [503]).",
    f"has stopped 1 running tasks: (task {id(sick)}).",
    f"deregistered 1 targets in (target-group {arn})",
    "has begun draining connections on 1 tasks.",
    "has reached a steady state.",
])
"#,
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_is_stopped_leaves_its_target_group_first_and_its_network_last() {
    with_targets(1, async |wharf, targets, agent| {
        let listen = port::free();
        let data = json!({ "listen": listen, "port": targets[0].port() });
        let arn = script(
            wharf,
            &data,
            r#"
arn = group(kind="ip")
listen(arn, data["listen"])
container = {"name": "app", "image": "web:1", "memory": 16, "portMappings": [{"containerPort": data["port"]}]}
ecs.register_task_definition(family="web", networkMode="awsvpc", containerDefinitions=[container])
network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
create(desiredCount=1, loadBalancers=behind(arn, port=data["port"]), networkConfiguration=network)
completed()
print(json.dumps(tasks()[0]["taskArn"]))
"#,
        );
        // From now on its agent does nothing by itself.
        agent.behave("web", Behavior { ignores: true, ..Behavior::default() });
        let data = json!({ "arn": arn, "host": agent.instance_arn, "listen": listen });
        script(
            wharf,
            &data,
            r#"
import socket
# A websocket that is under way to it keeps it in its target group until it was looked at.
held = socket.create_connection(("127.0.0.1", data["listen"]), timeout=60)
held.sendall(b"GET /websocket HTTP/1.1\r\nHost: web\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n")
head = held.recv(4096)
assert head.startswith(b"HTTP/1.1 101 "), head
answer = ecs.stop_task(task=data["arn"], reason="because")["task"]
expect((answer["desiredStatus"], answer["lastStatus"]), ("STOPPED", "RUNNING"))
expect(task(data["arn"])["lastStatus"], "DEACTIVATING")
held.close()
def stopping():
    now = task(data["arn"])["lastStatus"]
    assert now in ("DEACTIVATING", "STOPPING"), now
    return now == "STOPPING"
eventually(stopping)
expect(elb.describe_target_health(TargetGroupArn=elb.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"])[
    "TargetHealthDescriptions"], [])
# The one in its place does not run yet, and that which stops is neither pending nor running.
eventually(lambda: [one["lastStatus"] for one in tasks()] == ["PENDING"])
for one in (ecs.describe_clusters()["clusters"][0],
            ecs.describe_container_instances(containerInstances=[data["host"]])["containerInstances"][0]):
    expect((one["runningTasksCount"], one["pendingTasksCount"]), (0, 1))
statistics = ecs.describe_clusters(include=["STATISTICS"])["clusters"][0]["statistics"]
statistics = {one["name"]: one["value"] for one in statistics}
expect((statistics["runningEC2TasksCount"], statistics["pendingEC2TasksCount"]), ("0", "1"))
"#,
        );
        let instance_arn = agent.instance_arn.clone();
        drop(agent);
        let aws = wharf.aws();
        script(wharf, &data, AWAY);
        let request = json!({ "cluster": "default", "task": arn, "status": "STOPPED", "containers": [
            { "containerName": "app", "status": "STOPPED", "exitCode": 137 },
        ] });
        call(&aws, "SubmitTaskStateChange", &request).await;
        script(
            wharf,
            &data,
            r#"
one = task(data["arn"])
expect(one["connectivity"], "DISCONNECTED")
expect((one["lastStatus"], one["containers"][0]["lastStatus"], one["containers"][0]["exitCode"]),
       ("DEPROVISIONING", "STOPPED", 137))
expect([attachment["status"] for attachment in one["attachments"]], ["DETACHING"])
assert "stoppedAt" not in one, one
"#,
        );
        let further = json!({ "containerInstanceArn": instance_arn });
        let _agent = EcsAgent::join_with(&aws, "default", 2048, 1024, further).await;
        script(
            wharf,
            &data,
            r#"
eventually(lambda: task(data["arn"])["lastStatus"] == "STOPPED")
one = task(data["arn"])
expect(one["connectivity"], "CONNECTED")
expect((one["stopCode"], one["stoppedReason"], one["attachments"][0]["status"]), ("UserInitiated", "because", "DELETED"))
assert one["stoppedAt"] > one["stoppingAt"], one
"#,
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn target_groups_must_be_there_have_a_load_balancer_and_fit_the_network_mode() {
    on_default(async |wharf| {
        script(
            wharf,
            &json!({ "web": port::free(), "own": port::free() }),
            r#"
ecs.create_cluster()
define()
mappings = {"name": "app", "image": "web:1", "memory": 16, "portMappings": [{"containerPort": 80}]}
ecs.register_task_definition(family="own", networkMode="awsvpc", containerDefinitions=[mappings])
network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
web, own = group("web"), group("own", "ip")
invalid = lambda **arguments: message("InvalidParameterException", create, desiredCount=0, **arguments)
without = "The target group with targetGroupArn {} does not have an associated load balancer."
unseen = ("Unable to assume role and validate the specified targetGroupArn. "
          "Please verify that the ECS service role being passed has the proper permissions.")
kinds = ("The provided target group {} has target type {}, which is incompatible with the {} network mode specified in the "
         "task definition.")

expect(invalid(loadBalancers=behind(web)), without.format(web))
listen(web, data["web"])
listen(own, data["own"], "own")
for absent in (web[:-1] + "z", web.replace(":us-east-1:", ":eu-west-1:"), web.replace("000000000000", "111111111111")):
    expect(invalid(loadBalancers=behind(absent)), unseen)
expect(invalid(loadBalancers=behind(own)), kinds.format(own, "ip", "bridge"))
expect(invalid(loadBalancers=behind(web) + behind(own)), kinds.format(own, "ip", "bridge"))
expect(invalid(taskDefinition="own", networkConfiguration=network, loadBalancers=behind(web)),
       kinds.format(web, "instance", "awsvpc"))
expect(ecs.list_services()["serviceArns"], [])
create(desiredCount=0, loadBalancers=behind(web))
create("own", taskDefinition="own", desiredCount=0, networkConfiguration=network, loadBalancers=behind(own))

# A change of what is behind them is looked at in the same way.
changed = lambda **arguments: message("InvalidParameterException", ecs.update_service, service="web", **arguments)
expect(changed(loadBalancers=behind(own)), kinds.format(own, "ip", "bridge"))
expect(changed(taskDefinition="own", networkConfiguration=network), kinds.format(web, "instance", "awsvpc"))
other = group("other")
expect(changed(loadBalancers=behind(other)), without.format(other))
ecs.update_service(service="web", taskDefinition="own", networkConfiguration=network, loadBalancers=behind(own))
expect(service()["loadBalancers"], behind(own))
# What lost its load balancer is no reason not to deploy.
elb.delete_load_balancer(LoadBalancerArn=elb.describe_load_balancers(Names=["own"])["LoadBalancers"][0]["LoadBalancerArn"])
ecs.update_service(service="own", forceNewDeployment=True)
"#,
        );
    })
    .await;
}

/// Waits until the agent of the host is seen to be away.
const AWAY: &str = r#"
eventually(lambda: not ecs.describe_container_instances(containerInstances=[data["host"]])["containerInstances"][0][
    "agentConnected"])
"#;
