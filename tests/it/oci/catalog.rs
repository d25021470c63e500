//! `GET /v2/_catalog`: the repositories that the caller may see.

use tests::harness::content::{self, OCI_INDEX, OCI_MANIFEST};
use tests::harness::{digest, on_default};

#[tokio::test]
async fn an_empty_registry_has_an_empty_catalog() {
    on_default(async |wharf| {
        let answer = wharf.client().get("/v2/_catalog").send().await.expect(200);
        assert!(answer.strings("repositories").is_empty());
        answer.expect_header("content-type", "application/json");
    })
    .await;
}

#[tokio::test]
async fn repositories_come_in_the_order_of_their_bytes_and_in_pages() {
    on_default(async |wharf| {
        let names = ["a", "a-b", "a.b", "a/b", "a0", "a_b", "b", "b/c/d", "z9"];
        for name in names.iter().rev() {
            wharf.client().repository(name).push_small("tag").await;
        }
        let mut expected: Vec<String> = names.map(str::to_owned).to_vec();
        expected.sort();
        let answer = wharf.client().get("/v2/_catalog").send().await.expect(200);
        assert_eq!(answer.strings("repositories"), expected);
        for n in 1..=10 {
            let pages = wharf.repository().pages(&format!("/v2/_catalog?n={n}")).await;
            let all: Vec<String> = pages.iter().flat_map(|page| page.strings("repositories")).collect();
            assert_eq!(all, expected, "n={n}");
        }
        let answer = wharf.client().get("/v2/_catalog?last=a%2Fa&n=2").send().await.expect(200);
        assert_eq!(answer.strings("repositories"), ["a/b", "a0"]);
        let answer = wharf.client().get("/v2/_catalog?n=0").send().await.expect(200).expect_no_header("link");
        assert!(answer.strings("repositories").is_empty());
        wharf.client().get("/v2/_catalog?n=-1").send().await.expect(400);
        wharf.client().get("/v2/_catalog?n=99999999").send().await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn a_client_without_credentials_sees_no_catalog() {
    on_default(async |wharf| {
        wharf.client().repository("secret/thing").push_small("tag").await;
        let answer = wharf.anonymous().get("/v2/_catalog").send().await.expect(401);
        assert!(!String::from_utf8_lossy(answer.body()).contains("secret"));
    })
    .await;
}

#[tokio::test]
async fn a_refused_push_creates_no_repository() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let index = content::index(vec![content::missing_descriptor(OCI_MANIFEST)]);
        repository
            .put_manifest("tag", OCI_INDEX, &content::to_bytes(&index))
            .await
            .expect_error(400, "MANIFEST_BLOB_UNKNOWN");
        let wrong = repository.path(&format!("blobs/uploads/?digest={}", digest(b"something else")));
        wharf.client().post(&wrong).body("x").send().await.expect_error(400, "DIGEST_INVALID");
        let answer = wharf.client().get("/v2/_catalog").send().await.expect(200);
        assert!(answer.strings("repositories").is_empty(), "{answer}");
        let right = repository.path(&format!("blobs/uploads/?digest={}", digest(b"x")));
        wharf.client().post(&right).body("x").send().await.expect(201);
        let answer = wharf.client().get("/v2/_catalog").send().await.expect(200);
        assert_eq!(answer.strings("repositories").len(), 1, "{answer}");
    })
    .await;
}
