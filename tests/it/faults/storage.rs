//! An object store that fails: errors, silence, broken connections, replies that lie. What was acknowledged is whole, and what
//! is not whole is never served as if it were.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tests::harness::backing::Backing;
use tests::harness::fault_proxy::{Fault, FaultProxy};
use tests::harness::workload::Workload;
use tests::harness::{Backend, Repository, Wharf, digest, random};

async fn proxied(backend: Backend) -> (Wharf, FaultProxy) {
    let backing = Arc::new(Backing::create(backend));
    let proxy = FaultProxy::start(backing.storage().endpoint()).await;
    (Wharf::sharing(backing).set("WHARF_S3_ENDPOINT", proxy.endpoint()).start().await, proxy)
}

/// A push of these bytes in one go; the status of its last step, or nothing when the connection broke.
async fn push(repository: &Repository, bytes: &[u8]) -> Option<u16> {
    let client = repository.client();
    let begun = client.post(&repository.path("blobs/uploads/")).try_send().await.ok()?;
    if begun.status() != 202 {
        return Some(begun.status());
    }
    let upload = tests::harness::Upload::new(client.clone(), &begun);
    let answer = client.put(&upload.closing(&digest(bytes))).body(bytes.to_vec()).try_send().await.ok()?;
    Some(answer.status())
}

