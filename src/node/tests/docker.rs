//! The agent on a real Docker engine with a bridge: that of `WHARF_TEST_DOCKER_HOST`, or one that is started for the tests.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::process::Command;
use std::time::{Duration, Instant};

use acs::frame::ToControl;
use acs::{
    Container, ContainerDependency, DockerConfig, DockerVolumeConfiguration, ElasticNetworkInterface, HostVolume,
    IamRoleCredentials, MountPoint, PortMapping, Volume,
};
use serde_json::{Value, json};
use wharf_node::engine::{Engine as _, Status};

use crate::bench::{Bench, IMAGE, docker_host, logged, shell, stream};
use crate::control::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn a_task_has_its_variables_ports_and_time_to_end() {
    let mut bench = Bench::new().await;
    let script =
        "trap 'exit 7' TERM; echo $GREETING >/tmp/index.html; httpd -p 8080 -h /tmp; while :; do sleep 0.1; done";
    let mut app = shell("app", script);
    app.environment.insert("GREETING".to_owned(), "hello".into());
    app.port_mappings =
        vec![PortMapping { container_port: 8080, protocol: "tcp".to_owned(), ..PortMapping::default() }];
    let wanted = bench.task(vec![app]);
    bench.run(&wanted).await;
    let change = bench.fake.reaches(&bench.arn(), "RUNNING").await;
    let binding = &change.containers[0].network_bindings[0];
    let port = binding.host_port.unwrap();
    assert_eq!((binding.container_port, binding.protocol.as_deref()), (Some(8080), Some("tcp")));
    assert!(port > 1024, "{port}");
    let mut page = String::new();
    for _ in 0..50 {
        let got = Command::new("curl").args(["-s", "-m", "2", &format!("http://127.0.0.1:{port}/")]).output().unwrap();
        page = String::from_utf8(got.stdout).unwrap();
        if !page.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(page, "hello\n");
    let view = &bench.views().await[0];
    assert!(view.name.starts_with("ecs-web-1-app-"), "{}", view.name);
    let change = bench.stop(&wanted).await;
    assert_eq!(change.containers[0].exit_code, Some(7), "it was asked before it was killed");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_of_ports_is_bound_in_a_row_and_told_as_one() {
    let mut bench = Bench::new().await;
    let script = "for p in 8000 8001 8002; do mkdir /tmp/$p; echo $p >/tmp/$p/index.html; httpd -p $p -h /tmp/$p; done; \
                  while :; do sleep 0.1; done";
    let ranged = |name: &str, script: &str| {
        let range = PortMapping { container_port_range: Some("8000-8002".to_owned()), ..PortMapping::default() };
        Container { port_mappings: vec![range], ..shell(name, script) }
    };
    let wanted = bench.task(vec![ranged("app", script), ranged("side", script)]);
    bench.run(&wanted).await;
    let change = bench.fake.reaches(&bench.arn(), "RUNNING").await;
    let mut begins = Vec::new();
    for container in &change.containers {
        let on_four = |binding: &&acs::api::NetworkBinding| binding.bind_ip.as_deref() == Some("0.0.0.0");
        let bindings: Vec<_> = container.network_bindings.iter().filter(on_four).collect();
        let [binding] = bindings[..] else { panic!("{change:?}") };
        assert_eq!((binding.container_port, binding.host_port), (None, None));
        assert_eq!(binding.container_port_range.as_deref(), Some("8000-8002"));
        let (first, last) = binding.host_port_range.as_deref().unwrap().split_once('-').unwrap();
        let (first, last): (u16, u16) = (first.parse().unwrap(), last.parse().unwrap());
        assert_eq!(last - first, 2);
        for (index, expected) in ["8000\n", "8001\n", "8002\n"].iter().enumerate() {
            let url = format!("http://127.0.0.1:{}/", usize::from(first) + index);
            let mut page = Command::new("curl");
            page.args(["-s", "--retry", "20", "--retry-delay", "1", "--retry-all-errors"]);
            let page = page.args(["-m", "30", &url]).output().unwrap();
            assert_eq!(String::from_utf8(page.stdout).unwrap(), *expected, "{url}");
        }
        begins.push(first);
    }
    assert!(begins[0].abs_diff(begins[1]) > 2, "{begins:?}");
    bench.stop(&wanted).await;
    bench.end().await;
}

/// The first event that somebody posts to this HTTP Event Collector, with its head. Before it the driver asks whether there is one.
fn splunk_event(collector: &TcpListener) -> String {
    loop {
        let (mut connection, _) = collector.accept().unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let (mut request, mut piece) = (String::new(), [0; 4096]);
        // One connection may bring both.
        while let Ok(length @ 1..) = connection.read(&mut piece) {
            request.push_str(&String::from_utf8_lossy(&piece[..length]));
            if request.starts_with("POST ") && request.contains("a line of") {
                return request;
            }
            if request.starts_with("OPTIONS ") && request.ends_with("\r\n\r\n") {
                request.clear();
                connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_container_writes_goes_where_its_log_driver_sends_it() {
    let mut bench = Bench::new().await;
    let (syslog, gelf) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    let [fluentd, splunk] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let at = |scheme: &str, address: SocketAddr| format!("{scheme}://{address}");
    let writes = |name: &str, kind: &str, options: Value| {
        let host = json!({"LogConfig": {"Type": kind, "Config": options}}).to_string();
        let docker_config = DockerConfig { version: "1.21".to_owned(), config: None, host_config: Some(host) };
        Container { docker_config: Some(docker_config), ..shell(name, "echo a line of $0; sleep 1000") }
    };
    let wanted = bench.task(vec![
        writes("one", "syslog", json!({
            "syslog-address": at("udp", syslog.local_addr().unwrap()), "syslog-format": "rfc5424", "tag": "wharf-one",
        })),
        writes("two", "gelf", json!({
            "gelf-address": at("udp", gelf.local_addr().unwrap()), "gelf-compression-type": "none", "tag": "wharf-two",
        })),
        writes("three", "fluentd", json!({
            "fluentd-address": at("tcp", fluentd.local_addr().unwrap()), "tag": "wharf-three",
        })),
        writes("four", "json-file", json!({ "max-size": "1m" })),
        writes("five", "splunk", json!({
            "splunk-url": at("http", splunk.local_addr().unwrap()), "splunk-token": "wharf-token", "tag": "wharf-five",
        })),
    ]);
    let collected = std::thread::spawn(move || splunk_event(&splunk));
    bench.run(&wanted).await;
    let register = &bench.fake.calls("RegisterContainerInstance")[0];
    for driver in ["fluentd", "gelf", "journald", "splunk", "syslog"] {
        let name = format!("com.amazonaws.ecs.capability.logging-driver.{driver}");
        let known = register["attributes"].as_array().unwrap().iter().any(|attribute| attribute["name"] == name);
        assert!(known, "{driver}: {register}");
    }
    let mut got = Vec::new();
    for (socket, tag) in [(&syslog, "wharf-one"), (&gelf, "wharf-two")] {
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut packet = vec![0; 4096];
        let (length, _) = socket.recv_from(&mut packet).unwrap();
        got.push((tag, String::from_utf8_lossy(&packet[..length]).into_owned()));
    }
    let (mut connection, _) = fluentd.accept().unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut packet = vec![0; 4096];
    let length = connection.read(&mut packet).unwrap();
    got.push(("wharf-three", String::from_utf8_lossy(&packet[..length]).into_owned()));
    let event = collected.join().unwrap();
    assert!(event.contains("Splunk wharf-token"), "{event}");
    got.push(("wharf-five", event));
    for (tag, text) in got {
        assert!(text.contains(tag) && text.contains("a line of"), "{tag}: {text}");
    }
    bench.fake.reaches(&bench.arn(), "RUNNING").await;
    bench.stop(&wanted).await;
    bench.end().await;
}

/// What a line of a log says, which has to be JSON.
#[track_caller]
fn json_of(line: &String) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_ran_long_enough_is_started_again_in_place() {
    let mut bench = Bench::new().await;
    // What it has written stays, since it is the same container: the third time it ends too early.
    let script = "echo x >>/tmp/starts; wget -q -O - $ECS_CONTAINER_METADATA_URI_V4; echo; \
                  [ $(grep -c x /tmp/starts) -lt 3 ] || exit 9; sleep 1.5; exit 3";
    let restart_policy =
        Some(acs::RestartPolicy { enabled: true, ignored_exit_codes: vec![7], restart_attempt_period: Some(1) });
    let ignored =
        Container { essential: false, restart_policy: restart_policy.clone(), ..shell("side", "sleep 1.5; exit 7") };
    let wanted = bench.task(vec![Container { restart_policy, ..logged(shell("app", script)) }, ignored]);
    bench.run(&wanted).await;
    let running = bench.fake.reaches(&bench.arn(), "RUNNING").await;
    let stopped = bench.fake.reaches(&bench.arn(), "STOPPED").await;
    assert_eq!(stopped.containers[0].exit_code, Some(9), "{stopped:?}");
    assert_eq!(stopped.containers[0].runtime_id, running.containers[0].runtime_id);
    assert_eq!(stopped.containers[1].exit_code, Some(7), "{stopped:?}");
    let took = stopped.execution_stopped_at.unwrap() - stopped.pull_stopped_at.unwrap();
    assert!(took > 3.0, "it ran twice for 1.5 seconds: {took}");
    let name = stream(&bench, "app");
    eventually("it has said what it is", || bench.fake.log(&name).len() >= 3).await;
    let told: Vec<Value> = bench.fake.log(&name).iter().map(json_of).collect();
    assert_eq!(told.iter().map(|told| told["RestartCount"].clone()).collect::<Vec<_>>(), [0, 1, 2]);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_is_started_again_keeps_its_ports() {
    let mut bench = Bench::new().await;
    let mut app = shell("app", "sleep 2; exit 3");
    app.restart_policy =
        Some(acs::RestartPolicy { enabled: true, ignored_exit_codes: Vec::new(), restart_attempt_period: Some(1) });
    let port = |container_port: i64, protocol: &str| PortMapping {
        container_port,
        protocol: protocol.to_owned(),
        ..PortMapping::default()
    };
    app.port_mappings = vec![port(8080, "tcp"), port(53, "udp")];
    let wanted = bench.task(vec![app]);
    bench.run(&wanted).await;
    let told = bench.fake.reaches(&bench.arn(), "RUNNING").await.containers[0].network_bindings.clone();
    assert!(told.len() >= 2, "{told:?}");
    let first = bench.views().await[0].started_at;
    for _ in 0..3 {
        let before = bench.views().await[0].started_at;
        let mut view = bench.views().await.remove(0);
        for _ in 0..100 {
            if view.status == Status::Running && view.started_at > before {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            view = bench.views().await.remove(0);
        }
        assert!(view.status == Status::Running && view.started_at > first, "{view:?}");
        for binding in &told {
            let is_it = |now: &wharf_node::engine::Binding| {
                Some(i64::from(now.container_port)) == binding.container_port
                    && Some(i64::from(now.host_port)) == binding.host_port
                    && Some(&now.address) == binding.bind_ip.as_ref()
            };
            assert!(view.bindings.iter().any(is_it), "{binding:?} {:?}", view.bindings);
        }
    }
    bench.stop(&wanted).await;
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_does_not_listen_is_killed() {
    let mut bench = Bench::new().await;
    let wanted = bench.task(vec![shell("app", "trap '' TERM; while :; do sleep 0.1; done")]);
    bench.run(&wanted).await;
    bench.fake.reaches(&bench.arn(), "RUNNING").await;
    let before = Instant::now();
    let change = bench.stop(&wanted).await;
    assert_eq!(change.containers[0].exit_code, Some(137));
    let took = before.elapsed();
    assert!(took >= Duration::from_secs(2) && took < Duration::from_secs(10), "{took:?}");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_run_says_why() {
    let mut bench = Bench::new().await;
    let none = Container { image: "127.0.0.1:9/none:1".to_owned(), ..shell("app", "") };
    bench.run(&bench.task(vec![none])).await;
    let change = bench.fake.reaches(&bench.arn(), "STOPPED").await;
    assert!(change.reason.as_deref().unwrap().starts_with("CannotPullContainerError: "), "{change:?}");
    assert_eq!(change.containers[0].exit_code, None);
    bench.end().await;

    let mut bench = Bench::new().await;
    let broken = Container { command: vec!["/no/such/program".to_owned()], ..shell("app", "") };
    bench.run(&bench.task(vec![broken])).await;
    let change = bench.fake.reaches(&bench.arn(), "STOPPED").await;
    assert!(change.reason.as_deref().unwrap().starts_with("CannotStartContainerError: "), "{change:?}");
    bench.end().await;

    let mut bench = Bench::new().await;
    let mut hungry = shell("app", "x=0123456789abcdef; while :; do x=$x$x; done");
    hungry.memory = 16;
    bench.run(&bench.task(vec![hungry])).await;
    let change = bench.fake.reaches(&bench.arn(), "STOPPED").await;
    let container = &change.containers[0];
    assert_eq!(container.exit_code, Some(137), "{change:?}");
    assert_eq!(container.reason.as_deref(), Some("OutOfMemoryError: Container killed due to memory usage"));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn containers_wait_for_one_another_and_for_health() {
    let mut bench = Bench::new().await;
    let depends = |name: &str, condition: &str| ContainerDependency {
        container_name: name.to_owned(),
        condition: condition.to_owned(),
    };
    let mount =
        MountPoint { source_volume: "scratch".to_owned(), container_path: "/shared".to_owned(), read_only: false };
    let with_mount = |mut container: Container| {
        container.mount_points = vec![mount.clone()];
        container
    };
    let mut init = with_mount(shell("init", "sleep 1; echo ready >/shared/ready"));
    init.essential = false;
    let mut database =
        with_mount(shell("database", "test -f /shared/ready || exit 1; sleep 1; touch /tmp/up; sleep 1000"));
    database.depends_on = vec![depends("init", "SUCCESS")];
    database.health_check_type = Some("docker".to_owned());
    let second = 1_000_000_000_i64;
    let check = json!({"Healthcheck": {
        "Test": ["CMD-SHELL", "test -f /tmp/up"], "Interval": second, "Timeout": 2 * second, "Retries": 3,
    }});
    database.docker_config =
        Some(DockerConfig { version: "1.21".to_owned(), config: Some(check.to_string()), host_config: None });
    let mut app = shell("app", "sleep 1000");
    app.depends_on = vec![depends("database", "HEALTHY")];
    let mut wanted = bench.task(vec![app, database, init]);
    wanted.volumes =
        vec![Volume { name: "scratch".to_owned(), host: Some(HostVolume::default()), ..Volume::default() }];
    bench.run(&wanted).await;
    let change = bench.fake.reaches(&bench.arn(), "RUNNING").await;
    let init = change.containers.iter().find(|change| change.container_name.as_deref() == Some("init")).unwrap();
    assert_eq!((init.status.as_deref(), init.exit_code), (Some("STOPPED"), Some(0)));
    let change = bench.stop(&wanted).await;
    assert!(change.containers.iter().all(|container| container.exit_code.is_some()), "{change:?}");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn volumes_are_of_the_host_of_the_task_or_shared() {
    let mut bench = Bench::new().await;
    let host = tempfile::tempdir().unwrap();
    let mount = |volume: &str| MountPoint {
        source_volume: volume.to_owned(),
        container_path: format!("/{volume}"),
        read_only: false,
    };
    let mut app = shell("app", "touch /host/a /task/b /shared/c; sleep 1000");
    app.mount_points = vec![mount("host"), mount("task"), mount("shared")];
    let docker = |name: &str, scope: &str| Volume {
        name: name.to_owned(),
        kind: "docker".to_owned(),
        docker_volume_configuration: Some(DockerVolumeConfiguration {
            scope: scope.to_owned(),
            autoprovision: true,
            ..DockerVolumeConfiguration::default()
        }),
        ..Volume::default()
    };
    let mut wanted = bench.task(vec![app]);
    let source_path = host.path().display().to_string();
    let of_host = Volume { name: "host".to_owned(), host: Some(HostVolume { source_path }), ..Volume::default() };
    wanted.volumes = vec![of_host, docker("task", "task"), docker("shared", "shared")];
    bench.run(&wanted).await;
    bench.fake.reaches(&bench.arn(), "RUNNING").await;
    eventually("it writes", || host.path().join("a").exists()).await;
    bench.stop(&wanted).await;
    bench.docker.remove_volume("nobody-has-it").await.unwrap();
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_has_credentials_and_knows_what_it_is() {
    let mut bench = Bench::new().await;
    let script = "wget -q -O - $AWS_CONTAINER_CREDENTIALS_FULL_URI; echo; wget -q -O - $ECS_CONTAINER_METADATA_URI_V4/task; \
                  echo; wget -q -O - $ECS_CONTAINER_METADATA_URI_V4; echo; \
                  for i in $(seq 1 20); do wget -q -O - $ECS_CONTAINER_METADATA_URI_V4/taskWithTags >/tmp/tags; done; \
                  wget -q -O - $ECS_CONTAINER_METADATA_URI_V4/taskWithTags; echo; sleep 3; \
                  wget -q -O - $ECS_CONTAINER_METADATA_URI_V4/taskWithTags; echo; sleep 1000";
    let mut wanted = bench.task(vec![logged(shell("app", script))]);
    wanted.role_credentials = Some(IamRoleCredentials {
        credentials_id: uuid::Uuid::new_v4().to_string(),
        role_arn: "arn:aws:iam::000000000000:role/app".to_owned(),
        access_key_id: "ASIAAPP".to_owned(),
        secret_access_key: "secret".into(),
        session_token: "token".into(),
        expiration: "2030-01-01T00:00:00Z".to_owned(),
        credential_scope: None,
    });
    bench.run(&wanted).await;
    let name = stream(&bench, "app");
    eventually("it has asked", || bench.fake.log(&name).len() >= 4).await;
    let asked = || bench.fake.calls("ListTagsForResource").len();
    assert!((2..20).contains(&asked()), "of the task and of the host now and then, not 40 times: {}", asked());
    let denied = json!({"__type": "AccessDeniedException", "message": "no"});
    bench.fake.refuse("ListTagsForResource", Some((400, denied)));
    eventually("it has asked again", || bench.fake.log(&name).len() >= 5).await;
    let lines: Vec<Value> = bench.fake.log(&name).iter().map(json_of).collect();
    assert_eq!(lines[0]["AccessKeyId"], "ASIAAPP");
    assert_eq!(lines[0]["Token"], "token");
    assert_eq!(lines[0]["Expiration"], "2030-01-01T00:00:00Z");
    assert_eq!(lines[1]["TaskARN"], json!(bench.arn()));
    assert_eq!((&lines[1]["Family"], &lines[1]["Revision"]), (&json!("web"), &json!("1")));
    let view = &bench.views().await[0];
    assert_eq!(lines[2]["DockerId"], json!(view.id));
    assert_eq!(lines[2]["LogDriver"], "awslogs");
    assert!(lines[1].get("TaskTags").is_none(), "{}", lines[1]);
    assert_eq!(lines[3]["TaskARN"], json!(bench.arn()));
    assert_eq!(lines[3]["TaskTags"], json!({"team": "a", "empty": ""}));
    assert_eq!(lines[3]["ContainerInstanceTags"], json!({"rack": "1"}));
    // What may not be asked for is told, and the rest is there.
    assert_eq!(lines[4]["TaskARN"], json!(bench.arn()));
    let refused = json!({
        "ErrorField": "TaskTags", "ErrorCode": "AccessDeniedException", "ErrorMessage": "no", "ResourceARN": bench.arn(),
    });
    assert_eq!((&lines[4]["Errors"][0], lines[4]["Errors"].as_array().map(Vec::len)), (&refused, Some(2)));

    // Another that learned the address gets nothing with it, nor does the host.
    let at = |environment: &str| {
        let inspected = Command::new("/usr/bin/docker")
            .args(["-H", &docker_host(), "inspect", "-f", "{{range .Config.Env}}{{println .}}{{end}}", &view.id])
            .output()
            .unwrap();
        let text = String::from_utf8(inspected.stdout).unwrap();
        text.lines().find_map(|line| line.strip_prefix(&format!("{environment}="))).map(str::to_owned).unwrap()
    };
    let url = at("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    let host = Command::new("curl").args(["-s", "-m", "5", &url]).output().unwrap();
    let answer: Value = serde_json::from_slice(&host.stdout).unwrap();
    assert_eq!(answer["code"], "InvalidIdInRequest", "{answer}");
    let other = Command::new("/usr/bin/docker")
        .args(["-H", &docker_host(), "run", "--rm", IMAGE, "/bin/wget", "-q", "-O", "-", &url])
        .output()
        .unwrap();
    assert!(!String::from_utf8_lossy(&other.stdout).contains("ASIAAPP"), "{other:?}");
    bench.stop(&wanted).await;
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_container_writes_arrives_once_though_the_agent_is_killed() {
    let mut bench = Bench::new().await;
    bench.agent.take().unwrap().end().await;
    let mut process = bench.process().await;
    let script = "for i in $(seq 1 400); do echo line $i; echo error $i >&2; sleep 0.02; done";
    let wanted = bench.task(vec![logged(shell("app", script))]);
    bench.run(&wanted).await;
    let name = stream(&bench, "app");
    for round in 1..8 {
        eventually("it writes", || bench.fake.log(&name).len() > round * 40).await;
        // Not always at the same place of a batch.
        tokio::time::sleep(Duration::from_millis(u64::try_from(round).unwrap() * 67)).await;
        drop(process);
        process = bench.process().await;
    }
    let change = bench.fake.reaches(&bench.arn(), "STOPPED").await;
    assert_eq!(change.containers[0].exit_code, Some(0));
    eventually("all of it arrives", || bench.fake.log(&name).len() >= 800).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut got = bench.fake.log(&name);
    let mut lines: Vec<String> = got.iter().filter(|line| line.starts_with("line")).cloned().collect();
    let sent: Vec<String> = (1..=400).map(|number| format!("line {number}")).collect();
    assert_eq!(lines.len(), 400);
    lines.sort_by_key(|line| line[5..].parse::<u32>().unwrap());
    assert_eq!(lines, sent);
    got.sort();
    got.dedup();
    assert_eq!(got.len(), 800);
    drop(process);
    bench.end().await;
}

/// As what draws a progress bar, which begins the same line again and again.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_does_not_end_holds_up_no_other() {
    let mut bench = Bench::new().await;
    let script = "x=0123456789abcdef; for i in $(seq 1 11); do x=$x$x; done; printf %s $x >&2; sleep 1; \
                  for i in $(seq 1 5); do echo line $i; done; sleep 10; printf %s $x >&2; echo last; sleep 1000";
    let wanted = bench.task(vec![logged(shell("app", script))]);
    bench.run(&wanted).await;
    let name = stream(&bench, "app");
    let has = |line: &str| bench.fake.log(&name).iter().any(|one| one == line);
    eventually("the others arrive", || has("line 5")).await;
    assert!(!has("last"), "before anything else is written");
    eventually("and the next", || has("last")).await;
    let long = |log: &[String]| log.iter().filter(|line| line.starts_with("0123")).map(String::len).sum::<usize>();
    eventually("all of the long line arrives", || long(&bench.fake.log(&name)) >= 2 * 32_768).await;
    bench.stop(&wanted).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let log = bench.fake.log(&name);
    assert_eq!((long(&log), log.len()), (2 * 32_768, 8));
    bench.end().await;
}

/// To Docker every part of a line was written when the first one was, however much later it comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_does_not_end_arrives_once_though_the_agent_is_killed() {
    let mut bench = Bench::new().await;
    bench.agent.take().unwrap().end().await;
    let mut process = bench.process().await;
    let script = "x=0123456789abcdef; for i in $(seq 1 10); do x=$x$x; done; i=0; while [ $i -lt 400 ]; do i=$((i+1)); \
                  echo line $i; if [ $((i % 60)) = 1 ]; then printf %s [$i]$x >&2; fi; sleep 0.05; done";
    let wanted = bench.task(vec![logged(shell("app", script))]);
    bench.run(&wanted).await;
    let name = stream(&bench, "app");
    for round in 0..8_u64 {
        tokio::time::sleep(Duration::from_millis(900 + round * 373 % 3100)).await;
        drop(process);
        process = bench.process().await;
    }
    bench.fake.reaches(&bench.arn(), "STOPPED").await;
    let part = "0123456789abcdef".repeat(1024);
    let open: String = (1..=400).step_by(60).map(|number| format!("[{number}]{part}")).collect();
    let sent: Vec<String> = (1..=400).map(|number| format!("line {number}")).collect();
    let got = || bench.fake.log(&name).into_iter().partition::<Vec<String>, _>(|line| line.starts_with("line"));
    eventually("all of it arrives", || got().0.len() >= 400 && got().1.concat().len() >= open.len()).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (lines, parts) = got();
    assert_eq!(lines, sent);
    assert!(parts.concat() == open, "{:?}", parts.iter().map(String::len).collect::<Vec<_>>());
    drop(process);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_with_a_network_of_its_own_is_one_host_to_its_containers() {
    let mut bench = Bench::new().await;
    let mut web = shell("web", "echo inside >/tmp/index.html; httpd -f -p 8080 -h /tmp");
    web.port_mappings =
        vec![PortMapping { container_port: 8080, protocol: "tcp".to_owned(), ..PortMapping::default() }];
    let client =
        shell("client", "while ! wget -q -O - http://127.0.0.1:8080/ 2>/dev/null; do sleep 0.2; done; sleep 1000");
    let mut wanted = bench.task(vec![web, logged(client)]);
    wanted.network_mode = Some("awsvpc".to_owned());
    wanted.elastic_network_interfaces = vec![ElasticNetworkInterface {
        attachment_arn: "arn:attachment".to_owned(),
        ..ElasticNetworkInterface::default()
    }];
    bench.run(&wanted).await;
    let change = bench.fake.reaches(&bench.arn(), "RUNNING").await;
    let name = stream(&bench, "client");
    eventually("they reach each other", || bench.fake.log(&name) == ["inside"]).await;
    let binding = &change.containers[0].network_bindings[0];
    let address = binding.bind_ip.clone().unwrap();
    assert_eq!(binding.host_port, Some(8080));
    let attachment = &change.attachments[0];
    assert_eq!((attachment.attachment_arn.as_str(), attachment.status.as_str()), ("arn:attachment", "ATTACHED"));
    assert_eq!(attachment.details[0].value, address);
    let got = Command::new("curl").args(["-s", "-m", "5", &format!("http://{address}:8080/")]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&got.stdout), "inside\n", "the host reaches it there");
    assert_eq!(bench.views().await.len(), 3);
    let name = attachment.details.iter().find(|detail| detail.name == "privateDnsName").unwrap();
    let url = format!("http://{}:8080/", name.value);
    let other = Command::new("/usr/bin/docker")
        .args([
            "-H",
            &docker_host(),
            "run",
            "--rm",
            "--network",
            "wharf-test",
            IMAGE,
            "/bin/wget",
            "-q",
            "-O",
            "-",
            &url,
        ])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&other.stdout), "inside\n", "its neighbors find it by its name: {other:?}");
    bench.stop(&wanted).await;
    assert!(bench.views().await.iter().all(|view| view.status == Status::Exited));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn containers_of_a_task_see_each_others_processes_if_it_says_so() {
    for mode in ["bridge", "awsvpc"] {
        let mut bench = Bench::new().await;
        let looks = |name: &str| {
            let script = "while ! cat /proc/[0-9]*/cmdline 2>/dev/null | grep -q 'hol[d]er'; do sleep 0.2; done; \
                          echo sees it; sleep 1000";
            logged(shell(name, script))
        };
        // What the others share is not what ends before they begin, and not what waits for one of them.
        let depends = |on: &str, condition: &str| ContainerDependency {
            container_name: on.to_owned(),
            condition: condition.to_owned(),
        };
        let init = Container { essential: false, ..shell("init", "sleep 0.5") };
        let mut app = shell("app", "sh -c 'sleep 1000; echo holder'; echo");
        app.depends_on = vec![depends("init", "SUCCESS"), depends("early", "START")];
        let early = Container { essential: false, ..shell("early", "sleep 1000") };
        let mut wanted = bench.task(vec![looks("one"), init, app, early, looks("other")]);
        wanted.containers[0].essential = false;
        wanted.containers[4].essential = false;
        wanted.network_mode = Some(mode.to_owned());
        (wanted.pid_mode, wanted.ipc_mode) = (Some("task".to_owned()), Some("task".to_owned()));
        bench.run(&wanted).await;
        let over = || bench.fake.changes(&bench.arn()).iter().any(|change| change.status.as_deref() == Some("STOPPED"));
        let names = [stream(&bench, "one"), stream(&bench, "other")];
        eventually("they see it", || over() || names.iter().all(|name| bench.fake.log(name) == ["sees it"])).await;
        assert!(!over(), "{mode}: {:?}", bench.fake.changes(&bench.arn()).last());
        bench.fake.reaches(&bench.arn(), "RUNNING").await;
        let change = bench.stop(&wanted).await;
        assert!(change.containers.iter().all(|container| container.exit_code.is_some()), "{change:?}");
        bench.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_that_come_together_make_one_network() {
    let bench = Bench::new().await;
    let name = format!("wharf-test-{}", uuid::Uuid::new_v4().simple());
    let made = futures_util::future::join_all((0..6).map(|_| bench.docker.create_network(&name))).await;
    let docker = |arguments: &[&str]| {
        let ran = Command::new("/usr/bin/docker").args(["-H", &docker_host()]).args(arguments).output().unwrap();
        String::from_utf8(ran.stdout).unwrap()
    };
    let ids = docker(&["network", "ls", "-q", "--filter", &format!("name={name}")]);
    for id in ids.lines() {
        docker(&["network", "rm", id]);
    }
    assert_eq!(ids.lines().count(), 1, "{made:?}");
    assert!(made.iter().all(Result::is_ok), "{made:?}");
    bench.end().await;
}

/// Whatever an agent was about when it was killed.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_is_killed_at_any_moment_starts_nothing_twice_and_leaves_nothing() {
    let mut bench = Bench::new().await;
    bench.agent.take().unwrap().end().await;
    let folder = tempfile::tempdir().unwrap();
    let mut process = bench.process().await;
    let container = |name: &str| {
        let mut container =
            shell(name, &format!("echo x >>/host/{name}; trap 'exit 3' TERM; while :; do sleep 0.1; done"));
        container.mount_points =
            vec![MountPoint { source_volume: "host".to_owned(), container_path: "/host".to_owned(), read_only: false }];
        container
    };
    let mut second = container("second");
    second.depends_on = vec![ContainerDependency { container_name: "first".to_owned(), condition: "START".to_owned() }];
    let mut wanted = bench.task(vec![container("first"), second]);
    wanted.network_mode = Some("awsvpc".to_owned());
    let source_path = folder.path().display().to_string();
    wanted.volumes =
        vec![Volume { name: "host".to_owned(), host: Some(HostVolume { source_path }), ..Volume::default() }];
    bench.run(&wanted).await;
    let told =
        |status: &str| bench.fake.changes(&bench.arn()).iter().any(|change| change.status.as_deref() == Some(status));
    for round in 0..40_u64 {
        tokio::time::sleep(Duration::from_millis(30 + round * 37 % 400)).await;
        if told("RUNNING") && round > 8 {
            break;
        }
        drop(process);
        process = bench.process().await;
    }
    bench.fake.reaches(&bench.arn(), "RUNNING").await;
    let stopped = acs::Task { desired_status: "STOPPED".to_owned(), ..wanted.clone() };
    bench.run(&stopped).await;
    for round in 0..4_u64 {
        tokio::time::sleep(Duration::from_millis(50 + round * 90)).await;
        drop(process);
        process = bench.process().await;
    }
    let change = bench.fake.reaches(&bench.arn(), "STOPPED").await;
    assert_eq!(change.containers.iter().map(|one| one.exit_code).collect::<Vec<_>>(), [Some(3); 2], "{change:?}");
    for name in ["first", "second"] {
        assert_eq!(std::fs::read_to_string(folder.path().join(name)).unwrap(), "x\n", "{name}");
    }
    let views = bench.views().await;
    assert_eq!(views.len(), 3);
    assert!(views.iter().all(|view| view.status == Status::Exited), "{views:?}");
    drop(process);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn containers_run_on_while_the_agent_is_away_and_are_not_started_twice() {
    let mut bench = Bench::new().await;
    let wanted = bench.task(vec![shell("app", "sleep 1000")]);
    bench.run(&wanted).await;
    bench.fake.reaches(&bench.arn(), "RUNNING").await;
    let before = bench.views().await[0].clone();
    bench.agent.take().unwrap().end().await;
    drop(bench.process().await);
    assert_eq!(bench.views().await[0].status, Status::Running);
    bench.start().await;
    bench.run(&wanted).await;
    let after = bench.views().await;
    assert_eq!((after.len(), &after[0].id, after[0].started_at), (1, &before.id, before.started_at));
    // An agent that has lost all that it knew finds them as well.
    bench.agent.take().unwrap().kill().await;
    bench.folder = tempfile::tempdir().unwrap();
    bench.start().await;
    let change = bench.stop(&wanted).await;
    assert_eq!(change.containers[0].runtime_id.as_ref(), Some(&before.id));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_containers_use_and_how_they_are_is_published() {
    let mut bench = Bench::new().await;
    let mut app = shell("app", "while :; do :; done");
    app.health_check_type = Some("docker".to_owned());
    let second = 1_000_000_000_i64;
    let check = json!({"Healthcheck": {"Test": ["CMD-SHELL", "echo well"], "Interval": second, "Timeout": second, "Retries": 3}});
    app.docker_config =
        Some(DockerConfig { version: "1.21".to_owned(), config: Some(check.to_string()), host_config: None });
    let wanted = bench.task(vec![app]);
    bench.run(&wanted).await;
    bench.fake.reaches(&bench.arn(), "RUNNING").await;
    let metrics = || {
        bench.fake.frames().into_iter().find_map(|frame| match frame {
            ToControl::PublishMetrics(request) => {
                request.task_metrics.into_iter().find(|metric| metric.task_arn == bench.arn())
            }
            _ => None,
        })
    };
    let healthy = || {
        bench.fake.frames().into_iter().any(|frame| match frame {
            ToControl::PublishHealth(request) => {
                request.tasks.iter().flat_map(|task| &task.containers).any(|health| health.health_status == "HEALTHY")
            }
            _ => false,
        })
    };
    eventually("it is published", || metrics().is_some()).await;
    let container = &metrics().unwrap().container_metrics[0];
    let cpu = container.cpu_stats_set.unwrap();
    assert!(cpu.sample_count > 0 && cpu.max > 5.0, "a busy loop uses a core: {cpu:?}");
    assert!(container.memory_stats_set.unwrap().max > 0.0);
    assert!(container.network_stats_set.is_some());
    eventually("its health is published", healthy).await;
    bench.stop(&wanted).await;
    bench.end().await;
}
