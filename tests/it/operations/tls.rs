//! TLS by the server itself, whose certificate is used, and taken up anew without a restart; and to the server's bucket.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tests::harness::program::Program;
use tests::harness::s3::SecureServer;
use tests::harness::server::{ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY};
use tests::harness::{Backend, Image, Wharf, digest, port, random};

/// Writes a self-signed certificate for 127.0.0.1 and its key.
fn certify(directory: &Path) {
    let output = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=wharf tests", "-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", "new-key.pem", "-out", "new-cert.pem"])
        .current_dir(directory)
        .output()
        .expect("this test needs openssl (Debian: apt-get install openssl)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for name in ["key.pem", "cert.pem"] {
        std::fs::rename(directory.join(format!("new-{name}")), directory.join(name)).expect("a file can be renamed");
    }
}

/// A client that trusts the certificate that is in the file now, and no other.
fn client(directory: &Path) -> reqwest::Client {
    let bytes = std::fs::read(directory.join("cert.pem")).expect("the certificate is there");
    let certificate = reqwest::Certificate::from_pem(&bytes).expect("a certificate");
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([certificate])
        .build()
        .expect("the client's settings are valid")
}

async fn ping(client: &reqwest::Client, base: &str) -> Option<reqwest::Response> {
    client.get(format!("{base}/v2/")).basic_auth(ROOT_ACCESS_KEY_ID, Some(ROOT_SECRET_ACCESS_KEY)).send().await.ok()
}

#[tokio::test]
async fn a_push_over_tls_works_and_a_new_certificate_is_taken_up() {
    let home = tempfile::tempdir().expect("a temporary directory");
    certify(home.path());
    let port = port::free();
    let settings = [
        ("WHARF_LISTEN", format!("127.0.0.1:{port}")),
        ("WHARF_DATA_DIR", home.path().join("data").display().to_string()),
        ("WHARF_TLS_CERT", home.path().join("cert.pem").display().to_string()),
        ("WHARF_TLS_KEY", home.path().join("key.pem").display().to_string()),
        ("WHARF_ROOT_ACCESS_KEY_ID", ROOT_ACCESS_KEY_ID.to_owned()),
        ("WHARF_ROOT_SECRET_ACCESS_KEY", ROOT_SECRET_ACCESS_KEY.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let mut program = Program::start(&["serve"], &settings, home.path(), &home.path().join("log"));
    let base = format!("https://127.0.0.1:{port}");
    let first = client(home.path());
    let mut answer = None;
    for _ in 0..500 {
        answer = ping(&first, &base).await;
        if answer.is_some() {
            break;
        }
        assert!(program.ended().is_none(), "{}", program.output());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let answer = answer.unwrap_or_else(|| panic!("no answer over TLS: {}", program.output()));
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.version(), http::Version::HTTP_2, "HTTP/2 is offered");

    let bytes = random(2_000_000);
    let target = format!("{base}/v2/tests/tls/blobs/uploads/?digest={}", digest(&bytes));
    let request = first.post(target).basic_auth(ROOT_ACCESS_KEY_ID, Some(ROOT_SECRET_ACCESS_KEY)).body(bytes.clone());
    assert_eq!(request.send().await.expect("an answer").status(), 201);
    let target = format!("{base}/v2/tests/tls/blobs/{}", digest(&bytes));
    let request = first.get(target).basic_auth(ROOT_ACCESS_KEY_ID, Some(ROOT_SECRET_ACCESS_KEY));
    let pulled = request.send().await.expect("an answer").bytes().await.expect("a body");
    assert!(pulled == bytes);

    certify(home.path());
    let second = client(home.path());
    for _ in 0..150 {
        if ping(&second, &base).await.is_some() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("the new certificate is not in use after 30 s: {}", program.output());
}

#[tokio::test]
async fn a_bucket_is_reached_over_tls_with_a_certificate_of_ones_own() {
    let home = tempfile::tempdir().expect("a temporary directory");
    certify(home.path());
    let certificate = home.path().join("cert.pem");
    let bucket = SecureServer::start(&certificate, &home.path().join("key.pem"));
    let mut wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_OUTBOUND_CA", certificate.display().to_string());
    for (name, value) in bucket.settings() {
        wharf = wharf.set(name, value);
    }
    let wharf = wharf.start().await;
    let (repository, image) = (wharf.repository(), Image::small());
    repository.push_image("v1", &image).await;
    repository.expect_image(Some("v1"), &image).await;
    // Who does not trust it says so, once.
    let mut settings = bucket.settings().map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    settings.push(("WHARF_DATA_DIR".to_owned(), home.path().join("data").display().to_string()));
    let refused = Program::run(&["check"], &settings, home.path(), Duration::from_secs(60));
    assert!(!refused.status.success());
    let said = [refused.stdout.as_str(), refused.stderr.as_str()].concat();
    let said = said.lines().find(|line| line.starts_with("storage: ")).expect("a line about the storage");
    for once in ["UnknownIssuer", "writing a blob failed"] {
        assert_eq!(said.matches(once).count(), 1, "{said}");
    }
}
