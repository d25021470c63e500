//! Documents that are no manifests, or manifests made to hurt.

use std::time::{Duration, Instant};

use serde_json::json;
use tests::harness::content::{
    self, OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, descriptor, missing_descriptor, to_bytes,
};
use tests::harness::{Answer, Repository, digest, on_default, random};

async fn put(repository: &Repository, media_type: &str, bytes: &[u8]) -> Answer {
    let begin = Instant::now();
    let answer = repository.put_manifest("bad", media_type, bytes).await;
    let elapsed = begin.elapsed();
    // What is read more than once for each level or member takes minutes; a machine that stands still takes seconds.
    assert!(elapsed < Duration::from_secs(20), "{elapsed:?} for {} bytes", bytes.len());
    answer
}

#[tokio::test]
async fn documents_that_are_no_manifests_are_refused() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("fine").await;
        let text = String::from_utf8(image.manifest.clone()).expect("JSON is text");
        // All is well with these but for one member that nobody reads.
        let with = |member: &str| text.replacen('{', &format!("{{{member},"), 1);
        let deep = with(&format!("\"a\":{}{}", "[".repeat(100_000), "]".repeat(100_000)));
        let deep_object = with(&format!("\"a\":{}1{}", "{\"a\":".repeat(50_000), "}".repeat(50_000)));
        let documents: Vec<Vec<u8>> = vec![
            b"".to_vec(),
            b" ".to_vec(),
            b"{".to_vec(),
            b"{}".to_vec(),
            b"[]".to_vec(),
            b"null".to_vec(),
            b"true".to_vec(),
            b"42".to_vec(),
            b"\"text\"".to_vec(),
            b"<html></html>".to_vec(),
            b"\xff\xfe\x00".to_vec(),
            b"\xef\xbb\xbf{}".to_vec(),
            b"{\"schemaVersion\":2}".to_vec(),
            b"{'schemaVersion':2}".to_vec(),
            format!("{text}{text}").into_bytes(),
            format!("{text}x").into_bytes(),
            text.as_bytes()[..text.len() - 1].to_vec(),
            text.replacen('{', "{\"schemaVersion\":2,", 1).into_bytes(),
            text.replacen('{', "{\"layers\":[],", 1).into_bytes(),
            text.replacen('{', "{\"mediaType\":\"application/vnd.oci.image.index.v1+json\",", 1).into_bytes(),
            text.replace("\"schemaVersion\":2", "\"schemaVersion\":2.5").into_bytes(),
            text.replace("\"schemaVersion\":2", "\"schemaVersion\":NaN").into_bytes(),
            [b"{\"x\":\"".to_vec(), vec![0xff; 4], b"\",".to_vec(), text.as_bytes()[1..].to_vec()].concat(),
            [b"{\"x\":\"\x00\",".to_vec(), text.as_bytes()[1..].to_vec()].concat(),
            deep.into_bytes(),
            deep_object.into_bytes(),
            with("\"a\":{\"b\":1,\"b\":2}").into_bytes(),
            // What Go's JSON takes for the other member.
            with("\"Layers\":[]").into_bytes(),
            with("\"MANIFESTS\":[]").into_bytes(),
            with("\"layer\u{17f}\":[]").into_bytes(),
            text.replacen("\"digest\":", &format!("\"Digest\":\"{}\",\"digest\":", digest(b"x")), 1).into_bytes(),
        ];
        for document in documents {
            let shown = String::from_utf8_lossy(&document[..document.len().min(60)]).into_owned();
            for media_type in [OCI_MANIFEST, OCI_INDEX] {
                let answer = put(&repository, media_type, &document).await;
                assert_eq!((answer.status(), answer.code().as_str()), (400, "MANIFEST_INVALID"), "{shown}: {answer}");
            }
            repository.head_manifest("bad").await.expect(404);
        }
        repository.expect_image(Some("fine"), &image).await;
    })
    .await;
}

#[tokio::test]
async fn keys_that_come_twice_are_refused_in_descriptors_too() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("fine").await;
        let text = String::from_utf8(image.manifest.clone()).expect("JSON is text");
        let layer = &image.blobs[1].0;
        let doubled = text.replace(
            &format!("\"digest\":\"{layer}\""),
            &format!("\"digest\":\"{}\",\"digest\":\"{layer}\"", digest(b"x")),
        );
        assert_ne!(doubled, text);
        put(&repository, OCI_MANIFEST, doubled.as_bytes()).await.expect_error(400, "MANIFEST_INVALID");
    })
    .await;
}

