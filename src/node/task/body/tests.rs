//! What containers are made of.

use acs::{
    Container, DockerConfig, DockerVolumeConfiguration, HostVolume, KernelCapabilities, LinuxParameters, MountPoint,
    PortMapping, VolumeFrom,
};

use super::*;

fn container(name: &str) -> Container {
    Container { name: name.to_owned(), image: "image".to_owned(), essential: true, ..Container::default() }
}

fn task(mode: &str, containers: Vec<Container>) -> Task {
    Task::new(acs::Task {
        arn: "arn:aws:ecs:us-east-1:000000000000:task/default/0123456789abcdef".to_owned(),
        family: "web".to_owned(),
        version: "7".to_owned(),
        network_mode: Some(mode.to_owned()),
        containers,
        ..acs::Task::default()
    })
}

fn body(task: &Task, index: usize) -> Value {
    let around =
        Surroundings { cluster: "default", task_network: "net", pause_image: "pause", ..Surroundings::default() };
    task.body(index, &around).unwrap()
}

fn docker(config: &Value, host: &Value) -> Option<DockerConfig> {
    Some(DockerConfig {
        version: "1.21".to_owned(),
        config: Some(config.to_string()),
        host_config: Some(host.to_string()),
    })
}

#[test]
fn a_container_is_what_the_definition_says() {
    let mut app = container("app");
    app.command = vec!["serve".to_owned()];
    app.cpu = 512;
    app.memory = 64;
    app.environment.insert("A".to_owned(), "1".into());
    app.docker_config = docker(
        &json!({"User": "1000", "Labels": {"own": "x", "com.amazonaws.ecs.task-arn": "forged"}, "Env": ["A=0", "B=2"]}),
        &json!({"CapAdd": ["NET_ADMIN"], "RestartPolicy": {"Name": "always"}, "AutoRemove": true, "MemoryReservation": 5}),
    );
    let task = task("bridge", vec![app]);
    let body = body(&task, 0);
    assert_eq!((&body["Image"], &body["Cmd"], &body["User"]), (&json!("image"), &json!(["serve"]), &json!("1000")));
    assert_eq!(body["Env"], json!(["A=1", "B=2"]));
    assert_eq!(body["Labels"]["own"], "x");
    assert_eq!(body["Labels"]["com.amazonaws.ecs.task-arn"], json!(task.arn()), "nobody else sets those");
    assert_eq!(body["Healthcheck"], json!({"Test": ["NONE"]}), "that of the image is not looked at");
    let host = &body["HostConfig"];
    assert_eq!((&host["Memory"], &host["CpuShares"]), (&json!(64 << 20), &json!(512)));
    assert_eq!((&host["CapAdd"], &host["MemoryReservation"]), (&json!(["NET_ADMIN"]), &json!(5)));
    assert!(host.get("RestartPolicy").is_none() && host.get("AutoRemove").is_none(), "the agent restarts and removes");
}

#[test]
fn ports_are_bound_in_bridge_mode_alone() {
    let port = |container_port, host_port, protocol: &str| PortMapping {
        container_port,
        host_port,
        protocol: protocol.to_owned(),
        ..PortMapping::default()
    };
    let mut app = container("app");
    app.port_mappings = vec![port(80, 0, "tcp"), port(53, 5353, "udp")];
    app.port_mappings.push(PortMapping { container_port_range: Some("90-91".to_owned()), ..PortMapping::default() });
    let bridge = body(&task("bridge", vec![app.clone()]), 0);
    let bound = &bridge["HostConfig"]["PortBindings"];
    assert_eq!(bound["80/tcp"], json!([{"HostPort": ""}]));
    assert_eq!(bound["53/udp"], json!([{"HostPort": "5353"}]));
    assert_eq!(bound["91/tcp"], json!([{"HostPort": ""}]));
    assert_eq!(bridge["ExposedPorts"]["90/tcp"], json!({}));
    let placed = Surroundings { ranges: vec![40_000], ..Surroundings::default() };
    let placed = task("bridge", vec![app.clone()]).body(0, &placed).unwrap();
    assert_eq!(placed["HostConfig"]["PortBindings"]["91/tcp"], json!([{"HostPort": "40001"}]));
    let host = body(&task("host", vec![app.clone()]), 0);
    assert_eq!(host["HostConfig"]["NetworkMode"], "host");
    assert!(host["HostConfig"].get("PortBindings").is_none());
    let own = task("awsvpc", vec![app]);
    assert_eq!(body(&own, 0)["HostConfig"]["NetworkMode"], "net");
    let joined = format!("container:{}", own.container_name(0));
    assert_eq!(body(&own, 1)["HostConfig"]["NetworkMode"], json!(joined));
}

