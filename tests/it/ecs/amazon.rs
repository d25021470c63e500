//! What Amazon's own agent needs of the control plane, by its source: how it registers, what it looks at in what it is told, and
//! how it hears that it is not wanted.

use serde_json::{Value, json};
use tests::harness::ecs_agent::EcsAgent;
use tests::harness::on_default;

use super::run;

#[tokio::test(flavor = "multi_thread")]
async fn amazons_agent_registers_is_refused_and_logs_in_as_it_expects() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            &json!({ "host": wharf.address().to_string() }),
            r#"
import http.client
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from urllib.parse import quote

def dial(path, **query):
    """The body of the refusal of a websocket."""
    target = f"/{path}/ws?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in sorted(query.items()))
    request = AWSRequest("GET", f"http://{data['host']}{target}")
    SigV4Auth(boto3.DEFAULT_SESSION.get_credentials(), "ecs", "us-east-1").add_auth(request)
    connection = http.client.HTTPConnection(data["host"])
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
    connection.request("GET", target, headers={**dict(request.headers), **headers})
    answer = connection.getresponse()
    assert answer.status >= 400, answer.status
    return json.loads(answer.read())

boto3.setup_default_session()
# The cluster is made when it is not there.
message("ClusterNotFoundException", ecs.register_container_instance, cluster="default")
ecs.create_cluster(clusterName="default")
resources = [
    {"name": "CPU", "type": "INTEGER", "integerValue": 2048}, {"name": "MEMORY", "type": "INTEGER", "integerValue": 1024},
    {"name": "PORTS", "type": "STRINGSET", "stringSetValue": ["22", "2375"]}, {"name": "PORTS_UDP", "type": "STRINGSET", "stringSetValue": []},
]
attributes = [{"name": "stack", "value": "blue"}, {"name": "com.amazonaws.ecs.capability.ecr-auth"}, {"name": "ecs.os-type", "value": "linux"},
    {"name": "ecs.os-family", "value": "LINUX"}, {"name": "ecs.cpu-architecture", "value": "x86_64"}]
# It says some things that the public model lacks, so its requests are signed by hand.
def register(**more):
    body = {"cluster": "default", "attributes": attributes, "totalResources": resources, "instanceIdentityDocument": "",
        "instanceIdentityDocumentSignature": "", "versionInfo": {"agentHash": "0", "agentVersion": "1.105.1"}, **more}
    request = AWSRequest("POST", f"http://{data['host']}/", data=json.dumps(body), headers={
        "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonEC2ContainerServiceV20141113.RegisterContainerInstance"})
    SigV4Auth(boto3.DEFAULT_SESSION.get_credentials(), "ecs", "us-east-1").add_auth(request)
    connection = http.client.HTTPConnection(data["host"])
    connection.request("POST", "/", body=request.body, headers=dict(request.headers))
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    return json.loads(answer.read())["containerInstance"]
made = register(clientToken="t1")
back = {one["name"]: one.get("value", "") for one in made["attributes"]}
for one in attributes:
    expect(back[one["name"]], one.get("value", ""))
assert back["ecs.availability-zone"], back
# An agent that did not hear the answer asks again; another one is another host.
expect(register(clientToken="t1")["containerInstanceArn"], made["containerInstanceArn"])
assert register(clientToken="t2")["containerInstanceArn"] != made["containerInstanceArn"]
expect(register(clientToken="t3", containerInstanceArn=made["containerInstanceArn"])["containerInstanceArn"], made["containerInstanceArn"])
found = ecs.discover_poll_endpoint(containerInstance=made["containerInstanceArn"], cluster="default")
expect((found["endpoint"], found["telemetryEndpoint"]), (f"http://{data['host']}/acs", f"http://{data['host']}/tcs"))

# How it hears that it is not wanted: one member, named by the exception. After a deregistration it waits for an hour.
ecs.deregister_container_instance(containerInstance=made["containerInstanceArn"])
assert register(clientToken="t1")["containerInstanceArn"] != made["containerInstanceArn"]
for path, names in [("acs", ("clusterArn", "containerInstanceArn")), ("tcs", ("cluster", "containerInstance"))]:
    expect(list(dial(path, **dict(zip(names, ("default", made["containerInstanceArn"]))))), ["InactiveInstanceException"])
    expect(list(dial(path, **dict(zip(names, ("absent", made["containerInstanceArn"]))))), ["InvalidClusterException"])

# It takes a login only if the endpoint and https:// with the image begin alike.
agent = "Amazon ECS Agent - v1.105.1 (*0) (linux) (+http://aws.amazon.com/ecs/)"
for config, scheme in [(Config(), "http"), (Config(user_agent=agent), "https")]:
    token = boto3.client("ecr", config=config).get_authorization_token()["authorizationData"][0]
    expect(token["proxyEndpoint"], f"{scheme}://{data['host']}")
