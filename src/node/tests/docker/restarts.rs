//! Containers that end and are started again, and agents that are killed.

use std::time::{Duration, Instant};

use acs::{Container, ContainerDependency, HostVolume, MountPoint, PortMapping, Volume};
use serde_json::Value;
use wharf_node::engine::Status;

use super::json_of;
use crate::bench::{Bench, logged, shell, stream};
use crate::control::eventually;

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
