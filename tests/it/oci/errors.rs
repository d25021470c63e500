//! What a client is told when something is wrong. The shape of every error is checked by the harness for each answer; here are
//! methods, paths and headers that have no other home.

use std::time::Duration;

use http::Method;
use tests::harness::server::{ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY};
use tests::harness::{digest, on_default, raw};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

#[tokio::test]
async fn methods_that_a_route_does_not_have_are_405() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        let cases = [
            (Method::POST, repository.manifest_path("one")),
            (Method::PATCH, repository.manifest_path("one")),
            (Method::PUT, repository.blob_path(&image.blobs[0].0)),
            (Method::POST, repository.blob_path(&image.blobs[0].0)),
            (Method::DELETE, repository.path("tags/list")),
            (Method::POST, repository.path("tags/list")),
            (Method::PUT, repository.path(&format!("referrers/{}", image.digest))),
            (Method::PUT, "/v2/".to_owned()),
            (Method::DELETE, "/v2/_catalog".to_owned()),
            (Method::PUT, repository.path("blobs/uploads/")),
        ];
        for (method, path) in cases {
            let answer = wharf.client().call(method, &path).send().await;
            assert!([404, 405].contains(&answer.status()), "{answer}");
            if answer.status() == 405 {
                assert_eq!(answer.code(), "UNSUPPORTED", "{answer}");
            }
        }
        repository.expect_image(Some("one"), &image).await;
    })
    .await;
}

#[tokio::test]
async fn an_unknown_path_below_v2_is_an_error_in_the_usual_shape() {
    on_default(async |wharf| {
        for path in [
            "/v2/a",
            "/v2/a/b",
            "/v2/a/unknown/b",
            "/v2/_unknown",
            "/v2/a/manifests/",
            "/v2/a/blobs/",
            "/v2//",
            "/v2/a/tags",
        ] {
            wharf.client().get(path).send().await.expect_one_of(&[400, 404]);
        }
        wharf.client().get("/nowhere").send().await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn an_early_refusal_reaches_a_client_that_is_still_sending() {
    on_default(async |wharf| {
        // 40 MB that nobody will take: no credentials, an unknown session, a chunk out of order.
        let body = vec![7_u8; 40 << 20];
        let repository = wharf.repository();
        let upload = repository.begin().await;
        let anonymous = wharf.anonymous();
        let path = upload.location.trim_start_matches(&wharf.url()).to_owned();
        anonymous.patch(&path).body(body.clone()).send().await.expect_error(401, "UNAUTHORIZED");
        let absent = repository.path("blobs/uploads/00000000-0000-4000-8000-000000000000");
        wharf.client().patch(&absent).body(body.clone()).send().await.expect_error(404, "BLOB_UPLOAD_UNKNOWN");
        let mut late = upload.clone();
        late.append_range(&format!("100-{}", 99 + body.len()), &body).await.expect(416);
        let call = wharf.client().put(&repository.manifest_path("large")).header("content-type", "text/plain");
        call.body(body).send().await.expect_one_of(&[400, 413, 415]);
        upload.close(&digest(b"")).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn expect_100_continue_is_answered_before_the_body() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let upload = repository.begin().await;
        let path = upload.closing(&digest(b"hello")).trim_start_matches(&wharf.url()).to_owned();
        let credentials = raw::basic(ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY);
        let headers = [credentials.as_str(), "Content-Length: 5", "Expect: 100-continue"];
        let mut request = raw::request("PUT", &path, &wharf.address(), &headers);
        request.extend_from_slice(b"hello");
        let exchange = raw::exchange(wharf.address(), &request, Duration::from_secs(30)).await;
        let text = exchange.text();
        assert!(text.contains(" 201 "), "{text}");
        repository.blob(&digest(b"hello")).await.expect(200).expect_body(b"hello");
        // A client that is refused is not asked for its body.
        let headers = ["Content-Length: 5000000", "Expect: 100-continue"];
        let request = raw::request("PUT", &path, &wharf.address(), &headers);
        let exchange = raw::exchange(wharf.address(), &request, Duration::from_secs(30)).await;
        assert_eq!(exchange.status(), Some(401), "{}", exchange.text());
    })
    .await;
}

/// A client that waits for leave and is refused either hears that the connection ends, or goes on with it.
#[tokio::test]
async fn a_connection_goes_on_after_a_refused_expectation_or_says_that_it_ends() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        repository.push_small("one").await;
        let credentials = raw::basic(ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY);
        let absent = repository.path("blobs/uploads/00000000-0000-4000-8000-000000000000");
        let whole = format!("{}?digest={}", repository.path("blobs/uploads/"), digest(b"hello"));
        let cases = [
            ("PATCH", absent.clone(), vec![credentials.as_str()]),
            ("PUT", format!("{absent}?digest={}", digest(b"hello")), vec![&credentials]),
            ("PUT", repository.manifest_path("two"), vec![&credentials, "Content-Encoding: gzip"]),
            ("POST", whole, vec![&credentials, "Content-Range: nonsense"]),
            ("PATCH", absent, vec![]),
        ];
        for (method, path, headers) in cases {
            let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", wharf.address());
            for header in headers.iter().chain(&["Content-Length: 5", "Expect: 100-continue"]) {
                head.push_str(&format!("{header}\r\n"));
            }
            let mut stream = TcpStream::connect(wharf.address()).await.expect("the server accepts");
            stream.write_all(format!("{head}\r\n").as_bytes()).await.expect("a head can be sent");
            let answer = raw::read_answer(&mut stream, Duration::from_millis(500)).await;
            assert!(answer.status().is_some_and(|status| status >= 400), "{method} {path}: {}", answer.text());
            if answer.head().contains("connection: close") {
                assert!(answer.closed, "{method} {path}: {}", answer.text());
                continue;
            }
            assert!(!answer.closed, "{method} {path} ends without a word: {}", answer.text());
            // Then the body is still expected.
            let rest = format!("helloGET /v2/ HTTP/1.1\r\nHost: {}\r\n{credentials}\r\n\r\n", wharf.address());
            stream.write_all(rest.as_bytes()).await.expect("the connection goes on");
            let next = raw::read_answer(&mut stream, Duration::from_millis(500)).await;
            assert_eq!(next.status(), Some(200), "after {method} {path}: {}", next.text());
        }
    })
    .await;
}

#[tokio::test]
async fn answers_are_never_compressed_nor_guessed_at() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        for path in
            [repository.manifest_path("one"), repository.blob_path(&image.blobs[0].0), repository.path("tags/list")]
        {
            let answer = wharf.client().get(&path).header("accept-encoding", "gzip, deflate, br, zstd").send().await;
            let answer = answer.expect(200).expect_no_header("content-encoding").expect_no_header("transfer-encoding");
            assert_eq!(answer.header("content-length"), answer.body().len().to_string());
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
        }
    })
    .await;
}

#[tokio::test]
async fn locations_hold_behind_a_proxy_that_ends_tls() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let call = wharf.client().post(&repository.path("blobs/uploads/"));
        let call = call.header("host", "registry.example.com").header("x-forwarded-proto", "https");
        let answer = call.header("x-forwarded-host", "registry.example.com").send().await.expect(202);
        let location = answer.header("location").to_owned();
        // Relative is best; absolute must be what the client used.
        assert!(location.starts_with("/v2/") || location.starts_with("https://registry.example.com/v2/"), "{location}");
        assert!(!location.contains("evil"));
    })
    .await;
}
