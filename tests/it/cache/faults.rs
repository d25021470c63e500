//! Registries that are down, slow, busy or wrong. What is here is served whatever they do, and nothing that is wrong is kept.

use std::time::{Duration, Instant};

use serde_json::json;
use tests::harness::upstream::{Login, Mood};
use tests::harness::{Backend, DEFAULT, Image, Upstream, Wharf, digest, random};
use tokio::task::JoinSet;

use super::credentials::create;
use super::{caching, counted, rule};
use crate::jobs::{collect, stored};

#[tokio::test]
async fn content_of_another_digest_is_not_kept() {
    let upstream = Upstream::start().await;
    let image = Image::of(vec![random(5_000_000)]);
    upstream.put_image("app", "v1", &image);
    let layer = image.blobs[1].0.clone();
    for &backend in DEFAULT {
        let wharf = caching(backend, upstream.host(), &[]).await;
        let ours = wharf.client().repository("cache/app");
        upstream.plan(|_| Mood::Lie);
        ours.manifest(&image.digest).await.expect_error(502, "UNKNOWN");
        ours.manifest("v1").await.expect_error(502, "UNKNOWN");
        // The client has seen the beginning, and must see that the end does not come.
        let broken = ours.client().get(&ours.blob_path(&layer)).try_send().await;
        assert!(broken.is_err(), "{broken:?}");
        let part = ours.client().get(&ours.blob_path(&layer)).header("range", "bytes=0-9").send().await;
        part.expect_error(502, "UNKNOWN");
        upstream.plan(|asked| if asked.is_blob() { Mood::BreakOff(2_000_000) } else { Mood::Good });
        ours.manifest("v1").await.expect(200);
        let broken = ours.client().get(&ours.blob_path(&layer)).try_send().await;
        assert!(broken.is_err(), "{broken:?}");
        collect(&wharf);
        assert_eq!(stored(&wharf), (0, 0));
        upstream.plan(|_| Mood::Good);
        ours.expect_image(Some("v1"), &image).await;
    }
}

#[tokio::test]
async fn a_busy_registry_is_left_alone_and_what_is_here_is_served() {
    let upstream = Upstream::start().await;
    let image = Image::small();
    upstream.put_image("app", "v1", &image);
    let wharf = caching(Backend::SqliteDisk, upstream.host(), &[("WHARF_CACHE_TAG_TTL", "0s")]).await;
    let ours = wharf.client().repository("cache/app");
    ours.expect_image(Some("v1"), &image).await;
    upstream.plan(|_| Mood::Status(429, Some("100")));
    ours.expect_image(Some("v1"), &image).await;
    upstream.asked();
    let busy = ours.manifest("v2").await.expect_error(429, "TOOMANYREQUESTS");
    let seconds: u64 = busy.header("retry-after").parse().expect("seconds");
    assert!((80..=100).contains(&seconds), "{busy}");
    // It has said when it wants to be asked again.
    ours.expect_image(Some("v1"), &image).await;
    ours.blob(&digest(b"x")).await.expect_error(429, "TOOMANYREQUESTS");
    assert!(upstream.asked().is_empty());
}

/// `Retry-After` is a date as well, and is also of a registry that is down for a while (RFC 9110, section 10.2.3).
#[tokio::test]
async fn a_registry_says_in_any_way_how_long_it_is_to_be_left_alone() {
    let upstream = Upstream::start().await;
    for (status, wait, seconds) in [
        (429, "Fri, 01 Jan 2100 00:00:00 GMT", 290..=300),
        (503, "Fri, 01 Jan 2100 00:00:00 GMT", 290..=300),
        (503, "100", 80..=100),
    ] {
        let wharf = caching(Backend::SqliteDisk, upstream.host(), &[]).await;
        let ours = wharf.client().repository("cache/app");
        upstream.plan(move |_| Mood::Status(status, Some(wait)));
        let busy = ours.manifest("v2").await.expect_error(429, "TOOMANYREQUESTS");
        let told: u64 = busy.header("retry-after").parse().expect("seconds");
        assert!(seconds.contains(&told), "{status} {wait}: {busy}");
        upstream.asked();
        ours.blob(&digest(b"x")).await.expect_error(429, "TOOMANYREQUESTS");
        assert!(upstream.asked().is_empty(), "{status} {wait}");
    }
}

