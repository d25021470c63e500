//! end-5: pushes in pieces. Streams, chunks with ranges, order, and resuming after a break.

use std::time::Duration;

use tests::harness::raw;
use tests::harness::server::{ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY};
use tests::harness::{digest, on_all, on_default, random};
use tokio::io::AsyncWriteExt;

#[tokio::test]
async fn a_stream_of_unknown_length_is_taken() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        for length in [1, 100_000, 9 * 1024 * 1024 + 1] {
            let bytes = random(length);
            let mut upload = repository.begin().await;
            let answer = upload.append_streamed(&bytes, 30_000).await.expect(202);
            answer.expect_header("range", &format!("0-{}", length - 1)).expect_header("content-length", "0");
            upload.close(&digest(&bytes)).await.expect(201);
            repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
        }
    })
    .await;
}

#[tokio::test]
async fn chunks_in_order_make_a_blob() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(35_000);
        let mut upload = repository.begin().await;
        for offset in [0, 10_000, 20_000] {
            let answer = upload.append_at(offset, &bytes[offset..offset + 10_000]).await.expect(202);
            answer.expect_header("range", &format!("0-{}", offset + 9_999));
        }
        let answer = upload.close_range(&digest(&bytes), "30000-34999", &bytes[30_000..]).await.expect(201);
        answer.expect_header("docker-content-digest", &digest(&bytes));
        repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
    })
    .await;
}

#[tokio::test]
async fn large_chunks_of_uneven_sizes_make_a_blob() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(25 * 1024 * 1024);
        let mut upload = repository.begin().await;
        let mut offset = 0;
        for size in [1, 6 * 1024 * 1024, 100, 5 * 1024 * 1024 - 1, 9 * 1024 * 1024, 12_345] {
            upload.append_at(offset, &bytes[offset..offset + size]).await.expect(202);
            offset += size;
        }
        upload.close_with(&digest(&bytes), bytes[offset..].to_vec()).await.expect(201);
        repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
    })
    .await;
}

#[tokio::test]
async fn many_small_chunks_make_a_blob() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(5000);
        let mut upload = repository.begin().await;
        for (number, chunk) in bytes.chunks(100).enumerate() {
            upload.append_at(number * 100, chunk).await.expect(202);
        }
        upload.close(&digest(&bytes)).await.expect(201);
        repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
    })
    .await;
}

#[tokio::test]
async fn a_chunk_out_of_order_is_416_and_the_session_goes_on() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(3000);
        let mut upload = repository.begin().await;
        // Later than the start, before anything is there.
        upload.append_range("1000-1999", &bytes[1000..2000]).await.expect(416);
        upload.append_at(0, &bytes[..1000]).await.expect(202);
        // A gap, the same chunk again, an overlap.
        for (range, part) in [("2000-2999", 2000..3000), ("0-999", 0..1000), ("500-1499", 500..1500)] {
            let answer = upload.append_range(range, &bytes[part]).await.expect(416);
            if let Some(held) = answer.header_opt("range") {
                assert_eq!(held, "0-999", "{answer}");
            }
            upload.status().await.expect(204).expect_header("range", "0-999");
        }
        upload.append_at(1000, &bytes[1000..2000]).await.expect(202);
        // The closing chunk keeps the same rule.
        upload.close_range(&digest(&bytes), "2500-2999", &bytes[2500..]).await.expect(416);
        upload.close_range(&digest(&bytes), "0-999", &bytes[..1000]).await.expect(416);
        upload.status().await.expect(204).expect_header("range", "0-1999");
        upload.close_range(&digest(&bytes), "2000-2999", &bytes[2000..]).await.expect(201);
        repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
    })
    .await;
}

