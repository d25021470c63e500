//! What every driver must do. Each function takes a store that is open; `disk` and `s3` call them all.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use types::Algorithm;

use super::harness::{CLOSING, Harness, MIB, OPEN, broken, content, frames, sha256, stalled};
use crate::{Append, Error, Key};

/// Sizes around every boundary: nothing, pieces, the smallest part, a part, a part with what is held back.
const SIZES: [usize; 14] = [
    0,
    1,
    4096,
    256 * 1024,
    MIB + 1,
    5 * MIB - 1,
    5 * MIB,
    5 * MIB + 1,
    8 * MIB - 1,
    8 * MIB,
    13 * MIB - 1,
    13 * MIB,
    13 * MIB + 1,
    21 * MIB + 7,
];

pub(super) async fn a_blob_in_one_request_comes_back(harness: &Harness) {
    for size in SIZES {
        let bytes = content(size, 1);
        let finished = harness.put(&bytes).await;
        harness.assert_holds(&finished, &bytes).await;
    }
}

pub(super) async fn a_streamed_blob_with_an_empty_closing_request_comes_back(harness: &Harness) {
    for size in SIZES {
        let bytes = content(size, 2);
        let mut staged = harness.blobs.begin(None).unwrap();
        harness.append(&mut staged, &bytes).await;
        assert_eq!(staged.offset(), size as u64);
        let mut staged = harness.kept(&staged);
        harness.blobs.append(&mut staged, frames(&Bytes::new(), 1), CLOSING).await.unwrap();
        let finished = harness.blobs.finish(&mut staged, &sha256(&bytes)).await.unwrap();
        harness.assert_holds(&finished, &bytes).await;
    }
}

/// Appends `bytes` cut at `cuts`, the state going through JSON in between; the last piece closes if `closing`.
pub(super) async fn any_split_gives_the_same_blob(harness: &Harness, bytes: &Bytes, cuts: &[usize], closing: bool) {
    let mut staged = harness.blobs.begin(None).unwrap();
    let mut superseded = Vec::new();
    let mut at = 0;
    let ends = cuts.iter().copied().chain([bytes.len()]);
    for (number, end) in ends.enumerate() {
        let about = Append { closing: closing && number == cuts.len(), ..OPEN };
        let frame = [700, 5000, 70_000, 3 * MIB][number % 4];
        harness.blobs.append(&mut staged, frames(&bytes.slice(at..end), frame), about).await.unwrap();
        at = end;
        superseded.extend(staged.take_superseded());
        if !about.closing {
            staged = harness.kept(&staged);
        }
        assert_eq!(staged.offset(), at as u64);
    }
    let finished = harness.blobs.finish(&mut staged, &sha256(bytes)).await.unwrap();
    superseded.extend(staged.take_superseded());
    assert!(!superseded.contains(&finished.key));
    harness.blobs.delete(&superseded).await.unwrap();
    harness.assert_holds(&finished, bytes).await;
    harness.blobs.delete(&[finished.key]).await.unwrap();
    assert!(harness.blobs.list(None, 10).await.unwrap().is_empty(), "an object was left behind");
    let later = SystemTime::now() + Duration::from_secs(60);
    assert!(harness.blobs.leftovers(later, 10).await.unwrap().is_empty(), "an upload was left behind");
}

pub(super) async fn what_a_broken_body_sent_is_kept(harness: &Harness, size: usize) {
    let bytes = content(size, 3);
    let mut staged = harness.blobs.begin(None).unwrap();
    for closing in [false, true] {
        let half = bytes.slice(staged.offset() as usize..staged.offset() as usize + size / 2);
        let about = Append { closing, ..OPEN };
        let failed = harness.blobs.append(&mut staged, broken(&half), about).await;
        assert!(matches!(failed, Err(Error::Body { .. })), "{failed:?}");
        staged = harness.kept(&staged);
    }
    assert_eq!(staged.offset(), 2 * (size as u64 / 2));
    let rest = bytes.slice(staged.offset() as usize..);
    harness.blobs.append(&mut staged, frames(&rest, 10), CLOSING).await.unwrap();
    let finished = harness.blobs.finish(&mut staged, &sha256(&bytes)).await.unwrap();
    harness.assert_holds(&finished, &bytes).await;
}

