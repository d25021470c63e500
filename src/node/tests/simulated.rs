//! The agent on an engine in memory: what it is told, what it says, and what it does when either side goes away.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use acs::frame::{ToAgent, ToControl};
use acs::{
    AsmAuthData, Container, DockerConfig, EcrAuthData, IamRoleCredentials, RegistryAuthentication, Secret, Task,
    TaskIdentifier, TaskManifestMessage, TaskStopVerificationAck,
};
use serde_json::json;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use types::Timestamp;
use wharf_node::engine::simulated::Simulated;
use wharf_node::engine::{Engine as _, Status};
use wharf_node::{Config, ImageCleanup};

use crate::control::{CLUSTER, Fake, INSTANCE, eventually};

pub fn config(fake: &Fake, data: &Path) -> Config {
    config_at(&fake.url(), data)
}

pub fn config_at(server: &str, data: &Path) -> Config {
    Config {
        cluster: CLUSTER.to_owned(),
        server: server.to_owned(),
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
        image_cleanup: Some(ImageCleanup::default()),
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
async fn an_agent_that_is_tried_again_tells_containers_where_it_is() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = || Config { vendor: Some(free), ..config(&fake, folder.path()) };
    let refusal = json!({"__type": "InvalidParameterException", "message": "no"});
    fake.refuse("RegisterContainerInstance", Some((400, refusal)));
    let client = outbound::Client::new(outbound::Config::default());
    assert!(wharf_node::run(config(), engine.clone(), client, std::future::pending()).await.is_err());
    // As `wharf serve` does after a while.
    tokio::time::sleep(Duration::from_millis(200)).await;
    fake.refuse("RegisterContainerInstance", None);
    let agent = Agent::start(config(), engine.clone());
    let wanted = Task { network_mode: Some("host".to_owned()), ..task(1, vec![container("app")]) };
    let name = wharf_node::task::Task::new(wanted.clone()).container_name(0);
    fake.payload(1, vec![wanted]).await;
    fake.reaches(&arn(1), "RUNNING").await;
    let body = engine.body(&name).unwrap();
    let variable = format!("ECS_CONTAINER_METADATA_URI_V4=http://{free}/v4/");
    let variables = body["Env"].as_array().unwrap();
    assert!(variables.iter().any(|one| one.as_str().unwrap().starts_with(&variable)), "{body}");
    agent.end().await;
}

fn credentials(id: &str) -> IamRoleCredentials {
    IamRoleCredentials {
        credentials_id: id.to_owned(),
        access_key_id: format!("ASIA{id}"),
        secret_access_key: "secret".into(),
        session_token: "token".into(),
        ..IamRoleCredentials::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn images_and_secrets_are_asked_for_as_the_execution_role() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    let mut own = container("own");
    own.image = "registry.example.com/app:1".to_owned();
    own.registry_authentication = Some(RegistryAuthentication {
        kind: "ecr".to_owned(),
        ecr_auth_data: Some(EcrAuthData {
            registry_id: "000000000000".to_owned(),
            endpoint_override: fake.url(),
            use_execution_role: true,
            ..EcrAuthData::default()
        }),
        asm_auth_data: None,
    });
    let secret = |name: &str, provider: &str, from: &str| Secret {
        name: name.to_owned(),
        provider: provider.to_owned(),
        value_from: from.to_owned(),
        ..Secret::default()
    };
    own.secrets = vec![
        secret("PASSWORD", "asm", "arn:aws:secretsmanager:us-east-1:000000000000:secret:hub:password::"),
        secret("PARAMETER", "ssm", "/a/b"),
    ];
    let mut other = container("other");
    other.image = "hub.example.com/other:1".to_owned();
    other.registry_authentication = Some(RegistryAuthentication {
        kind: "asm".to_owned(),
        asm_auth_data: Some(AsmAuthData {
            credentials_parameter: "arn:aws:secretsmanager:us-east-1:000000000000:secret:hub".to_owned(),
            region: String::new(),
        }),
        ecr_auth_data: None,
    });
    let mut wanted = task(1, vec![own, other]);
    wanted.execution_role_credentials = Some(credentials("EXECUTION"));
    wanted.role_credentials = Some(credentials("APPLICATION"));
    fake.payload(1, vec![wanted]).await;
    fake.reaches(&arn(1), "RUNNING").await;
    let logins = engine.logins();
    let of = |image: &str| logins.iter().find(|(of, _)| of == image).unwrap().1.clone();
    assert_eq!(of("registry.example.com/app:1"), Some(("AWS".to_owned(), "password".to_owned())));
    assert_eq!(of("hub.example.com/other:1"), Some(("me".to_owned(), "hush".to_owned())));
    let token = &fake.calls("GetAuthorizationToken")[0];
    assert_eq!((&token["signedBy"], &token["registryIds"][0]), (&json!("ASIAEXECUTION"), &json!("000000000000")));
    assert_eq!(fake.calls("GetSecretValue")[0]["signedBy"], "ASIAEXECUTION");
    assert_eq!(fake.calls("SubmitTaskStateChange")[0]["signedBy"], "AKIAEXAMPLE");
    let acknowledged = |id: &str| {
        fake.frames()
            .iter()
            .any(|frame| matches!(frame, ToControl::IamRoleCredentialsAck(ack) if ack.credentials_id == id))
    };
    assert!(acknowledged("EXECUTION") && acknowledged("APPLICATION"));
    let name = engine.containers().into_iter().find(|view| view.name.contains("own")).unwrap().name;
    let environment = engine.body(&name).unwrap()["Env"].clone();
    let environment: Vec<String> = serde_json::from_value(environment).unwrap();
    assert!(environment.contains(&"PASSWORD=hush".to_owned()), "{environment:?}");
    assert!(environment.contains(&"PARAMETER=a parameter".to_owned()));
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_not_there_ends_the_task() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(config(&fake, folder.path()), engine.clone());
    let mut app = container("app");
    app.secrets = vec![Secret {
        name: "PASSWORD".to_owned(),
        provider: "asm".to_owned(),
        value_from: "arn:aws:secretsmanager:us-east-1:000000000000:secret:none".to_owned(),
        ..Secret::default()
    }];
    let mut wanted = task(1, vec![app]);
    wanted.execution_role_credentials = Some(credentials("EXECUTION"));
    fake.payload(1, vec![wanted]).await;
    let change = fake.reaches(&arn(1), "STOPPED").await;
    let reason = change.reason.unwrap();
    assert!(reason.starts_with("ResourceInitializationError: unable to pull secrets or registry auth: "), "{reason}");
    assert!(engine.containers().is_empty());
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

#[tokio::test(flavor = "multi_thread")]
async fn who_holds_many_connections_keeps_nobody_from_the_credentials() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let agent = Agent::start(Config { vendor: Some(free), ..config(&fake, folder.path()) }, engine);
    let mut wanted = Task { network_mode: Some("host".to_owned()), ..task(1, vec![container("app")]) };
    wanted.role_credentials = Some(credentials("APPLICATION"));
    fake.payload(1, vec![wanted]).await;
    fake.reaches(&arn(1), "RUNNING").await;
    let mut held = Vec::new();
    for _ in 0..600 {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        held.push(socket.connect(free).await.unwrap());
    }
    let url = format!("http://{free}/v2/credentials/APPLICATION");
    let got = tokio::process::Command::new("curl").args(["-s", "-m", "3", &url]).output().await.unwrap();
    let text = String::from_utf8(got.stdout).unwrap();
    assert!(text.contains("ASIAAPPLICATION"), "{text}");
    drop(held);
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