#[test]
fn volumes_are_mounted_by_what_they_are() {
    let mount = |volume: &str, read_only| MountPoint {
        source_volume: volume.to_owned(),
        container_path: format!("/{volume}"),
        read_only,
    };
    let mut app = container("app");
    app.mount_points = vec![mount("host", true), mount("scratch", false), mount("shared", false)];
    let mut side = container("side");
    side.volumes_from = vec![VolumeFrom { source_container: "app".to_owned(), read_only: true }];
    let mut task = task("none", vec![app, side]);
    let shared = DockerVolumeConfiguration { scope: "shared".to_owned(), ..DockerVolumeConfiguration::default() };
    task.wanted.volumes = vec![
        Volume {
            name: "host".to_owned(),
            host: Some(HostVolume { source_path: "/srv".to_owned() }),
            ..Volume::default()
        },
        Volume { name: "scratch".to_owned(), host: Some(HostVolume::default()), ..Volume::default() },
        Volume { name: "shared".to_owned(), docker_volume_configuration: Some(shared), ..Volume::default() },
    ];
    let binds = body(&task, 0)["HostConfig"]["Binds"].clone();
    let scratch = task.volumes()[0].0.name.clone();
    assert!(scratch.starts_with("ecs-web-7-scratch-"), "{scratch}");
    assert_eq!(binds, json!(["/srv:/host:ro", format!("{scratch}:/scratch"), "shared:/shared"]));
    assert_eq!(task.volumes().len(), 1, "a shared one is not made unless that is wanted, a folder never");
    let from = format!("{}:ro", task.container_name(0));
    assert_eq!(body(&task, 1)["HostConfig"]["VolumesFrom"], json!([from]));
    task.wanted.volumes[0].kind = "efs".to_owned();
    assert!(task.body(0, &Surroundings::default()).unwrap_err().contains("efs"));
    task.wanted.volumes.clear();
    assert!(task.body(0, &Surroundings::default()).unwrap_err().contains("no volume"));
}

#[test]
fn the_agent_ships_what_is_meant_for_amazons_logs() {
    let mut app = container("app");
    let options = json!({"awslogs-group": "g", "awslogs-stream-prefix": "p"});
    app.docker_config = docker(&json!({}), &json!({"LogConfig": {"Type": "awslogs", "Config": options}}));
    assert_eq!(followed(&app).unwrap()["awslogs-group"], "g");
    assert_eq!(body(&task("none", vec![app]), 0)["HostConfig"]["LogConfig"]["Type"], "json-file");
    let mut other = container("app");
    other.docker_config = docker(&json!({}), &json!({"LogConfig": {"Type": "syslog"}}));
    assert_eq!(followed(&other), None);
    assert_eq!(log_driver(&other), Some(("syslog".to_owned(), BTreeMap::new())));
    assert_eq!(body(&task("none", vec![other]), 0)["HostConfig"]["LogConfig"]["Type"], "syslog");
}

#[test]
fn parameters_of_linux_and_shared_namespaces() {
    let mut app = container("app");
    app.privileged = Some(true);
    app.linux_parameters = Some(LinuxParameters {
        capabilities: Some(KernelCapabilities { add: vec!["SYS_PTRACE".to_owned()], drop: Vec::new() }),
        init_process_enabled: Some(true),
        shared_memory_size: Some(2),
        devices: vec![acs::Device {
            host_path: "/dev/fuse".to_owned(),
            permissions: vec!["read".to_owned(), "write".to_owned()],
            ..acs::Device::default()
        }],
    });
    let mut task = task("none", vec![app, container("side")]);
    task.wanted.pid_mode = Some("task".to_owned());
    task.wanted.cpu = Some(0.5);
    task.wanted.memory = Some(10);
    let first = body(&task, 0)["HostConfig"].clone();
    assert_eq!(
        (&first["Privileged"], &first["Init"], &first["ShmSize"]),
        (&json!(true), &json!(true), &json!(2 << 20))
    );
    assert_eq!(first["Devices"][0]["CgroupPermissions"], "rw");
    assert_eq!((&first["NanoCpus"], &first["Memory"]), (&json!(500_000_000), &json!(10 << 20)));
    let joined = format!("container:{}", task.container_name(0));
    assert_eq!(body(&task, 1)["HostConfig"]["PidMode"], json!(joined));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut app = container("app");
    app.docker_config = Some(DockerConfig { config: Some("[1]".to_owned()), ..DockerConfig::default() });
    assert!(task("none", vec![app]).body(0, &Surroundings::default()).is_err());
    let mut app = container("app");
    app.environment.insert("A=B".to_owned(), "x".into());
    assert!(task("none", vec![app]).body(0, &Surroundings::default()).is_err());
}
