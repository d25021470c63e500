//! The harness itself: a proxy that carries everything, a disk that never fills or a database that is not there would make
//! every test of faults pass for the wrong reason.

use std::time::Duration;

use tests::harness::fault_proxy::{Fault, FaultProxy};
use tests::harness::tcp_proxy::{Link, TcpProxy};
use tests::harness::tmpfs::Tmpfs;
use tests::harness::{Auth, Client, postgres, random, raw, s3};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[test]
fn databases_are_made_and_removed() {
    let (one, other) = (postgres::Database::create(), postgres::Database::create());
    one.query("create table t (x int); insert into t values (7)");
    assert_eq!(one.query("select x from t"), "7");
    assert_eq!(other.query("select count(*) from pg_tables where tablename = 't'"), "0");
    let name = one.url().rsplit('/').next().expect("a name").to_owned();
    drop(one);
    assert_eq!(other.query(&format!("select count(*) from pg_database where datname = '{name}'")), "0");
    assert_eq!(other.query(&format!("select 1 where '{}' like '%:%'", other.address())), "1");
    assert!(other.url_through("127.0.0.1:1").contains("@127.0.0.1:1/"));
}

#[tokio::test]
async fn a_cut_link_breaks_old_and_new_connections() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let target = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                tokio::io::copy(&mut from, &mut to).await.ok();
            });
        }
    });
    let proxy = TcpProxy::start(&target).await;
    let mut stream = tokio::net::TcpStream::connect(proxy.address()).await.expect("the proxy accepts");
    let mut echo = [0; 4];
    stream.write_all(b"ping").await.expect("sent");
    stream.read_exact(&mut echo).await.expect("echoed");
    proxy.set(Link::Stalled);
    stream.write_all(b"more").await.expect("sent");
    let silent = raw::read(&mut stream, Duration::from_millis(300)).await;
    assert!(silent.bytes.is_empty() && !silent.closed, "a stalled link carries nothing and stays open");
    proxy.set(Link::Up);
    stream.read_exact(&mut echo).await.expect("what was held comes through");
    assert_eq!(&echo, b"more");
    proxy.set(Link::Cut);
    assert!(raw::read(&mut stream, Duration::from_secs(5)).await.closed);
    let mut late = tokio::net::TcpStream::connect(proxy.address()).await.expect("the proxy accepts");
    assert!(raw::read(&mut late, Duration::from_secs(5)).await.closed);
}

#[tokio::test]
async fn the_fault_proxy_does_what_it_is_told() {
    // Anything that speaks HTTP will do for a store; this one has no credentials, so it always refuses.
    let prefix = s3::Prefix::create();
    let proxy = FaultProxy::start(prefix.endpoint()).await;
    let client = Client::new(&proxy.endpoint(), Auth::None);
    let whole = client.get("/bucket/key").send().await.expect_one_of(&[403, 404]);
    assert!(whole.body().len() > 20, "{whole}");
    assert_eq!(proxy.faults(), 0);
    proxy.plan(|_| Fault::Status(503));
    let answer = client.put("/bucket/key").body(random(100_000)).send().await.expect(503);
    assert!(String::from_utf8_lossy(answer.body()).contains("SlowDown"));
    proxy.plan(|_| Fault::ErrorInSuccess);
    let answer = client.post("/bucket/key?uploadId=x").send().await.expect(200);
    assert!(String::from_utf8_lossy(answer.body()).contains("<Error>"));
    for fault in [Fault::Reset, Fault::LostReply, Fault::Truncated(10), Fault::Silence(Duration::from_millis(100))] {
        proxy.plan(move |_| fault);
        assert!(client.get("/bucket/key").try_send().await.is_err(), "{fault:?}");
    }
    assert_eq!(proxy.faults(), 6);
    proxy.heal();
    assert_eq!(client.get("/bucket/key").send().await.status(), whole.status());
}

#[test]
fn a_filled_disk_has_no_room_left() {
    let disk = Tmpfs::mount(8);
    let filler = disk.fill();
    let refused = std::fs::write(disk.path().join("more"), [0; 8192]);
    assert!(refused.is_err(), "there is still room");
    std::fs::remove_file(filler).expect("the filler can be removed");
    std::fs::write(disk.path().join("more"), [0; 8192]).expect("there is room again");
}
