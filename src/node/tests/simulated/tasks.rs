//! Tasks that begin, end and cannot be run.

use std::time::Duration;

use acs::Container;
use acs::frame::ToControl;
use serde_json::json;
use wharf_node::Config;
use wharf_node::engine::simulated::Simulated;

use crate::control::{CLUSTER, Fake, eventually};

use super::{Agent, arn, config, container, stopped, task};

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_run_and_stopped() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    fake.payload(1, vec![task(1, vec![container("app")])]).await;
    let change = fake.reaches(&arn(1), "RUNNING").await;
    assert_eq!(change.cluster.as_deref(), Some(CLUSTER));
    let has = &change.containers[0];
    assert_eq!((has.container_name.as_deref(), has.status.as_deref()), (Some("app"), Some("RUNNING")));
    assert_eq!(has.runtime_id, Some(engine.containers()[0].id.clone()));
    assert!(change.pull_started_at.is_some() && change.pull_stopped_at >= change.pull_started_at);
    let labels = &engine.containers()[0].labels;
    assert_eq!(labels["com.amazonaws.ecs.task-arn"], arn(1));
    assert_eq!(labels["com.amazonaws.ecs.container-name"], "app");

    fake.payload(2, vec![stopped(task(1, vec![container("app")]))]).await;
    let change = fake.reaches(&arn(1), "STOPPED").await;
    assert_eq!(change.containers[0].exit_code, Some(137));
    let register = &fake.calls("RegisterContainerInstance")[0];
    let attributes = register["attributes"].as_array().unwrap();
    assert!(attributes.contains(&json!({"name": "rack", "value": "1"})), "{attributes:?}");
    // Log drivers are those of the engine for which definitions can ask, and what every engine can.
    let drivers = attributes.iter().filter_map(|attribute| {
        attribute["name"].as_str()?.strip_prefix("com.amazonaws.ecs.capability.logging-driver.")
    });
    assert_eq!(drivers.collect::<Vec<_>>(), ["awslogs", "json-file", "none", "fluentd", "syslog"]);
    assert!(fake.frames().iter().any(|frame| matches!(frame, ToControl::HeartbeatAck(_))));
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_in_memory_gives_ports_and_ends_as_its_commands_say() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(config(&fake, folder.path()), engine);
    let mut serve = task(1, vec![container("app")]);
    serve.network_mode = Some("bridge".to_owned());
    serve.containers[0].port_mappings = vec![acs::PortMapping { container_port: 80, ..acs::PortMapping::default() }];
    let mut job = task(2, vec![container("app")]);
    job.containers[0].command = vec!["exit".to_owned(), "3".to_owned()];
    fake.payload(1, vec![serve, job]).await;
    let change = fake.reaches(&arn(1), "RUNNING").await;
    assert!(change.containers[0].network_bindings[0].host_port.unwrap() > 49_152);
    let change = fake.reaches(&arn(2), "STOPPED").await;
    assert_eq!(change.containers[0].exit_code, Some(3));
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_comes_twice_is_started_once() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    let wanted = task(1, vec![container("app")]);
    fake.payload(1, vec![wanted.clone(), wanted.clone()]).await;
    fake.reaches(&arn(1), "RUNNING").await;
    fake.payload(1, vec![wanted.clone()]).await;
    let name = engine.containers()[0].name.clone();
    engine.exit(&name, 0);
    fake.reaches(&arn(1), "STOPPED").await;
    let before = fake.changes(&arn(1)).len();
    fake.payload(1, vec![wanted]).await;
    eventually("it is said again how it ended", || fake.changes(&arn(1)).len() > before).await;
    assert_eq!(engine.starts(&name), 1);
    assert_eq!(engine.containers().len(), 1);
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_cannot_be_run_is_said_to_have_stopped() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    engine.lacks("127.0.0.1:9/gone:1");
    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    let gone = Container { image: "127.0.0.1:9/gone:1".to_owned(), ..container("app") };
    fake.payload(1, vec![task(1, vec![gone]), task(2, vec![container("a"), container("a")])]).await;
    let change = fake.reaches(&arn(1), "STOPPED").await;
    assert!(change.reason.unwrap().starts_with("CannotPullContainerError: "));
    let change = fake.reaches(&arn(2), "STOPPED").await;
    assert!(change.reason.unwrap().starts_with("UnrecognizedTaskError: "));
    assert!(engine.containers().is_empty());
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_a_task_is_removed() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let config = Config { cleanup_after: Duration::ZERO, ..config(&fake, folder.path()) };
    let agent = Agent::start(config, engine.clone());
    fake.payload(1, vec![task(1, vec![container("app")])]).await;
    fake.reaches(&arn(1), "RUNNING").await;
    fake.payload(2, vec![stopped(task(1, vec![container("app")]))]).await;
    fake.reaches(&arn(1), "STOPPED").await;
    eventually("it is gone", || engine.containers().is_empty()).await;
    let tasks = folder.path().join("tasks");
    eventually("it is forgotten", || std::fs::read_dir(&tasks).unwrap().count() == 0).await;
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_removed_is_not_forgotten() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let config = Config { cleanup_after: Duration::ZERO, ..config(&fake, folder.path()) };
    let agent = Agent::start(config, engine.clone());
    engine.keep(true);
    fake.payload(1, vec![task(1, vec![container("app")])]).await;
    fake.reaches(&arn(1), "RUNNING").await;
    fake.payload(2, vec![stopped(task(1, vec![container("app")]))]).await;
    fake.reaches(&arn(1), "STOPPED").await;
    // It is looked at every ten seconds.
    tokio::time::sleep(Duration::from_secs(12)).await;
    let tasks = || std::fs::read_dir(folder.path().join("tasks")).unwrap().count();
    assert_eq!((engine.containers().len(), tasks()), (1, 1));
    engine.keep(false);
    eventually("it is gone", || engine.containers().is_empty()).await;
    eventually("it is forgotten", || tasks() == 0).await;
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_ends_while_its_task_goes_on_is_told() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    let side = Container { essential: false, ..container("side") };
    fake.payload(1, vec![task(1, vec![container("app"), side])]).await;
    fake.reaches(&arn(1), "RUNNING").await;
    let name = engine.containers().into_iter().find(|view| view.name.contains("side")).unwrap().name;
    engine.exit(&name, 4);
    eventually("it is told", || !fake.calls("SubmitContainerStateChange").is_empty()).await;
    let change = &fake.calls("SubmitContainerStateChange")[0];
    assert_eq!(
        (&change["containerName"], &change["exitCode"], &change["status"]),
        (&json!("side"), &json!(4), &json!("STOPPED"))
    );
    assert!(fake.changes(&arn(1)).iter().all(|change| change.status.as_deref() != Some("STOPPED")));
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_tasks_with_all_that_files_may_hold_are_taken_at_once() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(config(&fake, folder.path()), engine);
    let large = |id: u32| {
        let mut app = container("app");
        app.environment.insert("A".to_owned(), "x".repeat(1 << 20).as_str().into());
        task(id, vec![app])
    };
    fake.payload(1, (1..=10).map(large).collect()).await;
    for id in 1..=10 {
        fake.reaches(&arn(id), "RUNNING").await;
    }
    agent.end().await;
}
