//! Repository names that are none, and paths that try to leave.

use std::time::Duration;

use tests::harness::content::OCI_INDEX;
use tests::harness::server::{ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY};
use tests::harness::{digest, on_default, raw};

const SILENCE: Duration = Duration::from_secs(30);

fn bad_names() -> Vec<String> {
    let fixed = [
        "UPPER",
        "Upper/x",
        "x/UPPER",
        "-a",
        "a-",
        ".a",
        "a.",
        "_a",
        "a_",
        "a..b",
        "a___b",
        "a._b",
        "a//b",
        "/a",
        "a/-b",
        "a/.b",
        "a/b-",
        "a%20b",
        "a%00b",
        "a%0d%0ab",
        "a%5cb",
        "%c3%a9",
        "a%2e%2e/b",
        "a:b",
        "a@b",
        "a+b",
        "a~b",
        "a*b",
        "a$b",
        "a!b",
        "a/%2e/b",
        "%e2%80%ae",
        "a%7fb",
        "a%25b",
    ];
    let mut names: Vec<String> = fixed.map(str::to_owned).to_vec();
    names.push("a".repeat(300));
    names.push(format!("{}a", "a/".repeat(200)));
    names
}

/// An authorized request exactly as written, since libraries tidy up paths.
async fn send(address: std::net::SocketAddr, method: &str, target: &str, body: &[u8]) -> raw::Exchange {
    let credentials = raw::basic(ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY);
    let length = format!("Content-Length: {}", body.len());
    let kind = format!("Content-Type: {OCI_INDEX}");
    let mut request = raw::request(method, target, &address, &[&credentials, &length, &kind]);
    request.extend_from_slice(body);
    raw::exchange(address, &request, SILENCE).await
}

#[tokio::test]
async fn bad_names_are_refused_on_every_route() {
    on_default(async |wharf| {
        let index = format!("{{\"schemaVersion\":2,\"mediaType\":\"{OCI_INDEX}\",\"manifests\":[]}}");
        for name in bad_names() {
            let requests = [
                ("POST", format!("/v2/{name}/blobs/uploads/"), &b""[..]),
                ("PUT", format!("/v2/{name}/manifests/tag"), index.as_bytes()),
                ("GET", format!("/v2/{name}/manifests/tag"), b""),
                ("GET", format!("/v2/{name}/blobs/{}", digest(b"x")), b""),
                ("GET", format!("/v2/{name}/tags/list"), b""),
                ("DELETE", format!("/v2/{name}/manifests/tag"), b""),
            ];
            for (method, target, body) in requests {
                let exchange = send(wharf.address(), method, &target, body).await;
                let text = exchange.text();
                assert!(matches!(exchange.status(), Some(400 | 404)), "{method} {target}: {text}");
                assert!(text.contains("NAME_INVALID") || exchange.status() == Some(404), "{method} {target}: {text}");
                if method == "POST" || method == "PUT" {
                    assert_eq!(exchange.status(), Some(400), "{method} {target}: {text}");
                }
            }
        }
        let catalog = wharf.client().get("/v2/_catalog").send().await.expect(200);
        assert!(catalog.strings("repositories").is_empty(), "{catalog}");
    })
    .await;
}

#[tokio::test]
async fn good_names_are_taken() {
    on_default(async |wharf| {
        let long = format!("{}/{}", "a".repeat(100), "b".repeat(100));
        for name in
            ["a", "0", "a-b", "a--b", "a---b", "a.b", "a_b", "a__b", "a/b/c/d/e/f", "library/ubuntu", "a0/0b", &long]
        {
            wharf.client().repository(name).push_small("tag").await;
        }
    })
    .await;
}

#[tokio::test]
async fn no_path_leads_to_a_file() {
    on_default(async |wharf| {
        let dots = [
            "..",
            "%2e%2e",
            "%2E%2E",
            "..%2f",
            "..%5c",
            "%252e%252e",
            "..;",
            "....//",
            "%c0%ae%c0%ae",
            "..%00",
            "．．",
        ];
        let mut targets = Vec::new();
        for dot in dots {
            let up = format!("{dot}/").repeat(8);
            targets.push(format!("/{up}etc/passwd"));
            targets.push(format!("/v2/{up}etc/passwd"));
            targets.push(format!("/v2/a/manifests/{up}etc/passwd"));
            targets.push(format!("/v2/a/blobs/{up}etc/passwd"));
            targets.push(format!("/v2/a/blobs/sha256:{up}etc/passwd"));
            targets.push(format!("/v2/a/blobs/uploads/{up}etc/passwd"));
            targets.push(format!("/metrics/{up}etc/passwd"));
        }
        targets.push("/%2F%2F..%2F..%2Fetc/passwd".to_owned());
        targets.push("/file:///etc/passwd".to_owned());
        targets.push("/v2/a/blobs/uploads/%2fetc%2fpasswd".to_owned());
        for target in targets {
            for method in ["GET", "PATCH"] {
                let exchange = send(wharf.address(), method, &target, b"").await;
                let text = exchange.text();
                assert!(matches!(exchange.status(), Some(300..=499)), "{method} {target}: {text}");
                assert!(!text.contains("root:"), "{method} {target}: {text}");
            }
        }
    })
    .await;
}
