//! Hosts with engines of their own that lose their power or their network, and what becomes of their tasks.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::harness::hosts::Hosts;
use tests::harness::{Backend, Wharf};

/// How the tasks of the service are spread over hosts.
const SPREAD: &str = r#"
def tasks():
    arns = ecs.list_tasks(serviceName="web")["taskArns"]
    return ecs.describe_tasks(tasks=arns)["tasks"] if arns else []
def spread():
    running = [one["containerInstanceArn"] for one in tasks() if one["lastStatus"] == "RUNNING"]
    return sorted(running.count(host) for host in set(running))
def moved(gone):
    service = ecs.describe_services(services=["web"])["services"][0]
    here = {one["containerInstanceArn"] for one in tasks()}
    return service["runningCount"] == 4 and spread() == [4] and len(here) == 1 and gone not in here
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_tasks_of_a_host_without_power_or_network_move_and_nothing_runs_twice() {
    let hosts = Hosts::start(&["one", "two"]);
    // An agent that is silent for so long is cut off, also one that a busy machine lets stand still.
    let wharf = Wharf::with(Backend::SqliteDisk)
        .set("WHARF_HOST_TIMEOUT", "6s")
        .set("WHARF_SERVICE_SETTLE", "1s")
        .on_address(hosts.bridge())
        .start()
        .await;
    let aws = wharf.aws();
    let (one, two) = (hosts.engine("one"), hosts.engine("two"));
    let host = wharf.address().to_string();
    let image = format!("{host}/web:v1");
    one.page(&image, "v1");
    one.login(&wharf);
    one.run(&["push", "--quiet", &image]);
    let since = Instant::now();
    let run = |data: Value, script: &str| {
        let found = super::run(&aws, &data, &format!("{SPREAD}\n{script}"));
        println!("{:.1?}: {}", since.elapsed(), script.trim().lines().last().unwrap_or_default());
        found
    };
    run(json!({}), "ecs.create_cluster()");
    hosts.agent("one", &aws);
    hosts.agent("two", &aws);
    let places = run(
        json!({ "image": image }),
        r#"
eventually(lambda: len(connected()) == 2)
ecs.register_task_definition(family="web", containerDefinitions=[
    {"name": "app", "image": data["image"], "memory": 32, "stopTimeout": 2, "portMappings": [{"containerPort": 80}]}])
ecs.create_service(serviceName="web", taskDefinition="web", desiredCount=4)
eventually(lambda: spread() == [2, 2])
print(json.dumps({one["containers"][0]["runtimeId"]: one["containerInstanceArn"] for one in tasks()}))
"#,
    );
    assert_eq!((one.tasks().len(), two.tasks().len()), (2, 2));
    // Which instance a host is, is known by its containers.
    let instance = |engine: &tests::harness::engine::Engine| {
        let id = engine.run(&["ps", "--quiet", "--no-trunc", "--latest"]);
        places[&id].clone()
    };
    let (first, second) = (instance(&one), instance(&two));
    assert_ne!(first, second);

    // The power of one fails: nobody says goodbye.
    hosts.cut("one");
    hosts.kill("one");
    run(
        json!({ "gone": first }),
        r#"
eventually(lambda: moved(data["gone"]))
lost = [one for one in ecs.describe_tasks(tasks=ecs.list_tasks(desiredStatus="STOPPED")["taskArns"])["tasks"]
    if one["containerInstanceArn"] == data["gone"]]
id = data["gone"].split("/")[-1]
expect([(one["lastStatus"], one["stopCode"], one["stoppedReason"]) for one in lost],
    [("STOPPED", "TerminationNotice", f"Host EC2 (instance {id}) terminated.")] * 2)
"#,
    );
    assert_eq!(two.tasks().len(), 4);

    // It comes back with what it knew, and starts nothing again.
    hosts.plug("one");
    hosts.boot("one");
    hosts.agent("one", &aws);
    let back = r#"
eventually(lambda: len(connected()) == 2)
time.sleep(3)
eventually(lambda: moved(data["gone"]))
expect(len(ecs.list_tasks()["taskArns"]), 4)
"#;
    run(json!({ "gone": first }), back);
    assert_eq!((one.tasks().len(), two.tasks().len()), (0, 4));

    // The network of the other fails: its containers run on, and are not wanted any more once it is there again.
    hosts.cut("two");
    run(json!({ "gone": second }), "eventually(lambda: moved(data['gone']))");
    assert_eq!((one.tasks().len(), two.tasks().len()), (4, 4));
    hosts.plug("two");
    run(json!({ "gone": second }), back);
    let limit = Instant::now() + Duration::from_secs(60);
    while !two.tasks().is_empty() && Instant::now() < limit {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!((one.tasks().len(), two.tasks().len()), (4, 0));
    println!("{:.1?}: nothing runs twice", since.elapsed());
}
