//! The agent on an engine in memory: what it is told, what it says, and what it does when either side goes away.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use acs::frame::{ToAgent, ToControl};
use acs::{Container, Task, TaskIdentifier, TaskManifestMessage, TaskStopVerificationAck};
use wharf_node::Config;
use wharf_node::engine::Status;
use wharf_node::engine::simulated::Simulated;
use serde_json::json;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::control::{CLUSTER, Fake, INSTANCE, eventually};

pub fn config(fake: &Fake, data: &Path) -> Config {
    Config {
        cluster: CLUSTER.to_owned(),
        server: fake.url(),
        region: "us-east-1".to_owned(),
        credentials: aws::Credentials {
            access_key_id: "AKIAEXAMPLE".to_owned(),
            secret_access_key: types::Secret::new("secret"),
            session_token: None,
        },
        data: data.to_owned(),
        attributes: BTreeMap::from([("rack".to_owned(), "1".to_owned())]),
        reserved_cpu: 0,
        reserved_memory: 0,
        cleanup_after: Config::CLEANUP_AFTER,
        vendor: None,
        task_network: Config::TASK_NETWORK.to_owned(),
    }
}

/// An agent that runs until it is ended.
pub struct Agent {
    end: oneshot::Sender<()>,
    running: JoinHandle<wharf_node::Result<()>>,
}

impl Agent {
    pub fn start<E: wharf_node::engine::Engine>(config: Config, engine: E) -> Self {
        let (end, ended) = oneshot::channel();
        let client = outbound::Client::new(outbound::Config::default());
        let running = tokio::spawn(wharf_node::run(config, engine, client, async {
            let _ = ended.await;
        }));
        Self { end, running }
    }

    /// Ends it in order.
    pub async fn end(self) {
        let _ = self.end.send(());
        self.running.await.unwrap().unwrap();
    }

