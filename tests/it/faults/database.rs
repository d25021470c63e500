//! The connection to PostgreSQL is cut, stalls, or is ended from the other side. Clients see 503, never 500 and never a wrong
//! answer; afterwards everything goes on by itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tests::harness::backing::Backing;
use tests::harness::tcp_proxy::{Link, TcpProxy};
use tests::harness::workload::Workload;
use tests::harness::{Backend, Wharf, digest, random};

async fn proxied() -> (Wharf, TcpProxy) {
    let backing = Arc::new(Backing::create(Backend::PostgresS3));
    let proxy = TcpProxy::start(backing.database().address()).await;
    let url = backing.database().url_through(&proxy.address());
    (Wharf::sharing(backing).set("WHARF_DATABASE_URL", url).start().await, proxy)
}

/// What a recovery may take at most. It takes a fraction of a second where nothing else is to be done.
const RECOVERY: Duration = Duration::from_secs(5);

/// How long after now a push succeeds.
async fn recovery(wharf: &Wharf) -> Duration {
    let begin = Instant::now();
    let repository = wharf.repository();
    loop {
        let call = wharf.client().post(&repository.path("blobs/uploads/"));
        if let Ok(answer) = call.try_send().await
            && answer.status() == 202
        {
            return begin.elapsed();
        }
        assert!(begin.elapsed() < Duration::from_secs(30), "no recovery within 30 s");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn without_a_database_the_answer_is_503_with_a_time_to_wait() {
    let (wharf, proxy) = proxied().await;
    let repository = wharf.repository();
    let image = repository.push_small("one").await;
    proxy.set(Link::Cut);
    for _ in 0..3 {
        let begun = wharf.client().post(&repository.path("blobs/uploads/")).send().await.expect(503);
        let wait: u64 = begun.header("retry-after").parse().expect("seconds");
        assert!(wait >= 1);
        // What is known from memory may still be served; what is not must not be denied.
        let tag = repository.manifest("one").await.expect_one_of(&[200, 503]);
        if tag.status() == 200 {
            tag.expect_body(&image.manifest);
        }
        repository.manifest(&image.digest).await.expect_one_of(&[200, 503]);
        repository.blob(&image.blobs[1].0).await.expect_one_of(&[200, 503]);
        repository.tags("").await.expect(503);
        repository.manifest("never-asked-before").await.expect(503);
        wharf.client().get("/token").send().await.expect_one_of(&[200, 503]);
    }
    proxy.set(Link::Up);
    let recovered = recovery(&wharf).await;
    println!("recovered in {recovered:?}");
    assert!(recovered < RECOVERY, "{recovered:?}");
    repository.expect_image(Some("one"), &image).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_the_connection_is_cut_again_and_again() {
    let (wharf, proxy) = proxied().await;
    let workload = Workload::start(&[wharf.client()], 8, 30_000);
    for turn in 0..6 {
        tokio::time::sleep(Duration::from_millis(1000 + turn * 113)).await;
        proxy.set(Link::Cut);
        tokio::time::sleep(Duration::from_millis(400)).await;
        proxy.set(Link::Up);
        let recovered = recovery(&wharf).await;
        assert!(recovered < RECOVERY, "{recovered:?}");
    }
    workload.acknowledges(10).await;
    let ledger = workload.finish().await;
    println!("{}", ledger.summary().await);
    ledger.expect_everything(&wharf.client()).await;
    ledger.expect_not_stuck(&wharf.client()).await;
    ledger.expect_no_unforeseen_error().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_the_database_ends_every_session() {
    let wharf = Wharf::start(Backend::PostgresS3).await;
    let workload = Workload::start(&[wharf.client()], 8, 30_000);
    for _ in 0..15 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        wharf.backing().database().disconnect_everyone();
    }
    let recovered = recovery(&wharf).await;
    assert!(recovered < RECOVERY, "{recovered:?}");
    workload.acknowledges(5).await;
    let ledger = workload.finish().await;
    println!("{}", ledger.summary().await);
    ledger.expect_everything(&wharf.client()).await;
    ledger.expect_no_unforeseen_error().await;
}

#[tokio::test]
async fn a_database_that_stalls_does_not_hang_the_server() {
    let (wharf, proxy) = proxied().await;
    let repository = wharf.repository();
    repository.push_small("one").await;
    proxy.set(Link::Stalled);
    wharf.anonymous().get("/healthz").send().await.expect(200);
    let begin = Instant::now();
    let waiting = (0..20).map(|number| {
        let repository = repository.clone();
        async move { repository.manifest(&format!("absent-{number}")).await }
    });
    for answer in futures_util::future::join_all(waiting).await {
        answer.expect(503);
    }
    let waited = begin.elapsed();
    println!("a stalled database is given up after {waited:?}");
    assert!(waited < Duration::from_secs(45), "{waited:?}");
    wharf.anonymous().get("/healthz").send().await.expect(200);
    proxy.set(Link::Up);
    let recovered = recovery(&wharf).await;
    assert!(recovered < 2 * RECOVERY, "{recovered:?}");
    repository.manifest("one").await.expect(200);
}

#[tokio::test]
async fn clients_that_hang_up_leave_no_transaction_open() {
    let wharf = Wharf::start(Backend::PostgresS3).await;
    let repository = wharf.repository();
    let image = repository.push_small("one").await;
    for turn in 0..60 {
        let call = repository.put_manifest_call(&format!("t{turn}"), &image.media_type, &image.manifest);
        tokio::time::timeout(Duration::from_millis(turn / 4), call.try_send()).await.ok();
        let call = wharf.client().put(&repository.begin().await.closing("sha256:0")).body(random(1000));
        tokio::time::timeout(Duration::from_millis(turn / 8), call.try_send()).await.ok();
    }
    // One that is left open stays so. Others come and go: those of requests that the server still finishes, and of jobs.
    let open = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'";
    let database = wharf.backing().database();
    tests::harness::admin::within(30, "no transaction is left open", async || database.query(open) == "0").await;
    repository.push_small("two").await;
}

#[tokio::test]
async fn many_clients_share_few_connections() {
    let wharf = Wharf::with(Backend::PostgresS3).set("WHARF_DATABASE_POOL", "4").start().await;
    let repository = wharf.repository();
    let image = repository.push_small("one").await;
    let calls = (0..64).map(|number| {
        let (repository, image) = (repository.clone(), image.clone());
        async move {
            for turn in 0..5 {
                let tag = format!("t{number}-{turn}");
                repository.put_manifest(&tag, &image.media_type, &image.manifest).await.expect_one_of(&[201, 429, 503]);
                repository.manifest("one").await.expect_one_of(&[200, 429, 503]);
                repository.tags("?n=5").await.expect_one_of(&[200, 429, 503]);
            }
        }
    });
    futures_util::future::join_all(calls).await;
    repository.expect_image(Some("one"), &image).await;
}

/// A small blob of a bucket is the object that its last chunk left. It stays for as long as the session can be finished, or
/// the session would end with a blob that has no bytes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_could_not_be_finished_keeps_its_bytes_or_is_over() {
    let wharf = Wharf::start(Backend::PostgresS3).await;
    let repository = wharf.repository();
    repository.push_blob(b"the first").await;
    let bytes = random(1000);
    let mut upload = repository.begin().await;
    upload.append(&bytes).await.expect(202);
    // Nobody writes to the table, for longer than a statement waits for a lock.
    let database = wharf.backing().database();
    let mut holder = database.session();
    holder.run("begin");
    holder.run("lock table repository_blobs in exclusive mode");
    upload.close(&digest(&bytes)).await.expect(503);
    holder.run("rollback");
    // Time passes until a minute before the session ends.
    database.query(
        "update removals
         set not_before = not_before - (select max(expires_at) from uploads where state = 'open')
             + cast(extract(epoch from now()) * 1000000 as bigint) + 60000000",
    );
    let collected = wharf.run(&["gc"]);
    assert!(collected.status.success(), "{collected:?}");
    let answer = upload.close(&digest(&bytes)).await.expect_one_of(&[201, 404]);
    if answer.status() == 201 {
        repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
    }
    repository.push_blob(&bytes).await;
    repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
}

/// Sessions are looked at in the order of their ends, and one of them must not be in the way of all others for good.
#[tokio::test]
async fn a_session_that_cannot_be_read_keeps_no_other_from_ending() {
    for backend in [Backend::PostgresDisk, Backend::PostgresS3] {
        let wharf = Wharf::start(backend).await;
        let repository = wharf.repository();
        let (mut damaged, mut other) = (repository.begin().await, repository.begin().await);
        damaged.append(b"damaged").await.expect(202);
        other.append(b"whole").await.expect(202);
        let id = damaged.location.rsplit('/').next().expect("an id").to_owned();
        let database = wharf.backing().database();
        database.query(&format!("update uploads set staged = '{{}}', expires_at = 1 where upload_id = '{id}'"));
        database.query("update uploads set expires_at = 2 where expires_at <> 1");
        tests::harness::admin::within(60, "both sessions are gone", async || {
            database.query("select count(*) from uploads") == "0"
        })
        .await;
        // Nothing of them stays.
        let finished = wharf.run(&["fsck"]);
        assert!(finished.status.success(), "{finished:?}");
    }
}
