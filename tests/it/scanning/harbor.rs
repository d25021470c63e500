//! Scanners that speak Harbor's pluggable scanner API: what is asked of them, what their token opens, and what becomes of a
//! scan whatever they do.

use std::time::Duration;

use serde_json::{Value, json};
use tests::harness::adapter::{Adapter, Mood};
use tests::harness::admin::within;
use tests::harness::backing::Backing;
use tests::harness::server::Builder;
use tests::harness::{Auth, Backend, DEFAULT, Wharf};

use super::run;

/// The address by which the scanner reaches the registry: nobody listens there, tests take the server's own.
const REGISTRY: &str = "http://registry.example.com:5000";

fn with(builder: Builder, adapter: &Adapter) -> Builder {
    builder
        .set("WHARF_SCANNER", "harbor")
        .set("WHARF_SCANNER_URL", adapter.url())
        .set("WHARF_SCANNER_AUTHORIZATION", "Bearer adapter")
        .set("WHARF_SCANNER_REGISTRY_URL", REGISTRY)
        .set("WHARF_SCAN_QUOTA_PERIOD", "0s")
}

async fn wharf(backend: Backend, adapter: &Adapter) -> Wharf {
    with(Wharf::with(backend), adapter).start().await
}

fn vulnerability(id: &str, package: &str, severity: &str) -> Value {
    json!({ "id": id, "package": package, "version": "1", "severity": severity })
}

#[tokio::test]
async fn what_an_adapter_reports_are_the_findings() {
    for backend in DEFAULT {
        let adapter = Adapter::start();
        let wharf = wharf(*backend, &adapter).await;
        wharf.create_repository("app", "MUTABLE", &[]);
        adapter.set(Mood::After(2));
        adapter.report(&json!([
            vulnerability("CVE-2024-2", "bash", "Negligible"),
            { "id": "CVE-2024-1", "package": "openssl", "version": "3.0.1", "fix_version": "3.0.2", "severity": "Critical",
              "description": "It does what it should not.", "links": ["https://example.com/CVE-2024-1", "https://example.com/more"],
              "preferred_cvss": { "score_v3": 9.8, "vector_v3": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" },
              "vendor_attributes": { "anything": [1, 2] } },
            vulnerability("CVE-2024-3", "zlib", "Unknown"),
            vulnerability("CVE-2024-3", "zlib", "Low"),
        ]));
        run(
            &wharf,
            r#"
digest = push("app", "v1", [layer({**DEBIAN, "var/lib/dpkg/status": dpkg(a="1")})])
found = scan("app", "v1")
assert found["imageScanStatus"] == {"status": "COMPLETE", "description": "The scan was completed successfully."}, found
findings = found["imageScanFindings"]
assert findings["findingSeverityCounts"] == {"CRITICAL": 1, "LOW": 1, "INFORMATIONAL": 1}, findings
assert names(found) == ["CVE-2024-1", "CVE-2024-3", "CVE-2024-2"], findings
worst = findings["findings"][0]
assert worst["uri"] == "https://example.com/CVE-2024-1" and worst["description"] == "It does what it should not.", worst
assert attributes(worst) == {"package_name": "openssl", "package_version": "3.0.1", "fixed_version": "3.0.2",
    "CVSS3_SCORE": "9.8", "CVSS3_VECTOR": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}, worst
assert findings["vulnerabilitySourceUpdatedAt"].isoformat().startswith("2026-01-02T"), findings
page = ecr.describe_image_scan_findings(repositoryName="app", imageId={"imageTag": "v1"}, maxResults=2)
assert len(page["imageScanFindings"]["findings"]) == 2 and page["nextToken"]
"#,
        );
        assert_eq!(adapter.wrong(), Vec::<String>::new());
        assert_eq!(adapter.asked(), 3, "twice it was not ready");
        let requests = adapter.requests();
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0]["registry"]["url"], REGISTRY);
        assert_eq!(requests[0]["artifact"]["repository"], "app");
        assert_eq!(requests[0]["artifact"]["mime_type"], "application/vnd.oci.image.manifest.v1+json");
        // Results are there again when it finds something else.
        adapter.report(&json!([]));
        run(&wharf, r#"assert names(scan("app", "v1")) == []"#);
    }
}

