//! What containers write.

use std::time::Duration;

use acs::frame::ToAgent;
use acs::{Container, DockerConfig, Task};
use serde_json::json;
use types::Timestamp;
use wharf_node::Config;
use wharf_node::engine::Engine as _;
use wharf_node::engine::simulated::Simulated;

use crate::control::{Fake, eventually};

use super::{Agent, arn, config, container, task};

/// A task whose only container writes to a log stream, and the names of both.
fn writer(id: u32) -> (Task, String, String) {
    let log = json!({"LogConfig": {"Type": "awslogs", "Config": {
        "awslogs-group": "group", "awslogs-stream-prefix": "prefix", "awslogs-region": "us-east-1",
    }}});
    let docker_config = DockerConfig { version: "1.21".to_owned(), config: None, host_config: Some(log.to_string()) };
    let wanted = task(id, vec![Container { docker_config: Some(docker_config), ..container("app") }]);
    let name = wharf_node::task::Task::new(wanted.clone()).container_name(0);
    (wanted, name, format!("prefix/app/{id:032x}"))
}

fn lines(from: i64, apart: i64, numbers: std::ops::Range<i64>) -> impl Iterator<Item = (Timestamp, String)> {
    numbers.map(move |number| (Timestamp::from_micros((from + number * apart) * 1_000_000), format!("line {number}")))
}

const THEN: i64 = 1_800_000_000;

#[tokio::test]
async fn lines_whose_batch_was_taken_though_nobody_said_so_are_put_once() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let mut agent = Agent::start(config(&fake, folder.path()), engine.clone());
    let (wanted, name, stream) = writer(31);
    fake.payload(1, vec![wanted]).await;
    fake.reaches(&arn(31), "RUNNING").await;
    // Execution roles may seldom read what is in a stream.
    let denied = json!({"__type": "AccessDeniedException", "message": "no"});
    fake.refuse("GetLogEvents", Some((400, denied)));
    let mut expected = Vec::new();
    for round in 0..4 {
        fake.lose_answers(true);
        let before = fake.calls("PutLogEvents").len();
        engine.write(&name, lines(THEN, 1, round * 10..round * 10 + 10));
        eventually("it is tried again", || fake.calls("PutLogEvents").len() >= before + 2).await;
        if round % 2 == 1 {
            // More is written before the next agent reads on.
            agent.kill().await;
            engine.write(&name, lines(THEN, 1, round * 10 + 10..round * 10 + 15));
            agent = Agent::start(config(&fake, folder.path()), engine.clone());
            eventually("it is tried again", || fake.calls("PutLogEvents").len() >= before + 4).await;
        }
        fake.lose_answers(false);
        expected.extend((round * 10..round * 10 + 10).map(|number| format!("line {number}")));
        if round % 2 == 1 {
            expected.extend((round * 10 + 10..round * 10 + 15).map(|number| format!("line {number}")));
        }
        eventually("all of it arrives", || fake.log(&stream).len() >= expected.len()).await;
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(fake.log(&stream), expected, "round {round}");
    }
    agent.end().await;
}

#[tokio::test]
async fn lines_with_days_between_them_are_put() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    let (wanted, name, stream) = writer(32);
    fake.payload(1, vec![wanted]).await;
    fake.reaches(&arn(32), "RUNNING").await;
    // As after an agent that was away, they are read in one go.
    engine.write(&name, lines(THEN, 2 * 24 * 60 * 60, 0..4));
    eventually("all of them arrive", || fake.log(&stream).len() >= 4).await;
    assert_eq!(fake.log(&stream), ["line 0", "line 1", "line 2", "line 3"]);
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_cannot_be_written_down_has_its_log_all_the_same() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    eventually("it is connected", || fake.dials() == 1).await;
    // As when the disk is full.
    let beside = folder.path().join(format!("tasks/{:032x}.new", 33));
    std::fs::create_dir(&beside).unwrap();
    let (wanted, name, stream) = writer(33);
    let message = |message_id: &str| {
        ToAgent::Payload(acs::PayloadMessage {
            tasks: vec![wanted.clone()],
            message_id: message_id.to_owned(),
            seq_num: 1,
            ..acs::PayloadMessage::default()
        })
    };
    fake.send(&message("lost")).await;
    fake.reaches(&arn(33), "RUNNING").await;
    engine.write(&name, lines(THEN, 1, 0..3));
    eventually("its lines arrive", || fake.log(&stream).len() == 3).await;
    assert!(!fake.is_acknowledged("lost"), "it must come again");
    std::fs::remove_dir(&beside).unwrap();
    fake.send(&message("kept")).await;
    eventually("it is acknowledged", || fake.is_acknowledged("kept")).await;
    assert!(beside.with_extension("json").exists());
    assert_eq!(engine.starts(&name), 1);
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_starts_though_its_log_stream_cannot_be_made_for_a_while() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    let (wanted, name, stream) = writer(34);
    for (status, kind) in [(503, "ServiceUnavailableException"), (400, "ThrottlingException"), (500, "InternalFailure")]
    {
        fake.refuse("CreateLogStream", Some((status, json!({"__type": kind, "message": "later"}))));
        let id = 1000 + u32::from(status);
        fake.payload(1, vec![writer(id).0]).await;
        eventually("it ends or runs", || {
            !fake.changes(&arn(id)).is_empty()
                && fake.changes(&arn(id)).last().unwrap().status.as_deref() != Some("PENDING")
        })
        .await;
        let last = fake.changes(&arn(id)).pop().unwrap();
        assert_eq!(last.status.as_deref(), Some("RUNNING"), "{kind}: {:?}", last.reason);
    }
    fake.refuse("CreateLogStream", None);
    fake.payload(2, vec![wanted]).await;
    fake.reaches(&arn(34), "RUNNING").await;
    engine.write(&name, lines(THEN, 1, 0..1));
    eventually("its line arrives", || fake.log(&stream).len() == 1).await;
    // That its group is not there stays true.
    let none = json!({"__type": "ResourceNotFoundException", "message": "The specified log group does not exist."});
    fake.refuse("CreateLogStream", Some((400, none)));
    fake.payload(3, vec![writer(35).0]).await;
    let change = fake.reaches(&arn(35), "STOPPED").await;
    assert!(change.reason.unwrap().starts_with("CannotStartContainerError: "));
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_container_that_is_gone_keeps_nothing() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let config = Config { cleanup_after: Duration::ZERO, ..config(&fake, folder.path()) };
    let agent = Agent::start(config, engine.clone());
    let (wanted, name, _) = writer(36);
    fake.payload(1, vec![wanted]).await;
    fake.reaches(&arn(36), "RUNNING").await;
    engine.remove(&name).await.unwrap();
    fake.reaches(&arn(36), "STOPPED").await;
    let tasks = folder.path().join("tasks");
    eventually("it is forgotten", || std::fs::read_dir(&tasks).unwrap().count() == 0).await;
    agent.end().await;
}