pub(super) async fn an_abandoned_append_changes_nothing(harness: &Harness, size: usize) {
    let bytes = content(size, 4);
    let mut staged = harness.blobs.begin(None).unwrap();
    harness.append(&mut staged, &bytes.slice(..size / 3)).await;
    let before = harness.kept(&staged);
    let other = content(size, 5);
    let append = harness.blobs.append(&mut staged, stalled(&other), OPEN);
    assert!(tokio::time::timeout(Duration::from_millis(300), append).await.is_err());
    assert_eq!(staged.offset(), before.offset());
    harness.append(&mut staged, &bytes.slice(size / 3..)).await;
    let finished = harness.blobs.finish(&mut staged, &sha256(&bytes)).await.unwrap();
    harness.assert_holds(&finished, &bytes).await;
}

/// Two requests go on from one state, which the caller's lease should prevent: whatever comes of it, no content is
/// stored under a digest that it does not have.
pub(super) async fn of_two_that_go_on_from_one_state_one_finishes(harness: &Harness, size: usize) {
    let (start, one, two) = (content(size, 6), content(size, 7), content(size / 2, 8));
    let whole = |rest: &Bytes| Bytes::from([start.clone(), rest.clone()].concat());
    let mut first = harness.blobs.begin(None).unwrap();
    harness.append(&mut first, &start).await;
    let mut second = harness.kept(&first);
    harness.append(&mut first, &one).await;
    let mut stale = harness.kept(&first);
    harness.append(&mut second, &two).await;
    let finished = harness.blobs.finish(&mut second, &sha256(&whole(&two))).await.unwrap();
    harness.assert_holds(&finished, &whole(&two)).await;
    if let Ok(other) = harness.blobs.finish(&mut stale, &sha256(&whole(&one))).await {
        harness.assert_holds(&other, &whole(&one)).await;
    }
    harness.assert_holds(&finished, &whole(&two)).await;
}

pub(super) async fn a_rolled_back_append_can_be_repeated(harness: &Harness, size: usize) {
    let bytes = content(size, 9);
    let mut staged = harness.blobs.begin(None).unwrap();
    for (from, to) in [(0, size / 2), (size / 2, size)] {
        let before = harness.kept(&staged);
        harness.append(&mut staged, &content(size, 10)).await;
        staged = before;
        let limit = Append { limit: Some(10), ..OPEN };
        let failed = harness.blobs.append(&mut staged, frames(&content(size, 11), 100_000), limit).await;
        assert!(matches!(failed, Err(Error::ChunkLimit { limit: 10 })));
        harness.append(&mut staged, &bytes.slice(from..to)).await;
    }
    let finished = harness.blobs.finish(&mut staged, &sha256(&bytes)).await.unwrap();
    harness.assert_holds(&finished, &bytes).await;
}

pub(super) async fn a_wrong_digest_is_refused_and_the_upload_goes_on(harness: &Harness, size: usize) {
    let bytes = content(size, 12);
    let mut staged = harness.blobs.begin(None).unwrap();
    harness.append(&mut staged, &bytes).await;
    for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
        let mut wrong = harness.kept(&staged);
        let failed = harness.blobs.finish(&mut wrong, &algorithm.digest(b"other")).await;
        match failed {
            Err(Error::DigestMismatch { actual, .. }) => assert_eq!(actual, algorithm.digest(&bytes)),
            other => panic!("{other:?}"),
        }
        if algorithm == Algorithm::Sha256 {
            staged = wrong;
        }
    }
    // A closing request with a wrong digest leaves the state before it good.
    let mut staged = harness.blobs.begin(None).unwrap();
    harness.append(&mut staged, &bytes).await;
    let mut closing = harness.kept(&staged);
    harness.blobs.append(&mut closing, frames(&content(10, 13), 10), CLOSING).await.unwrap();
    assert!(harness.blobs.finish(&mut closing, &sha256(&bytes)).await.is_err());
    let finished = harness.blobs.finish(&mut staged, &sha256(&bytes)).await.unwrap();
    harness.assert_holds(&finished, &bytes).await;
}

