//! The accents of engines, and an engine that falls silent.

use super::*;

#[test]
fn a_container_that_podman_has_not_cleaned_up_has_ended() {
    let said = r#"{"Id":"0a","State":{"Status":"stopped","Running":false,"ExitCode":3,
        "StartedAt":"2026-11-26T00:00:00Z","FinishedAt":"2026-11-26T00:00:01Z"}}"#;
    let found = view(translate(said).unwrap());
    assert_eq!((found.status, found.exit_code), (Status::Exited, Some(3)));
    let ending = r#"{"Id":"0a","State":{"Status":"stopping","Running":false}}"#;
    assert_eq!(view(serde_json::from_str(ending).unwrap()).status, Status::Running);
    assert!(translate(&said.replace("stopped", "improper")).is_none());
    assert!(translate("no JSON").is_none());
}

#[test]
fn a_name_can_be_taken_on_both_engines() {
    let refused = |status_code, message: &str| {
        is_name_taken(&Refusal::DockerResponseServerError { status_code, message: message.to_owned() })
    };
    assert!(refused(409, "Conflict. The container name \"/a\" is already in use by container \"0a\"."));
    assert!(refused(
        500,
        "container create: creating container storage: the container name \"a\" is already in use by 0a: \
                          that name is already in use"
    ));
    assert!(!refused(500, "no space left on device"));
    assert!(!is_name_taken(&Refusal::RequestTimeoutError));
}

/// A registry that falls silent in the middle of an image, behind an engine that waits for it.
#[tokio::test]
async fn a_pull_that_stands_still_is_given_up() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let engine = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let _ = connection.read(&mut [0; 4096]).await.unwrap();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
        connection.write_all(head.as_bytes()).await.unwrap();
        for _ in 0..4 {
            let line = "{\"status\":\"Downloading\"}\r\n";
            connection.write_all(format!("{:x}\r\n{line}\r\n", line.len()).as_bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        // It ends when whoever asked hangs up.
        connection.read(&mut [0; 4096]).await.unwrap_or_default()
    });
    let oldest = ClientVersion { major_version: 1, minor_version: 41 };
    let client = Client::connect_with_unix(socket.to_str().unwrap(), CLIENT_TIMEOUT, &oldest).unwrap();
    let docker = Docker { client, pull_idle: Duration::from_millis(250), making_network: Mutex::default() };
    let begun = std::time::Instant::now();
    let pull = tokio::time::timeout(Duration::from_secs(10), docker.pull("localhost:5000/a:1", None)).await;
    assert_eq!(pull.expect("it is waited for"), Err(Failure(PULL_STALLED.to_owned())));
    assert!(begun.elapsed() > Duration::from_millis(500), "as long as there is progress it goes on");
    assert_eq!(engine.await.unwrap(), 0, "the engine hears of it");
}

#[test]
fn the_year_one_is_never() {
    assert_eq!(time(Some("0001-01-01T00:00:00Z")), None);
    assert_eq!(time(Some("2026-11-26T00:00:00.5Z")).unwrap().micros() % 1_000_000, 500_000);
    assert_eq!(go_duration(START), "3m0s");
}

/// Podman has such a container in its list for a moment whenever one ends, and two words for it.
#[tokio::test]
async fn containers_are_listed_though_podman_has_not_cleaned_one_up() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let engine = tokio::spawn(async move {
        let said = r#"[{"Id":"0a","ImageID":"sha256:00","State":"stopped"},{"Id":"0b","ImageID":"sha256:01","State":"running"}]"#;
        let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json";
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let _ = connection.read(&mut [0; 4096]).await.unwrap();
            let answer = format!("{head}\r\ncontent-length: {}\r\n\r\n{said}", said.len());
            connection.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let oldest = ClientVersion { major_version: 1, minor_version: 41 };
    let client = Client::connect_with_unix(socket.to_str().unwrap(), CLIENT_TIMEOUT, &oldest).unwrap();
    let docker = Docker { client, pull_idle: PULL_IDLE, making_network: Mutex::default() };
    assert_eq!(docker.list("a=b").await, Ok(vec!["0a".to_owned(), "0b".to_owned()]));
    assert_eq!(docker.used_images().await, Ok(vec!["sha256:00".to_owned(), "sha256:01".to_owned()]));
    engine.abort();
}
