//! `wharf fsck`: database and store compared. Damage is done by hand on a stopped server with a directory as its store.

use std::path::{Path, PathBuf};

use tests::harness::{Backend, Wharf, on_all, random};

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
    wharf.wait(std::time::Duration::from_secs(10)).expect("it ends");
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
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(48 * 3600);
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
