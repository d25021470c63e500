//! `wharf fsck`: database and store compared. Damage is done by hand on a stopped server with a directory as its store.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tests::harness::backing::Backing;
use tests::harness::fault_proxy::{Fault, FaultProxy};
use tests::harness::program::Finished;
use tests::harness::{Backend, Wharf, digest, on_all, random};

/// Every file below the place where blobs are kept.
fn blob_files(wharf: &Wharf) -> Vec<PathBuf> {
    fn walk(directory: &Path, files: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { walk(&path, files) } else { files.push(path) }
        }
    }
    let mut files = Vec::new();
    walk(&wharf.data_directory(), &mut files);
    files.retain(|path| path.components().any(|part| part.as_os_str() == "blobs"));
    files
}

/// A stopped server with one image, and the file of its layer.
async fn damaged() -> (Wharf, tests::harness::Repository, tests::harness::Image, PathBuf) {
    let mut wharf = Wharf::start(Backend::SqliteDisk).await;
    let repository = wharf.repository();
    let image = tests::harness::Image::of(vec![random(123_457)]);
    repository.push_image("one", &image).await;
    wharf.signal("TERM");
    wharf.wait(Duration::from_secs(30)).expect("it ends");
    let layer = blob_files(&wharf)
        .into_iter()
        .find(|path| path.metadata().is_ok_and(|about| about.len() == 123_457))
        .expect("the layer is a file of its size");
    (wharf, repository, image, layer)
}

#[tokio::test]
async fn a_healthy_store_is_clean() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        repository.push_blob(&random(6 << 20)).await;
        repository.push_blob(b"").await;
        repository.begin().await.append(b"open session").await.expect(202);
        let finished = wharf.run(&["fsck"]);
        assert!(finished.status.success(), "{finished:?}");
        let finished = wharf.run(&["fsck", "--verify"]);
        assert!(finished.status.success(), "{finished:?}");
        // Repairing what is whole changes nothing, open sessions included.
        let finished = wharf.run(&["fsck", "--repair"]);
        assert!(finished.status.success(), "{finished:?}");
        repository.expect_image(Some("one"), &image).await;
    })
    .await;
}

#[tokio::test]
async fn a_hole_is_found() {
    let (mut wharf, repository, image, layer) = damaged().await;
    std::fs::remove_file(&layer).expect("the file can be removed");
    let finished = wharf.run(&["fsck"]);
    assert!(!finished.status.success(), "{finished:?}");
    let text = format!("{}{}", finished.stdout, finished.stderr);
    assert!(text.contains(&image.blobs[1].0), "the digest of the hole is named: {text}");
    // The start does not depend on it, and a pull of the damaged image does not lie.
    wharf.restart().await;
    let answer = repository.client().get(&repository.blob_path(&image.blobs[1].0)).try_send().await;
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status() != 200), "a hole is not served as a blob");
    repository.manifest("one").await.expect(200);
}

#[tokio::test]
async fn a_file_of_the_wrong_size_is_found() {
    let (wharf, _, image, layer) = damaged().await;
    let file = std::fs::File::options().write(true).open(&layer).expect("the file can be opened");
    file.set_len(1000).expect("the file can be cut");
    let finished = wharf.run(&["fsck"]);
    assert!(!finished.status.success(), "{finished:?}");
    assert!(format!("{}{}", finished.stdout, finished.stderr).contains(&image.blobs[1].0), "{finished:?}");
}

#[tokio::test]
async fn changed_bytes_are_found_when_digests_are_verified() {
    let (wharf, _, image, layer) = damaged().await;
    let mut bytes = std::fs::read(&layer).expect("the file can be read");
    bytes[60_000] ^= 1;
    std::fs::write(&layer, &bytes).expect("the file can be written");
    let finished = wharf.run(&["fsck"]);
    assert!(finished.status.success(), "sizes agree, and nothing else was asked for: {finished:?}");
    let finished = wharf.run(&["fsck", "--verify"]);
    assert!(!finished.status.success(), "{finished:?}");
    assert!(format!("{}{}", finished.stdout, finished.stderr).contains(&image.blobs[1].0), "{finished:?}");
}

