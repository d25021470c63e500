//! A server that is killed while a layer is on its way goes on where it was.

use std::time::Duration;

use tests::harness::admin::within;
use tests::harness::peer::Peer;
use tests::harness::tcp_proxy::{Link, TcpProxy};
use tests::harness::{Backend, Image, Wharf, random};

use super::{complete, reaching, replicate_to_anybody, replicate_to_wharf, status};

const SIZE: usize = 48 << 20;

/// Pushes an image, kills the server when most of its layer is there, and starts it again. Gives the image and how many times
/// the size of its layer went over the wire in all.
async fn killed_halfway(here: &mut Wharf, proxy: &TcpProxy) -> (Image, f64) {
    proxy.stall_after(SIZE as u64 * 6 / 10);
    let image = Image::of(vec![random(SIZE)]);
    here.client().repository("team/app").push_image("v1", &image).await;
    within(60, "most of it is there", async || proxy.stalls()).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    here.kill();
    proxy.set(Link::Up);
    here.restart().await;
    // The lease of the process that is gone has to run out.
    within(120, "it arrives", async || status(&here.aws(), "team/app", "v1") == complete()).await;
    (image, proxy.carried() as f64 / SIZE as f64)
}

#[tokio::test]
async fn a_layer_on_its_way_to_another_wharf_survives_a_kill() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let there = Wharf::start(backend).await;
        let proxy = TcpProxy::start(&there.address().to_string()).await;
        let mut here = reaching(backend, &[&proxy.address()]).await;
        replicate_to_wharf(&here, &proxy.address());
        let (image, sent) = killed_halfway(&mut here, &proxy).await;
        assert!(sent < 1.25, "{sent}");
        there.client().repository("team/app").expect_image(Some("v1"), &image).await;
    }
}

/// It gives up an upload whose connection broke, so it gets that layer once more, and no other.
#[tokio::test]
async fn a_layer_on_its_way_to_a_plain_registry_survives_a_kill() {
    let peer = Peer::start();
    let proxy = TcpProxy::start(&peer.host()).await;
    let mut here = reaching(Backend::SqliteDisk, &[&proxy.address()]).await;
    replicate_to_anybody(&here, &proxy.address());
    let (image, sent) = killed_halfway(&mut here, &proxy).await;
    assert!(sent < 2.1, "{sent}");
    peer.expect_image("mirror/team/app", "v1", &image).await;
}

/// Of two processes over one database, the other one goes on.
#[tokio::test]
async fn another_process_takes_over() {
    let there = Wharf::start(Backend::SqliteDisk).await;
    let proxy = TcpProxy::start(&there.address().to_string()).await;
    let mut here = reaching(Backend::PostgresS3, &[&proxy.address()]).await;
    let upstreams = format!("http://{}", proxy.address());
    replicate_to_wharf(&here, &proxy.address());
    proxy.stall_after(SIZE as u64 * 6 / 10);
    let image = Image::of(vec![random(SIZE)]);
    here.client().repository("team/app").push_image("v1", &image).await;
    within(60, "most of it is there", async || proxy.stalls()).await;
    here.kill();
    proxy.set(Link::Up);
    let next = Wharf::sharing(here.backing().clone()).set("WHARF_CACHE_UPSTREAMS", upstreams).start().await;
    within(120, "it arrives", async || status(&next.aws(), "team/app", "v1") == complete()).await;
    assert!(proxy.carried() < SIZE as u64 * 5 / 4, "{}", proxy.carried());
    there.client().repository("team/app").expect_image(Some("v1"), &image).await;
}