/// The heart of it: whoever scans gets one image, for a while, and nothing else.
#[tokio::test]
async fn the_token_of_a_scan_pulls_its_image_and_does_nothing_else() {
    for backend in DEFAULT {
        let adapter = Adapter::start();
        let wharf = wharf(*backend, &adapter).await;
        let root = wharf.client();
        let (repository, other) = (root.repository("team/app"), root.repository("team/app2"));
        let image = repository.push_small("v1").await;
        let sibling = repository.push_small("v2").await;
        let foreign = other.push_small("v1").await;
        let mine = repository.push_referrer(&image, "application/vnd.tests.note").await;
        // No policy gives a scanner more, and none takes away what the operator lets it do. Not even one that names a role as
        // scanners seem to have.
        let trust = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#;
        let role = ["--role-name", "WharfImageScanner", "--assume-role-policy-document", trust];
        wharf.aws().json(&[["iam", "create-role"].as_slice(), role.as_slice()].concat());
        wharf.set_repository_policy(
            "team/app2",
            &json!({ "Version": "2012-10-17", "Statement": [
                { "Effect": "Allow", "Principal": "*", "Action": "ecr:*" },
                { "Effect": "Allow", "Principal": { "AWS": "arn:aws:sts::000000000000:assumed-role/WharfImageScanner/scan" }, "Action": "ecr:*" },
            ] }),
        );
        wharf.set_repository_policy(
            "team/app",
            &json!({ "Version": "2012-10-17", "Statement": [
                { "Effect": "Allow", "Principal": "*", "Action": ["ecr:PutImage", "ecr:InitiateLayerUpload", "ecr:ListImages", "ecr:BatchDeleteImage"] },
            ] }),
        );
        assert!(wharf.run(&["pull-gate", "set", "team/app", "--severity", "LOW", "--require-scan"]).status.success());
        within(30, "the gate is shut", async || repository.manifest("v2").await.status() == 403).await;
        for (kind, number) in [("Bearer", 1), ("Basic", 2)] {
            adapter.log_in_by(kind);
            adapter.set(Mood::Never);
            run(&wharf, r#"ecr.start_image_scan(repositoryName="team/app", imageId={"imageTag": "v1"})"#);
            within(60, "the scan is asked for", async || adapter.requests().len() == number).await;
            let request = adapter.requests().pop().expect("a request");
            assert_eq!(request["artifact"]["digest"], image.digest.as_str());
            let authorization = request["registry"]["authorization"].as_str().expect("a login").to_owned();
            assert!(authorization.starts_with(kind), "{authorization}");
            let scanner = wharf.client().as_(Auth::Verbatim(authorization.clone().into_bytes()));
            let mut clients = vec![scanner.clone()];
            if kind == "Basic" {
                // Docker's own way: the login buys a token, which is as narrow.
                let scope = "repository:team/app:pull,push repository:team/app2:pull registry:catalog:*"
                    .replace(' ', "&scope=");
                let token = scanner.get(&format!("/token?service=wharf&scope={scope}")).send().await.expect(200).json();
                let token = token["token"].as_str().expect("a token").to_owned();
                clients.push(wharf.client().as_(Auth::Bearer(token)));
            }
            for client in clients {
                let (app, app2) = (client.repository("team/app"), client.repository("team/app2"));
                client.get("/v2/").send().await.expect(200);
                for reference in ["v1", image.digest.as_str()] {
                    app.manifest(reference).await.expect(200).expect_body(&image.manifest);
                    app.head_manifest(reference).await.expect(200);
                }
                let document: Value = serde_json::from_slice(&image.manifest).expect("a manifest");
                let digest_of = |part: &Value| part["digest"].as_str().expect("a digest").to_owned();
                for part in document["layers"].as_array().expect("layers").iter().chain([&document["config"]]) {
                    app.blob(&digest_of(part)).await.expect(200);
                    app.head_blob(&digest_of(part)).await.expect(200);
                }
                app.referrers(&image.digest, "").await.expect(200);
                // Other images, of the repository and of others, and their parts.
                let parts = |image: &tests::harness::Image| {
                    let document: Value = serde_json::from_slice(&image.manifest).expect("a manifest");
                    digest_of(&document["layers"][0])
                };
                for reference in ["v2", sibling.digest.as_str(), mine.digest.as_str()] {
                    app.manifest(reference).await.expect(403);
                    app.head_manifest(reference).await.expect(403);
                }
                app.blob(&parts(&sibling)).await.expect(403);
                app.head_blob(&parts(&sibling)).await.expect(403);
                app.referrers(&sibling.digest, "").await.expect(403);
                for reference in ["v1", foreign.digest.as_str()] {
                    app2.manifest(reference).await.expect(403);
                }
                app2.blob(&parts(&foreign)).await.expect(403);
                // Lists, pushes, deletions, mounts.
                app.tags("").await.expect(403);
                assert_eq!(client.get("/v2/_catalog").send().await.expect(200).json()["repositories"], json!([]));
                app.put_manifest("v3", &image.media_type, &image.manifest).await.expect(403);
                app.delete_manifest("v1").await.expect(403);
                app.delete_blob(&parts(&image)).await.expect(403);
                client.post(&app.path("blobs/uploads/")).send().await.expect(403);
                app2.mount(&parts(&image), "team/app").await.expect(403);
                client.repository("new").put_manifest("v1", &image.media_type, &image.manifest).await.expect(403);
                // It is no key of the API.
                let call = client
                    .post("/")
                    .header("x-amz-target", "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories");
                let answer = call.header("content-type", "application/x-amz-json-1.1").body("{}").send().await;
                assert!((400..500).contains(&answer.status()), "{answer}");
            }
            // What comes of it does not matter here; the next may begin.
            adapter.set(Mood::Failing);
            run(&wharf, r#"assert scanned("team/app", "v1")["imageScanStatus"]["status"] == "FAILED""#);
        }
        // Pulls of scanners are nobody's pulls.
        tokio::time::sleep(Duration::from_secs(6)).await;
        run(
            &wharf,
            r#"
image = ecr.describe_images(repositoryName="team/app", imageIds=[{"imageTag": "v1"}])["imageDetails"][0]
assert "lastRecordedPullTime" not in image, image
"#,
        );
    }
}

#[tokio::test]
async fn a_token_ends_with_the_time_of_its_scan() {
    let adapter = Adapter::start();
    let wharf = with(Wharf::with(Backend::SqliteDisk), &adapter).set("WHARF_SCANNER_TIMEOUT", "3s").start().await;
    let image = wharf.client().repository("app").push_small("v1").await;
    adapter.set(Mood::Never);
    run(
        &wharf,
        r#"
found = scan("app", "v1")
assert found["imageScanStatus"] == {"status": "FAILED", "description": "the scanner had no results after 3 seconds"}, found
"#,
    );
    let request = adapter.requests().pop().expect("a request");
    let authorization = request["registry"]["authorization"].as_str().expect("a login").to_owned();
    let app = wharf.client().as_(Auth::Verbatim(authorization.into_bytes())).repository("app");
    // It is good for a minute longer than the scan.
    app.manifest("v1").await.expect(200).expect_body(&image.manifest);
    within(90, "the token is no good any more", async || app.manifest("v1").await.status() == 401).await;
}

#[tokio::test]
async fn an_answer_that_drips_holds_nobody() {
    let adapter = Adapter::start();
    let wharf = with(Wharf::with(Backend::SqliteDisk), &adapter).set("WHARF_SCANNER_TIMEOUT", "3s").start().await;
    wharf.client().repository("app").push_small("v1").await;
    adapter.set(Mood::Dripping);
    run(
        &wharf,
        r#"
ecr.start_image_scan(repositoryName="app", imageId={"imageTag": "v1"})
found = scanned("app", "v1", 400)
assert found["imageScanStatus"] == {"status": "FAILED", "description": "the scanner had no results after 3 seconds"}, found
"#,
    );
}

#[tokio::test]
async fn whatever_an_adapter_does_the_scan_ends_and_says_why() {
    let adapter = Adapter::start();
    let wharf = wharf(Backend::SqliteDisk, &adapter).await;
    wharf.create_repository("app", "MUTABLE", &[]);
    run(&wharf, r#"push("app", "v1", [layer({"a": "b"})])"#);
    let fails = |reason: &str| {
        run(
            &wharf,
            &format!(
                "found = scan('app', 'v1')\nassert found['imageScanStatus']['status'] == 'FAILED' and {reason:?} in found['imageScanStatus']['description'], found\nassert 'imageScanFindings' not in found"
            ),
        );
    };
    adapter.set(Mood::Failing);
    fails("the scanner failed: the layers are too strange");
    adapter.set(Mood::Refusing);
    fails("the scanner refused the image: no such thing");
    // Reports that are none, that are about something else, and that are too much.
    adapter.set(Mood::After(0));
    for (report, reason) in [
        ("", "cannot be used"),
        ("<html>", "cannot be used"),
        (r#"{"vulnerabilities":[{"package":"a"}]}"#, "missing field `id`"),
        (r#"{"artifact":{"digest":"sha256:0"},"vulnerabilities":[]}"#, "another image"),
    ] {
        adapter.report_bytes(report);
        fails(reason);
    }
    adapter.report_bytes(format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)));
    fails("cannot be used");
    let one = r#"{"id":"CVE-1"},"#.repeat(100_001);
    adapter.report_bytes(format!(r#"{{"vulnerabilities":[{}{{"id":"CVE-1"}}]}}"#, one));
    fails("more than 100000 vulnerabilities");
    adapter.set(Mood::Endless);
    fails("cannot be used");
    // What it says of other places is not followed.
    let asked = adapter.asked();
    adapter.set(Mood::Redirecting("http://127.0.0.1:1/".to_owned()));
    run(&wharf, r#"ecr.start_image_scan(repositoryName="app", imageId={"imageTag": "v1"})"#);
    within(60, "it is asked again", async || adapter.asked() >= asked + 2).await;
    adapter.set(Mood::After(0));
    adapter.report(&json!([vulnerability("CVE-2024-1", "a", "high")]));
    run(&wharf, r#"assert names(scanned("app", "v1")) == ["CVE-2024-1"]"#);
    // It forgets, and it is busy for a while: the scan goes on.
    let requests = adapter.requests().len();
    adapter.set(Mood::Busy);
    run(&wharf, r#"ecr.start_image_scan(repositoryName="app", imageId={"imageTag": "v1"})"#);
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(adapter.requests().len(), requests);
    adapter.set(Mood::After(0));
    run(&wharf, r#"assert names(scanned("app", "v1")) == ["CVE-2024-1"]"#);
    // Texts are cut, whatever their length.
    let long = "x".repeat(1 << 20);
    adapter.report(&json!([{ "id": long, "package": long, "description": long, "links": [long], "severity": long }]));
    run(
        &wharf,
        r#"
finding = scan("app", "v1")["imageScanFindings"]["findings"][0]
assert finding["severity"] == "UNDEFINED" and len(finding["name"]) == 512 and len(finding["description"]) == 4096, finding
"#,
    );
    // What the adapter cannot look into is said to be so.
    run(
        &wharf,
        r#"
import re
config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}})
docker = "application/vnd.docker.distribution.manifest.v2+json"
manifest = json.dumps({"schemaVersion": 2, "mediaType": docker,
    "config": {"mediaType": "application/vnd.docker.container.image.v1+json", **upload("app", config.encode())},
    "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", **upload("app", layer({"a": "c"}))}]})
ecr.put_image(repositoryName="app", imageTag="docker", imageManifest=manifest)
found = scan("app", "docker")
assert found["imageScanStatus"]["description"].startswith("UnsupportedImageError"), found
"#,
    );
    assert_eq!(adapter.wrong(), Vec::<String>::new());
}

#[tokio::test]
async fn a_scan_that_the_adapter_forgot_is_asked_for_again() {
    let adapter = Adapter::start();
    let wharf = wharf(Backend::SqliteDisk, &adapter).await;
    wharf.create_repository("app", "MUTABLE", &[]);
    adapter.set(Mood::Forgetful(2));
    adapter.report(&json!([vulnerability("CVE-2024-1", "a", "high")]));
    run(
        &wharf,
        r#"
push("app", "v1", [layer({"a": "b"})])
assert names(scan("app", "v1")) == ["CVE-2024-1"]
"#,
    );
    assert_eq!(adapter.requests().len(), 2);
    // One that never remembers anything is left alone.
    adapter.set(Mood::Forgetful(usize::MAX));
    run(
        &wharf,
        r#"
ecr.start_image_scan(repositoryName="app", imageId={"imageTag": "v1"})
found = scanned("app", "v1", 400)
assert found["imageScanStatus"] == {"status": "FAILED", "description": "the scanner forgets the scan again and again"}, found
"#,
    );
    assert_eq!(adapter.requests().len(), 5);
}

/// A process is killed between the request and the report: another goes on, and asks for nothing twice.
#[tokio::test]
async fn a_scan_goes_on_in_another_process() {
    for backend in [Backend::SqliteDisk, Backend::PostgresDisk] {
        let adapter = Adapter::start();
        let backing = std::sync::Arc::new(Backing::create(backend));
        let mut wharf = with(Wharf::sharing(backing), &adapter).start().await;
        wharf.create_repository("app", "MUTABLE", &[]);
        adapter.set(Mood::Never);
        adapter.report(&json!([vulnerability("CVE-2024-1", "a", "medium")]));
        run(
            &wharf,
            r#"
push("app", "v1", [layer({"a": "b"})])
ecr.start_image_scan(repositoryName="app", imageId={"imageTag": "v1"})
"#,
        );
        within(60, "a report is asked for", async || adapter.asked() > 1).await;
        wharf.kill();
        adapter.set(Mood::After(0));
        wharf.restart().await;
        run(&wharf, r#"assert names(scanned("app", "v1", 600)) == ["CVE-2024-1"]"#);
        assert_eq!(adapter.requests().len(), 1, "the scan was asked for once");
    }
}

#[tokio::test]
async fn settings_that_make_no_sense_stop_the_start() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let refused = |further: &[(&str, &str)], reason: &str| {
        let finished = wharf.run_with(&["check"], further);
        assert!(finished.status.code() == Some(2) && finished.stderr.contains(reason), "{finished:?}");
        assert!(!finished.stderr.contains("hunter2"), "{finished:?}");
    };
    refused(&[("WHARF_SCANNER", "trivy")], "none of builtin, harbor and webhook");
    refused(&[("WHARF_SCANNER", "harbor")], "WHARF_SCANNER_URL");
    refused(&[("WHARF_SCANNER", "harbor"), ("WHARF_SCANNER_URL", "http://a")], "WHARF_SCANNER_REGISTRY_URL");
    refused(&[("WHARF_SCANNER", "harbor"), ("WHARF_SCANNER_URL", "ftp://a")], "http");
    refused(&[("WHARF_SCANNER_AUTHORIZATION", "hunter2\u{e9}")], "visible");
    refused(
        &[("WHARF_SCANNER", "webhook"), ("WHARF_SCANNER_URL", "http://a"), ("WHARF_EXTERNAL_URL", "http://b")],
        "WHARF_SCANNER_SECRET",
    );
    refused(&[("WHARF_SCANNER_SECRET", "hunter2")], "whsec_");
    let nowhere =
        [("WHARF_SCANNER", "harbor"), ("WHARF_SCANNER_URL", "http://me:hunter2@"), ("WHARF_EXTERNAL_URL", "http://b")];
    refused(&nowhere, "WHARF_SCANNER_URL");
    // Whoever forgets which scanner it is must not get the built-in one in silence.
    refused(&[("WHARF_SCANNER_URL", "http://a")], "WHARF_SCANNER_URL: has no effect unless WHARF_SCANNER is");
    refused(&[("WHARF_SCANNER_AUTHORIZATION", "hunter2")], "WHARF_SCANNER_AUTHORIZATION: has no effect");
}
