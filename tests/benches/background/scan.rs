//! How long a scan of an image of half a gigabyte takes, from the request to the findings: read for the first time, and when
//! all of its layers were read before.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tests::harness::content::{OCI_LAYER, config, descriptor, manifest};
use tests::harness::{Backend, Wharf, random};

use super::row;

/// Layers, and the bytes of each as it is pushed, about.
const LAYERS: usize = 4;
const LAYER: usize = 125_000_000;
/// Files of a layer, of which every other is small.
const FILES: usize = 2_000;
/// Packages that the image has; every tenth is vulnerable.
const PACKAGES: usize = 400;

/// Scans one image on a backend.
pub(super) async fn scan(backend: Backend) {
    let wharf = Wharf::with(backend).set("WHARF_LOG_LEVEL", "error").start().await;
    import(&wharf);
    let config = config();
    let layers: Vec<Vec<u8>> = (0..LAYERS).map(layer).collect();
    let total: usize = layers.iter().map(Vec::len).sum();
    for name in ["first", "second"] {
        let repository = wharf.client().repository(name);
        repository.push_blob(&config).await;
        let mut descriptors = Vec::new();
        for layer in &layers {
            repository.push_blob(layer).await;
            descriptors.push(descriptor(OCI_LAYER, layer));
        }
        let document = manifest(descriptor("application/vnd.oci.image.config.v1+json", &config), descriptors);
        repository.push_manifest("v1", &document).await;
    }
    let what = format!("scan of an image of {} MB", total / 1_000_000);
    row(&what, backend, PACKAGES, took(&wharf, "first"));
    row(&format!("{what}, layers read before"), backend, PACKAGES, took(&wharf, "second"));
}

/// From the request to the findings, the time until somebody takes the job included.
fn took(wharf: &Wharf, repository: &str) -> Duration {
    let aws = wharf.aws();
    let image = ["--repository-name", repository, "--image-id", "imageTag=v1"];
    aws.json(&[&["ecr", "start-image-scan"], &image[..]].concat());
    let begin = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    loop {
        let query = ["--max-results", "1", "--no-paginate"];
        let found = aws.json(&[&["ecr", "describe-image-scan-findings"], &image[..], &query[..]].concat());
        match found["imageScanStatus"]["status"].as_str() {
            Some("COMPLETE") => {
                assert_eq!(found["imageScanFindings"]["findingSeverityCounts"]["HIGH"], PACKAGES / 10);
                let ended = ended(&found["imageScanFindings"]["imageScanCompletedAt"]);
                return ended.saturating_sub(begin);
            }
            Some("FAILED") => panic!("{found}"),
            _ => {}
        }
    }
}

/// The client prints times by the clock of the machine.
fn ended(at: &Value) -> Duration {
    if let Some(seconds) = at.as_f64() {
        return Duration::from_secs_f64(seconds);
    }
    let text = at.as_str().expect("a time");
    let printed = Command::new("date").args(["--date", text, "+%s.%N"]).output().expect("date runs");
    let seconds: f64 = String::from_utf8_lossy(&printed.stdout).trim().parse().expect("seconds");
    Duration::from_secs_f64(seconds)
}

fn import(wharf: &Wharf) {
    let directory = tempfile::tempdir().expect("a directory");
    for number in (0..PACKAGES).step_by(10) {
        let advisory = json!({
            "schema_version": "1.6.0",
            "id": format!("CVE-2024-{number}"),
            "modified": "2026-01-01T00:00:00Z",
            "affected": [{
                "package": { "ecosystem": "Debian:12", "name": format!("package-{number}") },
                "ranges": [{ "type": "ECOSYSTEM", "events": [{ "introduced": "0" }, { "fixed": "2" }] }],
                "ecosystem_specific": { "severity": "high" },
            }],
        });
        std::fs::write(directory.path().join(format!("{number}.json")), advisory.to_string()).expect("a file");
    }
    let finished = wharf.run(&["advisories", "import", directory.path().to_str().expect("a path")]);
    assert!(finished.status.success(), "{finished:?}");
}

/// A layer as it is pushed. The first has the packages.
fn layer(number: usize) -> Vec<u8> {
    let mut tar = Vec::with_capacity(LAYER + LAYER / 4);
    if number == 0 {
        entry(&mut tar, "etc/os-release", b"ID=debian\nVERSION_ID=\"12\"\n");
        let paragraph =
            |at| format!("Package: package-{at}\nStatus: install ok installed\nVersion: 1\nDescription: a package\n\n");
        let status: String = (0..PACKAGES).map(paragraph).collect();
        entry(&mut tar, "var/lib/dpkg/status", status.as_bytes());
    }
    let large = LAYER / (FILES / 2);
    for file in 0..FILES {
        let content = match file % 2 {
            0 => random(large),
            // What compresses well, as text does.
            _ => vec![b'a'; 20_000],
        };
        entry(&mut tar, &format!("usr/share/layer-{number}/{file}"), &content);
    }
    tar.extend([0; 1024]);
    gzip(tar)
}

fn entry(tar: &mut Vec<u8>, path: &str, content: &[u8]) {
    let mut header = [0_u8; 512];
    header[..path.len()].copy_from_slice(path.as_bytes());
    header[100..107].copy_from_slice(b"0000644");
    header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
    header[148..156].copy_from_slice(b"        ");
    header[156] = b'0';
    header[257..262].copy_from_slice(b"ustar");
    let sum: u32 = header.iter().copied().map(u32::from).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    tar.extend(header);
    tar.extend(content);
    tar.resize(tar.len().next_multiple_of(512), 0);
}

fn gzip(content: Vec<u8>) -> Vec<u8> {
    let mut child = Command::new("gzip")
        .args(["-1", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("gzip runs");
    let mut stdin = child.stdin.take().expect("it has an input");
    let writer = std::thread::spawn(move || stdin.write_all(&content));
    let output = child.wait_with_output().expect("gzip ends");
    writer.join().expect("nobody panicked").expect("gzip takes all of it");
    output.stdout
}
