//! The order to stop.

use super::*;

#[tokio::test]
async fn what_is_in_flight_finishes_and_what_is_idle_closes() {
    let running = Running::start(Limits { stall: PATIENCE, header: Duration::from_secs(2), ..quick() });
    let mut upload = running.connect().await;
    upload.send("POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello").await;
    let mut download = running.connect().await;
    download.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut idle = running.connect().await;
    idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    idle.read_until("tls=false").await;
    let mut silent = running.connect().await;
    sleep(Duration::from_millis(100)).await;

    let address = running.address;
    let stopping = tokio::spawn(running.stop());
    assert_eq!(idle.read_to_end().await, "");
    assert_eq!(silent.read_to_end().await, "");
    assert!(TcpStream::connect(address).await.is_err(), "nothing is accepted any more");
    sleep(Duration::from_millis(300)).await;
    upload.send("world").await;
    let answer = upload.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n10"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    assert!(download.read_to_end().await.starts_with("HTTP/1.1 200 "));
    assert_eq!(stopping.await.unwrap(), Stopped { finished: 4, cut_off: 0 });
}

#[tokio::test]
async fn what_outlasts_the_grace_is_cut_off_and_counted() {
    let running = Running::start(Limits { grace: Duration::from_millis(200), ..quick() });
    let mut stuck = running.connect().await;
    stuck.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n").await;
    sleep(Duration::from_millis(50)).await;
    let stopped = running.stop().await;
    assert_eq!(stopped, Stopped { finished: 0, cut_off: 1 });
    assert_eq!(stuck.read_to_end().await, "");
}

#[tokio::test]
async fn a_listener_without_connections_stops_at_once() {
    let running = Running::start(quick());
    let stopped = timeout(Duration::from_secs(1), running.stop()).await.unwrap();
    assert_eq!(stopped, Stopped { finished: 0, cut_off: 0 });
}
