//! Registries elsewhere that are down, busy, in trouble, or do not take a blob at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http::Method;
use tests::harness::admin::within;
use tests::harness::fault_proxy::{Fault, FaultProxy, Seen};
use tests::harness::peer::Peer;
use tests::harness::tcp_proxy::{Link, TcpProxy};
use tests::harness::{Backend, Image, Wharf, random};

use super::{complete, in_progress, reaching, replicate_to_anybody, status};

/// A registry, what fails in front of it, and a server that replicates to it through that.
async fn past_faults(backend: Backend) -> (Peer, FaultProxy, Wharf) {
    let peer = Peer::start();
    let proxy = FaultProxy::start(&peer.url()).await;
    let host = proxy.endpoint().trim_start_matches("http://").to_owned();
    let here = reaching(backend, &[&host]).await;
    replicate_to_anybody(&here, &host);
    (peer, proxy, here)
}

#[tokio::test]
async fn a_registry_that_is_down_gets_its_images_once_it_is_back_and_keeps_no_other() {
    let (peer, other) = (Peer::start(), Peer::start());
    let proxy = TcpProxy::start(&peer.host()).await;
    let here = reaching(Backend::SqliteDisk, &[&proxy.address(), &other.host()]).await;
    replicate_to_anybody(&here, &proxy.address());
    let second = other.url();
    crate::jobs::must(&here, &["replication-target", "set", "000000000000", "eu-west-2", &second]);
    here.aws().boto3(
        r#"client("ecr").put_replication_configuration(replicationConfiguration={"rules": [{"destinations": [
    {"region": "eu-west-1", "registryId": "000000000000"}, {"region": "eu-west-2", "registryId": "000000000000"}]}]})"#,
    );
    proxy.set(Link::Cut);
    let repository = here.client().repository("team/app");
    let image = repository.push_small("v1").await;
    let both = || status(&here.aws(), "team/app", "v1");
    within(60, "one of them has it", async || both() == [in_progress(), complete()].concat()).await;
    other.expect_image("team/app", "v1", &image).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(both(), [in_progress(), complete()].concat());
    proxy.set(Link::Up);
    within(120, "the other one too", async || both() == [complete(), complete()].concat()).await;
    peer.expect_image("mirror/team/app", "v1", &image).await;
}

#[tokio::test]
async fn a_busy_registry_is_left_alone_and_a_failure_at_one_image_keeps_no_other() {
    let (peer, proxy, here) = past_faults(Backend::PostgresDisk).await;
    let image = Image::small();
    let poison = image.digest.clone();
    let tag = "/manifests/v1";
    let asked: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let times = Arc::clone(&asked);
    proxy.plan(move |seen| {
        let mut times = times.lock().expect("no panic");
        times.push(Instant::now());
        if times.len() == 1 {
            return Fault::Status(429);
        }
        let path = seen.uri.path();
        let bad = seen.method == Method::PUT && (path.ends_with(tag) || path.contains(&poison));
        if bad { Fault::Status(503) } else { Fault::None }
    });
    here.client().repository("team/app").push_image("v1", &image).await;
    let times = || asked.lock().expect("no panic").clone();
    within(60, "it was asked", async || !times().is_empty()).await;
    assert_eq!(status(&here.aws(), "team/app", "v1"), in_progress());
    within(60, "it was asked again", async || times().len() > 1).await;
    // Once, and then not for ten seconds.
    let rest = times()[1] - times()[0];
    assert!(rest > Duration::from_secs(9), "{rest:?}");
    another_passes(&peer, &proxy, &here, &image).await;
}

/// Another image of the repository arrives past `stuck`, which is its `v1`; once nothing is in the way, so does that.
async fn another_passes(peer: &Peer, proxy: &FaultProxy, here: &Wharf, stuck: &Image) {
    let next = here.client().repository("team/app").push_small("v2").await;
    within(120, "another image arrives", async || status(&here.aws(), "team/app", "v2") == complete()).await;
    peer.expect_image("mirror/team/app", "v2", &next).await;
    assert_eq!(status(&here.aws(), "team/app", "v1"), in_progress());
    proxy.heal();
    within(120, "in the end both", async || status(&here.aws(), "team/app", "v1") == complete()).await;
    peer.expect_image("mirror/team/app", "v1", stuck).await;
}

/// Proxies limit the size of a body.
#[tokio::test]
async fn a_blob_that_is_too_large_for_one_request_goes_in_pieces() {
    let (peer, proxy, here) = past_faults(Backend::SqliteDisk).await;
    let (refused, pieces) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (no, patches) = (Arc::clone(&refused), Arc::clone(&pieces));
    let layer = random(40 << 20);
    proxy.plan(move |seen| {
        if seen.method == Method::PATCH && no.fetch_add(1, Ordering::SeqCst) == 0 {
            return Fault::Status(413);
        }
        if seen.method == Method::PATCH {
            patches.fetch_add(1, Ordering::SeqCst);
        }
        Fault::None
    });
    let image = Image::of(vec![layer]);
    here.client().repository("team/app").push_image("v1", &image).await;
    within(120, "it arrives", async || status(&here.aws(), "team/app", "v1") == complete()).await;
    peer.expect_image("mirror/team/app", "v1", &image).await;
    assert_eq!((refused.load(Ordering::SeqCst), pieces.load(Ordering::SeqCst)), (4, 3));
}

