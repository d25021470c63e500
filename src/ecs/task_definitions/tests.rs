//! What is registered, as tables of definitions with what comes of them, and what holds for all.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn registry() -> RegistryId {
    RegistryId { account: "000000000000".parse().unwrap(), region: "us-east-1".parse().unwrap() }
}

fn attempt(definition: Value) -> Result<Definition> {
    complete(&registry(), serde_json::from_value(definition).unwrap())
}

#[track_caller]
fn completed(definition: Value) -> Definition {
    attempt(definition.clone()).unwrap_or_else(|error| panic!("{definition}: {error:?}"))
}

#[track_caller]
fn refused(definition: Value, message: &str) {
    match attempt(definition.clone()) {
        Err(Error::Client(text)) => assert_eq!(text, message, "{definition}"),
        other => panic!("{definition}: {other:?}"),
    }
}

/// A definition of one container that runs anywhere, with members put over it.
fn with(container: Value, task: Value) -> Value {
    let mut one = json!({ "name": "app", "image": "app:1", "memory": 128 });
    merge(&mut one, container);
    let mut definition = json!({ "containerDefinitions": [one] });
    merge(&mut definition, task);
    definition
}

fn merge(value: &mut Value, over: Value) {
    let (Value::Object(members), Value::Object(over)) = (value, over) else {
        panic!("objects");
    };
    members.extend(over);
}

fn fargate(cpu: &str, memory: &str) -> Value {
    json!({ "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": cpu, "memory": memory })
}

fn two(first: Value, second: Value) -> Value {
    let container = |name: &str, more: Value| {
        let mut one = json!({ "name": name, "image": "app:1", "memory": 128 });
        merge(&mut one, more);
        one
    };
    json!({ "containerDefinitions": [container("a", first), container("b", second)] })
}

#[test]
fn what_is_left_out_is_filled_in() {
    let json = completed(json!({ "containerDefinitions": [{ "name": "app", "image": "app:1", "memory": 128,
        "portMappings": [{ "containerPort": 80 }], "healthCheck": { "command": ["CMD-SHELL", "true"] } }] }))
    .to_json()
    .unwrap();
    assert_eq!(
        json,
        json!({
            "containerDefinitions": [{
                "name": "app", "image": "app:1", "memory": 128, "cpu": 0, "essential": true,
                "portMappings": [{ "containerPort": 80, "hostPort": 0, "protocol": "tcp" }],
                "environment": [], "mountPoints": [], "volumesFrom": [], "systemControls": [],
                "healthCheck": { "command": ["CMD-SHELL", "true"], "interval": 30, "timeout": 5, "retries": 3 },
            }],
            "networkMode": "bridge", "volumes": [], "placementConstraints": [], "compatibilities": ["EXTERNAL", "EC2"],
            "requiresAttributes": [
                { "name": "com.amazonaws.ecs.capability.docker-remote-api.1.24" },
                { "name": "ecs.capability.container-health-check" },
            ],
        })
    );
}

#[test]
fn fargate_has_sizes_of_its_own() {
    for (cpu, memory) in [
        ("256", "512"),
        (".25 vCPU", "2GB"),
        ("512", "4096"),
        ("1 vCPU", "8GB"),
        ("2048", "16384"),
        ("4 vCPU", "30 GB"),
        ("8192", "61440"),
        ("16 vCPU", "120GB"),
    ] {
        let definition = completed(with(json!({}), fargate(cpu, memory)));
        assert_eq!(definition.compatibilities, ["EC2", "FARGATE"], "{cpu} {memory}");
    }
    let none = |cpu: i64, memory: i64| {
        format!("No Fargate configuration exists for given values: {cpu} CPU, {memory} memory.")
    };
    for (cpu, memory) in [(256, 4096), (512, 512), (1024, 2500), (4096, 31744), (8192, 20000), (300, 512)] {
        refused(with(json!({}), fargate(&cpu.to_string(), &memory.to_string())), &none(cpu, memory));
    }
    let requires = json!({ "requiresCompatibilities": ["FARGATE"] });
    refused(with(json!({}), requires.clone()), "Fargate requires that 'cpu' be defined at the task level.");
    let mut cpu = requires;
    merge(&mut cpu, json!({ "cpu": "256" }));
    refused(with(json!({}), cpu), "Fargate requires that 'memory' be defined at the task level.");
}

