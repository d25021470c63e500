//! Conditional requests: what a cache asks, and writes that must not overwrite.

use tests::harness::content::OCI_MANIFEST;
use tests::harness::{Auth, on_default, random};

#[tokio::test]
async fn a_manifest_that_the_client_has_is_304() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        let quoted = format!("\"{}\"", image.digest);
        let weak = format!("W/{quoted}");
        let list = format!("\"other\", {quoted}");
        for reference in ["one", &image.digest] {
            for value in [quoted.as_str(), image.digest.as_str(), weak.as_str(), list.as_str(), "*"] {
                let call = wharf.client().get(&repository.manifest_path(reference)).header("if-none-match", value);
                let answer = call.send().await.expect(304).expect_body(b"");
                assert_eq!(answer.header("etag"), quoted, "{answer}");
                let call = wharf.client().head(&repository.manifest_path(reference)).header("if-none-match", value);
                call.send().await.expect(304);
            }
            let call = wharf.client().get(&repository.manifest_path(reference)).header("if-none-match", "\"other\"");
            call.send().await.expect(200).expect_body(&image.manifest);
        }
    })
    .await;
}

#[tokio::test]
async fn a_blob_that_the_client_has_is_304() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let digest = repository.push_blob(&random(1000)).await;
        let call = wharf.client().get(&repository.blob_path(&digest)).header("if-none-match", format!("\"{digest}\""));
        call.send().await.expect(304).expect_body(b"");
        let call = wharf.client().head(&repository.blob_path(&digest)).header("if-none-match", format!("\"{digest}\""));
        call.send().await.expect(304);
        let call = wharf.client().get(&repository.blob_path(&digest)).header("if-none-match", "\"other\"");
        call.send().await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn a_condition_tells_nothing_to_those_who_may_not_read() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        for path in [repository.manifest_path("one"), repository.blob_path(&image.blobs[0].0)] {
            let client = wharf.client().as_(Auth::None);
            for value in [format!("\"{}\"", image.digest), format!("\"{}\"", image.blobs[0].0), "*".to_owned()] {
                client.get(&path).header("if-none-match", &value).send().await.expect_error(401, "UNAUTHORIZED");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_tag_moves_only_from_where_the_client_saw_it() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let (one, two) = (repository.push_small("one").await, repository.push_small("two").await);
        let put = |condition: &str, value: String| {
            repository.put_manifest_call("one", OCI_MANIFEST, &two.manifest).header(condition, value).send()
        };
        put("if-none-match", "*".to_owned()).await.expect(412);
        put("if-match", format!("\"{}\"", two.digest)).await.expect(412);
        // A weak ETag is that of no manifest (RFC 9110, section 13.1.1).
        put("if-match", format!("W/\"{}\"", one.digest)).await.expect(412);
        put("if-match", format!("*, \"{}\"", one.digest)).await.expect(400);
        repository.expect_image(Some("one"), &one).await;
        // Any of several, in several lines too.
        let call = repository.put_manifest_call("one", OCI_MANIFEST, &two.manifest);
        let call =
            call.header("if-match", format!("\"{}\"", two.digest)).header("if-match", format!("\"{}\"", one.digest));
        call.send().await.expect(201);
        repository.expect_image(Some("one"), &two).await;
        let call = repository.put_manifest_call("new", OCI_MANIFEST, &two.manifest).header("if-none-match", "*");
        call.send().await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn a_deletion_spares_what_the_client_has_not_seen() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let (one, two) = (repository.push_small("one").await, repository.push_small("two").await);
        let delete = |reference: &str, digest: &str| {
            let call = wharf.client().delete(&repository.manifest_path(reference));
            call.header("if-match", format!("\"{digest}\"")).send()
        };
        delete("one", &two.digest).await.expect(412);
        delete(&one.digest, &two.digest).await.expect(412);
        repository.expect_image(Some("one"), &one).await;
        delete("one", "nonsense").await.expect(400);
        delete("absent", &two.digest).await.expect_error(404, "MANIFEST_UNKNOWN");
        delete("one", &one.digest).await.expect(202);
        repository.head_manifest("one").await.expect(404);
        delete(&one.digest, &one.digest).await.expect(202);
        repository.head_manifest(&one.digest).await.expect(404);
        repository.expect_image(Some("two"), &two).await;
    })
    .await;
}
