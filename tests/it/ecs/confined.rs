//! A host that confines its tasks gives them nothing of itself, whoever asks.

use serde_json::json;
use tests::harness::program::Program;
use tests::harness::{Backend, Wharf};

use super::run;

const SCRIPT: &str = r#"
ecs.create_cluster()
eventually(connected)
[host] = ecs.describe_container_instances(
    containerInstances=ecs.list_container_instances()["containerInstanceArns"])["containerInstances"]
names = [attribute["name"] for attribute in host["attributes"]]
assert "com.amazonaws.ecs.capability.privileged-container" not in names, names

def define(container={}, **more):
    ecs.register_task_definition(family="app", containerDefinitions=[
        {"name": "app", "image": "127.0.0.1:9/app:1", "memory": 32, **container}], **more)

def refused_with(what):
    [started] = ecs.run_task(taskDefinition="app")["tasks"]
    ended = eventually(lambda: task(started["taskArn"])["lastStatus"] == "STOPPED" and task(started["taskArn"]))
    expect(ended["containers"][0]["reason"],
        f"CannotCreateContainerError: this host confines its tasks, and gives them no {what}")

define({"privileged": True})
[failure] = ecs.run_task(taskDefinition="app")["failures"]
expect(failure["reason"], "ATTRIBUTE")

folder = [{"name": "data", "host": {"sourcePath": "/etc"}}]
mounted = {"mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}]}
define(mounted, volumes=folder)
refused_with("folder of the host, such as '/etc'")
device = {"driver": "local", "scope": "task", "driverOpts": {"type": "none", "o": "bind", "device": "/etc"}}
define(mounted, volumes=[{"name": "data", "dockerVolumeConfiguration": device}])
refused_with("volume of '/etc'")
define({}, networkMode="host")
refused_with("network of the host")
define({}, pidMode="host")
refused_with("processes of the host")
define({}, ipcMode="host")
refused_with("memory of the host")
define({"linuxParameters": {"capabilities": {"add": ["SYS_ADMIN"]}}})
refused_with("capability 'SYS_ADMIN'")
define({"linuxParameters": {"devices": [{"hostPath": "/dev/null"}]}})
refused_with("devices")
define({"dockerSecurityOptions": ["label:disable"]})
refused_with("security option 'label:disable'")

define({"linuxParameters": {"capabilities": {"add": ["KILL"], "drop": ["NET_RAW"]}}, "portMappings": [{"containerPort": 80}],
    **mounted}, volumes=[{"name": "data"}])
[started] = ecs.run_task(taskDefinition="app")["tasks"]
eventually(lambda: task(started["taskArn"])["lastStatus"] == "RUNNING")
"#;

#[tokio::test]
async fn a_host_that_confines_its_tasks_gives_them_nothing_of_itself() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let (aws, folder) = (wharf.aws(), tempfile::tempdir().expect("a folder"));
    let settings = [
        ("AWS_ACCESS_KEY_ID".to_owned(), aws.access_key_id.clone()),
        ("AWS_SECRET_ACCESS_KEY".to_owned(), aws.secret.clone()),
        ("AWS_REGION".to_owned(), aws.region.clone()),
    ];
    let arguments = ["agent", "--server", &aws.endpoint, "--engine", "simulated", "--agent-data", "agent"];
    let arguments = [&arguments[..], &["--credentials-address", "none", "--confine-tasks"]].concat();
    let _agent = Program::start(&arguments, &settings, folder.path(), &folder.path().join("log"));
    run(&aws, &json!({}), SCRIPT);
}
