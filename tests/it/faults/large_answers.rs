//! Large manifests on their way to clients that do not take them: they wait for each other, memory does not grow, and small
//! ones are given out meanwhile.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tests::harness::admin::within;
use tests::harness::content::{self, OCI_CONFIG, OCI_MANIFEST};
use tests::harness::sigv4::Unsigned;
use tests::harness::{Backend, Wharf, raw, resources};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// Nearly 60 MB in one answer.
const MANIFESTS: usize = 15;
const LENGTH: usize = 4_000_000;
/// With these one answer would be too large.
const ARCHIVED: usize = 2;
const CLIENTS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_nobody_reads_stay_within_the_budget() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let wharf = Wharf::with(backend).set("WHARF_MEMORY_BUDGET", "64MiB").start().await;
        let client = wharf.client();
        let repository = client.repository("tests/answers");
        repository.push_small("small").await;
        repository.push_blob(b"{}").await;
        let manifest = content::to_bytes(&content::manifest(content::descriptor(OCI_CONFIG, b"{}"), Vec::new()));
        for number in 0..MANIFESTS + ARCHIVED {
            let mut large = manifest.clone();
            large.resize(LENGTH + number, b' ');
            repository.put_manifest(&format!("t{number}"), OCI_MANIFEST, &large).await.expect(201);
        }
        for number in MANIFESTS..MANIFESTS + ARCHIVED {
            let id = json!({"imageTag": format!("t{number}")});
            let class = json!({"repositoryName": "tests/answers", "imageId": id, "targetStorageClass": "ARCHIVE"});
            let class = Unsigned::ecr("UpdateImageStorageClass", &class.to_string());
            class.sign(&wharf.aws()).send(&wharf.url()).await.expect(200);
        }
        let ids: Vec<_> = (0..MANIFESTS + ARCHIVED).map(|number| json!({"imageTag": format!("t{number}")})).collect();
        let ask = json!({"repositoryName": "tests/answers", "imageIds": ids}).to_string();
        let ask = Unsigned::ecr("BatchGetImage", &ask);
        let whole = ask.sign(&wharf.aws()).send(&wharf.url()).await.expect(200);
        assert_eq!(whole.json()["images"].as_array().map(Vec::len), Some(MANIFESTS));
        assert_eq!(
            whole.json()["failures"].as_array().map(Vec::len),
            Some(ARCHIVED),
            "what is not sent counts for nothing"
        );
        drop(whole);

        let before = resources::peak(wharf.pid());
        let slow = join_all((0..CLIENTS).map(async |_| {
            let signed = ask.sign(&wharf.aws());
            let headers: Vec<String> = signed.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            let length = format!("content-length: {}", signed.body.len());
            let headers: Vec<&str> = headers.iter().map(String::as_str).chain([length.as_str()]).collect();
            let mut request = raw::request("POST", "/", &wharf.address(), &headers);
            request.extend_from_slice(&signed.body);
            let mut stream = TcpStream::connect(wharf.address()).await.expect("the server accepts");
            stream.write_all(&request).await.expect("a request can be sent");
            stream
        }))
        .await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        let grown = resources::peak(wharf.pid()) - before;
        println!(
            "{backend:?}: {CLIENTS} answers of {} MB: {} MB more",
            MANIFESTS * LENGTH / 1_000_000,
            grown / 1_000_000
        );
        assert!(grown < 250_000_000, "{backend:?}: {grown} bytes");

        client.get(&repository.manifest_path("small")).send().await.expect(200);
        // Once the server has come to all of the requests before it.
        within(60, "a large manifest waits for its memory", async || {
            let large = client.get(&repository.manifest_path("t1"));
            tokio::time::timeout(Duration::from_secs(1), large.send()).await.is_err()
        })
        .await;
        drop(slow);
        client.get(&repository.manifest_path("t1")).send().await.expect(200);
    }
}
