//! What containers are made of and what becomes of them, on a real Docker engine: what a definition says of ports, logs, swap,
//! health and starting again arrives there, and what happens there arrives at the surface.

use std::net::UdpSocket;
use std::time::Duration;

use serde_json::{Value, json};
use tests::harness::docker::Docker;
use tests::harness::{Backend, Wharf};

use super::run;

const HEAD: &str = r#"
eventually(connected)

def define(family, script, **more):
    ecs.register_task_definition(family=family, containerDefinitions=[{"name": "app", "image": data["image"], "memory": 32,
        "cpu": 32, "stopTimeout": 2, "command": ["/bin/busybox", "sh", "-c", script]} | more])

def started(family):
    answer = ecs.run_task(taskDefinition=family)
    expect(answer["failures"], [])
    return answer["tasks"][0]["taskArn"]

def running(arn):
    eventually(lambda: task(arn)["lastStatus"] == "RUNNING")
    return task(arn)["containers"][0]
"#;

const SLEEP: &str = "while :; do sleep 0.1; done";

/// An engine with the image of the test, and a server whose agent has it.
async fn server(docker: &Docker) -> (Wharf, String) {
    let wharf = Wharf::with(Backend::SqliteDisk)
        .set("WHARF_AGENT", docker.host())
        .set("WHARF_SERVICE_SETTLE", "1s")
        .start()
        .await;
    docker.login(&wharf);
    let image = format!("{}/box:v1", wharf.address());
    docker.page(&image, "here");
    docker.run(&["push", "--quiet", &image]);
    (wharf, image)
}

#[tokio::test(flavor = "multi_thread")]
async fn ports_logs_and_swap_are_as_the_definition_says() {
    let docker = Docker::take();
    let (wharf, image) = server(&docker).await;
    let syslog = UdpSocket::bind("127.0.0.1:0").expect("a port");
    syslog.set_read_timeout(Some(Duration::from_secs(60))).expect("a clock");
    let data =
        json!({ "image": image, "syslog": format!("udp://{}", syslog.local_addr().expect("a port")), "sleep": SLEEP });
    let script = r#"
import urllib.request
define("ports", "for p in 8000 8001 8002; do /bin/busybox httpd -p $p -h /www; done; " + data["sleep"],
    portMappings=[{"containerPortRange": "8000-8002"}, {"containerPort": 80}])
bindings = running(started("ports"))["networkBindings"]
[port] = [one for one in bindings if one.get("containerPort") and one["bindIP"] == "0.0.0.0"]
[many] = [one for one in bindings if one.get("containerPortRange") and one["bindIP"] == "0.0.0.0"]
expect((many["containerPortRange"], many["protocol"]), ("8000-8002", "tcp"))
assert "containerPort" not in many and "hostPort" not in many, many
first, last = map(int, many["hostPortRange"].split("-"))
expect(last - first, 2)
for host in range(first, last + 1):
    def page():
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{host}/", timeout=5).read()
        except OSError:
            return None
    expect(eventually(page), b"here")

define("syslog", "echo to syslog; " + data["sleep"], logConfiguration={"logDriver": "syslog", "options": {
    "syslog-address": data["syslog"], "tag": "wharf"}})
running(started("syslog"))

found = {}
for family, parameters in [("swap", {"maxSwap": 32, "swappiness": 10}), ("none", {"maxSwap": 0}), ("default", {"swappiness": 10})]:
    define(family, data["sleep"], linuxParameters=parameters)
    found[family] = running(started(family))["runtimeId"]
print(json.dumps(found))
"#;
    let found = run(&wharf.aws(), &data, &format!("{HEAD}\n{script}"));
    let mut packet = vec![0; 4096];
    let (length, _) = syslog.recv_from(&mut packet).expect("a line of the container");
    let line = String::from_utf8_lossy(&packet[..length]);
    assert!(line.contains("wharf") && line.trim_end().ends_with("to syslog"), "{line}");
    let host = |family: &str| {
        let id = found[family].as_str().expect("it runs");
        let said = docker.run(&["inspect", "--format", "{{json .HostConfig}}", id]);
        let said: Value = serde_json::from_str(&said).expect("JSON");
        (said["Memory"].clone(), said["MemorySwap"].clone(), said["MemorySwappiness"].clone())
    };
    assert_eq!(host("swap"), (json!(32 << 20), json!(64 << 20), json!(10)));
    assert_eq!(host("none"), (json!(32 << 20), json!(32 << 20), Value::Null));
    // Docker's own: as much swap as memory.
    assert_eq!(host("default"), (json!(32 << 20), json!(64 << 20), Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_well_is_replaced_and_what_ends_is_started_again() {
    let docker = Docker::take();
    let (wharf, image) = server(&docker).await;
    let data = json!({ "image": image, "sleep": SLEEP });
    // The shortest period that ECS has is a minute, so this one runs beside the rest.
    let script = r#"
define("again", "echo x >>/starts; if [ $(grep -c x /starts) = 1 ]; then sleep 61; exit 3; fi; sleep 1; exit 4",
    restartPolicy={"enabled": True, "restartAttemptPeriod": 60})
again = started("again")
first = running(again)["runtimeId"]
define("web", data["sleep"], healthCheck={
    "command": ["CMD-SHELL", "! /bin/busybox test -e /sick"], "interval": 5, "timeout": 30, "retries": 1})
ecs.create_service(serviceName="web", taskDefinition="web", desiredCount=1)
def healthy():
    found = [task(arn) for arn in ecs.list_tasks(serviceName="web")["taskArns"]]
    return [one for one in found if one["healthStatus"] == "HEALTHY"]
[sick] = eventually(healthy)
print(json.dumps({"again": again, "first": first, "sick": sick["taskArn"], "id": sick["containers"][0]["runtimeId"]}))
"#;
    let found = run(&wharf.aws(), &data, &format!("{HEAD}\n{script}"));
    docker.run(&["exec", found["id"].as_str().expect("it runs"), "/bin/busybox", "touch", "/sick"]);
    let script = r#"
eventually(lambda: task(data["sick"])["lastStatus"] == "STOPPED")
gone = task(data["sick"])
expect((gone["stopCode"], gone["stoppedReason"]), ("ServiceSchedulerInitiated", "Task failed container health checks"))
expect(gone["healthStatus"], "UNHEALTHY")
def replaced():
    service = ecs.describe_services(services=["web"])["services"][0]
    tasks = [task(arn) for arn in ecs.list_tasks(serviceName="web")["taskArns"]]
    return service["runningCount"] == 1 and [one for one in tasks if one["healthStatus"] == "HEALTHY"]
[well] = eventually(replaced)
assert well["taskArn"] != data["sick"]

# It ran for a minute, was started again, and ended too early then.
eventually(lambda: task(data["again"])["lastStatus"] == "STOPPED", 120)
ended = task(data["again"])
expect((ended["stopCode"], ended["containers"][0]["exitCode"]), ("EssentialContainerExited", 4))
expect(ended["containers"][0]["runtimeId"], data["first"])
took = (ended["executionStoppedAt"] - ended["startedAt"]).total_seconds()
assert took > 61, took
"#;
    run(&wharf.aws(), &found, script);
}