"#,
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_has_what_amazons_agent_looks_for() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        run(&aws, &json!({}), "ecs.create_cluster()");
        let agent = EcsAgent::join(&aws, "default", 4096, 4096).await;
        let image = format!("{}/team/web:1", wharf.address());
        run(
            &aws,
            &json!({ "image": image }),
            r#"
for mode in ["bridge", "host", "none"]:
    ecs.register_task_definition(family=mode, networkMode=mode, cpu="512", memory="256", containerDefinitions=[
        {"name": "app", "image": data["image"], "memoryReservation": 32, "stopTimeout": 5,
         "healthCheck": {"command": ["CMD", "true"]}, "secrets": [], "environment": [{"name": "A", "value": "b"}]}])
    arn = ecs.run_task(taskDefinition=mode)["tasks"][0]["taskArn"]
    eventually(lambda: task(arn)["lastStatus"] == "RUNNING")
ecs.register_task_definition(family="unlimited", containerDefinitions=[
    {"name": "app", "image": data["image"], "cpu": 10, "memoryReservation": 32}])
for sizes in [{}, {"cpu": "1024", "memory": "64"}]:
    one = task(ecs.run_task(taskDefinition="unlimited", overrides=sizes)["tasks"][0]["taskArn"])
    eventually(lambda: task(one["taskArn"])["lastStatus"] == "RUNNING")
    expect((one["cpu"], one["memory"]), (sizes.get("cpu", "10"), sizes.get("memory", "32")))
"#,
        );
        let (unlimited, tasks): (Vec<_>, Vec<_>) =
            agent.tasks().into_values().partition(|task| task["family"] == json!("unlimited"));
        // What containers reserve does not limit them; what a request says of the task does.
        let mut limits: Vec<_> = unlimited.iter().map(|task| (task["cpu"].as_f64(), task["memory"].as_i64())).collect();
        limits.sort_by_key(|(_, memory)| *memory);
        assert_eq!(limits, [(None, None), (Some(1.0), Some(64))]);
        assert!(unlimited.iter().all(|task| task["containers"][0]["cpu"] == json!(10)), "{unlimited:?}");
        assert_eq!(tasks.len(), 3);
        for task in &tasks {
            let mode = task["family"].as_str().unwrap();
            assert_eq!((&task["networkMode"], &task["cpu"], &task["memory"]), (&json!(mode), &json!(0.5), &json!(256)));
            assert_eq!((&task["version"], &task["overrides"]), (&json!("1"), &json!("{}")));
            let container = &task["containers"][0];
            let docker: Value =
                serde_json::from_str(container["dockerConfig"]["hostConfig"].as_str().unwrap()).unwrap();
            // The only place where it looks for the mode.
            assert_eq!((&docker["NetworkMode"], &docker["MemoryReservation"]), (&json!(mode), &json!(32 << 20)));
            let docker: Value = serde_json::from_str(container["dockerConfig"]["config"].as_str().unwrap()).unwrap();
            assert_eq!(docker["Healthcheck"]["Interval"], 30_000_000_000_i64);
            assert_eq!(container["healthCheckType"], "docker");
            assert_eq!(container["environment"], json!({ "A": "b" }));
            let login = &container["registryAuthentication"];
            assert_eq!(
                (&login["type"], &login["ecrAuthData"]["endpointOverride"]),
                (&json!("ecr"), &json!(wharf.url()))
            );
        }
        let well = |status: &str| json!({ "statuses": [{ "type": "CONTAINER_RUNTIME", "status": status, "lastUpdated": 1.5 }] });
        for status in ["OK", "IMPAIRED"] {
            agent.tell("PublishInstanceStatusRequest", well(status), "AckPublishInstanceStatus").await;
            run(
                &aws,
                &json!({ "host": agent.instance_arn, "status": status }),
                r#"
found = ecs.describe_container_instances(containerInstances=[data["host"]], include=["CONTAINER_INSTANCE_HEALTH"])["containerInstances"][0]
expect(found["healthStatus"]["overallStatus"], data["status"])
expect([(one["type"], one["status"], one["lastUpdated"].timestamp()) for one in found["healthStatus"]["details"]], [("CONTAINER_RUNTIME", data["status"], 1.5)])
assert "healthStatus" not in ecs.describe_container_instances(containerInstances=[data["host"]])["containerInstances"][0]
"#,
            );
        }
        // Each payload and each list has a number of its own, and they only grow.
        let numbers: Vec<i64> = agent
            .frames("TaskManifestMessage")
            .iter()
            .map(|frame| frame["timeline"].as_i64())
            .chain(agent.frames("PayloadMessage").iter().map(|frame| frame["seqNum"].as_i64()))
            .map(|number| number.expect("a number"))
            .collect();
        assert!(numbers.is_sorted_by(|one, next| one < next) && numbers[0] > 0, "{numbers:?}");
        for frame in agent.frames("PayloadMessage") {
            for member in ["messageId", "clusterArn", "containerInstanceArn"] {
                assert!(frame[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {frame}");
            }
        }
    })
    .await;
}
