//! What a client without credentials learns: nothing.

use http::Method;
use tests::harness::client::encode;
use tests::harness::server::ROOT_ACCESS_KEY_ID;
use tests::harness::{Answer, Repository, digest, on_default, raw};

/// What an outsider can tell two answers apart by; the repository's own name and the request id are left out.
fn visible(answer: &Answer, repository: &Repository) -> String {
    let mut text = format!("{} {}", answer.status(), String::from_utf8_lossy(answer.body()));
    for (name, value) in answer.headers() {
        if name != "x-request-id" && name != "date" {
            text.push_str(&format!("\n{name}: {}", String::from_utf8_lossy(value.as_bytes())));
        }
    }
    text.replace(repository.name(), "NAME")
}

/// Every route of the API in one repository.
fn routes(repository: &Repository, blob: &str, manifest: &str) -> Vec<(Method, String)> {
    let session = "blobs/uploads/00000000-0000-4000-8000-000000000000";
    vec![
        (Method::GET, repository.manifest_path("tag")),
        (Method::HEAD, repository.manifest_path("tag")),
        (Method::GET, repository.manifest_path(manifest)),
        (Method::PUT, repository.manifest_path("tag")),
        (Method::DELETE, repository.manifest_path("tag")),
        (Method::DELETE, repository.manifest_path(manifest)),
        (Method::GET, repository.blob_path(blob)),
        (Method::HEAD, repository.blob_path(blob)),
        (Method::DELETE, repository.blob_path(blob)),
        (Method::POST, repository.path("blobs/uploads/")),
        (Method::POST, repository.path(&format!("blobs/uploads/?digest={blob}"))),
        (Method::POST, repository.path(&format!("blobs/uploads/?mount={}&from=other", encode(blob)))),
        (Method::GET, repository.path(session)),
        (Method::PATCH, repository.path(session)),
        (Method::PUT, repository.path(&format!("{session}?digest={blob}"))),
        (Method::DELETE, repository.path(session)),
        (Method::GET, repository.path("tags/list")),
        (Method::GET, repository.path(&format!("referrers/{manifest}"))),
    ]
}

#[tokio::test]
async fn present_and_missing_repositories_look_the_same() {
    on_default(async |wharf| {
        let present = wharf.client().repository("tests/present0");
        let image = present.push_small("tag").await;
        let missing = wharf.client().repository("tests/missing0");
        let (blob, manifest) = (&image.blobs[0].0, &image.digest);
        let absent = digest(b"absent");
        let client = wharf.anonymous();
        let pairs = routes(&present, blob, manifest).into_iter().zip(routes(&missing, blob, manifest));
        for ((method, here), (_, there)) in pairs {
            let here = client.call(method.clone(), &here).send().await.expect(401);
            let there = client.call(method, &there).send().await.expect(401);
            assert_eq!(visible(&here, &present), visible(&there, &missing));
        }
        // Neither does a digest that exists differ from one that does not.
        let here = client.get(&present.blob_path(blob)).send().await.expect(401);
        let there = client.get(&present.blob_path(&absent)).send().await.expect(401);
        assert_eq!(visible(&here, &present), visible(&there, &present));
    })
    .await;
}

#[tokio::test]
async fn nothing_changes_for_an_anonymous_writer() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("tag").await;
        let mut upload = repository.begin().await;
        upload.append(b"mine").await.expect(202);
        let anonymous = upload.through(&wharf.anonymous());
        anonymous.clone().append(b"theirs").await.expect(401);
        anonymous.status().await.expect(401);
        anonymous.cancel().await.expect(401);
        anonymous.close(&digest(b"mine")).await.expect(401);
        for (method, path) in routes(&repository, &image.blobs[0].0, &image.digest) {
            wharf.anonymous().call(method, &path).body(image.manifest.clone()).send().await.expect(401);
        }
        upload.close(&digest(b"mine")).await.expect(201);
        repository.expect_image(Some("tag"), &image).await;
    })
    .await;
}

#[tokio::test]
async fn no_spelling_of_a_path_leads_around_the_door() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("tests/secret");
        let image = repository.push_small("tag").await;
        let digest = &image.digest;
        let spellings = [
            "/v2//tests/secret/manifests/tag".to_owned(),
            "//v2/tests/secret/manifests/tag".to_owned(),
            "/v2/./tests/secret/manifests/tag".to_owned(),
            "/v2/x/../tests/secret/manifests/tag".to_owned(),
            "/v2/tests%2Fsecret/manifests/tag".to_owned(),
            "/v2/tests%2fsecret/manifests/tag".to_owned(),
            "/%76%32/tests/secret/manifests/tag".to_owned(),
            "/V2/tests/secret/manifests/tag".to_owned(),
            "/v2/tests/secret/manifests/tag/".to_owned(),
            "/v2/tests/secret/manifests/tag?x=/healthz".to_owned(),
            "/v2/tests/secret/manifests/tag#fragment".to_owned(),
            "/v2/tests/secret/manifests/tag;x=1".to_owned(),
            "/v2/tests/secret/manifests//tag".to_owned(),
            "/v2/tests/secret/manifests/%74ag".to_owned(),
            "/healthz/../v2/tests/secret/manifests/tag".to_owned(),
            "/metrics/../v2/tests/secret/manifests/tag".to_owned(),
            "/token/../v2/tests/secret/manifests/tag".to_owned(),
            "/v2/tests/secret/manifests/tag%00".to_owned(),
            "/v2/tests\\secret/manifests/tag".to_owned(),
            format!("/v2/tests/secret/blobs/{digest}"),
            format!("/v2/_catalog/../tests/secret/manifests/{digest}"),
            "/v2/_catalog/".to_owned(),
            "/v2/_catalog?n=1".to_owned(),
            "/v2/%5Fcatalog".to_owned(),
        ];
        for spelling in spellings {
            for method in ["GET", "HEAD", "PUT", "DELETE"] {
                let request = raw::request(method, &spelling, &wharf.address(), &[]);
                let exchange = raw::exchange(wharf.address(), &request, std::time::Duration::from_secs(30)).await;
                let status = exchange.status().unwrap_or_default();
                assert!((300..500).contains(&status), "{method} {spelling}: {}", exchange.text());
                assert!(!exchange.text().contains("schemaVersion"), "{method} {spelling}: {}", exchange.text());
            }
        }
        repository.expect_image(Some("tag"), &image).await;
    })
    .await;
}

#[tokio::test]
async fn what_an_outsider_sees_names_no_keys() {
    on_default(async |wharf| {
        for path in ["/", "/v2/", "/token", "/healthz", "/readyz", "/metrics"] {
            let answer = wharf.anonymous().get(path).send().await;
            let text = String::from_utf8_lossy(answer.body()).into_owned();
            assert!(!text.contains(ROOT_ACCESS_KEY_ID), "{answer}");
        }
    })
    .await;
}
