//! The disk is full: pushes are refused with 507 or 503, pulls go on, nothing is corrupt, and space makes it well again.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tests::harness::admin::within;
use tests::harness::content::OCI_MANIFEST;
use tests::harness::tmpfs::Tmpfs;
use tests::harness::workload::Workload;
use tests::harness::{Backend, Image, Wharf, random};

async fn on_small_disk(backend: Backend, low_water: &str) -> (Tmpfs, Wharf) {
    let disk = Tmpfs::mount(160);
    let data = disk.path().join("data").display().to_string();
    let wharf = Wharf::with(backend).set("WHARF_DATA_DIR", data).set("WHARF_DISK_LOW_WATER", low_water).start().await;
    (disk, wharf)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_the_disk_fills_up_again_and_again() {
    for backend in [Backend::SqliteDisk, Backend::PostgresDisk] {
        // No reserve: the kernel itself says that there is no space.
        let (disk, wharf) = on_small_disk(backend, "0").await;
        let repository = wharf.repository();
        let image = Image::of(vec![random(500_000)]);
        repository.push_image("before", &image).await;
        let workload = Workload::start(&[wharf.client()], 6, 50_000);
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(700)).await;
            let failed = workload.ledger().failed.load(Ordering::Relaxed);
            let filler = disk.fill();
            tokio::time::sleep(Duration::from_millis(700)).await;
            // Nobody may have come to push in that time.
            workload.fails(failed).await;
            repository.expect_image(Some("before"), &image).await;
            repository.tags("").await.expect(200);
            std::fs::remove_file(filler).expect("the filler can be removed");
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        workload.acknowledges(5).await;
        let ledger = workload.finish().await;
        println!("{backend:?}: {}", ledger.summary().await);
        assert!(ledger.failed.load(Ordering::Relaxed) > 0, "the disk was never full");
        ledger.expect_everything(&wharf.client()).await;
        ledger.expect_not_stuck(&wharf.client()).await;
        ledger.expect_no_unforeseen_error().await;
        repository.push_small("after").await;
    }
}

#[tokio::test]
async fn a_push_to_a_full_disk_is_refused_and_leaves_nothing() {
    for backend in [Backend::SqliteDisk, Backend::PostgresDisk] {
        let (disk, wharf) = on_small_disk(backend, "0").await;
        let repository = wharf.repository();
        let image = repository.push_small("before").await;
        let filler = disk.fill();
        let bytes = random(3 << 20);
        for _ in 0..5 {
            let begun = wharf.client().post(&repository.path("blobs/uploads/")).send().await;
            let begun = begun.expect_one_of(&[202, 503, 507]);
            if begun.status() == 202 {
                let upload = tests::harness::Upload::new(wharf.client(), &begun);
                let answer = upload.close_with(&tests::harness::digest(&bytes), bytes.clone()).await;
                answer.expect_one_of(&[503, 507]);
            }
            repository.head_blob(&tests::harness::digest(&bytes)).await.expect_one_of(&[404]);
            repository.expect_image(Some("before"), &image).await;
        }
        std::fs::remove_file(filler).expect("the filler can be removed");
        repository.push_blob(&bytes).await;
        repository.blob(&tests::harness::digest(&bytes)).await.expect(200).expect_body(&bytes);
    }
}

#[tokio::test]
async fn below_the_low_water_mark_writes_are_refused_and_readiness_says_so() {
    for backend in [Backend::SqliteDisk, Backend::PostgresDisk] {
        let (disk, wharf) = on_small_disk(backend, "32MiB").await;
        let repository = wharf.repository();
        let image = repository.push_small("before").await;
        let filler = disk.path().join("filler");
        std::fs::write(&filler, vec![0; 135 << 20]).expect("there is room for the filler");
        tokio::time::sleep(Duration::from_millis(2500)).await;
        let bytes = random(1 << 20);
        let begun = wharf.client().post(&repository.path("blobs/uploads/")).send().await;
        let refused = match begun.status() {
            202 => {
                let upload = tests::harness::Upload::new(wharf.client(), &begun);
                upload.close_with(&tests::harness::digest(&bytes), bytes.clone()).await
            }
            _ => begun,
        };
        refused.expect_one_of(&[503, 507]);
        // Manifests and names take room as well.
        repository.put_manifest("again", OCI_MANIFEST, &image.manifest).await.expect(507);
        let mount = format!("blobs/uploads/?mount={}&from={}", image.blobs[1].0, repository.name());
        wharf.client().post(&wharf.repository().path(&mount)).send().await.expect(507);
        let ready = wharf.anonymous().get("/readyz").send().await.expect(503);
        let text = String::from_utf8_lossy(ready.body()).to_lowercase();
        assert!(text.contains("disk") || text.contains("space") || text.contains("storage"), "{ready}");
        wharf.anonymous().get("/healthz").send().await.expect(200);
        repository.expect_image(Some("before"), &image).await;
        // Making room must be possible.
        repository.delete_manifest("before").await.expect(202);

        std::fs::remove_file(filler).expect("the filler can be removed");
        within(60, "there is room again", async || wharf.readyz().await == 200).await;
        repository.push_blob(&bytes).await;
    }
}
