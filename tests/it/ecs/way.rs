//! The whole way of what is pushed, on a real engine, piece by piece: it runs as a service behind a load balancer, a new
//! image is rolled out under load, a container is killed, and no request is lost. Logs are read, and everything ends.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::harness::engine::Engine;
use tests::harness::{Wharf, port};

use super::load::Load;
use super::run;

/// A server whose agent runs tasks on an engine.
pub(super) struct Way<'a> {
    pub(super) wharf: &'a Wharf,
    pub(super) engine: &'a Engine,
    /// Where the load balancer listens.
    pub(super) port: u16,
    /// The network mode of tasks.
    pub(super) network: &'static str,
    since: Instant,
}

/// What task definitions have in common, and what is to be there before anything runs.
const ROLE: &str = r#"
iam = client("iam")
trust = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
may = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["ecr:*", "logs:*"], "Resource": "*"}]}
iam.create_role(RoleName="exec", AssumeRolePolicyDocument=json.dumps(trust))
iam.put_role_policy(RoleName="exec", PolicyName="p", PolicyDocument=json.dumps(may))
eventually(connected)
"#;

const DEFINE: &str = r#"
def define(family, version, **more):
    ecs.register_task_definition(
        family=family, executionRoleArn="arn:aws:iam::000000000000:role/exec", networkMode=data["network"],
        containerDefinitions=[{"name": "app", "image": f"{data['host']}/web:{version}", "memory": 32, "cpu": 64,
            "stopTimeout": 2} | more])
own = {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}} if data["network"] == "awsvpc" else {}
serves = {"portMappings": [{"containerPort": 80}]}
logged = {"logConfiguration": {"logDriver": "awslogs", "options": {
    "awslogs-group": "/ecs/job", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "job",
    "awslogs-create-group": "true"}}}
"#;

const SERVE: &str = r#"
elb = client("elbv2")
group = elb.create_target_group(
    Name="web", Protocol="HTTP", Port=80, VpcId="vpc-1", HealthCheckIntervalSeconds=5, HealthyThresholdCount=2,
    HealthCheckTimeoutSeconds=2, TargetType="ip" if data["network"] == "awsvpc" else "instance")["TargetGroups"][0]["TargetGroupArn"]
elb.modify_target_group_attributes(
    TargetGroupArn=group, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "5"}])
balancer = elb.create_load_balancer(Name="web", Subnets=["subnet-1", "subnet-2"])["LoadBalancers"][0]["LoadBalancerArn"]
elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=data["port"], DefaultActions=[
    {"Type": "forward", "TargetGroupArn": group}])
define("web", "v1", **serves)
ecs.create_service(serviceName="web", taskDefinition="web", desiredCount=data["count"], **own, loadBalancers=[
    {"targetGroupArn": group, "containerName": "app", "containerPort": 80}])
eventually(stable, 120)
"#;

const STABLE: &str = r#"
def stable():
    service = ecs.describe_services(services=["web"])["services"][0]
    return len(service["deployments"]) == 1 and service["runningCount"] == service["desiredCount"] and (
        service["deployments"][0]["rolloutState"] == "COMPLETED") and service
"#;

/// The containers of the second image.
const SECOND: &[&str] = &[
    "ps",
    "--quiet",
    "--filter",
    "label=com.amazonaws.ecs.task-definition-version=2",
    "--filter",
    "label=com.amazonaws.ecs.container-name=app",
];

impl<'a> Way<'a> {
    /// Images `web:v1` and `web:v2` are made, to be pushed by whoever knows how.
    pub(super) fn new(wharf: &'a Wharf, engine: &'a Engine, network: &'static str) -> Self {
        let way = Self { wharf, engine, port: port::free(), network, since: Instant::now() };
        for version in ["v1", "v2"] {
            engine.page(&way.image(version), version);
        }
        way
    }

    pub(super) fn image(&self, version: &str) -> String {
        format!("{}/web:{version}", self.wharf.address())
    }

    #[track_caller]
    pub(super) fn run(&self, more: &Value, script: &str) -> Value {
        let mut data = json!({ "host": self.wharf.address(), "port": self.port, "network": self.network });
        if let (Some(data), Some(more)) = (data.as_object_mut(), more.as_object()) {
            data.extend(more.clone());
        }
        let begun = self.since.elapsed();
        let found = run(&self.wharf.aws(), &data, &format!("{DEFINE}\n{STABLE}\n{script}"));
        // What takes how long is seen where a test fails, or is looked at.
        println!("{begun:.1?} to {:.1?}: {}", self.since.elapsed(), script.trim().lines().last().unwrap_or_default());
        found
    }

