//! end-4, end-6, end-13 and end-14: sessions and the ways to push a blob in few requests. Pushes in many pieces are in
//! `chunked`, mounts in `mount`.

use tests::harness::client::encode;
use tests::harness::{Upload, digest, on_all, on_default, random, sha512};

const CANCELED: &str = "BLOB_UPLOAD_UNKNOWN";

#[tokio::test]
async fn a_session_begins_with_everything_that_clients_need() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        for path in ["blobs/uploads/", "blobs/uploads"] {
            let call = repository.client().post(&repository.path(path)).header("content-type", "application/json");
            let answer =
                call.send().await.expect(202).expect_header("range", "0-0").expect_header("content-length", "0");
            let id = answer.header("docker-upload-uuid");
            assert!(id.len() >= 16, "{answer}");
            let location = answer.header("location");
            assert!(location.contains(&format!("/v2/{}/blobs/uploads/", repository.name())), "{location}");
            assert!(location.contains(id), "{location} must contain {id}");
        }
    })
    .await;
}

#[tokio::test]
async fn post_then_put_pushes_a_blob() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(70_000);
        let upload = repository.begin().await;
        let answer = upload.close_with(&digest(&bytes), bytes.clone()).await.expect(201);
        let answer = answer.expect_header("docker-content-digest", &digest(&bytes));
        let location = answer.header("location").to_owned();
        repository.client().get(&location).send().await.expect(200).expect_body(&bytes);
        repository.head_blob(&digest(&bytes)).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn a_single_post_pushes_a_blob() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        for bytes in [random(70_000), Vec::new()] {
            let target = repository.path(&format!("blobs/uploads/?digest={}", encode(&digest(&bytes))));
            let call = repository.client().post(&target).header("content-type", "application/octet-stream");
            let answer = call.body(bytes.clone()).send().await.expect(201);
            let answer = answer.expect_header("docker-content-digest", &digest(&bytes));
            let location = answer.header("location").to_owned();
            repository.client().get(&location).send().await.expect(200).expect_body(&bytes);
        }
    })
    .await;
}

#[tokio::test]
async fn a_single_post_may_be_streamed() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(3_000_000);
        let target = repository.path(&format!("blobs/uploads/?digest={}", digest(&bytes)));
        let pieces: Vec<_> = bytes.chunks(50_000).map(|piece| Ok(bytes::Bytes::copy_from_slice(piece))).collect();
        repository.client().post(&target).stream(futures_util::stream::iter(pieces)).send().await.expect(201);
        repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
    })
    .await;
}

#[tokio::test]
async fn a_single_post_with_the_wrong_digest_leaves_nothing() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let (bytes, other) = (random(1000), digest(&random(10)));
        let target = repository.path(&format!("blobs/uploads/?digest={other}"));
        repository.client().post(&target).body(bytes.clone()).send().await.expect_error(400, "DIGEST_INVALID");
        repository.blob(&other).await.expect(404);
        repository.blob(&digest(&bytes)).await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn a_post_with_a_digest_and_no_body_begins_a_session() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(1000);
        let target = repository.path(&format!("blobs/uploads/?digest={}", digest(&bytes)));
        let answer = repository.client().post(&target).send().await.expect(202);
        let upload = Upload::new(repository.client().clone(), &answer);
        upload.close_with(&digest(&bytes), bytes.clone()).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn the_digest_in_a_query_may_be_encoded_or_not() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        for encoded in [true, false] {
            let bytes = random(100);
            let upload = repository.begin().await;
            let digest = digest(&bytes);
            let value = if encoded { encode(&digest) } else { digest.clone() };
            let separator = if upload.location.contains('?') { '&' } else { '?' };
            let target = format!("{}{separator}unknown=parameter&digest={value}", upload.location);
            repository.client().put(&target).body(bytes).send().await.expect(201);
            repository.head_blob(&digest).await.expect(200);
        }
    })
    .await;
}

#[tokio::test]
async fn a_closing_put_without_content_type_is_fine() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(100);
        let upload = repository.begin().await;
        repository.client().put(&upload.closing(&digest(&bytes))).body(bytes).send().await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn sha512_content_is_pushed_with_the_algorithm_named_late_or_early() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(200_000);
        let long = sha512(&bytes);
        let mut upload = repository.begin().await;
        upload.append(&bytes[..100_000]).await.expect(202);
        upload.append(&bytes[100_000..]).await.expect(202);
        upload.close(&long).await.expect(201).expect_header("docker-content-digest", &long);
        repository.blob(&long).await.expect(200).expect_body(&bytes);

        let bytes = random(1000);
        let target = repository.path("blobs/uploads/?digest-algorithm=sha512");
        let answer = repository.client().post(&target).send().await.expect(202);
        let upload = Upload::new(repository.client().clone(), &answer);
        upload.close_with(&sha512(&bytes), bytes.clone()).await.expect(201);
        repository.blob(&sha512(&bytes)).await.expect(200).expect_body(&bytes);
    })
    .await;
}

#[tokio::test]
async fn an_unknown_digest_algorithm_is_400() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        for algorithm in ["md5", "SHA256", "sha-256", "", "..%2f"] {
            let target = repository.path(&format!("blobs/uploads/?digest-algorithm={algorithm}"));
            let answer = repository.client().post(&target).send().await;
            assert_eq!(answer.status(), 400, "{answer}");
        }
        let upload = repository.begin().await;
        upload.close_with("md5:d41d8cd98f00b204e9800998ecf8427e", Vec::new()).await.expect_error(400, "DIGEST_INVALID");
    })
    .await;
}

