//! The suite on a bucket of a real service, how many requests it costs, and what only S3 can get wrong.

use std::time::Duration;

use bytes::Bytes;

use super::harness::{self, CLOSING, Harness, MIB, OPEN, content, frames, sha256, stalled};
use super::suite;
use crate::Key;
use crate::metrics::RequestLabels;

macro_rules! harness_or_return {
    ($made:expr) => {
        match $made.await {
            Some(harness) => harness,
            None => return,
        }
    };
}

#[tokio::test]
async fn a_blob_in_one_request_comes_back() {
    suite::a_blob_in_one_request_comes_back(&harness_or_return!(harness::s3())).await;
}

#[tokio::test]
async fn a_streamed_blob_with_an_empty_closing_request_comes_back() {
    suite::a_streamed_blob_with_an_empty_closing_request_comes_back(&harness_or_return!(harness::s3())).await;
}

#[tokio::test]
async fn any_split_gives_the_same_blob() {
    let whole = content(23 * MIB, 40);
    let splits: [(usize, &[usize]); 9] = [
        (0, &[0, 0]),
        (3, &[1, 2]),
        (100_000, &[0, 50_000]),
        (6 * MIB, &[5 * MIB - 1, 5 * MIB]),
        (14 * MIB, &[13 * MIB]),
        (14 * MIB, &[MIB, 2 * MIB, 9 * MIB]),
        (15 * MIB, &[14 * MIB, 14 * MIB + 1, 14 * MIB + 2]),
        (23 * MIB, &[13 * MIB + 1, 18 * MIB + 2]),
        (23 * MIB, &[6 * MIB, 13 * MIB, 21 * MIB, 22 * MIB]),
    ];
    for (size, cuts) in splits {
        for closing in [false, true] {
            let harness = harness_or_return!(harness::s3());
            suite::any_split_gives_the_same_blob(&harness, &whole.slice(..size), cuts, closing).await;
        }
    }
}

#[tokio::test]
async fn what_a_broken_body_sent_is_kept() {
    for size in [100, 14 * MIB, 40 * MIB] {
        suite::what_a_broken_body_sent_is_kept(&harness_or_return!(harness::s3()), size).await;
    }
}

#[tokio::test]
async fn an_abandoned_append_changes_nothing() {
    for size in [300, 15 * MIB, 42 * MIB] {
        suite::an_abandoned_append_changes_nothing(&harness_or_return!(harness::s3()), size).await;
    }
}

#[tokio::test]
async fn of_two_that_go_on_from_one_state_one_finishes() {
    for size in [300, 14 * MIB] {
        suite::of_two_that_go_on_from_one_state_one_finishes(&harness_or_return!(harness::s3()), size).await;
    }
}

#[tokio::test]
async fn a_rolled_back_append_can_be_repeated() {
    for size in [MIB, 28 * MIB] {
        suite::a_rolled_back_append_can_be_repeated(&harness_or_return!(harness::s3()), size).await;
    }
}

#[tokio::test]
async fn a_wrong_digest_is_refused_and_the_upload_goes_on() {
    for size in [MIB, 14 * MIB] {
        suite::a_wrong_digest_is_refused_and_the_upload_goes_on(&harness_or_return!(harness::s3()), size).await;
    }
}

#[tokio::test]
async fn sha512_works_tracked_and_read_back() {
    suite::sha512_works_tracked_and_read_back(&harness_or_return!(harness::s3())).await;
}

#[tokio::test]
async fn hash_states_of_another_version_are_not_needed() {
    suite::hash_states_of_another_version_are_not_needed(&harness_or_return!(harness::s3())).await;
}

#[tokio::test]
async fn finishing_twice_answers_the_same() {
    for size in [0, 1000, 14 * MIB] {
        suite::finishing_twice_answers_the_same(&harness_or_return!(harness::s3()), size).await;
    }
}

