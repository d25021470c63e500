//! The suite on a directory, any split of a body, and what only a disk can get wrong.

use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::harness::{self, MIB, OPEN, content, frames, sha256, stalled};
use super::suite;
use crate::{Config, Error, Location};

#[tokio::test]
async fn a_blob_in_one_request_comes_back() {
    suite::a_blob_in_one_request_comes_back(&harness::disk().await).await;
}

#[tokio::test]
async fn a_streamed_blob_with_an_empty_closing_request_comes_back() {
    suite::a_streamed_blob_with_an_empty_closing_request_comes_back(&harness::disk().await).await;
}

#[tokio::test]
async fn what_a_broken_body_sent_is_kept() {
    for size in [100, 3 * MIB] {
        suite::what_a_broken_body_sent_is_kept(&harness::disk().await, size).await;
    }
}

#[tokio::test]
async fn an_abandoned_append_changes_nothing() {
    for size in [300, 3 * MIB] {
        suite::an_abandoned_append_changes_nothing(&harness::disk().await, size).await;
    }
}

#[tokio::test]
async fn of_two_that_go_on_from_one_state_one_finishes() {
    for size in [300, 3 * MIB] {
        suite::of_two_that_go_on_from_one_state_one_finishes(&harness::disk().await, size).await;
    }
}

#[tokio::test]
async fn a_rolled_back_append_can_be_repeated() {
    suite::a_rolled_back_append_can_be_repeated(&harness::disk().await, 3 * MIB).await;
}

#[tokio::test]
async fn a_wrong_digest_is_refused_and_the_upload_goes_on() {
    suite::a_wrong_digest_is_refused_and_the_upload_goes_on(&harness::disk().await, MIB).await;
}

#[tokio::test]
async fn sha512_works_tracked_and_read_back() {
    suite::sha512_works_tracked_and_read_back(&harness::disk().await).await;
}

#[tokio::test]
async fn hash_states_of_another_version_are_not_needed() {
    suite::hash_states_of_another_version_are_not_needed(&harness::disk().await).await;
}

#[tokio::test]
async fn finishing_twice_answers_the_same() {
    for size in [0, 1000] {
        suite::finishing_twice_answers_the_same(&harness::disk().await, size).await;
    }
}

#[tokio::test]
async fn an_aborted_upload_leaves_nothing() {
    suite::an_aborted_upload_leaves_nothing(&harness::disk().await).await;
}

#[tokio::test]
async fn leftovers_are_found_and_discarded() {
    suite::leftovers_are_found_and_discarded(&harness::disk().await).await;
}

#[tokio::test]
async fn ranges_are_read_exactly() {
    suite::ranges_are_read_exactly(&harness::disk().await).await;
}

#[tokio::test]
async fn a_slow_reader_gets_every_byte() {
    suite::a_slow_reader_gets_every_byte(&harness::disk().await).await;
}

#[tokio::test]
async fn objects_are_listed_in_order_and_deleted() {
    suite::objects_are_listed_in_order_and_deleted(&harness::disk().await).await;
}

#[tokio::test]
async fn the_probe_passes_and_leaves_nothing() {
    suite::the_probe_passes_and_leaves_nothing(&harness::disk().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_uploads_share_a_small_budget() {
    let harness = harness::disk_with(|config| config.memory_budget = 16 * MIB).await;
    suite::many_uploads_share_a_small_budget(&harness, 40, 2 * MIB).await;
}

#[tokio::test]
async fn a_silent_body_is_ended_and_what_it_sent_kept() {
    let harness = harness::disk_with(|config| config.idle_timeout = Duration::from_millis(300)).await;
    suite::a_silent_body_is_ended_and_what_it_sent_kept(&harness).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_split_gives_the_same_blob(
        size in 0usize..1_500_000,
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        closing: bool,
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(size + 1)).collect();
        cuts.sort_unstable();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let harness = harness::disk().await;
            suite::any_split_gives_the_same_blob(&harness, &content(size, 30), &cuts, closing).await;
        });
    }
}

