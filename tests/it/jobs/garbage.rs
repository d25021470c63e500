//! Garbage collection beside a running server: what nothing needs is freed, and what somebody needs or was told to be there
//! stays.

use std::path::{Path, PathBuf};

use tests::harness::{Backend, Image, Wharf, on_all, random};

use super::{collect, must, stored};

/// What frees at once what is deleted.
const NO_UNDO: (&str, &str) = ("WHARF_UNDO_WINDOW", "0s");

async fn on_each(backends: &[Backend], body: impl AsyncFn(&Wharf)) {
    for &backend in backends {
        eprintln!("on {backend:?}");
        body(&Wharf::with(backend).set(NO_UNDO.0, NO_UNDO.1).start().await).await;
    }
}

#[tokio::test]
async fn what_nothing_refers_to_is_freed_and_nothing_else() {
    on_each(&[Backend::SqliteDisk, Backend::PostgresS3], async |wharf| {
        let (first, second) = (wharf.client().repository("first"), wharf.client().repository("second"));
        let shared = random(2000);
        let kept = Image::of(vec![shared.clone(), random(1000)]);
        let deleted = Image::of(vec![shared.clone(), random(1000)]);
        first.push_image("kept", &kept).await;
        first.push_image("deleted", &deleted).await;
        let elsewhere = Image::of(vec![shared]);
        second.push_image("elsewhere", &elsewhere).await;
        let lonely = first.push_blob(&random(3000)).await;
        let (before, _) = stored(wharf);
        first.delete_manifest(&deleted.digest).await.expect(202);

        // Nobody had the time to refer to anything yet.
        must(wharf, &["gc"]);
        assert_eq!(stored(wharf).0, before);
        first.head_blob(&lonely).await.expect(200);

        let said = collect(wharf);
        // The lonely blob, and what the deleted image had to itself.
        let own = deleted.blobs.iter().filter(|(blob, _)| !kept.blobs.iter().any(|(other, _)| other == blob)).count();
        assert_eq!(stored(wharf), (before - 1 - own, before - 1 - own), "{said}");
        first.head_blob(&lonely).await.expect(404);
        first.expect_image(Some("kept"), &kept).await;
        second.expect_image(Some("elsewhere"), &elsewhere).await;

        // A whole repository, whose rows go in the background.
        wharf.aws().json(&["ecr", "delete-repository", "--repository-name", "first", "--force"]);
        tests::harness::admin::within(120, "the rows of the repository are gone", async || {
            collect(wharf);
            stored(wharf).0 == elsewhere.blobs.len()
        })
        .await;
        second.expect_image(Some("elsewhere"), &elsewhere).await;
    })
    .await;
}

#[tokio::test]
async fn indexes_keep_what_they_list_and_referrers_stay_with_their_subjects() {
    on_each(&[Backend::SqliteDisk], async |wharf| {
        let repository = wharf.repository();
        let (left, right) = (repository.push_small("left").await, repository.push_small("right").await);
        let index = repository.push_index("index", &[&left, &right]).await;
        let signature = repository.push_referrer(&index, "application/vnd.tests.signature").await;
        for tag in ["left", "right"] {
            repository.delete_manifest(tag).await.expect(202);
        }
        collect(wharf);
        for image in [&left, &right, &index, &signature] {
            repository.expect_image(None, image).await;
        }
        // What the index listed stays as images without tags, as on ECR, until somebody deletes them.
        repository.delete_manifest(&index.digest).await.expect(202);
        collect(wharf);
        for image in [&left, &right, &signature] {
            repository.expect_image(None, image).await;
        }
    })
    .await;
}

#[tokio::test]
async fn content_that_was_freed_can_be_pushed_again() {
    on_each(&[Backend::SqliteDisk, Backend::PostgresS3], async |wharf| {
        let repository = wharf.repository();
        let image = Image::of(vec![random(5000)]);
        for round in 0..3 {
            repository.push_image("again", &image).await;
            repository.expect_image(Some("again"), &image).await;
            repository.delete_manifest(&image.digest).await.expect(202);
            collect(wharf);
            assert_eq!(stored(wharf), (0, 0), "round {round}");
        }
        // Rows gone and objects not yet: an upload of the same content has an object of its own.
        let blob = random(1000);
        let digest = repository.push_blob(&blob).await;
        collect(wharf);
        assert_eq!(repository.push_blob(&blob).await, digest);
        must(wharf, &["gc"]);
        repository.blob(&digest).await.expect(200).expect_body(&blob);
    })
    .await;
}

/// As if so many hours had gone by since blobs were put down for review.
fn age(wharf: &Wharf, hours: u64) {
    let statement = format!("update blob_reviews set since = since - {hours} * 3600 * 1000000::bigint");
    wharf.backing().database().query(&statement);
}

#[tokio::test]
async fn whoever_is_told_that_a_blob_is_there_has_the_time_to_refer_to_it() {
    on_each(&[Backend::PostgresDisk], async |wharf| {
        let repository = wharf.client().repository("app");
        let image = Image::of(vec![random(1000), random(1000), random(1000)]);
        for (_, blob) in &image.blobs {
            repository.push_blob(blob).await;
        }
        let other = random(1000);
        let forgotten = repository.push_blob(&other).await;
        age(wharf, 23);
        // Three ways to be told.
        let digests: Vec<&str> = image.blobs.iter().map(|(digest, _)| digest.as_str()).collect();
        repository.head_blob(digests[0]).await.expect(200);
        repository.head_blob(digests[1]).await.expect(200);
        let told = wharf.aws().json(&[
            "ecr",
            "batch-check-layer-availability",
            "--repository-name",
            "app",
            "--layer-digests",
            digests[2],
        ]);
        assert_eq!(told["layers"][0]["layerAvailability"], "AVAILABLE");
        repository.push_blob(&image.blobs[3].1).await;
        age(wharf, 2);
        must(wharf, &["gc"]);
        // The one that nobody asked for is gone, and whoever asks is told so.
        repository.head_blob(&forgotten).await.expect(404);
        repository.put_manifest("late", &image.media_type, &image.manifest).await.expect(201);
        repository.expect_image(Some("late"), &image).await;
        age(wharf, 30);
        must(wharf, &["gc"]);
        repository.expect_image(Some("late"), &image).await;
    })
    .await;
}

