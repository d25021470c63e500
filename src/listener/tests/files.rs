//! Files that the connection sends by itself.

use std::{
    fs::File,
    io::Write,
    sync::{Arc, LazyLock},
};

use axum::{Extension, response::Response};
use blobs::{FilePart, Handover, PART};
use bytes::Bytes;
use futures_util::stream;
use http_body_util::BodyExt;
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::*;

/// Longer than what the buffers of two sockets take, and no multiple of anything.
const LENGTH: usize = 120 * PART + 12_345;

static CONTENT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut content = (0..=250).collect::<Vec<u8>>().repeat(LENGTH / 251 + 1);
    content.truncate(LENGTH);
    content
});
static FILE: LazyLock<Arc<File>> = LazyLock::new(|| file(&CONTENT));

fn file(content: &[u8]) -> Arc<File> {
    let path = std::env::temp_dir().join(format!("wharf-file-{}", uuid::Uuid::new_v4()));
    let mut file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    file.write_all(content).unwrap();
    Arc::new(file)
}

/// A listener whose files are ready, so that nobody waits for them.
fn start(limits: Limits) -> Running {
    LazyLock::force(&FILE);
    Running::start(limits)
}

/// A body of placeholders, with a piece of memory now and then; all memory where the connection cannot send files.
fn body(handover: Option<Handover>) -> Body {
    let pieces = stream::unfold(0, move |at| {
        let length = PART.min(LENGTH - at);
        let piece = match &handover {
            Some(handover) if at / PART % 5 != 3 => {
                handover.hand(FilePart { file: Arc::clone(&FILE), at: at as u64, length })
            }
            _ => Bytes::from_static(&CONTENT[at..at + length]),
        };
        async move { (length > 0).then_some((Ok::<_, std::io::Error>(piece), at + length)) }
    });
    Body::from_stream(pieces)
}

pub(super) async fn answer(handover: Option<Extension<Handover>>) -> Response {
    let mut answer = Response::new(body(handover.map(|Extension(handover)| handover)));
    answer.headers_mut().insert("content-length", LENGTH.into());
    answer
}

/// What a layer that changes bodies would make of it.
pub(super) async fn copied_answer(Extension(handover): Extension<Handover>) -> Vec<u8> {
    to_bytes(body(Some(handover)), usize::MAX).await.unwrap().to_vec()
}

/// A file that lost its end.
pub(super) async fn short_answer(Extension(handover): Extension<Handover>) -> Response {
    let piece = handover.hand(FilePart { file: file(b"short"), at: 0, length: 10 });
    Response::new(Body::from(piece))
}

async fn read_file(client: &mut Client) {
    let head = client.read_until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 ") && head.contains(&format!("content-length: {LENGTH}\r\n")), "{head}");
    let mut bytes = vec![0; LENGTH];
    timeout(PATIENCE, client.0.read_exact(&mut bytes)).await.expect("the file arrives").unwrap();
    assert!(bytes == *CONTENT);
}

#[tokio::test]
async fn files_and_other_answers_share_a_connection() {
    let running = start(Limits { stall: PATIENCE, ..quick() });
    let mut client = running.connect().await;
    // All at once: the server answers in order.
    client.send(&"GET /file HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(3)).await;
    for _ in 0..3 {
        read_file(&mut client).await;
        client.read_until("tls=false").await;
    }
    running.stop().await;
}

#[tokio::test]
async fn a_client_may_read_a_file_slowly() {
    let running = start(Limits { stall: Duration::from_secs(1), ..quick() });
    let mut client = running.connect().await;
    client.send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let head = client.read_until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let (mut bytes, mut piece) = (Vec::new(), vec![0; LENGTH / 40]);
    while bytes.len() < LENGTH {
        sleep(Duration::from_millis(60)).await;
        let count = timeout(PATIENCE, client.0.read(&mut piece)).await.expect("the file goes on").unwrap();
        assert!(count > 0, "the server closed after {}", bytes.len());
        bytes.extend_from_slice(&piece[..count]);
    }
    assert!(bytes == *CONTENT);
    running.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_its_file_is_dropped() {
    let running = start(quick());
    let mut client = running.connect().await;
    client.send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n").await;
    sleep(Duration::from_millis(1200)).await;
    let mut bytes = Vec::new();
    let _ = timeout(PATIENCE, client.0.read_to_end(&mut bytes)).await.expect("the server closes the connection");
    assert!(bytes.starts_with(b"HTTP/1.1 200 ") && bytes.len() < LENGTH, "{}", bytes.len());
    running.stop().await;
}

#[tokio::test]
async fn a_file_that_is_on_its_way_is_finished_before_the_stop() {
    let running = start(Limits { stall: PATIENCE, ..quick() });
    let mut client = running.connect().await;
    client.send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n").await;
    sleep(Duration::from_millis(100)).await;
    let stopping = tokio::spawn(running.stop());
    sleep(Duration::from_millis(100)).await;
    read_file(&mut client).await;
    assert_eq!(client.read_to_end().await, "");
    assert_eq!(stopping.await.unwrap(), Stopped { finished: 1, cut_off: 0 });
}

#[tokio::test]
async fn what_stands_for_a_file_never_reaches_the_client() {
    let running = start(quick());
    let mut client = running.connect().await;
    client.send("GET /copied-file HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(client.read_to_end().await, "");
    running.stop().await;
}

#[tokio::test]
async fn a_file_that_is_too_short_breaks_the_connection() {
    let running = start(quick());
    let mut client = running.connect().await;
    client.send("GET /short-file HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let answer = client.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nshort"), "{answer}");
    running.stop().await;
}

#[tokio::test]
async fn over_http2_a_file_is_read() {
    let running = start(quick());
    let stream = TcpStream::connect(running.address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = http::Request::get(format!("http://{}/file", running.address)).body(Body::empty()).unwrap();
    let response = timeout(PATIENCE, sender.send_request(request)).await.unwrap().unwrap();
    assert!(response.into_body().collect().await.unwrap().to_bytes() == *CONTENT);
    drop(sender);
    connection.await.unwrap().unwrap();
    running.stop().await;
}
