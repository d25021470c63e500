//! What a task may have, and what is said when it cannot have it.

use std::process::Command;
use std::time::Duration;

use acs::frame::ToControl;
use acs::{
    Container, ContainerDependency, DockerConfig, DockerVolumeConfiguration, HostVolume, IamRoleCredentials,
    MountPoint, PortMapping, Volume,
};
use serde_json::{Value, json};
use wharf_node::engine::Engine as _;

use super::json_of;
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
