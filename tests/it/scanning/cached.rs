//! Scans of images that come through the pull-through cache: nobody asks for them, and what is not here is fetched.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::harness::adapter::{Adapter, Mood as AdapterMood};
use tests::harness::admin::within;
use tests::harness::content::{OCI_INDEX, index, to_bytes};
use tests::harness::sigv4::Unsigned;
use tests::harness::upstream::{Asked, Mood};
use tests::harness::{Backend, DEFAULT, Image, Upstream, Wharf, digest, random};

use super::{advisory, import};
use crate::cache::{caching, call, counted, rule};

/// A layer, not packed: an archive of small files.
fn layer(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (path, content) in files {
        let mut header = [0_u8; 512];
        header[..path.len()].copy_from_slice(path.as_bytes());
        header[100..108].copy_from_slice(b"0000644\0");
        header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        header[148..156].copy_from_slice(b"        ");
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        archive.extend_from_slice(&header);
        archive.extend_from_slice(content.as_bytes());
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

/// An image of two layers: Debian 12, and the list with this package. No other has the same layers.
fn debian(package: &str) -> Image {
    let nonce = hex::encode(random(8));
    let release = format!("ID=debian\nVERSION_ID=\"12\"\nNONCE={nonce}\n");
    let list = format!("Package: {package}\nStatus: install ok installed\nVersion: 1\nDescription: {nonce}\n\n");
    Image::of(vec![layer(&[("etc/os-release", &release)]), layer(&[("var/lib/dpkg/status", &list)])])
}

/// [`caching`], where images below `cache/app` are scanned when they come, and `a` and `b` are vulnerable.
async fn scanning(backend: Backend, host: &str, settings: &[(&str, &str)]) -> Wharf {
    let wharf = caching(backend, host, settings).await;
    let filters =
        json!([{ "filter": "cache/app*", "filterType": "WILDCARD" }, { "filter": "pushed", "filterType": "WILDCARD" }]);
    let rules = json!([{ "scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": filters }]);
    call(&wharf, "PutRegistryScanningConfiguration", json!({ "scanType": "BASIC", "rules": rules })).await;
    import(
        &wharf,
        &[
            advisory("CVE-2024-1", "Debian:12", "a", None, "low"),
            advisory("CVE-2024-2", "Debian:12", "b", None, "critical"),
        ],
    );
    wharf
}

/// How the scan of an image stands: status, description, and the names of what was found.
async fn standing(wharf: &Wharf, repository: &str, image: &Image) -> (String, String, Vec<String>) {
    let input = json!({ "repositoryName": repository, "imageId": { "imageDigest": image.digest } });
    let found = call(wharf, "DescribeImageScanFindings", input).await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let findings = found["imageScanFindings"]["findings"].as_array().cloned().unwrap_or_default();
    let status = &found["imageScanStatus"];
    (text(&status["status"]), text(&status["description"]), findings.iter().map(|each| text(&each["name"])).collect())
}

/// The same, once the scan is over.
async fn scanned(wharf: &Wharf, repository: &str, image: &Image) -> (String, String, Vec<String>) {
    within(120, "the scan is over", async || standing(wharf, repository, image).await.0 != "IN_PROGRESS").await;
    standing(wharf, repository, image).await
}

/// That the scan of an image ends with these findings.
async fn expect_found(wharf: &Wharf, repository: &str, image: &Image, names: &[&str]) {
    let (status, description, found) = scanned(wharf, repository, image).await;
    assert_eq!(
        (status.as_str(), found),
        ("COMPLETE", names.iter().map(|&name| name.to_owned()).collect()),
        "{description}"
    );
}

fn blobs(asked: &[Asked]) -> Vec<String> {
    let gets = asked.iter().filter(|asked| asked.is_blob() && asked.method == http::Method::GET);
    gets.filter_map(|asked| asked.target.rsplit('/').next()).map(str::to_owned).collect()
}

#[tokio::test]
async fn what_comes_through_the_cache_is_scanned_and_nothing_is_fetched_twice() {
    for &backend in DEFAULT {
        let upstream = Upstream::start().await;
        let (one, other, plain) = (debian("a"), debian("a"), debian("a"));
        let manifest = to_bytes(&index(vec![one.descriptor(), other.descriptor()]));
        let index = Image { digest: digest(&manifest), media_type: OCI_INDEX.to_owned(), manifest, blobs: Vec::new() };
        for image in [&one, &other] {
            upstream.put_image("app", &image.digest, image);
        }
        upstream.put_image("app", "latest", &index);
        upstream.put_image("plain", "v1", &plain);
        let wharf = scanning(backend, upstream.host(), &[("WHARF_CACHE_TAG_TTL", "0s")]).await;
        let ours = wharf.client().repository("cache/app");
        // Of the platforms the one that is asked for, whose layers nobody pulls: they are fetched once, in any order.
        ours.manifest("latest").await.expect(200);
        ours.manifest(&one.digest).await.expect(200);
        expect_found(&wharf, "cache/app", &one, &["CVE-2024-1"]).await;
        let asked = upstream.asked();
        let mut layers = vec![one.blobs[1].0.clone(), one.blobs[2].0.clone()];
        layers.sort();
        assert_eq!((counted(&asked).0, blobs(&asked)), (2, layers));
        // A pull fetches what the scan did not need.
        ours.expect_image(None, &one).await;
        assert_eq!(blobs(&upstream.asked()), [one.blobs[0].0.clone()]);
        // And the other way round.
        ours.expect_image(None, &other).await;
        expect_found(&wharf, "cache/app", &other, &["CVE-2024-1"]).await;
        assert_eq!(blobs(&upstream.asked()).len(), other.blobs.len());

        // A tag that moves there.
        let (old, new) = (debian("a"), debian("b"));
        upstream.put_image("app", "v1", &old);
        ours.manifest("v1").await.expect(200);
        expect_found(&wharf, "cache/app", &old, &["CVE-2024-1"]).await;
        upstream.put_image("app", "v1", &new);
        ours.manifest("v1").await.expect(200).expect_body(&new.manifest);
        expect_found(&wharf, "cache/app", &new, &["CVE-2024-2"]).await;

        // Where no rule asks for scans there is none, and nothing is fetched for it.
        wharf.client().repository("cache/plain").manifest("v1").await.expect(200);
        let input = json!({ "repositoryName": "cache/plain", "imageId": { "imageTag": "v1" } });
        let ask = Unsigned::ecr("DescribeImageScanFindings", &input.to_string()).sign(&wharf.aws());
        ask.send(&wharf.url()).await.expect(400);
        upstream.asked();
        // Whoever asks for one gets one.
        call(&wharf, "StartImageScan", input).await;
        expect_found(&wharf, "cache/plain", &plain, &["CVE-2024-1"]).await;
        assert_eq!(counted(&upstream.asked()), (0, 2));
    }
}

#[tokio::test]
async fn a_gate_opens_without_anybody_asking_for_a_scan() {
    let upstream = Upstream::start().await;
    let (good, bad) = (debian("a"), debian("b"));
    upstream.put_image("app", "good", &good);
    upstream.put_image("app", "bad", &bad);
    for &backend in DEFAULT {
        let wharf = scanning(backend, upstream.host(), &[]).await;
        wharf.create_repository("cache/app", "MUTABLE", &[]);
        let gate = wharf.run(&["pull-gate", "set", "cache/app", "--severity", "HIGH", "--require-scan"]);
        assert!(gate.status.success(), "{gate:?}");
        let ours = wharf.client().repository("cache/app");
        // What is no archive is never scanned.
        ours.push_small("own").await;
        within(60, "the gate is shut", async || ours.manifest("own").await.status() == 403).await;
        for tag in ["good", "bad"] {
            let answer = ours.manifest(tag).await.expect_error(403, "DENIED");
            assert!(String::from_utf8_lossy(answer.body()).contains("no scan of it is complete"), "{answer}");
        }
        within(60, "the gate is open", async || ours.manifest("good").await.status() == 200).await;
        ours.expect_image(Some("good"), &good).await;
        expect_found(&wharf, "cache/app", &bad, &["CVE-2024-2"]).await;
        let answer = ours.manifest("bad").await.expect_error(403, "DENIED");
        assert!(String::from_utf8_lossy(answer.body()).contains("CVE-2024-2 in b 1 is CRITICAL"), "{answer}");
    }
}

/// It is waited for as a job waits, and other images are scanned meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_scan_waits_for_a_registry_that_is_busy_or_away() {
    for (backend, mood) in [
        (Backend::SqliteDisk, Mood::Status(429, Some("3"))),
        (Backend::PostgresS3, Mood::Status(429, Some("3"))),
        (Backend::SqliteDisk, Mood::BreakOff(100)),
        (Backend::SqliteDisk, Mood::Silence(Duration::from_secs(60))),
    ] {
        println!("{mood:?}");
        let upstream = Upstream::start().await;
        let (image, second, third) = (debian("a"), debian("a"), debian("a"));
        for (tag, image) in [("v1", &image), ("v2", &second), ("v3", &third)] {
            upstream.put_image("app", tag, image);
        }
        let wharf = scanning(backend, upstream.host(), &[]).await;
        let planned = mood.clone();
        upstream.plan(move |asked| if asked.is_blob() { planned.clone() } else { Mood::Good });
        let ours = wharf.client().repository("cache/app");
        for tag in ["v1", "v2", "v3"] {
            ours.manifest(tag).await.expect(200);
        }
        within(30, "layers are asked for", async || !blobs(&upstream.asked()).is_empty()).await;
        wharf.create_repository("pushed", "MUTABLE", &[]);
        let here = debian("a");
        let begin = Instant::now();
        wharf.client().repository("pushed").push_image("v1", &here).await;
        expect_found(&wharf, "pushed", &here, &["CVE-2024-1"]).await;
        assert!(begin.elapsed() < Duration::from_secs(25), "{:?}", begin.elapsed());
        for waiting in [&image, &second, &third] {
            assert_eq!(standing(&wharf, "cache/app", waiting).await.0, "IN_PROGRESS");
        }
        upstream.plan(|_| Mood::Good);
        upstream.asked();
        for waiting in [&image, &second, &third] {
            expect_found(&wharf, "cache/app", waiting, &["CVE-2024-1"]).await;
        }
        assert!(blobs(&upstream.asked()).len() <= 6, "each layer was fetched once");
        within(60, "nothing is left to do", async || !wharf.run(&["jobs"]).stdout.contains("fetch layers to scan"))
            .await;
    }
}

/// However many images wait for one that is slow.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_registry_does_not_hold_up_scans_of_what_comes_from_another() {
    let (slow, quick) = (Upstream::start().await, Upstream::start().await);
    let both = format!("http://{},http://{}", slow.host(), quick.host());
    let wharf = scanning(Backend::SqliteDisk, slow.host(), &[("WHARF_CACHE_UPSTREAMS", &both)]).await;
    rule(&wharf, json!({ "ecrRepositoryPrefix": "cache/app/quick", "upstreamRegistryUrl": quick.host() })).await;
    slow.plan(|asked| if asked.is_blob() { Mood::Linger(Duration::from_secs(100)) } else { Mood::Good });
    for number in 0..6 {
        slow.put_image("app/slow", &format!("v{number}"), &debian("a"));
        wharf.client().repository("cache/app/slow").manifest(&format!("v{number}")).await.expect(200);
    }
    let begin = Instant::now();
    let mut asked = 0;
    // So long, and until it is asked at all.
    within(120, "layers are asked for", async || {
        asked += blobs(&slow.asked()).len();
        asked >= 2 && begin.elapsed() > Duration::from_secs(15)
    })
    .await;
    assert_eq!(asked, 2, "it is not overrun");
    let image = debian("a");
    quick.put_image("app", "v1", &image);
    let begin = Instant::now();
    wharf.client().repository("cache/app/quick/app").manifest("v1").await.expect(200);
    expect_found(&wharf, "cache/app/quick/app", &image, &["CVE-2024-1"]).await;
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_scan_that_cannot_get_a_layer_fails_and_says_why() {
    for &backend in DEFAULT {
        let upstream = Upstream::start().await;
        let wharf = scanning(backend, upstream.host(), &[("WHARF_SCAN_FETCH_TIMEOUT", "1s")]).await;
        let ours = wharf.client().repository("cache/app");
        let fails = async |tag: &str, words: &str| {
            let image = debian("a");
            upstream.put_image("app", tag, &image);
            ours.manifest(tag).await.expect(200);
            let (status, description, _) = scanned(&wharf, "cache/app", &image).await;
            assert!(status == "FAILED" && description.contains(words), "{status}: {description}");
        };
        upstream.plan(|asked| if asked.is_blob() { Mood::Status(404, None) } else { Mood::Good });
        fails("gone", "and the upstream registry does not have it any more").await;
        upstream.plan(|asked| if asked.is_blob() { Mood::Lie } else { Mood::Good });
        fails("other", "cannot be fetched: the upstream registry").await;
        // Not for ever.
        upstream.plan(|asked| if asked.is_blob() { Mood::Status(500, None) } else { Mood::Good });
        fails("down", "could not be fetched within 1 seconds: the upstream registry").await;
    }
}

/// An image that is deleted is nothing to wait for. One that comes again is another one.
#[tokio::test]
async fn an_image_that_is_deleted_before_its_scan_is_scanned_when_it_comes_again() {
    for &backend in DEFAULT {
        let upstream = Upstream::start().await;
        let wharf = scanning(backend, upstream.host(), &[]).await;
        let ours = wharf.client().repository("cache/app");
        let image = debian("a");
        upstream.put_image("app", "v1", &image);
        upstream.plan(|asked| if asked.is_blob() { Mood::Status(429, Some("2")) } else { Mood::Good });
        ours.manifest("v1").await.expect(200);
        within(30, "layers are asked for", async || !blobs(&upstream.asked()).is_empty()).await;
        ours.delete_manifest(&image.digest).await.expect(202);
        within(30, "nothing is left to do", async || {
            let jobs = wharf.run(&["jobs"]).stdout;
            !jobs.contains("fetch layers to scan") && !jobs.contains("scan image")
        })
        .await;
        upstream.plan(|_| Mood::Good);
        ours.manifest("v1").await.expect(200);
        expect_found(&wharf, "cache/app", &image, &["CVE-2024-1"]).await;
    }
}

/// A client that comes to a layer on its way waits for all of it. So the scan is not there first.
#[tokio::test(flavor = "multi_thread")]
async fn a_scan_fetches_nothing_while_somebody_pulls_the_image() {
    let upstream = Upstream::start().await;
    let image = debian("a");
    upstream.put_image("app", "v1", &image);
    upstream.plan(|asked| if asked.is_blob() { Mood::Linger(Duration::from_secs(20)) } else { Mood::Good });
    let wharf = scanning(Backend::SqliteDisk, upstream.host(), &[]).await;
    let ours = wharf.client().repository("cache/app");
    ours.manifest("v1").await.expect(200);
    let (layer, bytes) = image.blobs[1].clone();
    let pull = tokio::spawn(async move { ours.blob(&layer).await.expect(200).expect_body(&bytes) });
    tokio::time::sleep(Duration::from_secs(16)).await;
    assert_eq!(blobs(&upstream.asked()), [image.blobs[1].0.clone()]);
    upstream.plan(|_| Mood::Good);
    pull.await.expect("the layer comes");
    expect_found(&wharf, "cache/app", &image, &["CVE-2024-1"]).await;
    assert_eq!(blobs(&upstream.asked()), [image.blobs[2].0.clone()]);
}

/// Any process goes on with what another one was at.
#[tokio::test(flavor = "multi_thread")]
async fn a_scan_outlives_the_process_that_fetched_for_it() {
    let upstream = Upstream::start().await;
    let image = debian("a");
    upstream.put_image("app", "v1", &image);
    upstream.plan(|asked| if asked.is_blob() { Mood::Linger(Duration::from_secs(60)) } else { Mood::Good });
    let mut one = scanning(Backend::PostgresS3, upstream.host(), &[]).await;
    one.client().repository("cache/app").manifest("v1").await.expect(200);
    within(30, "layers are asked for", async || !blobs(&upstream.asked()).is_empty()).await;
    one.kill();
    upstream.plan(|_| Mood::Good);
    let named = format!("http://{}", upstream.host());
    let other = Wharf::sharing(one.backing().clone()).set("WHARF_CACHE_UPSTREAMS", named).start().await;
    expect_found(&other, "cache/app", &image, &["CVE-2024-1"]).await;
}

/// It is asked when all is here: that the other registry is busy for a while does not fail its scan.
#[tokio::test]
async fn another_scanner_is_asked_once_all_is_here() {
    let (upstream, adapter) = (Upstream::start().await, Adapter::start());
    let image = debian("a");
    upstream.put_image("app", "v1", &image);
    adapter.set(AdapterMood::After(0));
    adapter.report(&json!([{ "id": "CVE-2024-9", "package": "a", "version": "1", "severity": "Low" }]));
    let settings = [
        ("WHARF_SCANNER", "harbor"),
        ("WHARF_SCANNER_URL", adapter.url()),
        ("WHARF_SCANNER_AUTHORIZATION", "Bearer adapter"),
        ("WHARF_SCANNER_REGISTRY_URL", "http://registry.example.com:5000"),
    ];
    let wharf = scanning(Backend::SqliteDisk, upstream.host(), &settings).await;
    upstream.plan(|asked| if asked.is_blob() { Mood::Status(429, Some("5")) } else { Mood::Good });
    wharf.client().repository("cache/app").manifest("v1").await.expect(200);
    within(30, "layers are asked for", async || !blobs(&upstream.asked()).is_empty()).await;
    assert!(adapter.requests().is_empty());
    // Those that are answered are counted, and none that was asked before.
    let answered = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&answered);
    upstream.plan(move |asked| {
        count.fetch_add(blobs(std::slice::from_ref(asked)).len(), Ordering::SeqCst);
        Mood::Good
    });
    expect_found(&wharf, "cache/app", &image, &["CVE-2024-9"]).await;
    assert_eq!((adapter.requests().len(), answered.load(Ordering::SeqCst)), (1, image.blobs.len()));
}