/// Registries of several processes lose uploads, and some restart.
#[tokio::test]
async fn an_upload_that_the_registry_lost_is_begun_anew() {
    let (peer, proxy, here) = past_faults(Backend::SqliteDisk).await;
    let uploads = |seen: &Seen| seen.method == Method::PUT && seen.uri.path().contains("/blobs/uploads/");
    let lost = AtomicUsize::new(0);
    proxy.plan(move |seen| {
        let loses = uploads(seen) && lost.fetch_add(1, Ordering::SeqCst) < 2;
        if loses { Fault::Status(404) } else { Fault::None }
    });
    let repository = here.client().repository("team/app");
    let image = repository.push_small("v1").await;
    within(60, "it arrives", async || status(&here.aws(), "team/app", "v1") == complete()).await;
    peer.expect_image("mirror/team/app", "v1", &image).await;
    // One that loses them all may do better later.
    proxy.plan(move |seen| if uploads(seen) { Fault::Status(404) } else { Fault::None });
    let next = repository.push_small("v2").await;
    within(60, "it was tried", async || proxy.faults() > 7).await;
    assert_eq!(status(&here.aws(), "team/app", "v2"), in_progress());
    proxy.heal();
    within(120, "it arrives too", async || status(&here.aws(), "team/app", "v2") == complete()).await;
    peer.expect_image("mirror/team/app", "v2", &next).await;
}

/// As behind proxies that close the connection where they do not take something.
#[tokio::test]
async fn an_image_at_which_the_connection_breaks_keeps_no_other() {
    let (peer, proxy, here) = past_faults(Backend::SqliteDisk).await;
    let tag = "/manifests/v1";
    proxy.plan(move |seen| match seen.method == Method::PUT && seen.uri.path().ends_with(tag) {
        true => Fault::Reset,
        false => Fault::None,
    });
    let repository = here.client().repository("team/app");
    let image = repository.push_small("v1").await;
    within(60, "it was tried", async || proxy.faults() > 0).await;
    another_passes(&peer, &proxy, &here, &image).await;
}

/// However many repositories wait for the one that is silent.
#[tokio::test]
async fn a_registry_that_says_nothing_does_not_hold_up_what_goes_to_another() {
    let (peer, other) = (Peer::start(), Peer::start());
    let proxy = TcpProxy::start(&peer.host()).await;
    let here = reaching(Backend::PostgresDisk, &[&proxy.address(), &other.host()]).await;
    let silent = format!("http://{}", proxy.address());
    for (region, url) in [("eu-west-1", &silent), ("eu-west-2", &other.url())] {
        crate::jobs::must(&here, &["replication-target", "set", "000000000000", region, url]);
    }
    here.aws().boto3(
        r#"client("ecr").put_replication_configuration(replicationConfiguration={"rules": [
    {"destinations": [{"region": region, "registryId": "000000000000"}],
     "repositoryFilters": [{"filter": prefix, "filterType": "PREFIX_MATCH"}]}
    for region, prefix in [("eu-west-1", "silent/"), ("eu-west-2", "team/")]]})"#,
    );
    proxy.set(Link::Stalled);
    for number in 0..30 {
        here.client().repository(&format!("silent/app{number}")).push_small("v1").await;
    }
    // All that can be are at it.
    tokio::time::sleep(Duration::from_secs(8)).await;
    let image = here.client().repository("team/app").push_small("v1").await;
    within(20, "it arrives", async || status(&here.aws(), "team/app", "v1") == complete()).await;
    other.expect_image("team/app", "v1", &image).await;
    proxy.set(Link::Up);
    for number in 0..30 {
        let name = format!("silent/app{number}");
        within(120, "what waited arrives", async || status(&here.aws(), &name, "v1") == complete()).await;
    }
}

/// Not every registry says how far an upload is.
#[tokio::test]
async fn an_upload_of_which_the_registry_says_nothing_is_begun_anew() {
    let (peer, proxy, here) = past_faults(Backend::SqliteDisk).await;
    let broken = AtomicUsize::new(0);
    proxy.plan(move |seen| match seen.method {
        Method::PATCH if broken.fetch_add(1, Ordering::SeqCst) == 0 => Fault::Reset,
        Method::GET if seen.uri.path().contains("/blobs/uploads/") => Fault::Status(405),
        _ => Fault::None,
    });
    let image = Image::of(vec![random(3 << 20)]);
    here.client().repository("team/app").push_image("v1", &image).await;
    within(60, "it arrives", async || status(&here.aws(), "team/app", "v1") == complete()).await;
    peer.expect_image("mirror/team/app", "v1", &image).await;
}
