//! Credentials: those that the agent asks with, and those that it gives to containers.

use std::time::Duration;

use acs::frame::ToControl;
use acs::{AsmAuthData, EcrAuthData, IamRoleCredentials, RegistryAuthentication, Secret, Task};
use serde_json::json;
use wharf_node::Config;
use wharf_node::engine::simulated::Simulated;

use crate::control::Fake;

use super::{Agent, arn, config, container, task};

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