#[test]
fn fargate_does_not_do_all_that_hosts_do() {
    let task = |over: Value| {
        let mut task = fargate("256", "512");
        merge(&mut task, over);
        with(json!({}), task)
    };
    let container = |over: Value| with(over, fargate("256", "512"));
    refused(task(json!({ "networkMode": "bridge" })), "Fargate only supports network mode 'awsvpc'.");
    refused(
        task(json!({ "pidMode": "host" })),
        "Tasks using the Fargate launch type do not support pidMode 'host'. The supported value for pidMode is 'task'.",
    );
    completed(task(json!({ "pidMode": "task" })));
    let not = |member: &str| format!("Tasks using the Fargate launch type do not support {member}.");
    refused(container(json!({ "privileged": true })), &not("privileged"));
    refused(
        container(json!({ "linuxParameters": { "maxSwap": 1 } })),
        &not("linuxParameters.maxSwap and linuxParameters.swappiness"),
    );
    refused(task(json!({ "volumes": [{ "name": "v", "host": { "sourcePath": "/v" } }] })), &not("host.sourcePath"));
    let role = |what: &str| format!("Fargate requires task definition to have execution role ARN to support {what}.");
    refused(container(json!({ "image": "000000000000.dkr.ecr.us-east-1.example.com/app:1" })), &role("ECR images"));
    let logs = json!({ "logDriver": "awslogs",
        "options": { "awslogs-group": "g", "awslogs-region": "r", "awslogs-stream-prefix": "p" } });
    refused(container(json!({ "logConfiguration": logs })), &role("log driver awslogs"));
    // A definition that merely could run there is not held to it.
    assert_eq!(
        completed(with(json!({ "privileged": true }), json!({ "networkMode": "awsvpc" }))).compatibilities,
        ["EC2"]
    );
}

#[test]
fn containers_must_be_whole() {
    refused(json!({ "containerDefinitions": [] }), "Container list cannot be empty.");
    refused(with(json!({ "name": "" }), json!({})), "Container.name should not be null or empty.");
    refused(with(json!({ "image": "" }), json!({})), "Container.image should not be null or empty.");
    let setting = |text: &str| format!("Invalid setting for container 'app'. {text}");
    let no_memory = json!({ "containerDefinitions": [{ "name": "app", "image": "i" }] });
    refused(no_memory, &setting("At least one of 'memory' or 'memoryReservation' must be specified."));
    completed(json!({ "containerDefinitions": [{ "name": "app", "image": "i" }], "memory": "512" }));
    refused(with(json!({ "memory": 5 }), json!({})), &setting("'memory' must be at least 6 MiB."));
    refused(
        with(json!({ "memoryReservation": 128 }), json!({})),
        &setting("The 'memory' value must be greater than 'memoryReservation' value."),
    );
    refused(
        with(json!({ "memory": 1024 }), json!({ "memory": "512" })),
        "The 'memory' setting for container 'app' is greater than for the task.",
    );
    refused(two(json!({ "name": "b" }), json!({})), "Container names must be unique. 'b' is used more than once.");
    refused(
        with(json!({ "essential": false }), json!({})),
        "A task definition must have at least one essential container.",
    );
    refused(with(json!({}), json!({ "cpu": "one" })), "Invalid 'cpu' setting for task.");
    refused(with(json!({}), json!({ "cpu": "64" })), "Invalid 'cpu' setting for task.");
    refused(
        with(json!({}), json!({ "networkMode": "x" })),
        "Invalid value 'x' for networkMode. Valid values are: bridge, host, awsvpc, none.",
    );
    let large = attempt(with(json!({ "user": "u".repeat(70_000) }), json!({})));
    assert!(matches!(large, Err(Error::Client(text)) if text.ends_with("Max allowed length is '65536' bytes.")));
}