/// Registries count the pulls of each user: who has pulled too much keeps nobody from them who comes with a name of his own.
#[tokio::test]
async fn a_registry_that_has_enough_of_one_user_is_asked_by_another() {
    let upstream = Upstream::start().await;
    let image = Image::small();
    upstream.put_image("paid", "v1", &image);
    upstream.plan(|asked| if asked.target.contains("/free/") { Mood::Status(429, Some("100")) } else { Mood::Good });
    let wharf = caching(Backend::SqliteDisk, upstream.host(), &[]).await;
    let secret = create(&wharf, "ecr-pullthroughcache/mine", "secret");
    let paid =
        json!({ "ecrRepositoryPrefix": "paid", "upstreamRegistryUrl": upstream.host(), "credentialArn": secret });
    rule(&wharf, paid).await;
    let free = wharf.client().repository("cache/free");
    free.manifest("v1").await.expect_error(429, "TOOMANYREQUESTS");
    wharf.client().repository("paid/paid").expect_image(Some("v1"), &image).await;
    upstream.asked();
    wharf.client().repository("cache/paid").manifest("v1").await.expect_error(429, "TOOMANYREQUESTS");
    assert!(upstream.asked().is_empty());
}

/// Files behind a web server can be a registry. It says of all of them that they are JSON, or bytes.
#[tokio::test]
async fn a_manifest_of_which_the_registry_says_no_type_is_what_it_says_itself() {
    let upstream = Upstream::start().await;
    let wharf = caching(Backend::SqliteDisk, upstream.host(), &[]).await;
    let ours = wharf.client().repository("cache/app");
    for (tag, untyped) in
        [("a", "application/json"), ("b", "application/octet-stream"), ("c", "text/plain; charset=utf-8")]
    {
        let image = Image::of(vec![random(100)]);
        upstream.put_image("app", tag, &Image { media_type: untyped.to_owned(), ..image.clone() });
        ours.expect_image(Some(tag), &image).await;
        assert_eq!(ours.manifest(tag).await.expect(200).header("content-type"), image.media_type);
    }
    let image = Image::small();
    upstream.put_image("app", "d", &Image { media_type: "text/html".to_owned(), ..image.clone() });
    ours.manifest("d").await.expect_error(502, "UNKNOWN");
}

/// Whoever asks later would wait for the same.
#[tokio::test]
async fn a_registry_that_drips_is_given_up() {
    let upstream = Upstream::start().await;
    let image = Image::of(vec![random(5000)]);
    upstream.put_image("app", "v1", &image);
    let wharf = caching(Backend::SqliteDisk, upstream.host(), &[]).await;
    let ours = wharf.client().repository("cache/app");
    upstream.plan(|_| Mood::Drip(Duration::from_millis(500)));
    let begin = Instant::now();
    ours.manifest("v1").await.expect_error(502, "UNAVAILABLE");
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
    upstream.plan(|asked| if asked.is_blob() { Mood::Drip(Duration::from_millis(100)) } else { Mood::Good });
    ours.manifest("v1").await.expect(200);
    let layer = image.blobs[1].0.clone();
    let begin = Instant::now();
    let broken = ours.client().get(&ours.blob_path(&layer)).try_send().await;
    assert!(broken.is_err() && begin.elapsed() < Duration::from_secs(90), "{broken:?}");
    upstream.plan(|_| Mood::Good);
    ours.expect_image(Some("v1"), &image).await;
}

#[tokio::test]
async fn a_registry_in_trouble_does_not_hold_up_what_is_here() {
    let upstream = Upstream::start().await;
    let image = Image::small();
    upstream.put_image("app", "v1", &image);
    for mood in [Mood::Status(500, None), Mood::Status(403, None), Mood::Silence(Duration::from_secs(60))] {
        upstream.plan(|_| Mood::Good);
        let wharf = caching(Backend::SqliteDisk, upstream.host(), &[("WHARF_CACHE_TAG_TTL", "0s")]).await;
        let ours = wharf.client().repository("cache/app");
        ours.expect_image(Some("v1"), &image).await;
        let planned = mood.clone();
        upstream.plan(move |_| planned.clone());
        let begin = Instant::now();
        ours.expect_image(Some("v1"), &image).await;
        assert!(begin.elapsed() < Duration::from_secs(20), "{mood:?}: {:?}", begin.elapsed());
        match mood {
            Mood::Status(500, _) => ours.manifest("v2").await.expect_error(502, "UNAVAILABLE"),
            Mood::Status(..) => ours.manifest("v2").await.expect_error(502, "DENIED"),
            _ => continue,
        };
    }
}

