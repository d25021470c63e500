//! SIGTERM: what is in flight ends well, nothing new begins, and sessions go on after the next start.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream;
use tests::harness::{Backend, Client, Wharf, digest, random};
use tokio::sync::watch;

/// Waits until the server works at so many requests besides the look itself. A request that is still on its way when the
/// server is told to stop is none that is in flight. The looks share a connection, so that none of them is seen by the next.
async fn until_in_flight(looks: &Client, requests: u32) {
    let begin = Instant::now();
    loop {
        let answer = looks.get("/metrics").send().await.expect(200);
        let metrics = String::from_utf8_lossy(answer.body()).into_owned();
        let gauge = metrics.lines().find_map(|line| line.strip_prefix("wharf_http_requests_in_flight "));
        let found: u32 = gauge.expect("a gauge").parse().expect("a number");
        if found == requests + 1 {
            return;
        }
        assert!(begin.elapsed() < Duration::from_secs(30), "{found} requests are in flight, and not {requests}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn an_upload_in_flight_is_finished_before_the_end() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let mut wharf = Wharf::start(backend).await;
        let repository = wharf.repository();
        let upload = repository.begin().await;
        let bytes = random(40 * 1000);
        let pieces: Vec<Vec<u8>> = bytes.chunks(1000).map(<[u8]>::to_vec).collect();
        let (signaled, told) = watch::channel(false);
        // A quarter of the body comes before the signal, and the rest takes a second and a half after it.
        let body = stream::unfold((pieces.into_iter(), told), |(mut pieces, mut told)| async move {
            let piece = pieces.next()?;
            if pieces.len() < 30 {
                told.wait_for(|told| *told).await.ok();
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Some((Ok(Bytes::from(piece)), (pieces, told)))
        });
        let looks = wharf.anonymous();
        until_in_flight(&looks, 0).await;
        let call = repository.client().put(&upload.closing(&digest(&bytes))).stream(body);
        let push = tokio::spawn(call.try_send());
        until_in_flight(&looks, 1).await;
        wharf.signal("TERM");
        signaled.send_replace(true);
        let answer = push.await.expect("the push does not panic").expect("the push is answered");
        answer.expect(201);
        let status = wharf.wait(Duration::from_secs(30)).expect("it ends once nothing is in flight");
        assert!(status.success(), "{status}");
        wharf.restart().await;
        repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
    }
}

#[tokio::test]
async fn nothing_new_is_accepted() {
    let mut wharf = Wharf::start(Backend::SqliteDisk).await;
    let repository = wharf.repository();
    let upload = repository.begin().await;
    // A body that goes on until it has been seen that nobody is let in beside it.
    let (seen, told) = watch::channel(false);
    let body = stream::unfold(told, |told| async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let goes_on = !*told.borrow();
        goes_on.then(|| (Ok(Bytes::from_static(b"piece")), told))
    });
    let looks = wharf.anonymous();
    until_in_flight(&looks, 0).await;
    let call = repository.client().patch(&upload.location).stream(body);
    let slow = tokio::spawn(call.try_send());
    until_in_flight(&looks, 1).await;
    wharf.signal("TERM");
    // The signal is there at once, and the server comes to it when the machine lets it.
    let begin = Instant::now();
    while tokio::net::TcpStream::connect(wharf.address()).await.is_ok() {
        let waited = begin.elapsed();
        assert!(waited < Duration::from_secs(20), "a server that is going down still accepts connections");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!slow.is_finished(), "what is in flight goes on");
    seen.send_replace(true);
    slow.await.expect("no panic").expect("what was in flight is answered").expect(202);
    wharf.wait(Duration::from_secs(30)).expect("it ends");
}

#[tokio::test]
async fn an_idle_server_ends_at_once() {
    // What waits for the end of the grace takes ten times as long as a slow machine needs.
    let mut wharf = Wharf::with(Backend::PostgresS3).set("WHARF_SHUTDOWN_GRACE", "5m").start().await;
    // A kept-alive connection that is idle must not hold it up.
    let client = wharf.client();
    client.get("/v2/").send().await.expect(200);
    wharf.signal("TERM");
    let status = wharf.wait(Duration::from_secs(30)).expect("it ends at once");
    assert!(status.success(), "{status}");
    drop(client);
}

#[tokio::test]
async fn an_upload_that_takes_too_long_can_be_resumed_afterwards() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let mut wharf = Wharf::with(backend).set("WHARF_SHUTDOWN_GRACE", "1s").start().await;
        let repository = wharf.repository();
        let bytes = random(300_000);
        let mut upload = repository.begin().await;
        upload.append(&bytes[..100_000]).await.expect(202);
        let rest = bytes[100_000..].to_vec();
        let body = stream::unfold(0, move |offset| {
            let rest = rest.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(100)).await;
                let end = (offset + 500).min(rest.len());
                (offset < rest.len()).then(|| (Ok(Bytes::copy_from_slice(&rest[offset..end])), end))
            }
        });
        let looks = wharf.anonymous();
        until_in_flight(&looks, 0).await;
        let call = repository.client().patch(&upload.location).stream(body);
        let slow = tokio::spawn(call.try_send());
        until_in_flight(&looks, 1).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        wharf.signal("TERM");
        wharf.wait(Duration::from_secs(30)).expect("it ends after the grace");
        assert!(
            slow.await.expect("no panic").is_err_and(|_| true) || wharf.output().contains("shut"),
            "the slow push was cut off"
        );
        wharf.restart().await;
        // Whoever was cut off may hold the session until its lease runs out.
        let begin = Instant::now();
        loop {
            let range = upload.status().await.expect(204).header("range").to_owned();
            let held = range["0-".len()..].parse::<usize>().expect("a number") + 1;
            assert!(held >= 100_000, "{held} of 100,000 acknowledged bytes are held");
            let answer = upload.append_at(held, &bytes[held..]).await;
            if answer.status() == 202 {
                break;
            }
            answer.expect_one_of(&[409, 416, 503]);
            assert!(begin.elapsed() < Duration::from_secs(60), "the session is held for a minute");
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        upload.close(&digest(&bytes)).await.expect(201);
        repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
    }
}
