//! A control plane or an agent that is away for a while.

use std::time::Duration;

use acs::frame::{ToAgent, ToControl};
use acs::{TaskIdentifier, TaskManifestMessage, TaskStopVerificationAck};
use serde_json::json;
use wharf_node::engine::Status;
use wharf_node::engine::simulated::Simulated;

use crate::control::{Fake, INSTANCE, eventually};

use super::{Agent, arn, config, container, stopped, task};

#[tokio::test(flavor = "multi_thread")]
async fn a_task_outlives_its_agent() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    fake.payload(5, vec![task(1, vec![container("app")]), task(2, vec![container("app")])]).await;
    fake.reaches(&arn(1), "RUNNING").await;
    fake.reaches(&arn(2), "RUNNING").await;
    agent.kill().await;
    let ends =
        engine.containers().into_iter().find(|view| view.labels["com.amazonaws.ecs.task-arn"] == arn(2)).unwrap();
    engine.exit(&ends.id, 3);

    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    let change = fake.reaches(&arn(2), "STOPPED").await;
    assert_eq!(change.containers[0].exit_code, Some(3));
    assert_eq!(change.reason.as_deref(), Some("Essential container in task exited"));
    assert_eq!(engine.containers().len(), 2, "nothing is made anew");
    assert_eq!(
        fake.changes(&arn(1)).len(),
        fake.changes(&arn(1)).iter().filter(|change| change.status.as_deref() != Some("STOPPED")).count()
    );
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
    eventually("it tries", || fake.changes(&arn(1)).iter().any(|change| change.status.as_deref() == Some("STOPPED")))
        .await;
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
            ToControl::TaskStopVerification(message) if message.message_id == message_id => {
                Some(message.stop_candidates)
            }
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
async fn a_deregistered_instance_becomes_a_new_one_at_the_next_start() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    eventually("it is connected", || fake.dials() == 1).await;
    agent.end().await;
    fake.refuse(
        "RegisterContainerInstance",
        Some((
            400,
            json!({"__type": "ClientException", "message": "The referenced container instance is not active."}),
        )),
    );
    let client = outbound::Client::new(outbound::Config::default());
    let outcome = wharf_node::run(config(&fake, folder.path()), engine, client, std::future::pending()).await;
    assert!(outcome.unwrap_err().to_string().contains("ClientException"));
    let calls = fake.calls("RegisterContainerInstance");
    assert_eq!(calls[1]["containerInstanceArn"], INSTANCE);
    assert!(calls[2].get("containerInstanceArn").is_none(), "it tries without the name that is not known any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_starts_though_it_can_write_nothing_down() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    fake.payload(1, vec![task(1, vec![container("app")])]).await;
    fake.reaches(&arn(1), "RUNNING").await;
    agent.kill().await;
    engine.exit(&engine.containers()[0].name, 4);
    for file in ["instance.new".to_owned(), format!("tasks/{:032x}.new", 1)] {
        std::fs::create_dir(folder.path().join(file)).unwrap();
    }
    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    assert_eq!(fake.reaches(&arn(1), "STOPPED").await.containers[0].exit_code, Some(4));
    agent.end().await;
}