/// However many clients want something of a slow registry.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_registry_does_not_hold_up_what_comes_from_another() {
    let (slow, quick) = (Upstream::start().await, Upstream::start().await);
    let image = Image::small();
    quick.put_image("app", "v1", &image);
    let large = Image::of((0..40).map(|_| random(10_000)).collect());
    slow.put_image("app", "v1", &large);
    slow.plan(|asked| if asked.is_blob() { Mood::Linger(Duration::from_secs(25)) } else { Mood::Good });
    let wharf = caching(
        Backend::SqliteDisk,
        slow.host(),
        &[("WHARF_CACHE_UPSTREAMS", &format!("http://{},http://{}", slow.host(), quick.host()))],
    )
    .await;
    rule(&wharf, json!({ "ecrRepositoryPrefix": "quick", "upstreamRegistryUrl": quick.host() })).await;
    let waits = wharf.client().repository("cache/app");
    waits.manifest("v1").await.expect(200);
    let mut waiting = JoinSet::new();
    for (layer, _) in large.blobs.clone() {
        let waits = wharf.client().repository("cache/app");
        waiting.spawn(async move { waits.blob(&layer).await.expect(200) });
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let begin = Instant::now();
    wharf.client().repository("quick/app").expect_image(Some("v1"), &image).await;
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    waiting.abort_all();
}

#[tokio::test]
async fn that_there_is_nothing_is_remembered_for_a_moment() {
    let upstream = Upstream::start().await;
    let wharf = caching(Backend::SqliteDisk, upstream.host(), &[]).await;
    let ours = wharf.client().repository("cache/app");
    for _ in 0..3 {
        ours.manifest("v1").await.expect_error(404, "NAME_UNKNOWN");
    }
    assert_eq!(counted(&upstream.asked()), (1, 0));
    let image = Image::small();
    upstream.put_image("app", "v1", &image);
    ours.manifest(&image.digest).await.expect(200);
    // containerd asks for a digest among the manifests first. That there is none says nothing of blobs.
    let (layer, bytes) = &image.blobs[1];
    ours.manifest(layer).await.expect_error(404, "MANIFEST_UNKNOWN");
    ours.blob(layer).await.expect(200).expect_body(bytes);
    let begin = Instant::now();
    while ours.manifest("v1").await.status() != 200 {
        assert!(begin.elapsed() < Duration::from_secs(60), "it is still not believed to be there");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn a_redirect_is_followed_without_credentials_and_not_to_where_none_may_go() {
    let (upstream, storage) = (Upstream::start().await, Upstream::start().await);
    let image = Image::small();
    upstream.put_image("app", "v1", &image);
    storage.put_image("app", "v1", &image);
    upstream.want(Login::AnonymousToken);
    let to = storage.url();
    // Only who has logged in is sent on.
    upstream.plan(move |asked| match asked.is_blob() && asked.authorization.is_some() {
        true => Mood::Redirect(format!("{to}{}", asked.target)),
        false => Mood::Good,
    });
    let wharf = caching(Backend::SqliteDisk, upstream.host(), &[("WHARF_OUTBOUND_LOOPBACK", "true")]).await;
    let ours = wharf.client().repository("cache/app");
    ours.expect_image(Some("v1"), &image).await;
    assert!(upstream.asked().iter().any(|asked| asked.is_blob() && asked.authorization.is_some()));
    let there = storage.asked();
    assert_eq!(counted(&there), (0, image.blobs.len()));
    assert!(there.iter().all(|asked| asked.authorization.is_none()), "{there:?}");
    // The operator has named the registry, and not where that leads.
    let strict = caching(Backend::SqliteDisk, upstream.host(), &[]).await;
    let ours = strict.client().repository("cache/app");
    ours.manifest("v1").await.expect(200);
    ours.blob(&image.blobs[0].0).await.expect_error(502, "DENIED");
    assert!(storage.asked().is_empty());
}

#[tokio::test]
async fn a_registry_that_the_operator_names_no_more_is_not_asked() {
    let upstream = Upstream::start().await;
    let image = Image::small();
    upstream.put_image("app", "v1", &image);
    let mut wharf = caching(Backend::PostgresS3, upstream.host(), &[]).await;
    let ours = wharf.client().repository("cache/app");
    ours.expect_image(Some("v1"), &image).await;
    wharf.kill();
    let other = Wharf::sharing(wharf.backing().clone()).start().await;
    other.client().repository("cache/app").expect_image(Some("v1"), &image).await;
    other.client().repository("cache/app").manifest("v2").await.expect_error(502, "UNSUPPORTED");
}
