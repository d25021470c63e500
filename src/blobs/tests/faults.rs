//! A service that misbehaves: what it does not clearly confirm must not be reported as done.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::harness::{MIB, OPEN, content, frames, sha256};
use crate::{Blobs, Config, Location, S3Config};

/// Answers each request with what `script` says for its method and target.
async fn service(script: impl Fn(&str, &str) -> String + Send + Sync + 'static) -> Blobs {
    service_of(move |head| {
        let mut words = head.split(' ');
        script(words.next().unwrap_or_default(), words.next().unwrap_or_default())
    })
    .await
}

/// Answers each request with what `script` says for its head.
pub(super) async fn service_of(script: impl Fn(&str) -> String + Send + Sync + 'static) -> Blobs {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let script = Arc::new(script);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(answer(connection, Arc::clone(&script)));
        }
    });
    let mut config = S3Config::new("bucket", "us-east-1");
    config.endpoint = Some(format!("http://{address}"));
    config.path_style = true;
    config.access_key_id = Some("id".to_owned());
    config.secret_access_key = Some(types::Secret::new("secret"));
    config.retries = 1;
    config.request_timeout = Duration::from_millis(500);
    Blobs::open(Config::new(Location::S3(config))).await.unwrap()
}

/// One request on a connection: the head, the body by its length, the answer.
async fn answer(mut connection: TcpStream, script: Arc<impl Fn(&str) -> String>) {
    let mut received = Vec::new();
    let head = loop {
        let mut buffer = vec![0; 65536];
        let count = connection.read(&mut buffer).await.unwrap_or(0);
        if count == 0 {
            return;
        }
        received.extend_from_slice(&buffer[..count]);
        if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = String::from_utf8_lossy(&received[..head]).into_owned();
    let length = text.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut left = length.unwrap_or(0usize).saturating_sub(received.len() - head);
    let mut sink = vec![0; 65536];
    while left > 0 {
        let count = connection.read(&mut sink).await.unwrap_or(0);
        if count == 0 {
            return;
        }
        left = left.saturating_sub(count);
    }
    let _ = connection.write_all(script(&text).as_bytes()).await;
}

pub(super) fn reply(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

/// A service on which everything works but completing, which `complete` answers, and looking at the object, which
/// `head` does.
fn uploads(complete: String, head: String) -> impl Fn(&str, &str) -> String + Send + Sync {
    const BEGUN: &str = "<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><UploadId>u</UploadId>\
                         </InitiateMultipartUploadResult>";
    move |method, target| match method {
        "POST" if target.contains("uploadId=") => complete.clone(),
        "POST" => reply("200 OK", "", BEGUN),
        "PUT" => reply("200 OK", "ETag: \"e\"\r\n", ""),
        "HEAD" => head.clone(),
        _ => reply("204 No Content", "", ""),
    }
}

async fn push(blobs: &Blobs, size: usize) -> crate::Result<crate::Finished> {
    let bytes = content(size, 50);
    let mut staged = blobs.begin(None).unwrap();
    blobs.append(&mut staged, frames(&bytes, 100_000), OPEN).await?;
    blobs.finish(&mut staged, &sha256(&bytes)).await
}

#[tokio::test]
async fn an_error_in_a_200_answer_to_completing_is_an_error() {
    let missing = reply("404 Not Found", "", "");
    for body in ["<Error><Code>InternalError</Code></Error>", "<Error><Code>Odd</Code></Error>", "", "<html/>"] {
        let blobs = service(uploads(reply("200 OK", "", body), missing.clone())).await;
        assert!(push(&blobs, 14 * MIB).await.is_err(), "{body}");
    }
}

#[tokio::test]
async fn a_refused_completion_is_not_believed_because_an_object_of_that_size_is_there() {
    let refused = reply("404 Not Found", "", "<Error><Code>NoSuchUpload</Code></Error>");
    let size = 14 * MIB;
    let script = uploads(
        refused,
        format!(
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {size}\r\n\
             Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n\
         ETag: \"e\"\r\n\r\n"
        ),
    );
    let other = String::from_utf8(vec![b'x'; size]).unwrap();
    let script = move |method: &str, target: &str| match method {
        "GET" => {
            let headers = format!(
                "Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\nETag: \"e\"\r\nContent-Range: bytes 0-{}/{size}\r\n",
                size - 1
            );
            reply("206 Partial Content", &headers, &other)
        }
        _ => script(method, target),
    };
    let blobs = service(script).await;
    let outcome = push(&blobs, size).await;
    assert!(matches!(outcome, Err(crate::Error::DigestMismatch { .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_service_that_fails_or_stays_silent_fails_the_push_soon() {
    let begin = std::time::Instant::now();
    let blobs = service(|_, _| reply("503 Service Unavailable", "", "")).await;
    assert!(push(&blobs, 1000).await.is_err());
    assert!(blobs.probe(None).await.is_err());
    // An answer that never comes: the request time-out ends it.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = S3Config::new("bucket", "us-east-1");
    config.endpoint = Some(format!("http://{}", silent.local_addr().unwrap()));
    config.path_style = true;
    config.access_key_id = Some("id".to_owned());
    config.secret_access_key = Some(types::Secret::new("secret"));
    config.retries = 1;
    config.request_timeout = Duration::from_millis(500);
    let blobs = Blobs::open(Config::new(Location::S3(config))).await.unwrap();
    assert!(push(&blobs, 1000).await.is_err());
    assert!(begin.elapsed() < Duration::from_secs(20));
}