#[tokio::test]
async fn an_orphan_is_found_and_put_aside_not_deleted() {
    let (mut wharf, repository, image, layer) = damaged().await;
    // A name of the same shape as the others that no row knows.
    let name = layer.file_name().and_then(|name| name.to_str()).expect("a name");
    let (shard, rest) = name.split_at(2);
    let orphan = layer.with_file_name(format!("{shard}{}", rest.chars().rev().collect::<String>()));
    std::fs::write(&orphan, b"orphaned bytes").expect("the file can be written");
    let old = std::time::SystemTime::now() - Duration::from_secs(48 * 3600);
    let file = std::fs::File::options().write(true).open(&orphan).expect("the file can be opened");
    file.set_modified(old).expect("the time can be set");
    let finished = wharf.run(&["fsck"]);
    assert!(!finished.status.success(), "{finished:?}");
    let finished = wharf.run(&["fsck", "--repair"]);
    println!("{finished:?}");
    assert!(!orphan.exists(), "the orphan is out of the way: {finished:?}");
    let finished = wharf.run(&["fsck"]);
    assert!(finished.status.success(), "{finished:?}");
    fn holds(directory: &Path, bytes: &[u8]) -> bool {
        std::fs::read_dir(directory).into_iter().flatten().flatten().any(|entry| {
            let path = entry.path();
            if path.is_dir() { holds(&path, bytes) } else { std::fs::read(&path).is_ok_and(|found| found == bytes) }
        })
    }
    assert!(holds(&wharf.data_directory(), b"orphaned bytes"), "quarantine keeps the bytes");
    wharf.restart().await;
    repository.expect_image(Some("one"), &image).await;
}

/// Before it is moved, it is written down that nobody may come to need it.
#[tokio::test]
async fn a_repair_that_was_interrupted_is_finished_by_the_next() {
    let wharf = Wharf::start(Backend::PostgresDisk).await;
    wharf.repository().push_blob(&random(1000)).await;
    let known = blob_files(&wharf).pop().expect("a blob is a file");
    let name = known.file_name().and_then(|name| name.to_str()).expect("a name");
    let (shard, rest) = name.split_at(2);
    let name = format!("{shard}{}", rest.chars().rev().collect::<String>());
    let orphan = known.with_file_name(&name);
    std::fs::write(&orphan, b"orphaned bytes").expect("the file can be written");
    // As it is while the object is on its way, and as it stays when that ends there.
    let finished = wharf.run(&["fsck", "--repair"]);
    assert!(finished.stdout.contains("orphan") && !orphan.exists(), "{finished:?}");
    let aside = wharf.data_directory().join("blobs/quarantine").join(&name);
    std::fs::rename(&aside, &orphan).expect("it is where quarantine is");
    let removals =
        wharf.backing().database().query(&format!("select count(*) from removals where object_key like '%{name}'"));
    assert_eq!(removals, "1");
    let finished = wharf.run(&["fsck"]);
    assert!(finished.stdout.contains("orphan"), "{finished:?}");
    let finished = wharf.run(&["fsck", "--repair"]);
    assert!(!orphan.exists() && aside.exists(), "{finished:?}");
    assert!(wharf.run(&["fsck"]).status.success());
}

#[tokio::test]
async fn what_is_damaged_is_mended_by_a_push() {
    for cut in [true, false] {
        let (mut wharf, repository, image, layer) = damaged().await;
        let (digest, bytes) = &image.blobs[1];
        if cut {
            std::fs::File::options()
                .write(true)
                .open(&layer)
                .and_then(|file| file.set_len(1000))
                .expect("it can be cut");
        } else {
            let mut changed = bytes.clone();
            changed[60_000] ^= 1;
            std::fs::write(&layer, &changed).expect("the file can be written");
        }
        let finished = wharf.run(&["fsck", "--verify", "--repair"]);
        assert!(!finished.status.success() && finished.stdout.contains("pushed again"), "{finished:?}");
        assert!(!layer.exists(), "what is damaged is put aside");
        wharf.restart().await;
        repository.head_blob(digest).await.expect(404);
        repository.blob(digest).await.expect_error(404, "BLOB_UNKNOWN");
        repository.push_blob(bytes).await;
        repository.expect_image(Some("one"), &image).await;
        let finished = wharf.run(&["fsck", "--verify"]);
        assert!(finished.status.success() && finished.stdout.contains(" 0 of them on their way out"), "{finished:?}");
        repository.expect_image(Some("one"), &image).await;
    }
}

/// Two servers over one PostgreSQL and one bucket, the first of which sees the bucket through a proxy.
async fn beside_another() -> (Arc<Wharf>, FaultProxy, Wharf) {
    let backing = Arc::new(Backing::create(Backend::PostgresS3));
    let proxy = FaultProxy::start(backing.storage().endpoint()).await;
    let through = Wharf::sharing(backing.clone()).set("WHARF_S3_ENDPOINT", proxy.endpoint()).start().await;
    (Arc::new(through), proxy, Wharf::sharing(backing).start().await)
}

