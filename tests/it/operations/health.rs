//! `/healthz` and `/readyz`.

use std::time::Duration;

use tests::harness::admin::{within, within_5_s};
use tests::harness::backing::Backing;
use tests::harness::fault_proxy::{Fault, FaultProxy};
use tests::harness::tcp_proxy::{Link, TcpProxy};
use tests::harness::{Backend, Wharf, on_all};

#[tokio::test]
async fn a_server_that_is_up_says_so_to_anyone() {
    on_all(async |wharf| {
        for path in ["/healthz", "/readyz"] {
            // A database that a busy machine lets wait for three seconds is taken for one that is not there.
            let mut last = None;
            within(30, path, async || {
                let answer = wharf.anonymous().get(path).send().await;
                last.insert(answer).status() == 200
            })
            .await;
            let answer = last.expect("it has answered");
            assert!(answer.body().len() < 4096, "{answer}");
            let refused = wharf.anonymous().put(path).send().await.expect_error(405, "UNSUPPORTED");
            assert!(refused.header("allow").contains("GET"), "{refused}");
        }
    })
    .await;
}

#[tokio::test]
async fn without_a_database_it_is_alive_and_not_ready() {
    let backing = std::sync::Arc::new(Backing::create(Backend::PostgresS3));
    let proxy = TcpProxy::start(backing.database().address()).await;
    let url = backing.database().url_through(&proxy.address());
    let wharf = Wharf::sharing(backing).set("WHARF_DATABASE_URL", url).start().await;
    proxy.set(Link::Cut);
    within_5_s("the database is missed", async || wharf.readyz().await == 503).await;
    wharf.anonymous().get("/healthz").send().await.expect(200);
    proxy.set(Link::Up);
    within_5_s("the database is there again", async || wharf.readyz().await == 200).await;
}

#[tokio::test]
async fn without_storage_it_is_not_ready() {
    let backing = std::sync::Arc::new(Backing::create(Backend::SqliteS3));
    let proxy = FaultProxy::start(backing.storage().endpoint()).await;
    let wharf = Wharf::sharing(backing).set("WHARF_S3_ENDPOINT", proxy.endpoint()).start().await;
    proxy.plan(|_| Fault::Status(503));
    // The state of the storage may be remembered for a while: asking must not cost an object each time.
    within(30, "the storage is missed", async || wharf.readyz().await == 503).await;
    wharf.anonymous().get("/healthz").send().await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_that_nobody_waits_for_any_more_leaves_nothing_behind() {
    let backing = std::sync::Arc::new(Backing::create(Backend::SqliteS3));
    let proxy = FaultProxy::start(backing.storage().endpoint()).await;
    let wharf = Wharf::sharing(backing).set("WHARF_S3_ENDPOINT", proxy.endpoint()).start().await;
    proxy.plan(|seen| {
        let reads = seen.method == http::Method::GET && seen.uri.path().contains("/blobs/");
        if reads { Fault::Held } else { Fault::None }
    });
    within(60, "the server waits no longer for what it wrote", async || wharf.readyz().await == 503).await;
    // Orchestrators wait for a second. This one hangs up while what was written is read back.
    let before = proxy.faults();
    within(60, "it is written again", async || {
        tokio::time::timeout(Duration::from_secs(1), wharf.readyz()).await.ok();
        proxy.faults() > before
    })
    .await;
    proxy.heal();
    let clean = async || wharf.run(&["fsck"]).stdout.contains(" 0 findings");
    within(60, "nothing is left of what was written", clean).await;
}
