//! The process ends at random moments during parallel pushes, by SIGKILL, SIGTERM or not quite by SIGSTOP. How long is said by
//! `WHARF_TEST_KILL_SECONDS`, 30 by default.

use std::time::{Duration, Instant};

use tests::harness::workload::Workload;
use tests::harness::{Backend, Wharf, on, random};

const BACKENDS: &[Backend] = &[Backend::SqliteDisk, Backend::PostgresS3];

fn seconds() -> u64 {
    match std::env::var("WHARF_TEST_KILL_SECONDS") {
        Ok(text) => text.parse().expect("WHARF_TEST_KILL_SECONDS is a number"),
        Err(_) => 30,
    }
}

/// A moment between the two, another one each time.
pub(super) fn moment(shortest: u64, longest: u64) -> Duration {
    let bytes = random(8).try_into().expect("eight bytes");
    Duration::from_millis(shortest + u64::from_le_bytes(bytes) % (longest - shortest))
}

/// What must hold after any number of ends.
async fn expect_whole(wharf: &Wharf, workload: Workload) {
    // A busy machine may have done little besides starting and stopping.
    workload.acknowledges(10).await;
    let ledger = workload.finish().await;
    println!("{}", ledger.summary().await);
    ledger.expect_everything(&wharf.client()).await;
    ledger.expect_not_stuck(&wharf.client()).await;
    ledger.expect_no_unforeseen_error().await;
    // Bytes without rows may be left behind; rows without bytes may not. Repair moves the former away, then all is well.
    let repaired = wharf.run(&["fsck", "--repair"]);
    println!("{}{}", repaired.stdout, repaired.stderr);
    let finished = wharf.run(&["fsck", "--verify"]);
    assert!(finished.status.success(), "{}{}", finished.stdout, finished.stderr);
    ledger.expect_everything(&wharf.client()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    for &backend in BACKENDS {
        let mut wharf = Wharf::start(backend).await;
        let workload = Workload::start(&[wharf.client()], 8, 40_000);
        let end = Instant::now() + Duration::from_secs(seconds());
        let mut kills = 0;
        while Instant::now() < end {
            tokio::time::sleep(moment(50, 1500)).await;
            wharf.kill();
            kills += 1;
            wharf.restart().await;
        }
        println!("{backend:?}: {kills} kills");
        expect_whole(&wharf, workload).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_process_is_asked_to_end() {
    for &backend in BACKENDS {
        let mut wharf = Wharf::start(backend).await;
        let workload = Workload::start(&[wharf.client()], 8, 40_000);
        let end = Instant::now() + Duration::from_secs(seconds().min(60) / 2);
        while Instant::now() < end {
            tokio::time::sleep(moment(200, 2000)).await;
            wharf.signal("TERM");
            let status = wharf.wait(Duration::from_secs(35)).expect("it ends within its grace");
            assert!(status.success(), "{status}");
            wharf.restart().await;
        }
        expect_whole(&wharf, workload).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_process_is_stopped_for_a_while() {
    on(BACKENDS, async |wharf| {
        let workload = Workload::start(&[wharf.client()], 8, 40_000);
        for _ in 0..4 {
            tokio::time::sleep(moment(200, 1000)).await;
            wharf.signal("STOP");
            tokio::time::sleep(moment(500, 2000)).await;
            wharf.signal("CONT");
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        expect_whole(wharf, workload).await;
    })
    .await;
}

#[tokio::test]
async fn an_open_session_survives_a_kill() {
    for backend in tests::harness::ALL.iter().copied() {
        let mut wharf = Wharf::start(backend).await;
        let repository = wharf.repository();
        let bytes = random(9 << 20);
        let mut upload = repository.begin().await;
        for part in [0..100, 100..(6 << 20)] {
            upload.append_at(part.start, &bytes[part]).await.expect(202);
            wharf.kill();
            wharf.restart().await;
        }
        upload.status().await.expect(204).expect_header("range", &format!("0-{}", (6 << 20) - 1));
        upload.append(&bytes[6 << 20..]).await.expect(202);
        wharf.kill();
        wharf.restart().await;
        let digest = tests::harness::digest(&bytes);
        upload.close(&digest).await.expect(201);
        wharf.kill();
        wharf.restart().await;
        repository.blob(&digest).await.expect(200).expect_body(&bytes);
    }
}