#[test]
fn ports_follow_the_network() {
    let ports = |mode: &str, mappings: Value| with(json!({ "portMappings": mappings }), json!({ "networkMode": mode }));
    let host_port = |definition: Definition| definition.container_definitions[0].port_mappings[0].host_port;
    let eighty = json!([{ "containerPort": 80 }]);
    assert_eq!(host_port(completed(ports("bridge", eighty.clone()))), Some(0));
    assert_eq!(host_port(completed(ports("host", eighty.clone()))), Some(80));
    assert_eq!(host_port(completed(ports("awsvpc", json!([{ "containerPort": 80, "hostPort": 0 }])))), Some(80));
    refused(ports("none", eighty), "Port mappings are not supported when networkMode=none.");
    let moved = json!([{ "containerPort": 80, "hostPort": 8080 }]);
    completed(ports("bridge", moved.clone()));
    for mode in ["host", "awsvpc"] {
        refused(
            ports(mode, moved.clone()),
            &format!("When networkMode={mode}, the host ports and container ports in port mappings must match."),
        );
    }
    let setting = |text: &str| format!("Invalid setting for container 'app'. {text}");
    refused(
        ports("bridge", json!([{ "containerPort": 80 }, { "containerPort": 80, "protocol": "udp" }])),
        &setting("Container port 80 is mapped more than once."),
    );
    refused(
        two(
            json!({ "portMappings": [{ "containerPort": 1, "hostPort": 90 }] }),
            json!({ "portMappings": [{ "containerPort": 2, "hostPort": 90 }] }),
        ),
        "Host port 90 for protocol tcp is used by containers 'a' and 'b'.",
    );
    refused(ports("bridge", json!([{ "hostPort": 1 }])), &setting("A containerPort must be between 1 and 65535."));
    refused(
        ports("bridge", json!([{ "containerPort": 65536 }])),
        &setting("A containerPort must be between 1 and 65535."),
    );
    completed(ports("bridge", json!([{ "containerPortRange": "8000-8010" }, { "containerPort": 7999 }])));
    refused(
        ports("bridge", json!([{ "containerPortRange": "8000-8010" }, { "containerPort": 8005 }])),
        &setting("Container port 8005 is mapped more than once."),
    );
    for bad in ["8010-8000", "8000", "a-b", "0-5", "1-70000"] {
        refused(
            ports("bridge", json!([{ "containerPortRange": bad }])),
            &setting("A containerPortRange must be two ports with a hyphen between them."),
        );
    }
}

#[test]
fn the_order_of_containers_can_come_true() {
    let depends = |on: &str, condition: &str| json!({ "dependsOn": [{ "containerName": on, "condition": condition }] });
    let setting = |text: &str| format!("Invalid setting for container 'a'. {text}");
    let waits = depends("a", "START");
    completed(two(depends("b", "START"), json!({})));
    refused(two(depends("b", "START"), waits), "There is a cycle in the dependencies of the containers.");
    refused(
        two(json!({ "links": ["b:db"] }), json!({ "volumesFrom": [{ "sourceContainer": "a" }] })),
        "There is a cycle in the dependencies of the containers.",
    );
    refused(two(depends("a", "START"), json!({})), &setting("It depends on an unknown container 'a'."));
    refused(two(depends("c", "START"), json!({})), &setting("It depends on an unknown container 'c'."));
    refused(
        two(depends("b", "SUCCESS"), json!({})),
        &setting("It depends on the end of container 'b', which must not be essential then."),
    );
    completed(two(depends("b", "SUCCESS"), json!({ "essential": false })));
    refused(
        two(depends("b", "HEALTHY"), json!({})),
        &setting("It depends on the health of container 'b', which has no check."),
    );
    completed(two(depends("b", "HEALTHY"), json!({ "healthCheck": { "command": ["CMD", "true"] } })));
    refused(two(json!({ "links": ["x"] }), json!({})), &setting("It is linked to an unknown container 'x'."));
    let mut links = two(json!({ "links": ["b"] }), json!({}));
    merge(&mut links, json!({ "networkMode": "host" }));
    refused(links, "Links are not supported when networkMode=host.");
}

#[test]
fn volumes_are_what_mounts_name() {
    let mount = json!({ "mountPoints": [{ "sourceVolume": "data", "containerPath": "/data" }] });
    refused(with(mount.clone(), json!({})), "Unknown volume 'data'.");
    completed(with(mount.clone(), json!({ "volumes": [{ "name": "data" }] })));
    let twice = json!({ "volumes": [{ "name": "data" }, { "name": "data" }] });
    refused(with(mount, twice), "Volume names must be unique. 'data' is used more than once.");
    let both = json!({ "volumes": [{ "name": "v", "host": {}, "dockerVolumeConfiguration": {} }] });
    refused(with(json!({}), both), "Volume 'v' can have one configuration only.");
    let docker = completed(with(
        json!({}),
        json!({ "volumes": [{ "name": "v", "dockerVolumeConfiguration": { "scope": "shared" } }] }),
    ));
    let docker = docker.volumes[0].docker_volume_configuration.clone().unwrap();
    assert_eq!((docker.scope.as_deref(), docker.autoprovision), (Some("shared"), Some(false)));
}

