//! end-2, `GET` and `HEAD` of blobs. Ranges and conditions have files of their own.

use tests::harness::{digest, on_all, on_default, random, sha512};

#[tokio::test]
async fn a_blob_comes_back_byte_for_byte_with_the_headers_that_clients_need() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(300_000);
        let digest = repository.push_blob(&bytes).await;
        let get = repository.blob(&digest).await.expect(200).expect_body(&bytes);
        let head = repository.head_blob(&digest).await.expect(200);
        for answer in [&get, &head] {
            assert_eq!(answer.header("content-length"), "300000", "{answer}");
            assert_eq!(answer.header("docker-content-digest"), digest, "{answer}");
            assert_eq!(answer.header("content-type"), "application/octet-stream", "{answer}");
            assert_eq!(answer.header("accept-ranges"), "bytes", "{answer}");
            assert_eq!(answer.header("etag"), format!("\"{digest}\""), "{answer}");
            assert!(answer.header("cache-control").contains("max-age="), "{answer}");
            assert!(!answer.header("cache-control").contains("public"), "{answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_large_blob_comes_back_byte_for_byte() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        // Longer than two parts of a multipart upload, and not a multiple of anything.
        let bytes = random(21 * 1024 * 1024 + 17);
        let digest = repository.push_blob(&bytes).await;
        repository.blob(&digest).await.expect(200).expect_body(&bytes);
    })
    .await;
}

#[tokio::test]
async fn the_empty_blob_has_a_length_of_zero() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let digest = repository.push_blob(b"").await;
        repository.blob(&digest).await.expect(200).expect_header("content-length", "0").expect_body(b"");
        repository.head_blob(&digest).await.expect(200).expect_header("content-length", "0");
    })
    .await;
}

#[tokio::test]
async fn a_blob_keeps_the_algorithm_it_was_pushed_with() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(5000);
        let long = sha512(&bytes);
        repository.push_blob_as(&bytes, &long).await;
        repository.blob(&long).await.expect(200).expect_header("docker-content-digest", &long).expect_body(&bytes);
        repository.head_blob(&long).await.expect(200).expect_header("docker-content-digest", &long);
        // The same bytes asked for under the other algorithm: found or not, but never under a digest nobody asked for.
        let other = repository.blob(&digest(&bytes)).await.expect_one_of(&[200, 404]);
        if other.status() == 200 {
            other.expect_header("docker-content-digest", &digest(&bytes)).expect_body(&bytes);
        }
    })
    .await;
}

#[tokio::test]
async fn a_blob_that_is_absent_is_404() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        repository.push_blob(b"something").await;
        let absent = digest(&random(10));
        repository.blob(&absent).await.expect_error(404, "BLOB_UNKNOWN");
        let head = repository.head_blob(&absent).await.expect(404);
        assert!(head.body().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_blob_of_another_repository_is_not_found_in_this_one() {
    on_default(async |wharf| {
        let (one, other) = (wharf.repository(), wharf.repository());
        let digest = one.push_blob(&random(100)).await;
        other.push_small("present").await;
        other.blob(&digest).await.expect_error(404, "BLOB_UNKNOWN");
        other.head_blob(&digest).await.expect(404);
        one.head_blob(&digest).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn a_repository_that_does_not_exist_is_404() {
    on_default(async |wharf| {
        let answer = wharf.repository().blob(&digest(b"x")).await.expect(404);
        assert!(["NAME_UNKNOWN", "BLOB_UNKNOWN"].contains(&answer.code().as_str()), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn a_manifest_is_not_served_as_a_blob() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        repository.blob(&image.digest).await.expect_error(404, "BLOB_UNKNOWN");
        repository.head_blob(&image.digest).await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn what_the_client_accepts_does_not_matter() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let digest = repository.push_blob(b"content").await;
        for accept in ["text/html", "application/vnd.oci.image.layer.v1.tar+gzip, */*", "nonsense"] {
            let call = repository.client().get(&repository.blob_path(&digest));
            let call = call.header("accept", accept).header("accept-encoding", "gzip, zstd, br");
            call.send()
                .await
                .expect(200)
                .expect_header("content-type", "application/octet-stream")
                .expect_body(b"content");
        }
    })
    .await;
}

#[tokio::test]
async fn a_digest_may_be_percent_encoded_in_the_path() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let digest = repository.push_blob(b"content").await;
        let encoded = digest.replace(':', "%3A");
        repository.blob(&encoded).await.expect(200).expect_body(b"content");
        repository.blob(&digest.replace(':', "%3a")).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_harms_nobody() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(8 * 1024 * 1024);
        let digest = repository.push_blob(&bytes).await;
        for _ in 0..20 {
            let call = wharf.client().get(&repository.blob_path(&digest));
            let mut response = call.open().await.expect("the answer begins");
            response.chunk().await.expect("the body begins");
            drop(response);
        }
        repository.blob(&digest).await.expect(200).expect_body(&bytes);
    })
    .await;
}

#[tokio::test]
async fn blobs_are_not_redirected_unless_asked() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let digest = repository.push_blob(&random(1000)).await;
        repository.blob(&digest).await.expect(200).expect_no_header("location");
    })
    .await;
}