pub(super) async fn sha512_works_tracked_and_read_back(harness: &Harness) {
    for (size, tracked) in [(0, true), (100, true), (100, false), (14 * MIB, true), (14 * MIB, false)] {
        let bytes = content(size, 14);
        let mut staged = harness.blobs.begin(None).unwrap();
        if tracked {
            staged.track(Algorithm::Sha512);
        }
        harness.append(&mut staged, &bytes).await;
        let mut staged = harness.kept(&staged);
        let finished = harness.blobs.finish(&mut staged, &Algorithm::Sha512.digest(&bytes)).await.unwrap();
        harness.assert_holds(&finished, &bytes).await;
    }
}

pub(super) async fn hash_states_of_another_version_are_not_needed(harness: &Harness) {
    for size in [100, 14 * MIB] {
        let bytes = content(size, 15);
        let mut staged = harness.blobs.begin(None).unwrap();
        harness.append(&mut staged, &bytes.slice(..size / 2)).await;
        staged.hashes.forget_format();
        harness.append(&mut staged, &bytes.slice(size / 2..)).await;
        let finished = harness.blobs.finish(&mut staged, &sha256(&bytes)).await.unwrap();
        harness.assert_holds(&finished, &bytes).await;
    }
}

pub(super) async fn finishing_twice_answers_the_same(harness: &Harness, size: usize) {
    let bytes = content(size, 16);
    let mut staged = harness.blobs.begin(None).unwrap();
    harness.append(&mut staged, &bytes).await;
    let before = harness.kept(&staged);
    let finished = harness.blobs.finish(&mut staged, &sha256(&bytes)).await.unwrap();
    assert_eq!(harness.blobs.finish(&mut staged, &sha256(&bytes)).await.unwrap(), finished);
    // The answer to the first was lost, and the caller goes on from what it had kept.
    let again = harness.blobs.finish(&mut before.clone(), &sha256(&bytes)).await.unwrap();
    harness.assert_holds(&again, &bytes).await;
    assert!(harness.blobs.finish(&mut before.clone(), &sha256(b"other")).await.is_err());
    harness.assert_holds(&finished, &bytes).await;
}

pub(super) async fn an_aborted_upload_leaves_nothing(harness: &Harness) {
    let later = || SystemTime::now() + Duration::from_secs(60);
    for size in [100, 14 * MIB] {
        let mut staged = harness.blobs.begin(None).unwrap();
        harness.blobs.abort(&staged).await.unwrap();
        harness.append(&mut staged, &content(size, 17)).await;
        harness.append(&mut staged, &content(10, 18)).await;
        harness.blobs.abort(&staged).await.unwrap();
        harness.blobs.abort(&staged).await.unwrap();
        assert!(harness.blobs.leftovers(later(), 10).await.unwrap().is_empty());
        assert!(harness.blobs.list(None, 10).await.unwrap().is_empty());
        let failed = harness.blobs.finish(&mut staged.clone(), &sha256(b"")).await;
        assert!(failed.is_err());
    }
}

pub(super) async fn leftovers_are_found_and_discarded(harness: &Harness) {
    let later = || SystemTime::now() + Duration::from_secs(60);
    let mut keys = Vec::new();
    for _ in 0..3 {
        let mut staged = harness.blobs.begin(None).unwrap();
        harness.append(&mut staged, &content(14 * MIB, 19)).await;
        keys.push(staged.key().clone());
    }
    // As long ago as can be: the imitation of S3 in moto says of every upload that it was begun in 2010.
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(3600);
    assert!(harness.blobs.leftovers(long_ago, 10).await.unwrap().is_empty());
    let mut found = harness.blobs.leftovers(later(), 10).await.unwrap();
    found.sort_by(|one, other| one.key.cmp(&other.key));
    keys.sort();
    assert_eq!(found.iter().map(|leftover| &leftover.key).collect::<Vec<_>>(), keys.iter().collect::<Vec<_>>());
    assert_eq!(harness.blobs.leftovers(later(), 2).await.unwrap().len(), 2);
    for leftover in &found {
        harness.blobs.discard(leftover).await.unwrap();
        harness.blobs.discard(leftover).await.unwrap();
    }
    assert!(harness.blobs.leftovers(later(), 10).await.unwrap().is_empty());
}

pub(super) async fn ranges_are_read_exactly(harness: &Harness) {
    let size = 3 * MIB + 17;
    let bytes = content(size, 20);
    let finished = harness.put(&bytes).await;
    let ranges = [(0, 1), (size - 1, size), (10, 10), (1, 300_000), (MIB - 1, 3 * MIB + 2), (0, size), (size, size)];
    for (from, to) in ranges {
        let got = harness.get(&finished.key, from, to).await.unwrap();
        assert!(got == bytes[from..to], "{from}..{to}");
    }
    assert!(harness.get(&finished.key, size - 1, size + 1).await.is_err());
    harness.assert_absent(&Key::generate()).await;
}

