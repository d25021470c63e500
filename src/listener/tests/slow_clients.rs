//! Clients that take too long, and those that only take long.

use http_body_util::BodyExt;
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::*;

#[tokio::test]
async fn a_connection_without_a_request_is_closed() {
    let running = Running::start(quick());
    for start in ["", "GET / HTT", "GET / HTTP/1.1\r\nHost: a\r\nX:", "PRI * HTTP/2"] {
        let mut client = running.connect().await;
        client.send(start).await;
        assert_eq!(client.read_to_end().await, "", "{start:?}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_head_that_trickles_in_is_cut_off() {
    let running = Running::start(quick());
    let mut client = running.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.read_until("tls=false").await;
    let trickle = async {
        for byte in "GET / HTTP/1.1\r\nX: ".bytes().chain(std::iter::repeat(b'y')) {
            if client.0.write_all(&[byte]).await.is_err() {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(3), trickle).await.expect("the server hangs up");
    running.stop().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_but_not_before_its_time() {
    let running = Running::start(quick());
    let mut client = running.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.read_until("tls=false").await;
    assert!(client.hears_nothing_for(Duration::from_millis(600)).await);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.read_until("tls=false").await;
    assert_eq!(client.read_to_end().await, "");
    running.stop().await;
}

#[tokio::test]
async fn a_body_may_take_long_as_long_as_it_moves() {
    let running = Running::start(quick());
    let mut client = running.connect().await;
    client.send("POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n").await;
    for _ in 0..10 {
        sleep(Duration::from_millis(150)).await;
        client.send("x").await;
    }
    client.read_until("\r\n\r\n10").await;
    running.stop().await;
}

#[tokio::test]
async fn a_body_that_is_still_coming_after_its_answer_is_no_head() {
    let running = Running::start(quick());
    let mut client = running.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf!").await;
    let answer = client.read_until("\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    client.send("whole").await;
    // Longer than a head may take, and less than a connection may rest.
    assert!(client.hears_nothing_for(Duration::from_millis(600)).await);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.read_until("tls=false").await;
    running.stop().await;
}

#[tokio::test]
async fn a_body_that_stops_fails_its_request() {
    let running = Running::start(quick());
    let mut client = running.connect().await;
    client.send("POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf").await;
    assert!(client.read_to_end().await.starts_with("HTTP/1.1 408 "));
    running.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_is_dropped() {
    let running = Running::start(quick());
    let mut client = running.connect().await;
    client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
    // Much longer than it would take on a machine with nothing else to do.
    sleep(Duration::from_secs(4)).await;
    let answer = client.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.len() < 64 << 20, "{}", answer.len());
    running.stop().await;
}

#[tokio::test]
async fn a_client_of_http2_that_does_not_read_its_answer_is_dropped() {
    let running = Running::start(quick());
    // More than the client's window, and less.
    for path in ["large", "file", ""] {
        let stream = TcpStream::connect(running.address).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
            .initial_stream_window_size(if path.is_empty() { 1 } else { 1000 })
            .handshake(TokioIo::new(stream))
            .await
            .unwrap();
        // It answers pings all the while.
        let connection = tokio::spawn(connection);
        let uri = format!("http://{}/{path}", running.address);
        let request = http::Request::get(uri).body(Body::empty()).unwrap();
        let answer = timeout(PATIENCE, sender.send_request(request)).await.unwrap().unwrap();
        assert_eq!(answer.status(), 200);
        let _ = timeout(PATIENCE, connection).await.unwrap_or_else(|_| panic!("the server keeps /{path} for ever"));
        drop(answer);
    }
    running.stop().await;
}

#[tokio::test]
async fn a_client_of_http2_may_read_slowly() {
    let running = Running::start(Limits { stall: Duration::from_secs(1), ..quick() });
    let stream = TcpStream::connect(running.address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(2 << 20)
        .handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let request = http::Request::get(format!("http://{}/large", running.address)).body(Body::empty()).unwrap();
    let answer = timeout(PATIENCE, sender.send_request(request)).await.unwrap().unwrap();
    let (mut read, mut body) = (0, answer.into_body());
    while let Some(frame) = timeout(PATIENCE, body.frame()).await.expect("the answer goes on") {
        let data = frame.unwrap().into_data().unwrap();
        let before = read;
        read += data.len();
        if before >> 20 != read >> 20 {
            sleep(Duration::from_millis(30)).await;
        }
    }
    assert_eq!(read, 64 << 20);
    running.stop().await;
}