#[tokio::test]
async fn a_closing_put_with_a_wrong_missing_or_broken_digest_is_400() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(5000);
        let other = digest(&random(10));
        repository.begin().await.close_with(&other, bytes.clone()).await.expect_error(400, "DIGEST_INVALID");
        let upload = repository.begin().await;
        let call = repository.client().put(&upload.location).body(bytes.clone());
        call.send().await.expect_error(400, "DIGEST_INVALID");
        for broken in ["sha256:", "sha256", "sha256:xyz", "baddigest", "sha256:44136fa355b3", "%00"] {
            let upload = repository.begin().await;
            upload.close_with(broken, bytes.clone()).await.expect_error(400, "DIGEST_INVALID");
        }
        repository.head_blob(&digest(&bytes)).await.expect(404);
        repository.head_blob(&other).await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn the_state_of_a_session_can_be_asked() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let mut upload = repository.begin().await;
        let first = upload.clone();
        upload.status().await.expect(204).expect_header("range", "0-0");
        upload.append(&random(1000)).await.expect(202).expect_header("range", "0-999");
        let answer = upload.status().await.expect(204).expect_header("range", "0-999");
        assert!(answer.header("location").contains("/blobs/uploads/"), "{answer}");
        // An older location of the same session, and one with a stray digest.
        first.status().await.expect(204).expect_header("range", "0-999");
        let stray = first.closing(&digest(b"stray"));
        repository.client().get(&stray).send().await.expect(204);
        let head = repository.client().head(&upload.location).send().await.expect_one_of(&[204, 405]);
        assert!(head.body().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_canceled_session_is_gone() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let mut upload = repository.begin().await;
        let bytes = random(1000);
        upload.append(&bytes).await.expect(202);
        upload.cancel().await.expect(204);
        upload.status().await.expect_error(404, CANCELED);
        upload.cancel().await.expect_error(404, CANCELED);
        upload.append(&bytes).await.expect_error(404, CANCELED);
        upload.close(&digest(&bytes)).await.expect_error(404, CANCELED);
        repository.head_blob(&digest(&bytes)).await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn a_finished_session_takes_no_more() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(1000);
        let mut upload = repository.begin().await;
        upload.close_with(&digest(&bytes), bytes.clone()).await.expect(201);
        upload.append(b"more").await.expect_error(404, CANCELED);
        upload.status().await.expect_error(404, CANCELED);
        // Clients repeat the closing request after a lost reply: the same digest is still true, another one is not.
        upload.close(&digest(&bytes)).await.expect_one_of(&[201, 404]);
        upload.close(&digest(b"other")).await.expect_one_of(&[400, 404]);
        repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
    })
    .await;
}

#[tokio::test]
async fn a_session_belongs_to_its_repository() {
    on_default(async |wharf| {
        let (one, other) = (wharf.repository(), wharf.repository());
        other.push_small("present").await;
        let upload = one.begin().await;
        let mut foreign = upload.clone();
        foreign.location = upload.location.replace(one.name(), other.name());
        let bytes = random(100);
        foreign.status().await.expect_error(404, CANCELED);
        foreign.append(&bytes).await.expect_error(404, CANCELED);
        foreign.close_with(&digest(&bytes), bytes.clone()).await.expect_error(404, CANCELED);
        foreign.cancel().await.expect_error(404, CANCELED);
        upload.close_with(&digest(&bytes), bytes).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn the_same_blob_may_be_pushed_again() {
    on_all(async |wharf| {
        let (one, other) = (wharf.repository(), wharf.repository());
        let bytes = random(100_000);
        for repository in [&one, &one, &other] {
            repository.push_blob(&bytes).await;
        }
        one.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
        other.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
    })
    .await;
}

#[tokio::test]
async fn uploads_create_repositories_only_when_that_is_allowed() {
    let wharf = tests::harness::Wharf::with(tests::harness::Backend::SqliteDisk);
    let wharf = wharf.set("WHARF_CREATE_ON_PUSH", "false").start().await;
    let repository = wharf.repository();
    let answer = repository.client().post(&repository.path("blobs/uploads/")).send().await;
    answer.expect_error(404, "NAME_UNKNOWN");
    let answer = repository.put_manifest("tag", tests::harness::content::OCI_INDEX, b"{}").await;
    assert!([400, 404].contains(&answer.status()), "{answer}");
    let catalog = wharf.client().get("/v2/_catalog").send().await.expect(200);
    assert!(catalog.strings("repositories").is_empty());
}

#[tokio::test]
async fn names_may_contain_the_words_of_the_api() {
    on_default(async |wharf| {
        for name in
            ["a/blobs/uploads", "manifests/tags", "tags/list", "x/manifests", "referrers/blobs", "v2/v2", "uploads"]
        {
            let repository = wharf.client().repository(name);
            let image = repository.push_small("one").await;
            repository.expect_image(Some("one"), &image).await;
            assert_eq!(repository.tags("").await.expect(200).strings("tags"), ["one"]);
            repository.referrers(&image.digest, "").await.expect(200);
        }
    })
    .await;
}

#[tokio::test]
async fn a_large_blob_streams_through_a_closing_put() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(12 * 1024 * 1024 + 3);
        let upload = repository.begin().await;
        let pieces: Vec<_> = bytes.chunks(64 * 1024).map(|piece| Ok(bytes::Bytes::copy_from_slice(piece))).collect();
        let call = repository.client().put(&upload.closing(&digest(&bytes)));
        call.stream(futures_util::stream::iter(pieces)).send().await.expect(201);
        repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
    })
    .await;
}
