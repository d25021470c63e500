//! end-11: mounting a blob of another repository instead of sending it.

use tests::harness::client::encode;
use tests::harness::{Answer, Repository, Upload, digest, on_all, on_default, random};

/// The session that a refused mount opens must be usable at once.
async fn expect_usable_session(repository: &Repository, answer: Answer) {
    let answer = answer.expect(202);
    let bytes = random(100);
    let upload = Upload::new(repository.client().clone(), &answer);
    upload.close_with(&digest(&bytes), bytes.clone()).await.expect(201);
    repository.blob(&digest(&bytes)).await.expect(200).expect_body(&bytes);
}

#[tokio::test]
async fn a_blob_of_a_named_repository_is_mounted() {
    on_all(async |wharf| {
        let (source, target) = (wharf.repository(), wharf.repository());
        let bytes = random(50_000);
        let digest = source.push_blob(&bytes).await;
        let answer = target.mount(&digest, source.name()).await.expect(201);
        let answer = answer.expect_header("docker-content-digest", &digest);
        assert!(answer.header("location").ends_with(&target.blob_path(&digest)), "{answer}");
        target.blob(&digest).await.expect(200).expect_body(&bytes);
        // The blob belongs to both now: taking it out of one leaves it in the other.
        source.delete_blob(&digest).await.expect(202);
        target.blob(&digest).await.expect(200).expect_body(&bytes);
    })
    .await;
}

#[tokio::test]
async fn a_blob_is_mounted_from_wherever_it_is() {
    on_default(async |wharf| {
        let (source, target) = (wharf.repository(), wharf.repository());
        let digest = source.push_blob(&random(1000)).await;
        target.mount(&digest, "").await.expect(201).expect_header("docker-content-digest", &digest);
        target.head_blob(&digest).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_mounted_begins_a_session() {
    on_default(async |wharf| {
        let (source, target) = (wharf.repository(), wharf.repository());
        let present = source.push_blob(&random(1000)).await;
        let absent = digest(&random(10));
        let cases = [
            (&absent, source.name().to_owned()),
            (&absent, String::new()),
            (&present, "no/such/repository".to_owned()),
            (&present, "NOT A NAME".to_owned()),
            (&present, "../../etc".to_owned()),
        ];
        for (digest, from) in cases {
            let answer = target.mount(digest, &from).await;
            expect_usable_session(&target, answer).await;
            target.head_blob(digest).await.expect(404);
        }
    })
    .await;
}

#[tokio::test]
async fn a_mount_with_a_broken_digest_is_400() {
    on_default(async |wharf| {
        let target = wharf.repository();
        for broken in ["sha256:short", "nonsense", "sha256:"] {
            target.mount(broken, "some/where").await.expect_error(400, "DIGEST_INVALID");
        }
    })
    .await;
}

#[tokio::test]
async fn both_encodings_of_the_query_are_understood() {
    on_default(async |wharf| {
        let source = wharf.repository();
        let digest = source.push_blob(&random(1000)).await;
        let from = source.name();
        for (mount, from) in [(digest.clone(), from.to_owned()), (encode(&digest), encode(from))] {
            let target = wharf.repository();
            let query = format!("blobs/uploads/?mount={mount}&from={from}&origin=http%3A%2F%2Felsewhere");
            target.client().post(&target.path(&query)).send().await.expect(201);
            target.head_blob(&digest).await.expect(200);
        }
    })
    .await;
}

#[tokio::test]
async fn a_mount_into_the_same_repository_is_harmless() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let digest = repository.push_blob(&random(1000)).await;
        repository.mount(&digest, repository.name()).await.expect(201);
        repository.head_blob(&digest).await.expect(200);
    })
    .await;
}
