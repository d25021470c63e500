//! Clients that are slow, many or restless: others are served meanwhile, and the slow ones are cut off in the end.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tests::harness::server::{ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY};
use tests::harness::{Backend, Wharf, random, raw, resources};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A machine that stands still for a moment makes one request slow; a server that is held up is slow again and again.
async fn expect_quick(wharf: &Wharf) {
    let mut took = Vec::new();
    for _ in 0..3 {
        let begin = Instant::now();
        wharf.client().get("/v2/").send().await.expect(200);
        if begin.elapsed() < Duration::from_secs(2) {
            return;
        }
        took.push(begin.elapsed());
    }
    panic!("ordinary requests took {took:?}");
}

#[tokio::test]
async fn half_sent_requests_hold_nobody_up_and_are_cut_off() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let mut streams = Vec::new();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(wharf.address()).await.expect("the server accepts");
        stream.write_all(b"GET /v2/ HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.expect("a head can be begun");
        streams.push(stream);
    }
    expect_quick(&wharf).await;
    let repository = wharf.repository();
    let upload = repository.begin().await;
    let path = upload.location.trim_start_matches(&wharf.url()).to_owned();
    let credentials = raw::basic(ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY);
    for _ in 0..30 {
        let mut stream = TcpStream::connect(wharf.address()).await.expect("the server accepts");
        let request = raw::request("PATCH", &path, &wharf.address(), &[&credentials, "Content-Length: 1000000"]);
        stream.write_all(&request).await.expect("a head can be sent");
        streams.push(stream);
    }
    expect_quick(&wharf).await;
    // A head that never ends is cut off well within a minute.
    let end = raw::read(&mut streams[0], Duration::from_secs(45)).await;
    assert!(end.closed, "a half-sent head is still held after 45 s");
    expect_quick(&wharf).await;
}

#[tokio::test]
async fn slow_readers_cost_little_memory() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let repository = wharf.repository();
    let digest = repository.push_blob(&random(24 << 20)).await;
    repository.blob(&digest).await.expect(200);
    let before = resources::resident(wharf.pid());
    let credentials = raw::basic(ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY);
    let request = raw::request("GET", &repository.blob_path(&digest), &wharf.address(), &[&credentials]);
    let mut streams = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(wharf.address()).await.expect("the server accepts");
        stream.write_all(&request).await.expect("a request can be sent");
        let mut piece = [0; 1024];
        stream.read_exact(&mut piece).await.expect("the answer begins");
        streams.push(stream);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    expect_quick(&wharf).await;
    let grown = resources::resident(wharf.pid()).saturating_sub(before);
    println!("100 slow readers cost {} KiB each", grown / 1024 / 100);
    assert!(grown < 100 * 512 * 1024, "{} KiB a reader", grown / 1024 / 100);
}

/// Frames of HTTP/2 as bytes: a length of three bytes, a type, flags, a stream.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u32;
    let mut bytes = length.to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// A connection that has begun HTTP/2 with prior knowledge.
async fn http2(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("the server accepts");
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.expect("the preface is sent");
    stream.write_all(&frame(4, 0, 0, b"")).await.expect("settings are sent");
    stream
}

/// `GET http://x/v2/` without indexing: method and scheme from the static table, path and authority as literals.
fn headers() -> Vec<u8> {
    [&[0x82, 0x86, 0x04, 4][..], b"/v2/", &[0x01, 1][..], b"x"].concat()
}

#[tokio::test]
async fn streams_that_are_reset_at_once_do_not_wear_the_server_out() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let mut attackers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let address = wharf.address();
        attackers.spawn(async move {
            let mut stream = http2(address).await;
            for number in 0..20_000_u32 {
                let id = number * 2 + 1;
                let mut pair = frame(1, 0x05, id, &headers());
                pair.extend(frame(3, 0, id, &8_u32.to_be_bytes()));
                // Being cut off is what a server should do.
                if stream.write_all(&pair).await.is_err() {
                    return;
                }
            }
        });
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    expect_quick(&wharf).await;
    while attackers.join_next().await.is_some() {}
    expect_quick(&wharf).await;
    assert!(resources::resident(wharf.pid()) < 200 << 20, "{} bytes are resident", resources::resident(wharf.pid()));
}

#[tokio::test]
async fn headers_that_never_end_are_cut_off() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let mut stream = http2(wharf.address()).await;
    stream.write_all(&frame(1, 0, 1, &headers())).await.expect("headers are begun");
    // CONTINUATION after CONTINUATION, each with one more header.
    let field = [&[0x00, 5][..], b"x-abc", &[100][..], &[b'y'; 100]].concat();
    let mut cut = false;
    for _ in 0..20_000 {
        if stream.write_all(&frame(9, 0, 1, &field)).await.is_err() {
            cut = true;
            break;
        }
    }
    let end = raw::read(&mut stream, Duration::from_secs(20)).await;
    assert!(cut || end.closed, "two megabytes of headers are still welcome");
    expect_quick(&wharf).await;
    assert!(resources::resident(wharf.pid()) < 150 << 20);
}

#[tokio::test]
async fn hundreds_of_open_sessions_cost_next_to_nothing() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let repository = wharf.repository();
    let before = (resources::resident(wharf.pid()), resources::descriptors(wharf.pid()));
    let mut uploads = Vec::new();
    for _ in 0..300 {
        let mut upload = repository.begin().await;
        upload.append(b"begun").await.expect(202);
        uploads.push(upload);
    }
    let grown = resources::resident(wharf.pid()).saturating_sub(before.0);
    let opened = resources::descriptors(wharf.pid()).saturating_sub(before.1);
    assert!(grown < 32 << 20, "{grown} bytes for 300 idle sessions");
    assert!(opened < 100, "{opened} descriptors for 300 idle sessions");
    for upload in &uploads {
        upload.cancel().await.expect(204);
    }
}
