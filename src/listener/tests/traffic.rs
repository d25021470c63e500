//! Ordinary traffic and its limits.

use std::io::{Read, Write};

use axum::{body::Body, http::Request};
use http_body_util::BodyExt;
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::*;

#[tokio::test]
async fn http1_requests_share_a_connection() {
    let running = Running::start(quick());
    let mut client = running.connect().await;
    for _ in 0..2 {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(client.read_until("tls=false").await.starts_with("HTTP/1.1 200 OK\r\n"));
    }
    client.send("POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n").await;
    client.read_until("\r\n\r\n5").await;
    running.stop().await;
}

/// Some of these requests are seen before the server sleeps and some wake it, by how quick the machine is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_asks_at_once_again_is_answered_whatever_the_length_of_its_heads() {
    let running = Running::start(quick());
    let address = running.address;
    let asking = move || {
        let mut client = std::net::TcpStream::connect(address).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        for length in (0..1500).map(|round| round * 7 % 5000) {
            client
                .write_all(format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "y".repeat(length)).as_bytes())
                .unwrap();
            let mut answer = Vec::new();
            while !answer.ends_with(b"tls=false") {
                let mut byte = [0];
                client.read_exact(&mut byte).unwrap();
                answer.push(byte[0]);
            }
            assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
        }
        client.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
    };
    tokio::task::spawn_blocking(asking).await.unwrap();
    assert_eq!(running.stop().await, Stopped { finished: 0, cut_off: 0 });
}

#[tokio::test]
async fn http2_is_spoken_with_prior_knowledge() {
    let running = Running::start(quick());
    let stream = TcpStream::connect(running.address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    // More than both windows, so that the flow control has to work.
    let body = Body::from(vec![1u8; 20 << 20]);
    let uri = format!("http://{}/count", running.address);
    let request = Request::post(uri).body(body).unwrap();
    let response = timeout(PATIENCE, sender.send_request(request)).await.unwrap().unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), (20u32 << 20).to_string());
    // Idle: the server says goodbye.
    timeout(PATIENCE, connection).await.expect("an idle connection is closed").unwrap().unwrap();
    running.stop().await;
}

#[tokio::test]
async fn a_head_that_is_too_large_is_answered_431() {
    let running = Running::start(quick());
    let many: String = (0..150).map(|number| format!("x-{number}: y\r\n")).collect();
    let large = format!("x: {}\r\n", "y".repeat(70_000));
    for headers in [many, large] {
        let mut client = running.connect().await;
        // The server may close before it has read everything.
        let _ = client.0.write_all(format!("GET / HTTP/1.1\r\nHost: a\r\n{headers}\r\n").as_bytes()).await;
        let answer = client.read_to_end().await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
    running.stop().await;
}

#[tokio::test]
async fn malformed_requests_are_answered_400_and_the_connection_is_closed() {
    let running = Running::start(quick());
    for head in [
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\0\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "G@T / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /count HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n",
        "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    ] {
        let mut client = running.connect().await;
        client.send(head).await;
        let answer = client.read_to_end().await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{head:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{head:?}: {answer}");
    }
    running.stop().await;
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_their_turn() {
    let running = Running::start(Limits { connections: 1, idle: PATIENCE, ..quick() });
    let mut first = running.connect().await;
    first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    first.read_until("tls=false").await;
    let mut second = running.connect().await;
    second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(second.hears_nothing_for(Duration::from_millis(200)).await);
    drop(first);
    second.read_until("tls=false").await;
    running.stop().await;
}
