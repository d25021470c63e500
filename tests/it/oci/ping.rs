//! end-1, `GET /v2/`: what clients ask before anything else.

use tests::harness::{Auth, on_default};

#[tokio::test]
async fn root_gets_200_and_an_empty_object() {
    on_default(async |wharf| {
        for path in ["/v2/", "/v2"] {
            let answer = wharf.client().get(path).send().await.expect_one_of(&[200, 301, 308]);
            if path == "/v2/" {
                let answer = answer.expect(200).expect_body(b"{}");
                answer
                    .expect_header("content-type", "application/json")
                    .expect_header("docker-distribution-api-version", "registry/2.0");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_without_credentials_is_challenged_once() {
    on_default(async |wharf| {
        let answer = wharf.anonymous().get("/v2/").send().await.expect_error(401, "UNAUTHORIZED");
        let answer = answer.expect_header("docker-distribution-api-version", "registry/2.0");
        let challenge = answer.header("www-authenticate");
        assert!(challenge.starts_with("Bearer ") || challenge.starts_with("Basic "), "{challenge}");
        assert!(!challenge.contains("error="), "a first challenge names no error: {challenge}");
    })
    .await;
}

#[tokio::test]
async fn every_answer_names_the_api_version_and_a_request_id_of_its_own() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        let answers = [
            repository.manifest("one").await,
            repository.head_manifest("absent").await,
            repository.blob(&image.blobs[0].0).await,
            repository.tags("").await,
            repository.referrers(&image.digest, "").await,
            repository.as_(Auth::None).tags("").await,
        ];
        let mut ids: Vec<&str> = Vec::new();
        for answer in &answers {
            assert_eq!(answer.header("docker-distribution-api-version"), "registry/2.0", "{answer}");
            ids.push(answer.header("x-request-id"));
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), answers.len(), "request ids must differ: {ids:?}");
    })
    .await;
}

#[tokio::test]
async fn the_first_version_of_the_api_is_refused_quickly() {
    on_default(async |wharf| {
        wharf.anonymous().get("/v1/_ping").send().await.expect(404);
        wharf.anonymous().get("/v1/search?q=x").send().await.expect(404);
    })
    .await;
}
