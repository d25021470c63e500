//! Five hundred pushes at once stay within the budget: clients wait, memory does not grow. So do manifests, and lists of what
//! is about one.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use serde_json::json;
use tests::harness::content::{self, OCI_MANIFEST};
use tests::harness::server::{ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY};
use tests::harness::upload::Upload;
use tests::harness::{Backend, Client, Repository, Wharf, digest, random, raw, resources};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const MIB: u64 = 1 << 20;
const PUSHES: usize = 500;
const LENGTH: usize = 2 << 20;

/// At the default budget and at a small one, where what connections cost beside it shows most.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_parallel_pushes_stay_within_the_budget() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        for budget in [256 * MIB, 64 * MIB] {
            let wharf = Wharf::with(backend)
                .set("WHARF_MEMORY_BUDGET", format!("{}MiB", budget / MIB))
                // Memory is what they are to wait for, not the database.
                .set("WHARF_DATABASE_POOL", "64")
                .start()
                .await;
            // Five hundred clients that all create one repository would wait for the database, not for memory.
            wharf.client().repository("tests/memory").push_small("first").await;
            push_at_once(&wharf).await;
            let (now, peak) = (resources::resident(wharf.pid()), resources::peak(wharf.pid()));
            println!("{backend:?}, {budget} bytes: peak {} MB, then {} MB", peak / 1_000_000, now / 1_000_000);
            // The program itself is large where it is not optimized, and grows with what it can do.
            let held = peak - resources::program(wharf.pid());
            assert!(held < budget + 60_000_000, "{backend:?}: {held} bytes at the peak with a budget of {budget}");
        }
    }
}

