//! The whole way, on a real Docker engine: an image is built and pushed, and runs as a service behind a load balancer; a new
//! image is rolled out under load, a container is killed, and no request is lost. Logs are read, and everything ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;
use tests::harness::docker::Docker;
use tests::harness::{Backend, Wharf, port};

use super::run;

const SETUP: &str = r#"
elb, iam, logs = client("elbv2"), client("iam"), client("logs")
trust = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
may = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["ecr:*", "logs:*"], "Resource": "*"}]}
iam.create_role(RoleName="exec", AssumeRolePolicyDocument=json.dumps(trust))
iam.put_role_policy(RoleName="exec", PolicyName="p", PolicyDocument=json.dumps(may))
group = elb.create_target_group(
    Name="web", Protocol="HTTP", Port=80, TargetType="ip", VpcId="vpc-1", HealthCheckIntervalSeconds=5,
    HealthyThresholdCount=2, HealthCheckTimeoutSeconds=2)["TargetGroups"][0]["TargetGroupArn"]
elb.modify_target_group_attributes(
    TargetGroupArn=group, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "5"}])
balancer = elb.create_load_balancer(Name="web", Subnets=["subnet-1", "subnet-2"])["LoadBalancers"][0]["LoadBalancerArn"]
elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=data["port"], DefaultActions=[
    {"Type": "forward", "TargetGroupArn": group}])
def define(version):
    return ecs.register_task_definition(
        family="web", executionRoleArn="arn:aws:iam::000000000000:role/exec", containerDefinitions=[
            {"name": "app", "image": f"{data['host']}/team/web:{version}", "memory": 32, "stopTimeout": 5,
             "portMappings": [{"containerPort": 80}]}])
define("v1")
eventually(lambda: ecs.list_container_instances()["containerInstanceArns"])
ecs.create_service(serviceName="web", taskDefinition="web", desiredCount=3, loadBalancers=[
    {"targetGroupArn": group, "containerName": "app", "containerPort": 80}])
"#;

const STABLE: &str = r#"
def stable():
    service = ecs.describe_services(services=["web"])["services"][0]
    return len(service["deployments"]) == 1 and service["runningCount"] == service["desiredCount"] and (
        service["deployments"][0]["rolloutState"] == "COMPLETED") and service
"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pushed_runs_behind_a_load_balancer_and_no_request_is_lost() {
    let docker = Docker::take();
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let wharf =
            Wharf::with(backend).set("WHARF_AGENT", docker.host()).set("WHARF_SERVICE_SETTLE", "1s").start().await;
        let aws = wharf.aws();
        let host = wharf.address().to_string();
        docker.run(&["login", "-u", &aws.access_key_id, "-p", &aws.secret, &host]);
        for version in ["v1", "v2"] {
            let image = format!("{host}/team/web:{version}");
            docker.page(&image, version);
            docker.run(&["push", "--quiet", &image]);
        }
        let port = port::free();
        let data = json!({ "host": host, "port": port });
        run(&aws, &data, &format!("{SETUP}\n{STABLE}\neventually(stable, 120)"));

        let load = Load::start(port);
        run(
            &aws,
            &data,
            &format!(
                r#"
{STABLE}
ecs.register_task_definition(family="web", containerDefinitions=[
    {{"name": "app", "image": f"{{data['host']}}/team/web:v2", "memory": 32, "stopTimeout": 5,
      "portMappings": [{{"containerPort": 80}}]}}])
ecs.update_service(service="web", taskDefinition="web:2")
eventually(stable, 180)
"#
            ),
        );
        let running = docker.run(&["ps", "--quiet", "--filter", "label=com.amazonaws.ecs.task-definition-version=2"]);
        assert_eq!(running.split_whitespace().count(), 3, "{running}");
        docker.run(&["kill", running.split_whitespace().next().expect("one runs")]);
        run(
            &aws,
            &data,
            &format!(
                r#"
{STABLE}
gone = eventually(lambda: ecs.list_tasks(desiredStatus="STOPPED", family="web")["taskArns"] and [
    one for one in ecs.describe_tasks(tasks=ecs.list_tasks(desiredStatus="STOPPED")["taskArns"])["tasks"]
    if one["stopCode"] == "EssentialContainerExited"])
expect(gone[0]["containers"][0]["exitCode"], 137)
eventually(stable, 120)
"#
            ),
        );
        let (answers, failures) = load.end().await;
        assert!(answers > 100, "{answers}");
        assert_eq!(failures, Vec::<String>::new(), "of {answers} requests");

        run(
            &aws,
            &data,
            r#"
logs = client("logs")
ecs.register_task_definition(
    family="job", executionRoleArn="arn:aws:iam::000000000000:role/exec", containerDefinitions=[
        {"name": "app", "image": f"{data['host']}/team/web:v1", "memory": 32,
         "command": ["/bin/busybox", "sh", "-c", "for i in 1 2 3; do echo line $i; done; exit 3"],
         "logConfiguration": {"logDriver": "awslogs", "options": {
             "awslogs-group": "/ecs/job", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "job",
             "awslogs-create-group": "true"}}}])
arn = ecs.run_task(taskDefinition="job")["tasks"][0]["taskArn"]
eventually(lambda: task(arn)["lastStatus"] == "STOPPED")
one = task(arn)
expect((one["stopCode"], one["containers"][0]["exitCode"]), ("EssentialContainerExited", 3))
def lines():
    events = logs.filter_log_events(logGroupName="/ecs/job")["events"]
    return len(events) >= 3 and events
events = eventually(lines)
expect([event["message"] for event in events], ["line 1", "line 2", "line 3"])
expect(events[0]["logStreamName"], "job/app/" + arn.split("/")[-1])
ecs.delete_service(service="web", force=True)
eventually(lambda: ecs.describe_services(services=["web"])["services"][0]["status"] == "INACTIVE", 120)
"#,
        );
        assert_eq!(docker.run(&["ps", "--quiet", "--filter", "label=com.amazonaws.ecs.task-arn"]), "");
    }
}

/// Clients that ask again and again.
struct Load {
    over: Arc<AtomicBool>,
    answers: Arc<AtomicU64>,
    clients: Vec<tokio::task::JoinHandle<Vec<String>>>,
}

impl Load {
    fn start(port: u16) -> Self {
        let (over, answers) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let clients = (0..4).map(|_| {
            let (over, answers) = (Arc::clone(&over), Arc::clone(&answers));
            tokio::spawn(async move {
                let client = reqwest::Client::new();
                let mut failures = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    match client.get(format!("http://127.0.0.1:{port}/")).send().await {
                        Ok(answer) if answer.status() == 200 => answers.fetch_add(1, Ordering::Relaxed),
                        Ok(answer) => {
                            failures.push(answer.status().to_string());
                            0
                        }
                        Err(error) => {
                            failures.push(format!("{error:?}"));
                            0
                        }
                    };
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                failures
            })
        });
        let clients = clients.collect();
        Self { over, answers, clients }
    }

    async fn end(self) -> (u64, Vec<String>) {
        self.over.store(true, Ordering::Relaxed);
        let mut failures = Vec::new();
        for client in self.clients {
            failures.extend(client.await.expect("a client ends"));
        }
        (self.answers.load(Ordering::Relaxed), failures)
    }
}