/// What holds whatever the store did: acknowledged means whole, refused means absent, and a push afterwards works.
async fn expect_truth(repository: &Repository, bytes: &[u8], status: Option<u16>) {
    let digest = digest(bytes);
    match status {
        Some(201) => repository.blob(&digest).await.expect(200).expect_body(bytes),
        Some(500) => panic!("500 is an error that nobody foresaw"),
        _ => repository.head_blob(&digest).await.expect_one_of(&[200, 404]),
    };
    repository.push_blob(bytes).await;
    repository.blob(&digest).await.expect(200).expect_body(bytes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_with_one_request_in_ten_failing() {
    let (wharf, proxy) = proxied(Backend::PostgresS3).await;
    let workload = Workload::start(&[wharf.client()], 6, 60_000);
    proxy.plan(|seen| match seen.number % 60 {
        3 => Fault::Status(500),
        13 => Fault::Status(503),
        23 => Fault::Reset,
        33 => Fault::LostReply,
        43 => Fault::Silence(Duration::from_secs(2)),
        53 => Fault::Truncated(100),
        _ => Fault::None,
    });
    tokio::time::sleep(Duration::from_secs(15)).await;
    proxy.heal();
    workload.acknowledges(10).await;
    let ledger = workload.finish().await;
    println!("{}; {} requests met a fault", ledger.summary().await, proxy.faults());
    assert!(proxy.faults() > 10, "too few faults to prove anything");
    let acknowledged = ledger.acknowledged.lock().await.len();
    ledger.expect_everything(&wharf.client()).await;
    ledger.expect_no_unforeseen_error().await;
    let failed = ledger.failed.load(std::sync::atomic::Ordering::Relaxed);
    assert!(
        failed * 10 <= acknowledged,
        "{failed} of {} pushes failed: transient faults are retried",
        acknowledged + failed
    );
}

#[tokio::test]
async fn a_completion_that_fails_inside_a_200_is_no_success() {
    let (wharf, proxy) = proxied(Backend::SqliteS3).await;
    let repository = wharf.repository();
    proxy.plan(|seen| if seen.completes_multipart() { Fault::ErrorInSuccess } else { Fault::None });
    let bytes = random(20 << 20);
    let status = push(&repository, &bytes).await;
    assert!(proxy.faults() > 0, "a push of 20 MiB takes a multipart upload");
    assert_ne!(status, Some(201), "acknowledged although the store never completed it");
    proxy.heal();
    expect_truth(&repository, &bytes, status).await;
}

#[tokio::test]
async fn a_completion_whose_reply_is_lost_is_found_out() {
    let (wharf, proxy) = proxied(Backend::SqliteS3).await;
    let repository = wharf.repository();
    let lost = std::sync::atomic::AtomicBool::new(false);
    proxy.plan(move |seen| {
        match seen.completes_multipart() && !lost.swap(true, std::sync::atomic::Ordering::Relaxed) {
            true => Fault::LostReply,
            false => Fault::None,
        }
    });
    let bytes = random(20 << 20);
    let status = push(&repository, &bytes).await;
    assert!(proxy.faults() > 0);
    proxy.heal();
    expect_truth(&repository, &bytes, status).await;
}

#[tokio::test]
async fn every_step_of_a_push_may_fail_once() {
    let (wharf, proxy) = proxied(Backend::SqliteS3).await;
    let repository = wharf.repository();
    for size in [1000, 18 << 20] {
        for fault in [Fault::Status(500), Fault::Reset, Fault::LostReply] {
            for step in 0..5 {
                let first = Arc::new(std::sync::Mutex::new(None));
                proxy.plan(move |seen| {
                    let first = *first.lock().expect("no panic").get_or_insert(seen.number);
                    if seen.number == first + step { fault } else { Fault::None }
                });
                let bytes = random(size);
                let status = push(&repository, &bytes).await;
                proxy.heal();
                assert_ne!(status, Some(500), "{fault:?} at step {step} of {size} bytes");
                if status == Some(201) {
                    repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
                } else {
                    println!("{fault:?} at step {step} of {size} bytes: {status:?}");
                    repository.push_blob(&bytes).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_reply_that_stops_half_way_never_looks_whole() {
    let (wharf, proxy) = proxied(Backend::SqliteS3).await;
    let repository = wharf.repository();
    let bytes = random(3 << 20);
    let digest = repository.push_blob(&bytes).await;
    for length in [0, 100, 1 << 20, (3 << 20) - 1] {
        proxy.plan(move |seen| if seen.method == http::Method::GET { Fault::Truncated(length) } else { Fault::None });
        let answer = wharf.client().get(&repository.blob_path(&digest)).try_send().await;
        // Either the server got the rest by itself, or the client sees that something is missing.
        if let Ok(answer) = answer {
            match answer.status() {
                200 => drop(answer.expect_body(&bytes)),
                status => assert!([502, 503, 504].contains(&status), "{answer}"),
            }
        }
        let call = wharf.client().get(&repository.blob_path(&digest)).header("range", "bytes=10-2000000");
        if let Ok(answer) = call.try_send().await {
            match answer.status() {
                206 => drop(answer.expect_body(&bytes[10..=2_000_000])),
                status => assert!([502, 503, 504].contains(&status), "{answer}"),
            }
        }
    }
    proxy.heal();
    repository.blob(&digest).await.expect(200).expect_body(&bytes);
}

#[tokio::test]
async fn without_storage_blobs_are_503_and_the_rest_goes_on() {
    let (wharf, proxy) = proxied(Backend::PostgresS3).await;
    let repository = wharf.repository();
    let layer = random(200_000);
    let image = tests::harness::Image::of(vec![layer.clone()]);
    repository.push_image("one", &image).await;
    for fault in [Fault::Status(503), Fault::Status(500), Fault::Reset] {
        proxy.plan(move |_| fault);
        let begin = Instant::now();
        let status = push(&repository, &random(100_000)).await;
        assert!(matches!(status, Some(502..=504)), "{fault:?}: {status:?}");
        let read = wharf.client().get(&repository.blob_path(&digest(&layer))).try_send().await;
        assert!(read.is_err() || read.is_ok_and(|answer| [502, 503, 504].contains(&answer.status())), "{fault:?}");
        assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
        // The database knows these.
        repository.head_blob(&digest(&layer)).await.expect(200);
        repository.manifest("one").await.expect(200).expect_body(&image.manifest);
        repository.tags("").await.expect(200);
    }
    proxy.heal();
    repository.expect_image(Some("one"), &image).await;
    repository.push_small("two").await;
}

#[tokio::test]
async fn a_silent_store_is_given_up() {
    let (wharf, proxy) = proxied(Backend::SqliteS3).await;
    let repository = wharf.repository();
    proxy.plan(|_| Fault::Silence(Duration::from_secs(600)));
    let begin = Instant::now();
    // The client of the harness gives up after a while without a byte: the server must come first.
    let status = push(&repository, &random(10_000)).await;
    println!("given up after {:?}", begin.elapsed());
    assert!(matches!(status, Some(502..=504)), "{status:?}");
    wharf.anonymous().get("/healthz").send().await.expect(200);
    proxy.heal();
    repository.push_small("one").await;
}

#[tokio::test]
async fn a_failed_upload_leaves_nothing_open_in_the_store() {
    let (wharf, proxy) = proxied(Backend::SqliteS3).await;
    let repository = wharf.repository();
    proxy.plan(|seen| if seen.completes_multipart() { Fault::Status(500) } else { Fault::None });
    let bytes = random(20 << 20);
    let status = push(&repository, &bytes).await;
    assert_ne!(status, Some(201));
    proxy.heal();
    expect_truth(&repository, &bytes, status).await;
}