    /// Ends it as a power cut would.
    pub async fn kill(self) {
        self.running.abort();
        let _ = self.running.await;
        // What it had spawned ends when its channels do.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

pub fn arn(id: u32) -> String {
    format!("arn:aws:ecs:us-east-1:000000000000:task/{CLUSTER}/{id:032x}")
}

pub fn task(id: u32, containers: Vec<Container>) -> Task {
    Task {
        arn: arn(id),
        family: "web".to_owned(),
        version: "1".to_owned(),
        desired_status: "RUNNING".to_owned(),
        network_mode: Some("none".to_owned()),
        containers,
        ..Task::default()
    }
}

pub fn container(name: &str) -> Container {
    Container { name: name.to_owned(), image: "127.0.0.1:9/box:1".to_owned(), essential: true, ..Container::default() }
}

fn stopped(mut task: Task) -> Task {
    task.desired_status = "STOPPED".to_owned();
    task
}

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
    assert!(fake.frames().iter().any(|frame| matches!(frame, ToControl::HeartbeatAck(_))));
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
async fn a_task_outlives_its_agent() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    fake.payload(5, vec![task(1, vec![container("app")]), task(2, vec![container("app")])]).await;
    fake.reaches(&arn(1), "RUNNING").await;
    fake.reaches(&arn(2), "RUNNING").await;
    agent.kill().await;
    let ends = engine.containers().into_iter().find(|view| view.labels["com.amazonaws.ecs.task-arn"] == arn(2)).unwrap();
    engine.exit(&ends.id, 3);

    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    let change = fake.reaches(&arn(2), "STOPPED").await;
    assert_eq!(change.containers[0].exit_code, Some(3));
    assert_eq!(change.reason.as_deref(), Some("Essential container in task exited"));
    assert_eq!(engine.containers().len(), 2, "nothing is made anew");
    assert_eq!(fake.changes(&arn(1)).len(), fake.changes(&arn(1)).iter().filter(|change| change.status.as_deref() != Some("STOPPED")).count());
    let register = fake.calls("RegisterContainerInstance");
    assert_eq!(register[1]["containerInstanceArn"], INSTANCE, "it is the same instance");
    fake.payload(6, vec![stopped(task(1, vec![container("app")]))]).await;
    fake.reaches(&arn(1), "STOPPED").await;
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_while_the_control_plane_is_away_is_said_later() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    fake.payload(1, vec![task(1, vec![container("app")])]).await;
    fake.reaches(&arn(1), "RUNNING").await;
    let away = (500, json!({"__type": "ServerException", "message": "away"}));
    fake.refuse("SubmitTaskStateChange", Some(away.clone()));
    fake.refuse("DiscoverPollEndpoint", Some(away));
    fake.send(&ToAgent::Close(acs::CloseMessage::default())).await;
    let name = engine.containers()[0].name.clone();
    engine.exit(&name, 9);
    eventually("it tries", || fake.changes(&arn(1)).iter().any(|change| change.status.as_deref() == Some("STOPPED"))).await;
    // What was refused is said again by an agent that starts in between.
    agent.kill().await;
    let before = fake.changes(&arn(1)).len();
    fake.refuse("SubmitTaskStateChange", None);
    fake.refuse("DiscoverPollEndpoint", None);
    let dials = fake.dials();
    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    eventually("it is said", || fake.changes(&arn(1)).len() > before).await;
    assert_eq!(fake.changes(&arn(1)).last().unwrap().containers[0].exit_code, Some(9));
    eventually("it is connected again", || fake.dials() > dials).await;
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_dials_again() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    eventually("it is connected", || fake.dials() == 1).await;
    fake.send(&ToAgent::Close(acs::CloseMessage::default())).await;
    eventually("it is connected again", || fake.dials() == 2).await;
    fake.payload(1, vec![task(1, vec![container("app")])]).await;
    fake.reaches(&arn(1), "RUNNING").await;
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_that_a_manifest_lacks_end_when_that_is_confirmed() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    fake.payload(7, vec![task(1, vec![container("app")]), task(2, vec![container("app")])]).await;
    fake.reaches(&arn(1), "RUNNING").await;
    fake.reaches(&arn(2), "RUNNING").await;
    let identify = |id: u32, status: &str| TaskIdentifier {
        task_arn: arn(id),
        desired_status: status.to_owned(),
        ..TaskIdentifier::default()
    };
    let manifest = |message_id: &str, timeline: i64| {
        ToAgent::TaskManifest(TaskManifestMessage {
            tasks: vec![identify(1, "RUNNING")],
            message_id: message_id.to_owned(),
            timeline,
            ..TaskManifestMessage::default()
        })
    };
    let candidates = |message_id: &str| {
        fake.frames().into_iter().find_map(|frame| match frame {
            ToControl::TaskStopVerification(message) if message.message_id == message_id => Some(message.stop_candidates),
            _ => None,
        })
    };
    fake.send(&manifest("old", 7)).await;
    fake.send(&manifest("new", 8)).await;
    eventually("the agent answers", || candidates("new").is_some()).await;
    assert!(fake.is_acknowledged("new") && !fake.is_acknowledged("old"));
    assert_eq!(candidates("old"), None);
    assert_eq!(candidates("new").unwrap().iter().map(|task| task.task_arn.clone()).collect::<Vec<_>>(), [arn(2)]);
    let confirm = |message_id: &str| {
        ToAgent::TaskStopVerificationAck(TaskStopVerificationAck {
            message_id: message_id.to_owned(),
            stop_tasks: vec![identify(2, "STOPPED")],
            ..TaskStopVerificationAck::default()
        })
    };
    fake.send(&confirm("another")).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(engine.containers().iter().all(|view| view.status == Status::Running), "until it is confirmed they run");
    fake.send(&confirm("new")).await;
    fake.reaches(&arn(2), "STOPPED").await;
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
async fn a_deregistered_instance_becomes_a_new_one_at_the_next_start() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    eventually("it is connected", || fake.dials() == 1).await;
    agent.end().await;
    fake.refuse(
        "RegisterContainerInstance",
        Some((400, json!({"__type": "ClientException", "message": "The referenced container instance is not active."}))),
    );
    let client = outbound::Client::new(outbound::Config::default());
    let outcome = wharf_node::run(config(&fake, folder.path()), engine, client, std::future::pending()).await;
    assert!(outcome.unwrap_err().to_string().contains("ClientException"));
    let calls = fake.calls("RegisterContainerInstance");
    assert_eq!(calls[1]["containerInstanceArn"], INSTANCE);
    assert!(calls[2].get("containerInstanceArn").is_none(), "it tries without the name that is not known any more");
}