pub(super) async fn a_slow_reader_gets_every_byte(harness: &Harness) {
    let bytes = content(6 * MIB, 21);
    let finished = harness.put(&bytes).await;
    let mut stream = harness.blobs.read(&finished.key, 0..finished.size, None).await.unwrap();
    let mut got = Vec::new();
    let mut pieces = 0;
    while let Some(piece) = stream.next().await {
        got.extend_from_slice(&piece.unwrap());
        pieces += 1;
        if pieces == 3 {
            tokio::time::sleep(Duration::from_millis(2500)).await;
        }
    }
    assert!(bytes == got);
}

pub(super) async fn objects_are_listed_in_order_and_deleted(harness: &Harness) {
    let mut keys = Vec::new();
    for seed in 0..12 {
        keys.push(harness.put(&content(seed, 22)).await.key);
    }
    keys.sort();
    let mut listed = Vec::new();
    loop {
        let page = harness.blobs.list(listed.last(), 5).await.unwrap();
        assert!(page.len() <= 5);
        match page.is_empty() {
            true => break,
            false => listed.extend(page.into_iter().map(|(key, _)| key)),
        }
    }
    assert_eq!(listed, keys);
    harness.blobs.quarantine(&keys[0]).await.unwrap();
    harness.blobs.quarantine(&keys[0]).await.unwrap();
    harness.assert_absent(&keys[0]).await;
    harness.blobs.delete(&keys[..6]).await.unwrap();
    harness.blobs.delete(&keys[5..6]).await.unwrap();
    harness.blobs.delete(&[]).await.unwrap();
    assert_eq!(harness.blobs.list(None, 100).await.unwrap().len(), 6);
}

pub(super) async fn the_probe_passes_and_leaves_nothing(harness: &Harness) {
    harness.blobs.probe(None).await.unwrap();
    assert!(harness.blobs.list(None, 10).await.unwrap().is_empty());
    assert!(harness.blobs.writable());
}

/// `harness` has a budget of 16 MiB: many uploads at once all finish, and never hold more.
pub(super) async fn many_uploads_share_a_small_budget(harness: &Harness, uploads: u64, size: usize) {
    let budget = harness.blobs.metrics().budget_in_use.clone();
    let all = join_all((0..uploads).map(async |seed| {
        let bytes = content(size, 100 + seed);
        let mut staged = harness.blobs.begin(None).unwrap();
        let paced = frames(&bytes, 300_000).then(async |frame| {
            tokio::task::yield_now().await;
            frame
        });
        harness.blobs.append(&mut staged, paced.boxed(), OPEN).await.unwrap();
        let finished = harness.blobs.finish(&mut staged, &sha256(&bytes)).await.unwrap();
        (finished, bytes)
    }));
    tokio::pin!(all);
    let mut most = 0;
    let done = loop {
        tokio::select! {
            done = &mut all => break done,
            () = tokio::time::sleep(Duration::from_millis(1)) => most = most.max(budget.get()),
        }
    };
    assert!(most > 0 && most <= 16 * MIB as i64, "{most}");
    assert_eq!(budget.get(), 0);
    for (finished, bytes) in done {
        harness.assert_holds(&finished, &bytes).await;
    }
}

/// `harness` has an idle timeout of 300 ms.
pub(super) async fn a_silent_body_is_ended_and_what_it_sent_kept(harness: &Harness) {
    let bytes = content(2 * MIB, 23);
    let mut staged = harness.blobs.begin(None).unwrap();
    let failed = harness.blobs.append(&mut staged, stalled(&bytes), OPEN).await;
    assert!(matches!(failed, Err(Error::Body { .. })));
    assert_eq!(staged.offset(), bytes.len() as u64);
    let failed = harness.blobs.append(&mut staged, stream::pending::<Result<Bytes, Error>>(), OPEN).await;
    assert!(matches!(failed, Err(Error::Body { .. })));
    let finished = harness.blobs.finish(&mut staged, &sha256(&bytes)).await.unwrap();
    harness.assert_holds(&finished, &bytes).await;
}