async fn push_at_once(wharf: &Wharf) {
    // All share their tail, so that the client side stays small; the head makes each one unique.
    let tail = Bytes::from(random(LENGTH));
    // Before anybody connects: a server does not wait for long for who connects and says nothing.
    let heads: Vec<(Bytes, String)> = (0..PUSHES)
        .map(|number| {
            let head = Bytes::from(number.to_le_bytes().to_vec());
            let digest = digest(&[&head[..], &tail].concat());
            (head, digest)
        })
        .collect();
    let mut pushes = JoinSet::new();
    for (head, digest) in heads {
        let (repository, tail, client) = (wharf.client().repository("tests/memory"), tail.clone(), wharf.client());
        pushes.spawn(async move {
            // A busy server asks to come back later, as clients do.
            while !push(&repository, &client, &head, &tail, &digest).await {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
    }
    pushes.join_all().await;
}

/// One push. False if the server is too busy.
async fn push(repository: &Repository, client: &Client, head: &Bytes, tail: &Bytes, digest: &str) -> bool {
    let begun = client.post(&repository.path("blobs/uploads/")).send().await.expect_one_of(&[202, 503]);
    if begun.status() == 503 {
        return false;
    }
    let upload = Upload::new(client.clone(), &begun);
    let pieces = std::iter::once(head.clone()).chain((0..LENGTH).step_by(64 << 10).map({
        let tail = tail.clone();
        move |start| tail.slice(start..(start + (64 << 10)).min(LENGTH))
    }));
    // Of unknown length, so that the server cannot know what to reserve.
    let body = stream::iter(pieces.map(Ok).collect::<Vec<_>>());
    // Whoever waits for memory longer than a client waits for the network begins anew, too.
    match client.put(&upload.closing(digest)).stream(body).try_send().await {
        Ok(ended) => ended.expect_one_of(&[201, 503]).status() == 201,
        Err(_) => false,
    }
}

/// Manifests are held as a whole. Those that come slowly, or do not end, wait for each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn manifests_that_do_not_end_stay_within_the_budget() {
    const BUDGET: u64 = 64 * MIB;
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_MEMORY_BUDGET", "64MiB").start().await;
    let repository = wharf.repository();
    repository.push_small("first").await;
    let before = resources::resident(wharf.pid());
    let credentials = raw::basic(ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY);
    let piece = Bytes::from(vec![b' '; (4 * MIB - 1) as usize]);
    let pushes = (0..120).map(|number| {
        let (address, piece, credentials) = (wharf.address(), piece.clone(), credentials.clone());
        let path = repository.manifest_path(&format!("t{number}"));
        async move {
            let mut stream = TcpStream::connect(address).await.expect("the server accepts");
            let (length, chunk) = match number % 2 {
                0 => ("Content-Length: 4194304", String::new()),
                _ => ("Transfer-Encoding: chunked", format!("{:x}\r\n", piece.len())),
            };
            let kind = format!("Content-Type: {OCI_MANIFEST}");
            let mut head = raw::request("PUT", &path, &address, &[&credentials, &kind, length]);
            head.extend_from_slice(chunk.as_bytes());
            stream.write_all(&head).await.expect("a head can be sent");
            // A server that does not take it now does not have to hold it.
            tokio::time::timeout(Duration::from_secs(10), stream.write_all(&piece)).await.ok();
            stream
        }
    });
    let streams = join_all(pushes).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let held = resources::resident(wharf.pid()).saturating_sub(before);
    println!("{} manifests without an end: {} MB", streams.len(), held / 1_000_000);
    assert!(held < BUDGET + 40_000_000, "{held} bytes with a budget of {BUDGET}");
    // Ordinary manifests are small, and do not wait.
    repository.push_small("meanwhile").await;
    drop(streams);
    let large = content::manifest(content::descriptor(content::OCI_CONFIG, b"{}"), Vec::new());
    let mut large = content::to_bytes(&large);
    large.resize(3 << 20, b' ');
    repository.push_blob(b"{}").await;
    repository.put_manifest("large", OCI_MANIFEST, &large).await.expect(201);
}

/// Over HTTP/2 a server takes what a client may send ahead, whether or not it is read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_streams_send_ahead_stays_small() {
    const BUDGET: u64 = 64 * MIB;
    let wharf = Wharf::with(Backend::PostgresS3)
        .set("WHARF_MEMORY_BUDGET", "64MiB")
        .set("WHARF_DATABASE_POOL", "64")
        .start()
        .await;
    let repository = wharf.client().repository("tests/streams");
    repository.push_small("first").await;
    let before = resources::resident(wharf.pid());
    let piece = Bytes::from(random(64 << 10));
    let mut uploads = JoinSet::new();
    for _ in 0..25 {
        let connection = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .http2_prior_knowledge()
            .build()
            .expect("the client's settings are valid");
        for _ in 0..4 {
            let upload = repository.begin().await;
            // Four megabytes, and then nothing more for now.
            let pieces: Vec<_> = (0..64).map(|_| Ok::<_, std::io::Error>(piece.clone())).collect();
            let body = stream::iter(pieces).chain(stream::pending());
            let call = connection.patch(format!("{}{}", wharf.url(), upload.location));
            let call = call.basic_auth(ROOT_ACCESS_KEY_ID, Some(ROOT_SECRET_ACCESS_KEY));
            uploads.spawn(call.body(reqwest::Body::wrap_stream(body)).send());
        }
    }
    tokio::time::sleep(Duration::from_secs(8)).await;
    let held = resources::resident(wharf.pid()).saturating_sub(before);
    println!("{} streams: {} MB", uploads.len(), held / 1_000_000);
    assert!(uploads.try_join_next().is_none(), "every upload is still on its way");
    assert!(held < BUDGET + 60_000_000, "{held} bytes with a budget of {BUDGET}");
}

/// Twenty of nearly 4 MB each: what one answer would hold, and take several times over.
const LARGE_REFERRERS: usize = 20;

/// A page ends where its answer is large enough, and so does what is read for it.
#[tokio::test]
async fn a_page_of_large_referrers_takes_the_memory_of_a_page() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let mut wharf = Wharf::start(backend).await;
        let repository = wharf.client().repository("tests/referrers");
        let image = repository.push_small("subject").await;
        repository.push_blob(b"{}").await;
        let note = hex::encode(random(1_900_000));
        for number in 0..LARGE_REFERRERS {
            let mut document = content::artifact("application/vnd.example.large");
            document["subject"] = image.descriptor();
            document["annotations"] = json!({"number": number.to_string(), "note": note});
            let bytes = content::to_bytes(&document);
            repository.put_manifest(&digest(&bytes), OCI_MANIFEST, &bytes).await.expect(201);
        }
        wharf.restart().await;
        let before = resources::peak(wharf.pid());
        let pages = repository.pages(&repository.path(&format!("referrers/{}", image.digest))).await;
        let grown = resources::peak(wharf.pid()) - before;
        println!("{backend:?}: {} pages, {} MB more at the peak", pages.len(), grown / 1_000_000);
        let listed: usize = pages.iter().map(|page| page.json()["manifests"].as_array().map_or(0, Vec::len)).sum();
        assert_eq!(listed, LARGE_REFERRERS);
        assert!(grown < 60_000_000, "{backend:?}: {grown} bytes");
    }
}
