//! What an idle server costs and how fast it starts. The figures are printed; the limits are wide enough for debug builds on a
//! loaded machine, the tight ones are the benchmark's.

use std::time::Duration;

use tests::harness::{Wharf, on_all, resources};

#[tokio::test]
async fn it_starts_quickly_and_idles_small() {
    on_all(async |wharf| {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let resident = resources::resident(wharf.pid());
        println!("{:?}: started in {:?}, {} MB resident", wharf.backend(), wharf.start_time, resident / 1_000_000);
        // A machine that stands still for a moment makes one start slow, and not every one.
        let mut started = wharf.start_time;
        for _ in 0..2 {
            if started >= Duration::from_secs(5) {
                started = Wharf::start(wharf.backend()).await.start_time;
            }
        }
        assert!(started < Duration::from_secs(5), "{started:?}");
        assert!(resident < 100_000_000, "{resident} bytes");
    })
    .await;
}

#[tokio::test]
async fn two_processes_that_start_at_once_migrate_once() {
    use std::sync::Arc;
    use tests::harness::{Backend, backing::Backing};
    for _ in 0..3 {
        let backing = Arc::new(Backing::create_empty(Backend::PostgresS3));
        let starts = (0..3).map(|_| Wharf::sharing(backing.clone()).start());
        let replicas = futures_util::future::join_all(starts).await;
        let image = replicas[0].client().repository("tests/shared").push_small("one").await;
        for replica in &replicas {
            replica.client().repository("tests/shared").expect_image(Some("one"), &image).await;
        }
    }
}
