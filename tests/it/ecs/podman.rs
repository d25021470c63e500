//! The whole way, on Podman.
//!
//! Podman has ports of tasks in its ordinary networks by rules of the firewall, which tests do not write on the machine that
//! runs them: so tasks have networks of their own here (`awsvpc`), or that of the host. Its limits, control groups and
//! storage are set as `tools/start-podman` says.

use serde_json::json;
use tests::harness::podman::Podman;
use tests::harness::{Backend, Wharf, port};

use super::way::Way;

#[tokio::test(flavor = "multi_thread")]
async fn podman_runs_what_is_pushed_and_no_request_is_lost() {
    let port = port::free();
    let podman = Podman::start(&format!("127.0.0.1:{port}"));
    let wharf = Wharf::with(Backend::PostgresS3)
        .set("WHARF_AGENT", podman.host())
        .set("WHARF_SERVICE_SETTLE", "1s")
        .start_at(port)
        .await;
    let way = Way::new(&wharf, &podman, "awsvpc");
    for version in ["v1", "v2"] {
        podman.push(&way.image(version));
    }
    way.prepare();
    way.serve(2);
    way.roll_and_kill(2).end().await;
    // A task has an address of its own, at which the host reaches it; one in the network of the host has the host's.
    let script = r#"
import urllib.request
read = lambda place: urllib.request.urlopen(f"http://{place}/", timeout=5).read().decode()
one = task(ecs.list_tasks(serviceName="web")["taskArns"][0])
interface = {each["name"]: each["value"] for each in one["attachments"][0]["details"]}
expect(read(interface["privateIPv4Address"]), "v2")
expect(interface["privateDnsName"], "task-" + one["taskArn"].split("/")[-1])
data["network"] = "host"
define("host", "v1", command=["/bin/busybox", "httpd", "-f", "-p", str(data["free"]), "-h", "/www"])
arn = ecs.run_task(taskDefinition="host")["tasks"][0]["taskArn"]
ecs.get_waiter("tasks_running").wait(tasks=[arn], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
def page():
    # A container that runs does not listen yet.
    try:
        return read(f"127.0.0.1:{data['free']}")
    except OSError:
        return None
expect(eventually(page), "v1")
ecs.stop_task(task=arn)
ecs.get_waiter("tasks_stopped").wait(tasks=[arn], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
"#;
    way.run(&json!({ "free": port::free() }), script);
    way.logs();
    way.end();
}