#[tokio::test]
async fn an_aborted_upload_leaves_nothing() {
    suite::an_aborted_upload_leaves_nothing(&harness_or_return!(harness::s3())).await;
}

#[tokio::test]
async fn leftovers_are_found_and_discarded() {
    suite::leftovers_are_found_and_discarded(&harness_or_return!(harness::s3())).await;
}

#[tokio::test]
async fn ranges_are_read_exactly() {
    suite::ranges_are_read_exactly(&harness_or_return!(harness::s3())).await;
}

#[tokio::test]
async fn a_slow_reader_gets_every_byte() {
    suite::a_slow_reader_gets_every_byte(&harness_or_return!(harness::s3())).await;
}

#[tokio::test]
async fn objects_are_listed_in_order_and_deleted() {
    suite::objects_are_listed_in_order_and_deleted(&harness_or_return!(harness::s3())).await;
}

#[tokio::test]
async fn the_probe_passes_and_leaves_nothing() {
    suite::the_probe_passes_and_leaves_nothing(&harness_or_return!(harness::s3())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_uploads_share_a_small_budget() {
    let harness = harness_or_return!(harness::s3_with(|config| config.memory_budget = 16 * MIB));
    suite::many_uploads_share_a_small_budget(&harness, 6, 22 * MIB).await;
}

#[tokio::test]
async fn a_silent_body_is_ended_and_what_it_sent_kept() {
    let harness = harness_or_return!(harness::s3_with(|config| config.idle_timeout = Duration::from_millis(300)));
    suite::a_silent_body_is_ended_and_what_it_sent_kept(&harness).await;
}

/// Requests of these methods so far.
fn requests(harness: &Harness) -> u64 {
    let metrics = harness.blobs.metrics();
    let count = |method: &str, status: &str| {
        let labels = RequestLabels { method: method.to_owned(), status: status.to_owned() };
        metrics.requests.get_or_create(&labels).get()
    };
    let methods = ["GET", "HEAD", "PUT", "POST", "DELETE"];
    let statuses = ["200", "204", "206", "400", "403", "404", "409", "412", "500", "503", "none"];
    methods.iter().flat_map(|method| statuses.iter().map(|status| count(method, status))).sum()
}

#[tokio::test]
async fn a_small_blob_costs_one_request_whatever_the_way_it_came() {
    let harness = harness_or_return!(harness::s3());
    for size in [0, 1, MIB, 8 * MIB - 1] {
        let bytes = content(size, 41);
        let before = requests(&harness);
        harness.put(&bytes).await;
        assert_eq!(requests(&harness) - before, 1, "in one request, {size}");

        let before = requests(&harness);
        let mut staged = harness.blobs.begin(None).unwrap();
        harness.append(&mut staged, &bytes).await;
        let mut staged = harness.kept(&staged);
        harness.blobs.append(&mut staged, frames(&Bytes::new(), 1), CLOSING).await.unwrap();
        harness.blobs.finish(&mut staged, &sha256(&bytes)).await.unwrap();
        assert_eq!(requests(&harness) - before, 1, "streamed, {size}");
    }
}

#[tokio::test]
async fn a_large_blob_costs_its_parts_and_two_requests() {
    let harness = harness_or_return!(harness::s3());
    for (size, parts) in [(13 * MIB, 2), (21 * MIB, 3), (40 * MIB + 5, 5)] {
        let bytes = content(size, 42);
        let before = requests(&harness);
        harness.put(&bytes).await;
        assert!(requests(&harness) - before <= parts + 2, "in one request, {size}");

        let before = requests(&harness);
        let mut staged = harness.blobs.begin(None).unwrap();
        harness.append(&mut staged, &bytes).await;
        let finished = harness.blobs.finish(&mut staged, &sha256(&bytes)).await.unwrap();
        assert!(requests(&harness) - before <= parts + 2, "streamed, {size}");
        harness.assert_holds(&finished, &bytes).await;
    }
}

/// A handler is dropped when its client hangs up: what it had begun must not stay in the bucket.
#[tokio::test]
async fn an_abandoned_first_append_leaves_no_upload() {
    let harness = harness_or_return!(harness::s3());
    let mut staged = harness.blobs.begin(None).unwrap();
    let append = harness.blobs.append(&mut staged, stalled(&content(30 * MIB, 43)), OPEN);
    assert!(tokio::time::timeout(Duration::from_secs(3), append).await.is_err());
    let later = std::time::SystemTime::now() + Duration::from_secs(60);
    let gone = async || harness.blobs.leftovers(later, 1).await.unwrap().is_empty();
    harness.eventually("the end of the upload", gone).await;
    assert!(harness.blobs.list(None, 1).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_signed_address_gives_the_object_and_nothing_else() {
    let harness = harness_or_return!(harness::s3());
    let bytes = content(5000, 44);
    let finished = harness.put(&bytes).await;
    let address = harness.blobs.signed_url(&finished.key, Duration::from_secs(60)).await.unwrap().unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let got = client.get(&address).send().await.unwrap();
    assert_eq!(got.status(), 200);
    assert!(got.bytes().await.unwrap() == bytes);
    let ranged = client.get(&address).header("range", "bytes=10-19").send().await.unwrap();
    assert_eq!(ranged.status(), 206);
    assert!(ranged.bytes().await.unwrap() == bytes[10..20]);
    let other = address.replace(finished.key.name(), Key::generate().name());
    assert_ne!(client.get(other).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_public_endpoint_is_what_addresses_are_signed_for() {
    let mut config = crate::S3Config::new("bucket", "eu-central-1");
    config.endpoint = Some("http://127.0.0.1:9".to_owned());
    config.public_endpoint = Some("https://blobs.example.test".to_owned());
    config.path_style = true;
    config.access_key_id = Some("id".to_owned());
    config.secret_access_key = Some(types::Secret::new("secret"));
    config.prefix = "some/where".to_owned();
    let blobs = crate::Blobs::open(crate::Config::new(crate::Location::S3(config))).await.unwrap();
    let key = Key::generate();
    let address = blobs.signed_url(&key, Duration::from_secs(60)).await.unwrap().unwrap();
    assert!(address.starts_with(&format!("https://blobs.example.test/bucket/some/where/{key}?")), "{address}");
    assert!(!address.contains("secret"));
}

/// A client may send as many frames as it sends bytes, and each that is held takes many times its own byte.
#[tokio::test]
async fn bytes_that_come_one_by_one_are_gathered() {
    let harness = harness_or_return!(harness::s3());
    let whole = content(200_000, 50);
    let mut staged = harness.blobs.begin(None).unwrap();
    harness.blobs.append(&mut staged, frames(&whole, 1), CLOSING).await.unwrap();
    let held = staged.held.as_ref().map(|held| held.pieces.len());
    assert!(held.is_some_and(|pieces| pieces < 20), "{held:?}");
    let finished = harness.blobs.finish(&mut staged, &sha256(&whole)).await.unwrap();
    harness.assert_holds(&finished, &whole).await;
    // Large ones among them keep their place.
    let mixed = content(15 * MIB, 51);
    let mut cuts = vec![0, 3, 150_000, 150_001, 150_002, 9 * MIB, 9 * MIB + 1, 15 * MIB];
    cuts.splice(5..5, (0..100).map(|at| 200_000 + at * 1000));
    let cut: Vec<_> = cuts.windows(2).map(|ends| std::io::Result::Ok(mixed.slice(ends[0]..ends[1]))).collect();
    let mut staged = harness.blobs.begin(None).unwrap();
    harness.blobs.append(&mut staged, futures_util::stream::iter(cut), OPEN).await.unwrap();
    assert_eq!(staged.offset(), mixed.len() as u64);
    let finished = harness.blobs.finish(&mut staged, &sha256(&mixed)).await.unwrap();
    harness.assert_holds(&finished, &mixed).await;
}