#[test]
fn ranges_are_kept() {
    let setting = |text: &str| format!("Invalid setting for container 'app'. {text}");
    let health = |more: Value| {
        let mut check = json!({ "command": ["CMD", "true"] });
        merge(&mut check, more);
        with(json!({ "healthCheck": check }), json!({}))
    };
    for (member, bad, range) in [
        ("interval", 4, "5 and 300"),
        ("timeout", 61, "2 and 60"),
        ("retries", 0, "1 and 10"),
        ("startPeriod", 301, "0 and 300"),
    ] {
        refused(health(json!({ member: bad })), &setting(&format!("'healthCheck.{member}' must be between {range}.")));
    }
    let restart = json!({ "restartPolicy": { "enabled": true, "restartAttemptPeriod": 59 } });
    refused(
        with(restart, json!({})),
        &setting("'restartPolicy.restartAttemptPeriod' must be between 60 and 1800 seconds."),
    );
    let storage = |size: i64| {
        let mut task = fargate("256", "512");
        merge(&mut task, json!({ "ephemeralStorage": { "sizeInGiB": size } }));
        with(json!({}), task)
    };
    assert_eq!(completed(storage(21)).to_json().unwrap()["ephemeralStorage"], json!({ "sizeInGiB": 21 }));
    refused(storage(20), "The ephemeral storage size must be between 21 and 200 GiB, inclusive.");
    let limit =
        |soft: i64, hard: i64| json!({ "ulimits": [{ "name": "nofile", "softLimit": soft, "hardLimit": hard }] });
    completed(with(limit(1024, -1), json!({})));
    refused(with(limit(2, 1), json!({})), &setting("The limits of ulimit 'nofile' are invalid."));
}

#[test]
fn secrets_need_a_role_and_a_name_of_their_own() {
    let secret =
        json!({ "secrets": [{ "name": "A", "valueFrom": "arn:aws:secretsmanager:us-east-1:000000000000:secret:x" }] });
    refused(
        with(secret.clone(), json!({})),
        "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
    );
    let role = json!({ "executionRoleArn": "exec" });
    let definition = completed(with(secret.clone(), role.clone()));
    assert_eq!(definition.execution_role_arn.as_deref(), Some("arn:aws:iam::000000000000:role/exec"));
    let attribute = "ecs.capability.secrets.asm.environment-variables";
    assert!(definition.requires_attributes.iter().any(|one| one.name == attribute));
    let mut shared = secret;
    merge(&mut shared, json!({ "environment": [{ "name": "A", "value": "b" }] }));
    refused(
        with(shared, role),
        "The secret name must be unique and not shared with any new or existing environment variables set on the \
         container, such as 'A'.",
    );
}

#[test]
fn placement_is_told_what_a_task_takes() {
    let demand = |definition: Value| completed(definition).demand();
    let mut containers = two(
        json!({ "cpu": 100, "memoryReservation": 64, "portMappings": [{ "containerPort": 80, "hostPort": 8080 }] }),
        json!({ "cpu": 28, "portMappings": [{ "containerPort": 53, "hostPort": 53, "protocol": "udp" }, { "containerPort": 1 }] }),
    );
    let one = demand(containers.clone());
    assert_eq!((one.cpu, one.memory), (128, 64 + 128));
    assert_eq!((one.tcp, one.udp), (vec![8080], vec![53]));
    merge(&mut containers, json!({ "cpu": "1 vCPU", "memory": "1GB" }));
    let one = demand(containers);
    assert_eq!((one.cpu, one.memory), (1024, 1024));
    let own = with(json!({ "portMappings": [{ "containerPort": 80 }] }), json!({ "networkMode": "awsvpc" }));
    assert_eq!(demand(own).tcp, Vec::<u16>::new());
    let host = with(json!({ "portMappings": [{ "containerPort": 80 }] }), json!({ "networkMode": "host" }));
    assert_eq!(demand(host).tcp, [80]);
}