#[tokio::test]
async fn below_the_reserve_nothing_is_written_and_reads_go_on() {
    let harness = harness::disk().await;
    let bytes = content(1000, 31);
    let finished = harness.put(&bytes).await;
    let root = harness.directory.as_ref().unwrap().path().join("blobs");
    let config = Config::new(Location::Disk { root, low_water: u64::MAX });
    let full = crate::Blobs::open(config).await.unwrap();
    assert!(matches!(full.begin(None), Err(Error::NoSpace)));
    let mut staged = harness.blobs.begin(None).unwrap();
    let failed = full.append(&mut staged, frames(&bytes, 100), OPEN).await;
    assert!(matches!(failed, Err(Error::NoSpace)));
    assert!(!full.writable());
    assert!(matches!(full.probe(None).await, Err(Error::NoSpace)));
    assert_eq!(full.size(&finished.key).await.unwrap(), Some(1000));
}

/// Two requests at once on one upload: the second waits for a moment and is then refused, the first is not disturbed.
#[tokio::test]
async fn an_upload_is_written_to_by_one_request_at_a_time() {
    let harness = harness::disk().await;
    let bytes = content(MIB, 32);
    let mut first = harness.blobs.begin(None).unwrap();
    let mut second = first.clone();
    let (blobs, slow) = (harness.blobs.clone(), stalled(&bytes));
    let task = tokio::spawn(async move { blobs.append(&mut first, slow, OPEN).await });
    tokio::time::sleep(Duration::from_millis(800)).await;
    let refused = harness.blobs.append(&mut second, frames(&bytes, 1000), OPEN).await;
    assert!(matches!(refused, Err(Error::Busy)), "{refused:?}");
    task.abort();
    let _ = task.await;
    harness.append(&mut second, &bytes).await;
    let finished = harness.blobs.finish(&mut second, &sha256(&bytes)).await.unwrap();
    harness.assert_holds(&finished, &bytes).await;
}

/// A stale request that begins a finished upload anew must not replace its object.
#[tokio::test]
async fn an_object_is_never_overwritten() {
    let harness = harness::disk().await;
    let begun = harness.blobs.begin(None).unwrap();
    let (bytes, other) = (content(1000, 33), content(2000, 34));
    let mut staged = begun.clone();
    harness.append(&mut staged, &bytes).await;
    let finished = harness.blobs.finish(&mut staged, &sha256(&bytes)).await.unwrap();
    let mut stale = begun.clone();
    harness.append(&mut stale, &other).await;
    let refused = harness.blobs.finish(&mut stale, &sha256(&other)).await;
    assert!(matches!(refused, Err(Error::Lost { .. })), "{refused:?}");
    harness.assert_holds(&finished, &bytes).await;
}

#[tokio::test]
async fn a_lost_staging_file_is_told() {
    let harness = harness::disk().await;
    let mut staged = harness.blobs.begin(None).unwrap();
    harness.append(&mut staged, &content(1000, 35)).await;
    harness.blobs.abort(&staged).await.unwrap();
    let failed = harness.blobs.append(&mut staged, frames(&Bytes::from_static(b"more"), 4), OPEN).await;
    assert!(matches!(failed, Err(Error::Lost { .. })));
}

/// On a full disk a failed push must not keep the space that it took.
#[tokio::test]
async fn a_refused_append_gives_its_space_back() {
    let harness = harness::disk().await;
    let mut staged = harness.blobs.begin(None).unwrap();
    harness.append(&mut staged, &content(1000, 36)).await;
    let file = harness.directory.as_ref().unwrap().path().join("blobs/staging").join(staged.key().name());
    let limit = crate::Append { limit: Some(MIB as u64), ..OPEN };
    let refused = harness.blobs.append(&mut staged, frames(&content(2 * MIB, 37), 100_000), limit).await;
    assert!(matches!(refused, Err(Error::ChunkLimit { .. })));
    assert_eq!(std::fs::metadata(file).unwrap().len(), 1000);
}

/// Also when a backup was put back that leaves out what is empty.
#[tokio::test]
async fn directories_of_objects_are_made_for_the_first_one_in_them() {
    let harness = harness::disk().await;
    let objects = harness.directory.as_ref().unwrap().path().join("blobs/blobs");
    assert_eq!(std::fs::read_dir(&objects).unwrap().count(), 0);
    assert_eq!(harness.blobs.list(None, 10).await.unwrap(), []);
    let bytes = content(1000, 38);
    let finished = harness.put(&bytes).await;
    assert_eq!(std::fs::read_dir(&objects).unwrap().count(), 1);
    harness.assert_holds(&finished, &bytes).await;
    let listed = harness.blobs.list(None, 10).await.unwrap();
    assert_eq!(listed, [(finished.key, 1000)]);
}