    /// The role by which tasks are pulled and write logs.
    #[track_caller]
    pub(super) fn prepare(&self) {
        self.run(&json!({}), ROLE);
    }

    /// A service of so many tasks behind a load balancer.
    #[track_caller]
    pub(super) fn serve(&self, count: usize) {
        self.run(&json!({ "count": count }), SERVE);
    }

    /// The second image is rolled out.
    #[track_caller]
    pub(super) fn roll(&self) {
        let script = r#"
define("web", "v2", **serves)
ecs.update_service(service="web", taskDefinition="web:2")
eventually(stable, 180)
"#;
        self.run(&json!({}), script);
    }

    /// One of so many containers is killed, and another takes its place.
    #[track_caller]
    pub(super) fn kill(&self, count: usize) {
        let running = self.engine.run(SECOND);
        assert_eq!(running.split_whitespace().count(), count, "{running}");
        self.engine.run(&["kill", running.split_whitespace().next().expect("one runs")]);
        let script = r#"
gone = eventually(lambda: ecs.list_tasks(desiredStatus="STOPPED", family="web")["taskArns"] and [
    one for one in ecs.describe_tasks(tasks=ecs.list_tasks(desiredStatus="STOPPED")["taskArns"])["tasks"]
    if one["stopCode"] == "EssentialContainerExited"])
expect([one["exitCode"] for one in gone[0]["containers"] if one["name"] == "app"], [137])
eventually(stable, 120)
"#;
        self.run(&json!({}), script);
    }

    /// [`Self::roll`] and [`Self::kill`] under load.
    pub(super) fn roll_and_kill(&self, count: usize) -> Load {
        let load = Load::start(self.port);
        self.roll();
        self.kill(count);
        load
    }

    /// What a task writes can be read, while it runs by `aws logs tail --follow`.
    pub(super) fn logs(&self) {
        let script = r#"
logs = client("logs")
define("job", "v1", **logged, command=["/bin/busybox", "sh", "-c", "for i in 1 2 3; do echo line $i; done; exit 3"])
arn = ecs.run_task(taskDefinition="job", **own)["tasks"][0]["taskArn"]
ecs.get_waiter("tasks_stopped").wait(tasks=[arn], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
one = task(arn)
expect((one["stopCode"], one["containers"][0]["exitCode"]), ("EssentialContainerExited", 3))
def lines():
    events = logs.filter_log_events(logGroupName="/ecs/job")["events"]
    return len(events) >= 3 and events
events = eventually(lines)
expect([event["message"] for event in events], ["line 1", "line 2", "line 3"])
expect(events[0]["logStreamName"], "job/app/" + arn.split("/")[-1])
define("clock", "v1", **logged, command=["/bin/busybox", "sh", "-c", "while :; do i=$((i + 1)); echo tick $i; sleep 0.1; done"])
arn = ecs.run_task(taskDefinition="clock", **own)["tasks"][0]["taskArn"]
ecs.get_waiter("tasks_running").wait(tasks=[arn], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
print(json.dumps(arn))
"#;
        let arn = self.run(&json!({}), script);
        let mut tail = self.wharf.aws().second_cli();
        tail.args(["logs", "tail", "/ecs/job", "--follow", "--format", "short", "--filter-pattern", "tick"]);
        let mut tail = tail.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the AWS CLI is installed");
        let output = BufReader::new(tail.stdout.take().expect("it is piped"));
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        // The first are there when it starts; the others it has to ask for again, which it does every five seconds.
        let mut ticks = Vec::new();
        while ticks.len() < 40
            && let Ok(line) = lines.recv_timeout(Duration::from_secs(30))
        {
            // 2026-11-26T10:00:00 tick 1
            ticks.push(line.rsplit_once(" tick ").and_then(|(_, number)| number.parse().ok()).unwrap_or(0));
        }
        tail.kill().expect("it can be ended");
        tail.wait().expect("it ends");
        assert_eq!(ticks, (1..=40).collect::<Vec<u32>>());
        let script = r#"
ecs.stop_task(task=data["arn"])
ecs.get_waiter("tasks_stopped").wait(tasks=[data["arn"]], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
"#;
        self.run(&json!({ "arn": arn }), script);
    }

    /// The service is deleted, and nothing is left.
    pub(super) fn end(&self) {
        let script = r#"
ecs.delete_service(service="web", force=True)
ecs.get_waiter("services_inactive").wait(services=["web"], WaiterConfig={"Delay": 1, "MaxAttempts": 120})
"#;
        self.run(&json!({}), script);
        assert_eq!(self.engine.tasks(), Vec::<String>::new());
    }
}