/// Definitions of which many can be registered.
fn definitions() -> impl Strategy<Value = Value> {
    let mapping = (1..100_i64, prop::option::of(0..100_i64), prop::option::of("tcp|udp"))
        .prop_map(|(port, host, protocol)| json!({ "containerPort": port, "hostPort": host, "protocol": protocol }));
    let container = (
        "[a-c]",
        prop::option::of(6..200_i64),
        prop::option::of(6..100_i64),
        prop::collection::vec(mapping, 0..3),
        prop::option::of(any::<bool>()),
        prop::option::of("[a-c]"),
        prop::option::of(5..300_i64),
    );
    let container = container.prop_map(|(name, memory, reservation, ports, essential, after, interval)| {
        json!({
            "name": name, "image": "app:1", "memory": memory, "memoryReservation": reservation, "portMappings": ports,
            "essential": essential,
            "dependsOn": after.map(|on| json!([{ "containerName": on, "condition": "START" }])),
            "healthCheck": interval.map(|interval| json!({ "command": ["CMD", "true"], "interval": interval })),
        })
    });
    let sizes = prop::option::of(prop::sample::select(vec![
        ("256", "512"),
        (".5 vCPU", "1GB"),
        ("1 vCPU", "2 GB"),
        ("1000", "700"),
        ("2vcpu", "16384"),
    ]));
    let mode = prop::option::of(prop::sample::select(vec!["bridge", "host", "awsvpc", "none"]));
    let requires = prop::option::of(prop::sample::select(vec!["EC2", "FARGATE", "EXTERNAL"]));
    let task = (prop::collection::vec(container, 1..4), sizes, mode, requires, prop::option::of("[a-z]{3}"));
    task.prop_map(|(containers, sizes, mode, requires, role)| {
        let mut definition = json!({
            "containerDefinitions": containers, "networkMode": mode, "taskRoleArn": role,
            "cpu": sizes.map(|(cpu, _)| cpu), "memory": sizes.map(|(_, memory)| memory),
            "requiresCompatibilities": requires.map(|one| json!([one])),
        });
        without_nulls(&mut definition);
        definition
    })
}

fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(without_nulls);
        }
        Value::Array(elements) => elements.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

/// Whether everything that `given` says is said by `shown`.
fn says(shown: &Value, given: &Value) -> bool {
    match (shown, given) {
        (Value::Object(shown), Value::Object(given)) => {
            given.iter().all(|(name, value)| shown.get(name).is_some_and(|shown| says(shown, value)))
        }
        (Value::Array(shown), Value::Array(given)) => {
            shown.len() == given.len() && shown.iter().zip(given).all(|(shown, given)| says(shown, given))
        }
        _ => shown == given,
    }
}

proptest! {
    #[test]
    fn what_was_registered_is_shown_the_same(given in definitions()) {
        if let Ok(definition) = attempt(given.clone()) {
            let shown = definition.to_json().unwrap();
            let read: Definition = serde_json::from_value(shown.clone()).unwrap();
            prop_assert_eq!(&read, &definition);
            let mut said = given;
            for written_anew in ["cpu", "memory", "taskRoleArn"] {
                said.as_object_mut().unwrap().remove(written_anew);
            }
            // Where ports have to match, any stands for the same one.
            if matches!(definition.network_mode.as_deref(), Some("awsvpc" | "host")) {
                for container in said["containerDefinitions"].as_array_mut().unwrap() {
                    for mapping in container["portMappings"].as_array_mut().unwrap() {
                        mapping.as_object_mut().unwrap().remove("hostPort");
                    }
                }
            }
            prop_assert!(says(&shown, &said), "{} does not say {}", shown, said);
        }
    }

    #[test]
    fn registering_what_is_shown_changes_nothing(given in definitions()) {
        if let Ok(definition) = attempt(given) {
            let again = attempt(definition.to_json().unwrap());
            prop_assert!(again.is_ok(), "{:?}", again);
            prop_assert_eq!(again.unwrap(), definition);
        }
    }

    #[test]
    fn a_task_takes_no_port_twice_and_no_less_than_it_says(given in definitions()) {
        if let Ok(definition) = attempt(given) {
            let demand = definition.demand();
            prop_assert!(demand.tcp.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(demand.udp.windows(2).all(|pair| pair[0] < pair[1]));
            let reserved: i64 = definition.container_definitions.iter().map(|one| one.reserved_memory()).sum();
            prop_assert!(demand.memory >= u64::try_from(reserved).unwrap());
        }
    }
}