#[tokio::test]
async fn a_chunk_whose_length_is_not_its_range_is_refused_and_rolled_back() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(2000);
        let mut upload = repository.begin().await;
        upload.append_at(0, &bytes[..1000]).await.expect(202);
        for range in ["1000-1100", "1000-5000"] {
            let answer = upload.append_range(range, &bytes[1000..1500]).await;
            assert!([400, 416].contains(&answer.status()), "{answer}");
            upload.status().await.expect(204).expect_header("range", "0-999");
        }
        upload.append_at(1000, &bytes[1000..]).await.expect(202);
        upload.close(&digest(&bytes)).await.expect(201);
        repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
    })
    .await;
}

#[tokio::test]
async fn a_range_with_the_unit_bytes_is_tolerated() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(1000);
        let mut upload = repository.begin().await;
        let answer = upload.append_range("bytes 0-999", &bytes).await.expect_one_of(&[202, 400, 416]);
        if answer.status() == 202 {
            upload.close(&digest(&bytes)).await.expect(201);
        }
    })
    .await;
}

#[tokio::test]
async fn a_wrong_digest_at_the_end_of_a_chunked_push_leaves_nothing() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(20_000);
        let mut upload = repository.begin().await;
        upload.append(&bytes[..10_000]).await.expect(202);
        upload.append(&bytes[10_000..]).await.expect(202);
        let other = digest(&bytes[..10_000]);
        upload.close(&other).await.expect_error(400, "DIGEST_INVALID");
        repository.head_blob(&other).await.expect(404);
        repository.head_blob(&digest(&bytes)).await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn an_upload_resumes_after_a_connection_that_broke() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(400_000);
        let mut upload = repository.begin().await;
        upload.append(&bytes[..100_000]).await.expect(202);

        // A request that breaks off in the middle. It says where it begins: one that the server comes to only after what
        // is sent below is refused then, where one without a range would be added at the end.
        let mut stream = tokio::net::TcpStream::connect(wharf.address()).await.expect("the server accepts");
        let path = upload.location.trim_start_matches(&wharf.url()).to_owned();
        let credentials = raw::basic(ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY);
        let head = raw::request(
            "PATCH",
            &path,
            &wharf.address(),
            &[&credentials, "Content-Range: 100000-399999", "Content-Length: 300000"],
        );
        stream.write_all(&head).await.expect("the head is sent");
        stream.write_all(&bytes[100_000..250_000]).await.expect("a part of the body is sent");
        stream.flush().await.expect("the part is sent");
        drop(stream);

        // What was held before is held still; what arrived of the rest may be. The state settles once the server notices.
        let mut held = 0;
        for _ in 0..100 {
            let answer = upload.status().await;
            if answer.status() == 204 {
                let range = answer.header("range").to_owned();
                held = range.strip_prefix("0-").and_then(|last| last.parse::<usize>().ok()).expect("a range") + 1;
                let next = upload.append_at(held, &bytes[held..held + 10]).await;
                if next.status() == 202 {
                    held += 10;
                    break;
                }
                // Still held by the request that broke.
                next.expect_one_of(&[409, 416]);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!((100_010..=250_010).contains(&held), "{held} bytes are held");
        upload.append_at(held, &bytes[held..]).await.expect(202);
        upload.close(&digest(&bytes)).await.expect(201);
        repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
    })
    .await;
}

#[tokio::test]
async fn an_older_location_of_a_session_still_works() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(2000);
        let mut upload = repository.begin().await;
        let mut first = upload.clone();
        upload.append(&bytes[..1000]).await.expect(202);
        first.append_at(1000, &bytes[1000..]).await.expect(202);
        upload.close(&digest(&bytes)).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn an_idle_session_ends_by_itself() {
    use tests::harness::{Backend, Wharf};
    // A minute is the shortest that the setting allows.
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_UPLOAD_TTL", "1m").start().await;
    let repository = wharf.repository();
    let mut upload = repository.begin().await;
    let bytes = random(1000);
    upload.append(&bytes).await.expect(202);
    tokio::time::sleep(Duration::from_secs(63)).await;
    upload.append(b"late").await.expect_error(404, "BLOB_UPLOAD_UNKNOWN");
    upload.close(&digest(&bytes)).await.expect_error(404, "BLOB_UPLOAD_UNKNOWN");
}
