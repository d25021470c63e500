//! An engine that does not say what it did, or says nothing.

use std::time::Duration;

use acs::frame::ToControl;
use serde_json::json;
use wharf_node::Config;
use wharf_node::engine::simulated::Simulated;
use wharf_node::engine::{Engine as _, Status};

use crate::control::{CLUSTER, Fake, eventually};

use super::{Agent, arn, config, container, stopped, task};

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_was_only_made_is_not_started_by_an_agent_that_does_not_know_it() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let labels = |id: u32| {
        json!({"Labels": {
            "com.amazonaws.ecs.cluster": CLUSTER,
            "com.amazonaws.ecs.task-arn": arn(id),
            "com.amazonaws.ecs.container-name": "app",
        }})
    };
    engine.create("made", labels(1)).await.unwrap();
    let runs = engine.create("runs", labels(2)).await.unwrap();
    engine.start(&runs).await.unwrap();
    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    fake.reaches(&arn(2), "RUNNING").await;
    fake.reaches(&arn(1), "STOPPED").await;
    assert_eq!((engine.starts("made"), engine.starts("runs")), (0, 1));
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_was_started_though_the_engine_did_not_say_so_is_not_given_up() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    // The first container is made as usual; that it was started is not said, and nothing is said of it for a while.
    let name = wharf_node::task::Task::new(task(1, vec![container("app")])).container_name(0);
    engine.mute(&name, true);
    engine.lose_answers_of_starts(true);
    fake.payload(1, vec![task(1, vec![container("app")])]).await;
    eventually("it is started", || engine.starts(&name) == 1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(fake.changes(&arn(1)).iter().all(|change| change.status.as_deref() != Some("STOPPED")));
    engine.mute(&name, false);
    fake.reaches(&arn(1), "RUNNING").await;
    assert_eq!(engine.starts(&name), 1);
    // It can be told to end.
    fake.payload(2, vec![stopped(task(1, vec![container("app")]))]).await;
    fake.reaches(&arn(1), "STOPPED").await;
    assert!(engine.containers().iter().all(|view| view.status == Status::Exited));
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_was_made_though_the_engine_did_not_say_so_is_removed() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let config = Config { cleanup_after: Duration::ZERO, ..config(&fake, folder.path()) };
    let agent = Agent::start(config, engine.clone());
    engine.lose_answers_of_creations(true);
    fake.payload(1, vec![task(1, vec![container("app")])]).await;
    let change = fake.reaches(&arn(1), "STOPPED").await;
    assert!(change.reason.unwrap().starts_with("DockerTimeoutError: "));
    let tasks = folder.path().join("tasks");
    eventually("it is forgotten", || std::fs::read_dir(&tasks).unwrap().count() == 0).await;
    assert!(engine.containers().is_empty(), "{:?}", engine.containers());
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_of_which_the_engine_says_nothing_holds_no_others_when_an_agent_starts() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    let name = |id: u32| wharf_node::task::Task::new(task(id, vec![container("app")])).container_name(0);
    engine.mute(&name(3), true);
    fake.payload(1, [1, 2, 3].map(|id| task(id, vec![container("app")])).to_vec()).await;
    fake.reaches(&arn(1), "RUNNING").await;
    fake.reaches(&arn(2), "RUNNING").await;
    eventually("it is started", || engine.starts(&name(3)) == 1).await;
    agent.kill().await;
    // Of one the agent knew that it runs; the other has ended since it was started, and nobody saw it run.
    engine.mute(&name(1), true);
    engine.exit(&name(3), 5);
    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    fake.payload(2, vec![task(4, vec![container("app")])]).await;
    fake.reaches(&arn(4), "RUNNING").await;
    engine.exit(&name(2), 2);
    assert_eq!(fake.reaches(&arn(2), "STOPPED").await.containers[0].exit_code, Some(2));
    let ended = |id: u32| fake.changes(&arn(id)).iter().any(|change| change.status.as_deref() == Some("STOPPED"));
    assert!(!ended(1) && !ended(3), "nobody knows how they are");
    engine.mute(&name(3), false);
    assert_eq!(fake.reaches(&arn(3), "STOPPED").await.containers[0].exit_code, Some(5));
    engine.mute(&name(1), false);
    engine.exit(&name(1), 1);
    assert_eq!(fake.reaches(&arn(1), "STOPPED").await.containers[0].exit_code, Some(1));
    assert_eq!([1, 2, 3, 4].map(|id| engine.starts(&name(id))), [1; 4]);
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_cannot_be_measured_holds_no_others() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    fake.payload(1, vec![task(1, vec![container("app")]), task(2, vec![container("app")])]).await;
    fake.reaches(&arn(1), "RUNNING").await;
    fake.reaches(&arn(2), "RUNNING").await;
    engine.mute(&wharf_node::task::Task::new(task(1, vec![container("app")])).container_name(0), true);
    let published = || {
        fake.frames().into_iter().any(|frame| match frame {
            ToControl::PublishMetrics(request) => request.task_metrics.iter().any(|metric| metric.task_arn == arn(2)),
            _ => false,
        })
    };
    eventually("the other is measured", published).await;
    agent.end().await;
}