#[tokio::test]
async fn a_list_is_no_descriptor() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("fine").await;
        let mut document: serde_json::Value = serde_json::from_slice(&image.manifest).expect("JSON");
        let config = document["config"].clone();
        document["config"] = json!([config["mediaType"], config["digest"], config["size"]]);
        put(&repository, OCI_MANIFEST, &to_bytes(&document)).await.expect_error(400, "MANIFEST_INVALID");
    })
    .await;
}

#[tokio::test]
async fn a_very_large_body_is_cut_off_quickly() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let before = tests::harness::resources::resident(wharf.pid());
        let bytes = vec![b' '; 64 << 20];
        put(&repository, OCI_MANIFEST, &bytes).await.expect(413);
        let pieces: Vec<_> = bytes.chunks(1 << 20).map(|piece| Ok(bytes::Bytes::copy_from_slice(piece))).collect();
        let call = wharf.client().put(&repository.manifest_path("bad")).header("content-type", OCI_MANIFEST);
        let begin = Instant::now();
        call.stream(futures_util::stream::iter(pieces)).send().await.expect(413);
        assert!(begin.elapsed() < Duration::from_secs(10));
        let grown = tests::harness::resources::resident(wharf.pid()).saturating_sub(before);
        assert!(grown < 48 << 20, "resident memory grew by {grown} bytes");
    })
    .await;
}

#[tokio::test]
async fn a_compressed_body_is_not_unpacked() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("fine").await;
        for encoding in ["gzip", "deflate", "br", "zstd"] {
            let call =
                repository.put_manifest_call("bad", OCI_MANIFEST, &random(1000)).header("content-encoding", encoding);
            call.send().await.expect_one_of(&[400, 415]);
            let call =
                repository.put_manifest_call("bad", OCI_MANIFEST, &image.manifest).header("content-encoding", encoding);
            call.send().await.expect_one_of(&[201, 400, 415]);
        }
    })
    .await;
}

#[tokio::test]
async fn thousands_of_layers_are_checked_at_once() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let (config, layer) = (content::config(), random(10));
        repository.push_blob(&config).await;
        repository.push_blob(&layer).await;
        let present = descriptor(OCI_LAYER, &layer);
        let document = content::manifest(descriptor(OCI_CONFIG, &config), vec![present; 20_000]);
        let begin = Instant::now();
        let answer =
            repository.put_manifest("many", OCI_MANIFEST, &to_bytes(&document)).await.expect_one_of(&[201, 400]);
        assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
        drop(answer);
        let missing: Vec<_> = (0..15_000).map(|_| missing_descriptor(OCI_LAYER)).collect();
        let document = content::manifest(descriptor(OCI_CONFIG, &config), missing);
        let begin = Instant::now();
        let answer = repository.put_manifest("missing", OCI_MANIFEST, &to_bytes(&document)).await.expect(400);
        assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
        assert!(answer.body().len() < 64 << 10, "an error of {} bytes", answer.body().len());
    })
    .await;
}

#[tokio::test]
async fn what_looks_like_a_page_is_never_served_as_one() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let page = b"<html><script>alert(1)</script></html>".to_vec();
        let digest = repository.push_blob(&page).await;
        let answer = repository.blob(&digest).await.expect(200);
        answer
            .expect_header("content-type", "application/octet-stream")
            .expect_header("x-content-type-options", "nosniff");
        let answer = put(&repository, "text/html", &page).await;
        assert!([400, 415].contains(&answer.status()), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn links_inside_documents_are_not_followed() {
    on_default(async |wharf| {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let repository = wharf.repository();
        let config = content::config();
        repository.push_blob(&config).await;
        let mut layer = missing_descriptor("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip");
        layer["urls"] = json!([format!("http://{address}/layer"), "file:///etc/passwd"]);
        let missing = layer["digest"].as_str().expect("a digest").to_owned();
        let document = content::manifest(descriptor(OCI_CONFIG, &config), vec![layer]);
        repository.push_manifest("linked", &document).await;
        repository.blob(&missing).await.expect(404);
        let visited = tokio::time::timeout(Duration::from_millis(500), listener.accept()).await;
        assert!(visited.is_err(), "the server fetched a URL from a manifest");
    })
    .await;
}