#[tokio::test]
async fn a_mounted_blob_is_reviewed_where_it_was_mounted() {
    on_each(&[Backend::SqliteDisk], async |wharf| {
        let (source, target) = (wharf.client().repository("source"), wharf.client().repository("target"));
        let image = source.push_small("one").await;
        let (digest, bytes) = &image.blobs[1];
        target.mount(digest, "source").await.expect(201);
        target.blob(digest).await.expect(200).expect_body(bytes);
        collect(wharf);
        target.head_blob(digest).await.expect(404);
        source.expect_image(Some("one"), &image).await;
    })
    .await;
}

/// A push whose layers are freed in the middle is told so and can be repeated; one that was acknowledged is never harmed.
#[tokio::test(flavor = "multi_thread")]
async fn pushes_go_on_beside_garbage_collection() {
    on_each(&[Backend::SqliteDisk, Backend::PostgresS3], async |wharf| {
        let repository = wharf.repository();
        repository.push_small("first").await;
        let collecting = async {
            for _ in 0..10 {
                tokio::task::block_in_place(|| collect(wharf));
            }
        };
        let pushing = futures_util::future::join_all((0..8).map(|pusher| {
            let repository = &repository;
            async move {
                let mut pushed = Vec::new();
                for round in 0..6 {
                    let image = Image::of(vec![random(20_000), random(100)]);
                    let tag = format!("image-{pusher}-{round}");
                    loop {
                        for (_, blob) in &image.blobs {
                            repository.push_blob(blob).await;
                        }
                        let answer = repository.put_manifest(&tag, &image.media_type, &image.manifest).await;
                        if answer.status() == 201 {
                            break;
                        }
                        answer.expect_error(400, "MANIFEST_BLOB_UNKNOWN");
                    }
                    pushed.push((tag, image));
                }
                pushed
            }
        }));
        let (pushed, ()) = tokio::join!(pushing, collecting);
        for (tag, image) in pushed.iter().flatten() {
            repository.expect_image(Some(tag), image).await;
        }
        collect(wharf);
        for (tag, image) in pushed.iter().flatten() {
            repository.expect_image(Some(tag), image).await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_was_deleted_is_kept_while_it_can_be_restored() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        let (before, _) = stored(wharf);
        repository.delete_manifest(&image.digest).await.expect(202);
        collect(wharf);
        assert_eq!(stored(wharf).0, before);
        let finished = wharf.run_with(&["gc", "--delay", "0s"], &[NO_UNDO]);
        assert!(finished.status.success(), "{finished:?}");
        assert_eq!(stored(wharf), (0, 0));
    })
    .await;
}

/// Whoever asks for a blob in the moment in which the deletion of its image can be undone no more may rely on the answer.
#[tokio::test]
async fn a_blob_that_is_kept_for_a_deleted_image_has_the_delay_to_be_needed_again() {
    let wharf = Wharf::with(Backend::PostgresDisk).start().await;
    let database = wharf.backing().database();
    let repository = wharf.repository();
    let image = repository.push_small("v1").await;
    repository.delete_manifest(&image.digest).await.expect(202);
    // A long time passes.
    database.query("delete from blob_reviews");
    database.query("update deleted_manifests set deleted_at = 0");
    for (blob, _) in &image.blobs {
        repository.head_blob(blob).await.expect(200);
    }
    must(&wharf, &["gc"]);
    assert_eq!(database.query("select count(*) from deleted_manifests").trim(), "0");
    // The client was told that it need not send them.
    repository.put_manifest("v1", &image.media_type, &image.manifest).await.expect(201);
    collect(&wharf);
    repository.expect_image(Some("v1"), &image).await;
}

/// The file of an object, by its size.
fn object(wharf: &Wharf, size: usize) -> Option<PathBuf> {
    fn walk(directory: &Path, files: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { walk(&path, files) } else { files.push(path) }
        }
    }
    let mut files = Vec::new();
    walk(&wharf.data_directory().join("blobs"), &mut files);
    files.into_iter().find(|path| path.metadata().is_ok_and(|about| about.len() == size as u64))
}

#[tokio::test]
async fn an_object_that_cannot_be_removed_keeps_no_other() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let repository = wharf.repository();
    let sizes: Vec<usize> = (0..8).map(|number| 10_000 + number).collect();
    for &size in &sizes {
        repository.push_blob(&random(size)).await;
    }
    // Nobody can unlink a directory.
    let stuck = object(&wharf, sizes[3]).expect("a file");
    std::fs::remove_file(&stuck).expect("it is there");
    std::fs::create_dir(&stuck).expect("the place is free");
    std::fs::write(stuck.join("something"), "in it").expect("a file in it");
    collect(&wharf);
    for &size in &sizes {
        assert!(object(&wharf, size).is_none(), "{size}");
    }
    collect(&wharf);
    assert!(stuck.exists());
}
