//! Many clients that want the same cold thing.

use std::time::Duration;

use tests::harness::upstream::{Gate, Mood};
use tests::harness::{Backend, DEFAULT, Image, Upstream, Wharf, random};
use tokio::task::JoinSet;

use super::{caching, counted, imports};
use crate::jobs::{collect, stored};

#[tokio::test(flavor = "multi_thread")]
async fn many_clients_of_a_cold_image_cause_one_fetch() {
    let upstream = Upstream::start().await;
    let image = Image::of(vec![random(8_000_000)]);
    upstream.put_image("app", "v1", &image);
    upstream.plan(|_| Mood::Linger(Duration::from_secs(1)));
    for &backend in DEFAULT {
        let wharf = caching(backend, upstream.host(), &[]).await;
        upstream.asked();
        let mut clients = JoinSet::new();
        for number in 0..12 {
            let (ours, image) = (wharf.client().repository("cache/app"), image.clone());
            clients.spawn(async move {
                // Some come when a part has gone by already.
                tokio::time::sleep(Duration::from_millis(number % 4 * 150)).await;
                ours.expect_image(Some("v1"), &image).await;
            });
        }
        clients.join_all().await;
        assert_eq!(counted(&upstream.asked()), (1, image.blobs.len()));
        assert_eq!(imports(&wharf).await.len(), 1, "it was brought in once");
    }
}

/// Two processes know nothing of each other's fetches. They may fetch a thing twice, and it is there once.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_may_fetch_the_same_thing_without_harm() {
    let upstream = Upstream::start().await;
    let image = Image::of(vec![random(4_000_000)]);
    upstream.put_image("app", "v1", &image);
    upstream.plan(|_| Mood::Linger(Duration::from_millis(300)));
    let one = caching(Backend::PostgresS3, upstream.host(), &[]).await;
    let named = format!("http://{}", upstream.host());
    let other = Wharf::sharing(one.backing().clone()).set("WHARF_CACHE_UPSTREAMS", named).start().await;
    let mut clients = JoinSet::new();
    for wharf in [&one, &other, &one, &other] {
        let (ours, image) = (wharf.client().repository("cache/app"), image.clone());
        clients.spawn(async move { ours.expect_image(Some("v1"), &image).await });
    }
    clients.join_all().await;
    let (manifests, blobs) = counted(&upstream.asked());
    assert!(manifests <= 2 && blobs <= 2 * image.blobs.len(), "{manifests} {blobs}");
    collect(&one);
    // The object that nobody needs goes half an hour later.
    assert_eq!(stored(&one).0, image.blobs.len());
    one.client().repository("cache/app").expect_image(Some("v1"), &image).await;
}

/// The first bytes are there long before the last ones have come.
#[tokio::test]
async fn the_first_bytes_do_not_wait_for_the_last() {
    let upstream = Upstream::start().await;
    let image = Image::of(vec![random(3_000_000)]);
    upstream.put_image("app", "v1", &image);
    let wharf = caching(Backend::SqliteDisk, upstream.host(), &[]).await;
    let ours = wharf.client().repository("cache/app");
    ours.manifest("v1").await.expect(200);
    let gate = Gate::default();
    let planned = Mood::Hold(gate.clone());
    upstream.plan(move |_| planned.clone());
    let (layer, bytes) = &image.blobs[1];
    let mut answer = ours.client().get(&ours.blob_path(layer)).open().await.expect("an answer");
    assert_eq!(answer.headers()["content-length"], "3000000");
    let first = answer.chunk().await.expect("bytes").expect("bytes");
    // Only now does the other registry send the rest.
    gate.open();
    let mut all = first.to_vec();
    while let Some(chunk) = answer.chunk().await.expect("bytes") {
        all.extend_from_slice(&chunk);
    }
    assert!(all == *bytes);
}

/// A client that hangs up or takes nothing is no reason to fetch again, or to make others wait.
#[tokio::test]
async fn what_one_client_does_not_take_the_next_one_gets() {
    for &backend in DEFAULT {
        let upstream = Upstream::start().await;
        let image = Image::of(vec![random(20_000_000)]);
        upstream.put_image("app", "v1", &image);
        let wharf = caching(backend, upstream.host(), &[]).await;
        let ours = wharf.client().repository("cache/app");
        ours.manifest("v1").await.expect(200);
        let (layer, bytes) = &image.blobs[1];
        upstream.asked();
        // This one takes nothing for as long as it lives.
        let mut stalled = ours.client().get(&ours.blob_path(layer)).open().await.expect("an answer");
        let gone = ours.client().get(&ours.blob_path(layer)).open().await.expect("an answer");
        drop(gone);
        let begin = std::time::Instant::now();
        ours.blob(layer).await.expect(200).expect_body(bytes);
        assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
        // It fell behind, and gets the rest from the store.
        let mut rest = Vec::new();
        while let Some(chunk) = stalled.chunk().await.expect("bytes") {
            rest.extend_from_slice(&chunk);
        }
        assert!(rest == *bytes);
        assert_eq!(counted(&upstream.asked()), (0, 1));
    }
}