fn run(wharf: &Arc<Wharf>, arguments: &'static [&'static str]) -> tokio::task::JoinHandle<Finished> {
    let wharf = Arc::clone(wharf);
    tokio::task::spawn_blocking(move || wharf.run(arguments))
}

/// Reading everything takes hours, and the registry goes on meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_freed_while_the_rest_is_read_is_no_finding() {
    let (wharf, proxy, other) = beside_another().await;
    let repository = wharf.repository();
    let mut blobs = Vec::new();
    for _ in 0..3 {
        blobs.push(repository.push_blob(&random(10_000)).await);
    }
    // The first object that is read takes as long as the rest of this.
    let first = AtomicBool::new(true);
    proxy.plan(move |seen| {
        let reads = seen.method == http::Method::GET && seen.uri.path().contains("/blobs/");
        if reads && first.swap(false, Ordering::Relaxed) { Fault::Held } else { Fault::None }
    });
    let fsck = run(&wharf, &["fsck", "--verify", "--repair"]);
    while proxy.faults() == 0 {
        assert!(!fsck.is_finished(), "no object is read");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for blob in &blobs {
        repository.delete_blob(blob).await.expect(202);
    }
    let collected = tokio::task::spawn_blocking(move || other.run(&["gc", "--delay", "0s"])).await.expect("no panic");
    assert!(collected.status.success() && !fsck.is_finished(), "{collected:?}");
    proxy.heal();
    let finished = fsck.await.expect("no panic");
    assert!(finished.status.success(), "{finished:?}");
    assert!(finished.stdout.contains(" 0 findings"), "{finished:?}");
}

/// What cannot be read is when an operator wants to know of the rest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_cannot_be_read_is_told_and_the_rest_is_verified() {
    let (wharf, proxy, _other) = beside_another().await;
    let repository = wharf.repository();
    let mut blobs = Vec::new();
    for _ in 0..3 {
        blobs.push(repository.push_blob(&random(10_000)).await);
    }
    // The first object that is read, and always this one.
    let bad = std::sync::OnceLock::new();
    proxy.plan(move |seen| {
        let path = seen.uri.path();
        let reads = seen.method == http::Method::GET && path.contains("/blobs/");
        if reads && bad.get_or_init(|| path.to_owned()) == path { Fault::Status(500) } else { Fault::None }
    });
    let finished = run(&wharf, &["fsck", "--verify", "--repair"]).await.expect("no panic");
    assert_eq!(finished.status.code(), Some(1), "{finished:?}");
    let told: Vec<&String> = blobs.iter().filter(|blob| finished.stdout.contains(*blob)).collect();
    assert!(told.len() == 1 && finished.stdout.contains("3 blobs"), "{finished:?}");
    // It may be read another time, and then it is what it was.
    proxy.heal();
    for blob in &blobs {
        repository.blob(blob).await.expect(200);
    }
    // A storage that is gone is another matter.
    for _ in 0..3 {
        repository.push_blob(&random(10_000)).await;
    }
    proxy.plan(|seen| {
        let reads = seen.method == http::Method::GET && seen.uri.path().contains("/blobs/");
        if reads { Fault::Status(500) } else { Fault::None }
    });
    let finished = run(&wharf, &["fsck", "--verify"]).await.expect("no panic");
    assert_eq!(finished.status.code(), Some(2), "{finished:?}");
}

/// In a bucket an object has a name of its own from the beginning, and the row that names it comes last.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_whose_row_is_on_its_way_is_not_put_aside() {
    let (wharf, _proxy, other) = beside_another().await;
    let repository = wharf.repository();
    repository.push_blob(b"the first").await;
    let bytes = random(10_000);
    let upload = repository.begin().await;
    // Somebody holds the table for a while.
    let backing = Arc::clone(other.backing());
    let holder = tokio::task::spawn_blocking(move || {
        backing.database().query("begin; lock table repository_blobs in exclusive mode; select pg_sleep(8); commit")
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let push = tokio::spawn({
        let (bytes, digest) = (bytes.clone(), digest(&bytes));
        async move { upload.close_with(&digest, bytes).await.status() }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let finished = run(&wharf, &["fsck", "--repair"]).await.expect("no panic");
    let status = push.await.expect("no panic");
    holder.await.expect("no panic");
    assert_eq!(status, 201, "{finished:?}");
    repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
    assert!(finished.status.success(), "{finished:?}");
    let finished = run(&wharf, &["fsck"]).await.expect("no panic");
    assert!(finished.status.success(), "{finished:?}");
}
