//! HTTP/1.1 that is malformed or ambiguous: one refusal, never two answers, and nothing of the request in the reply.

use std::time::Duration;

use tests::harness::content::OCI_INDEX;
use tests::harness::server::{ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY};
use tests::harness::{Backend, Wharf, digest, on_default, raw};

/// How long the server may be silent before it answers and closes, which it does at once where the machine lets it.
const SILENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn broken_framings_get_at_most_one_answer_and_it_is_no_success() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let host = wharf.address();
    let credentials = raw::basic(ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY);
    // A route that must read its body before it can answer.
    let kind = format!("Content-Type: {OCI_INDEX}");
    let put = format!("PUT /v2/a/b/manifests/x HTTP/1.1\r\nHost: {host}\r\n{credentials}\r\n{kind}\r\n");
    // Were it taken for a request of its own, its answer would be the second one.
    let smuggled = format!("GET /v2/ HTTP/1.1\r\nHost: {host}\r\n{credentials}\r\n\r\n");
    let with = |headers: &str, body: &str| format!("{put}{headers}\r\n{body}").into_bytes();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("both lengths", with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", &format!("0\r\n\r\n{smuggled}"))),
        (
            "both lengths, other order",
            with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", &format!("0\r\n\r\n{smuggled}")),
        ),
        ("two different lengths", with("Content-Length: 0\r\nContent-Length: 5\r\n", "hello")),
        ("a list of lengths", with("Content-Length: 0, 5\r\n", "hello")),
        ("a negative length", with("Content-Length: -1\r\n", "")),
        ("a length with a sign", with("Content-Length: +5\r\n", "hello")),
        ("a hexadecimal length", with("Content-Length: 0x5\r\n", "hello")),
        ("an empty length", with("Content-Length: \r\n", "")),
        ("a length beyond 64 bits", with("Content-Length: 99999999999999999999999\r\n", "")),
        ("an unknown transfer encoding", with("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n")),
        ("identity after chunked", with("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n")),
        ("a space before the colon", with("Content-Length : 5\r\n", "hello")),
        ("a bad chunk size", with("Transfer-Encoding: chunked\r\n", "zz\r\nhello\r\n0\r\n\r\n")),
        ("a negative chunk size", with("Transfer-Encoding: chunked\r\n", "-5\r\nhello\r\n0\r\n\r\n")),
        ("a huge chunk size", with("Transfer-Encoding: chunked\r\n", "ffffffffffffffffff\r\nhello")),
        ("a header without a colon", with("Nonsense\r\n", "")),
        ("a folded header", with("X-A: b\r\n c\r\n", "")),
        ("a control character in a header", with("X-A: b\x01c\r\n", "")),
        ("a null in a header", with("X-A: b\0c\r\n", "")),
        ("a bare carriage return", with("X-A: b\rX-B: c\r\n", "")),
        ("no host", format!("GET /v2/ HTTP/1.1\r\n{credentials}\r\n\r\n").into_bytes()),
        ("two hosts", format!("GET /v2/ HTTP/1.1\r\nHost: {host}\r\nHost: evil\r\n{credentials}\r\n\r\n").into_bytes()),
        ("no version", b"GET /v2/\r\n\r\n".to_vec()),
        ("an unknown version", format!("GET /v2/ HTTP/9.9\r\nHost: {host}\r\n\r\n").into_bytes()),
        ("a space in the path", format!("GET /v2/ x HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes()),
        ("a null in the path", format!("GET /v2/\0 HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes()),
        ("no path", format!("GET HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes()),
        ("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec()),
        ("zeros", vec![0; 1000]),
    ];
    for (what, request) in cases {
        let exchange = raw::exchange(host, &request, SILENCE).await;
        let text = exchange.text();
        assert!(exchange.statuses().len() <= 1, "{what}: {text}");
        if let Some(status) = exchange.status() {
            assert!((400..=505).contains(&status) && status != 500, "{what}: {text}");
        } else {
            assert!(exchange.closed, "{what}: neither answered nor closed");
        }
    }
    wharf.client().get("/v2/").send().await.expect(200);
}

/// Whoever is in front may see other requests in such bytes. What is in front of the request with two lengths must not make it one
/// that passes.
#[tokio::test]
async fn a_doubtful_end_of_a_body_does_not_hide_an_ambiguous_request() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let host = wharf.address();
    let credentials = raw::basic(ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY);
    let get = format!("GET /v2/ HTTP/1.1\r\nHost: {host}\r\n{credentials}\r\n");
    let both = format!("{get}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    let (inner, zeros) = (format!("\r\n\r\n{get}\r\n"), "0".repeat(300));
    let chunked = |body: &str| format!("{get}Transfer-Encoding: chunked\r\n\r\n{body}");
    for (what, first) in [
        ("a bare line feed after the last chunk", chunked(&format!("0\r\n\n{get}\r\n"))),
        ("a bare line feed after a trailer", chunked(&format!("0\r\nX: y\n\n{get}\r\n"))),
        ("a padded chunk size", chunked(&format!("{zeros}{:x}\r\n{inner}\r\n0\r\n\r\n", inner.len()))),
        ("a padded length", format!("{get}Content-Length: {zeros}{}\r\n\r\n{inner}", inner.len())),
    ] {
        let exchange = raw::exchange(host, format!("{first}{both}").as_bytes(), SILENCE).await;
        assert_eq!(exchange.statuses().last(), Some(&400), "{what}: {}", exchange.text());
        assert!(exchange.statuses().len() <= 2 && exchange.closed, "{what}: {}", exchange.text());
    }
}

#[tokio::test]
async fn too_much_header_is_refused() {
    on_default(async |wharf| {
        let host = wharf.address();
        let large = format!("X-Large: {}", "x".repeat(2 << 20));
        let many: Vec<String> = (0..60_000).map(|number| format!("X-{number}: y")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let long_target = format!("/v2/{}", "a".repeat(1 << 20));
        let requests = [
            raw::request("GET", "/v2/", &host, &[&large]),
            raw::request("GET", "/v2/", &host, &many),
            raw::request("GET", &long_target, &host, &[]),
        ];
        for request in requests {
            let exchange = raw::exchange(host, &request, SILENCE).await;
            match exchange.status() {
                Some(status) => assert!([400, 413, 414, 431].contains(&status), "{}", exchange.text()),
                None => assert!(exchange.closed, "neither answered nor closed"),
            }
        }
        wharf.client().get("/v2/").send().await.expect(200);
        let resident = tests::harness::resources::resident(wharf.pid());
        assert!(resident < 200 << 20, "{resident} bytes are resident");
    })
    .await;
}

#[tokio::test]
async fn methods_that_do_not_exist_are_refused() {
    on_default(async |wharf| {
        for method in ["TRACE", "CONNECT", "OPTIONS", "PROPFIND", "BREW", "get", "PURGE", "LINK"] {
            let request = raw::request(method, "/v2/", &wharf.address(), &[]);
            let exchange = raw::exchange(wharf.address(), &request, SILENCE).await;
            let status = exchange.status();
            assert!(matches!(status, Some(400 | 401 | 404 | 405 | 501)), "{method}: {}", exchange.text());
            assert!(!exchange.text().to_lowercase().contains("connection: close\r\n\r\ntrace"), "{method} echoes");
        }
    })
    .await;
}

#[tokio::test]
async fn the_method_cannot_be_overridden() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        for header in ["x-http-method-override", "x-http-method", "x-method-override"] {
            let call = wharf.client().get(&repository.manifest_path("one")).header(header, "DELETE");
            call.send().await.expect(200);
            let call = wharf
                .client()
                .post(&format!("{}?_method=DELETE", repository.manifest_path("one")))
                .header(header, "DELETE");
            call.send().await.expect_one_of(&[404, 405]);
        }
        for header in ["x-original-url", "x-rewrite-url", "x-forwarded-path"] {
            let call = wharf.anonymous().get("/healthz").header(header, repository.manifest_path("one"));
            let answer = call.send().await.expect(200);
            assert!(!String::from_utf8_lossy(answer.body()).contains("schemaVersion"));
        }
        repository.expect_image(Some("one"), &image).await;
    })
    .await;
}

#[tokio::test]
async fn a_host_from_elsewhere_is_not_reflected() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        for header in ["x-forwarded-host", "forwarded", "x-host", "x-forwarded-server"] {
            let value = if header == "forwarded" { "host=evil.example;proto=https" } else { "evil.example" };
            let call = wharf.client().post(&repository.path("blobs/uploads/")).header(header, value);
            let answer = call.send().await.expect(202);
            let location = answer.header("location");
            assert!(!location.contains("evil"), "{header}: {location}");
            let answer = wharf.anonymous().get("/v2/").header(header, value).send().await.expect(401);
            assert!(!answer.header("www-authenticate").contains("evil"), "{header}: {answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_absolute_form_of_a_target_is_understood_or_refused() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        repository.push_small("one").await;
        let path = repository.manifest_path("one");
        for host in [wharf.address().to_string(), "evil.example".to_owned()] {
            let target = format!("http://{host}{path}");
            let request = raw::request("GET", &target, &wharf.address(), &[]);
            let exchange = raw::exchange(wharf.address(), &request, SILENCE).await;
            assert!(matches!(exchange.status(), Some(400 | 401 | 404 | 421)), "{target}: {}", exchange.text());
        }
    })
    .await;
}

#[tokio::test]
async fn http_1_0_is_answered_without_chunks() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        let credentials = raw::basic(ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY);
        let request = format!(
            "GET {} HTTP/1.0\r\nHost: {}\r\n{credentials}\r\n\r\n",
            repository.manifest_path("one"),
            wharf.address()
        );
        let exchange = raw::exchange(wharf.address(), request.as_bytes(), SILENCE).await;
        assert_eq!(exchange.status(), Some(200), "{}", exchange.text());
        assert!(!exchange.head().contains("transfer-encoding"), "{}", exchange.head());
        assert_eq!(exchange.body(), image.manifest);
    })
    .await;
}

#[tokio::test]
async fn a_chunked_body_with_extensions_and_trailers_is_taken() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let upload = repository.begin().await;
        let path = upload.closing(&digest(b"hello")).trim_start_matches(&wharf.url()).to_owned();
        let credentials = raw::basic(ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY);
        let mut request = raw::request("PUT", &path, &wharf.address(), &[&credentials, "Transfer-Encoding: chunked"]);
        request.extend_from_slice(b"5;name=value\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n");
        let exchange = raw::exchange(wharf.address(), &request, SILENCE).await;
        assert_eq!(exchange.status(), Some(201), "{}", exchange.text());
        repository.blob(&digest(b"hello")).await.expect(200).expect_body(b"hello");
    })
    .await;
}
