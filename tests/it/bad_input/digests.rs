//! Digests that are none, and content that does not have the digest it claims.

use tests::harness::content::OCI_MANIFEST;
use tests::harness::{Upload, digest, on_all, on_default, random, sha512};

fn bad_digests() -> Vec<String> {
    let good = digest(b"x");
    let hex = &good[7..];
    vec![
        "sha256:".to_owned(),
        format!("sha256:{}", &hex[..63]),
        format!("sha256:{hex}0"),
        format!("sha256:{}", hex.to_uppercase()),
        format!("SHA256:{hex}"),
        format!("sha256:{}g", &hex[..63]),
        format!("sha256:%00{}", &hex[..63]),
        format!("sha256:{hex}%00"),
        format!("sha256:{hex}%0a"),
        format!("sha256:%20{}", &hex[..63]),
        format!("sha512:{hex}"),
        format!("sha256%3a%3a{hex}"),
        format!("sha1:{}", &hex[..40]),
        format!("md5:{}", &hex[..32]),
        format!("sha256+b64:{hex}"),
        format!(":{hex}"),
        format!("sha256:..%2f..%2f{}", &hex[..58]),
        format!("sha256:{}", "a".repeat(5000)),
        format!("unknown:{hex}"),
    ]
}

#[tokio::test]
async fn bad_digests_are_400_wherever_they_stand() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("fine").await;
        for bad in bad_digests() {
            let blob = repository.blob(&bad).await;
            assert!([400, 404].contains(&blob.status()), "{blob}");
            if blob.status() == 400 {
                assert_eq!(blob.code(), "DIGEST_INVALID", "{blob}");
            }
            repository.head_blob(&bad).await.expect_one_of(&[400, 404]);
            repository.delete_blob(&bad).await.expect_one_of(&[400, 404]);
            repository.manifest(&bad).await.expect_one_of(&[400, 404]);
            let put = repository.put_manifest(&bad, OCI_MANIFEST, &image.manifest).await;
            assert_eq!(put.status(), 400, "{put}");
            let upload = repository.begin().await;
            let separator = if upload.location.contains('?') { '&' } else { '?' };
            let target = format!("{}{separator}digest={bad}", upload.location);
            wharf.client().put(&target).body("x").send().await.expect_error(400, "DIGEST_INVALID");
            let target = repository.path(&format!("blobs/uploads/?digest={bad}"));
            wharf.client().post(&target).body("x").send().await.expect_error(400, "DIGEST_INVALID");
            // Of an algorithm that exists elsewhere there is none here, which is no error.
            let elsewhere =
                ["sha1:", "md5:", "sha256+b64:", "unknown:"].iter().any(|algorithm| bad.starts_with(algorithm));
            repository.referrers(&bad, "").await.expect_one_of(if elsewhere { &[200] } else { &[400, 404] });
        }
        repository.head_blob(&digest(b"x")).await.expect(404);
        repository.expect_image(Some("fine"), &image).await;
    })
    .await;
}

#[tokio::test]
async fn content_is_never_visible_under_a_digest_it_does_not_have() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(40_000);
        let victim = digest(&random(10));
        let long_victim = sha512(&random(10));
        for wrong in [&victim, &long_victim] {
            // In one request, in chunks, in a stream.
            let target = repository.path(&format!("blobs/uploads/?digest={wrong}"));
            wharf.client().post(&target).body(bytes.clone()).send().await.expect_error(400, "DIGEST_INVALID");
            repository.begin().await.close_with(wrong, bytes.clone()).await.expect_error(400, "DIGEST_INVALID");
            let mut upload = repository.begin().await;
            upload.append(&bytes[..20_000]).await.expect(202);
            upload.append_streamed(&bytes[20_000..], 1000).await.expect(202);
            upload.close(wrong).await.expect_error(400, "DIGEST_INVALID");
        }
        // Large enough that a store has taken parts of it by then.
        let large = random(11 * 1024 * 1024);
        let mut upload = repository.begin().await;
        upload.append(&large).await.expect(202);
        upload.close(&victim).await.expect_error(400, "DIGEST_INVALID");
        for unseen in [&victim, &long_victim, &digest(&bytes), &sha512(&bytes), &digest(&large)] {
            repository.head_blob(unseen).await.expect(404);
        }
    })
    .await;
}

#[tokio::test]
async fn two_digests_in_one_request_are_not_mixed_up() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(100);
        let (right, wrong) = (digest(&bytes), digest(&random(10)));
        for (first, second) in [(&right, &wrong), (&wrong, &right)] {
            let upload = repository.begin().await;
            let target = format!("{}&digest={second}", upload.closing(first));
            let answer = wharf.client().put(&target).body(bytes.clone()).send().await;
            assert!([201, 400].contains(&answer.status()), "{answer}");
            repository.head_blob(&wrong).await.expect(404);
        }
        let target = repository.path(&format!("blobs/uploads/?digest={wrong}&mount={right}"));
        let answer = wharf.client().post(&target).body(bytes.clone()).send().await.expect_one_of(&[201, 202, 400]);
        if answer.status() == 202 {
            Upload::new(wharf.client(), &answer).close_with(&right, bytes.clone()).await.expect_one_of(&[201, 400]);
        }
        repository.head_blob(&wrong).await.expect(404);
    })
    .await;
}
