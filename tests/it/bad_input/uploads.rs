//! Ranges, sessions and bodies of uploads that are wrong: refused, and the session stays where it was.

use std::time::Duration;

use tests::harness::server::{ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY};
use tests::harness::{digest, on_all, on_default, random, raw};

#[tokio::test]
async fn malformed_ranges_leave_the_session_where_it_was() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(200);
        let mut upload = repository.begin().await;
        upload.append(&bytes[..100]).await.expect(202);
        let ranges = [
            "",
            "100",
            "100-",
            "-199",
            "a-b",
            "100-199/200",
            "bytes=100-199",
            "100-99",
            "0x64-0xc7",
            "100--199",
            "100-199-299",
            "18446744073709551615-18446744073709551716",
            "-1-98",
            "100.0-199.0",
            "99999999999999999999999-99999999999999999999999",
            "100-199,200-299",
            "bytes=100-199",
            "+100-+199",
        ];
        for range in ranges {
            let answer = upload.append_range(range, &bytes[100..]).await;
            if ["100-199/200", "bytes=100-199"].contains(&range) && answer.status() == 202 {
                // These say the same thing in other words; taking them is no mistake, but then they are taken.
                upload.status().await.expect(204).expect_header("range", "0-199");
                upload.close(&digest(&bytes)).await.expect(201);
                upload = repository.begin().await;
                upload.append(&bytes[..100]).await.expect(202);
                continue;
            }
            assert!([400, 416].contains(&answer.status()), "{range:?}: {answer}");
            upload.status().await.expect(204).expect_header("range", "0-99");
        }
        upload.append_at(100, &bytes[100..]).await.expect(202);
        upload.close(&digest(&bytes)).await.expect(201);
        repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
    })
    .await;
}

#[tokio::test]
async fn unknown_and_malformed_sessions_are_404() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        repository.push_small("present").await;
        let ids = [
            "00000000-0000-4000-8000-000000000000",
            "nonsense",
            "..%2f..%2fetc",
            "%00",
            "'%20or%201=1",
            "%C3%A9",
            &"a".repeat(3000),
        ];
        for id in ids {
            let path = repository.path(&format!("blobs/uploads/{id}"));
            let client = wharf.client();
            let closing = format!("{path}?digest={}", digest(b"x"));
            for call in
                [client.get(&path), client.patch(&path).body("x"), client.put(&closing).body("x"), client.delete(&path)]
            {
                let answer = call.send().await.expect_one_of(&[400, 404]);
                assert!(
                    ["BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID", "NAME_INVALID", "NAME_UNKNOWN"]
                        .contains(&answer.code().as_str()),
                    "{answer}"
                );
            }
        }
        let known = repository.path("blobs/uploads/00000000-0000-4000-8000-000000000000");
        wharf.client().get(&known).send().await.expect_error(404, "BLOB_UPLOAD_UNKNOWN");
    })
    .await;
}

#[tokio::test]
async fn state_that_a_client_invents_in_the_location_is_not_believed() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(100);
        let upload = repository.begin().await;
        let path = upload.location.split('?').next().expect("a path").to_owned();
        for state in ["_state=AAAA", "_state=", "state=%7B%22offset%22%3A50%7D", "offset=50", "key=blobs%2F00%2Fx"] {
            let mut forged = upload.clone();
            forged.location = format!("{path}?{state}");
            forged.status().await.expect_one_of(&[204, 400, 404]);
        }
        upload.close_with(&digest(&bytes), bytes.clone()).await.expect(201);
        repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
    })
    .await;
}

/// An authorized request whose body is cut or never comes, on a socket of its own.
async fn cut(wharf: &tests::harness::Wharf, method: &str, path: &str, length: &str, body: &[u8]) -> raw::Exchange {
    use tokio::io::AsyncWriteExt;
    let credentials = raw::basic(ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY);
    let mut request = raw::request(method, path, &wharf.address(), &[&credentials, length]);
    request.extend_from_slice(body);
    let mut stream = tokio::net::TcpStream::connect(wharf.address()).await.expect("the server accepts");
    stream.write_all(&request).await.ok();
    stream.shutdown().await.ok();
    raw::read(&mut stream, Duration::from_secs(30)).await
}

#[tokio::test]
async fn a_body_that_breaks_off_commits_nothing() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(5000);
        let path = |upload: &tests::harness::Upload| {
            upload.closing(&digest(&bytes)).trim_start_matches(&wharf.url()).to_owned()
        };
        let upload = repository.begin().await;
        let exchange = cut(wharf, "PUT", &path(&upload), "Content-Length: 10000", &bytes).await;
        assert_ne!(exchange.status(), Some(201), "{}", exchange.text());
        let upload = repository.begin().await;
        let half = format!("1388\r\n{}", "x".repeat(100));
        let exchange = cut(wharf, "PUT", &path(&upload), "Transfer-Encoding: chunked", half.as_bytes()).await;
        assert_ne!(exchange.status(), Some(201), "{}", exchange.text());
        // All bytes there, but the last chunk is not: the client may have had more to say.
        let open = [&b"1388\r\n"[..], &bytes, b"\r\n"].concat();
        let exchange = cut(wharf, "PUT", &path(&upload), "Transfer-Encoding: chunked", &open).await;
        assert_ne!(exchange.status(), Some(201), "{}", exchange.text());
        repository.head_blob(&digest(&bytes)).await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn an_absurd_length_reserves_nothing() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let before = tests::harness::resources::resident(wharf.pid());
        for length in ["9223372036854775807", "1099511627776", "18446744073709551615", "99999999999999999999999"] {
            let upload = repository.begin().await;
            let path = upload.closing(&digest(b"x")).trim_start_matches(&wharf.url()).to_owned();
            let exchange = cut(wharf, "PUT", &path, &format!("Content-Length: {length}"), b"x").await;
            assert_ne!(exchange.status(), Some(201), "{}", exchange.text());
            let target = repository.manifest_path("huge");
            let exchange = cut(wharf, "PUT", &target, &format!("Content-Length: {length}"), b"x").await;
            assert!(!matches!(exchange.status(), Some(201 | 500)), "{}", exchange.text());
        }
        let grown = tests::harness::resources::resident(wharf.pid()).saturating_sub(before);
        assert!(grown < 64 << 20, "resident memory grew by {grown} bytes");
        wharf.client().get("/v2/").send().await.expect(200);
    })
    .await;
}
