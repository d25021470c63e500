//! SIGTERM: what is in flight ends well, nothing new begins, and sessions go on after the next start.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream;
use tests::harness::{Backend, Wharf, digest, random};

#[tokio::test]
async fn an_upload_in_flight_is_finished_before_the_end() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let mut wharf = Wharf::start(backend).await;
        let repository = wharf.repository();
        let upload = repository.begin().await;
        let bytes = random(40 * 1000);
        let pieces: Vec<Vec<u8>> = bytes.chunks(1000).map(<[u8]>::to_vec).collect();
        let body = stream::unfold(pieces.into_iter(), |mut pieces| async move {
            let piece = pieces.next()?;
            tokio::time::sleep(Duration::from_millis(50)).await;
            Some((Ok(Bytes::from(piece)), pieces))
        });
        // Two seconds of body, and the signal after half a second.
        let call = repository.client().put(&upload.closing(&digest(&bytes))).stream(body);
        let push = tokio::spawn(call.try_send());
        tokio::time::sleep(Duration::from_millis(500)).await;
        wharf.signal("TERM");
        let answer = push.await.expect("the push does not panic").expect("the push is answered");
        answer.expect(201);
        let status = wharf.wait(Duration::from_secs(10)).expect("it ends once nothing is in flight");
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
    let body = stream::unfold(0, |number| async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        (number < 20).then(|| (Ok(Bytes::from_static(b"piece")), number + 1))
    });
    let call = repository.client().patch(&upload.location).stream(body);
    let slow = tokio::spawn(call.try_send());
    tokio::time::sleep(Duration::from_millis(300)).await;
    wharf.signal("TERM");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let refused = tokio::net::TcpStream::connect(wharf.address()).await;
    assert!(refused.is_err(), "a server that is going down still accepts connections");
    slow.await.expect("no panic").expect("what was in flight is answered").expect(202);
    wharf.wait(Duration::from_secs(10)).expect("it ends");
}

#[tokio::test]
async fn an_idle_server_ends_at_once() {
    let mut wharf = Wharf::start(Backend::PostgresS3).await;
    // A kept-alive connection that is idle must not hold it up.
    wharf.client().get("/v2/").send().await.expect(200);
    let begin = Instant::now();
    wharf.signal("TERM");
    let status = wharf.wait(Duration::from_secs(10)).expect("it ends");
    assert!(status.success(), "{status}");
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
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
        let call = repository.client().patch(&upload.location).stream(body);
        let slow = tokio::spawn(call.try_send());
        tokio::time::sleep(Duration::from_millis(500)).await;
        wharf.signal("TERM");
        wharf.wait(Duration::from_secs(15)).expect("it ends after the grace");
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
