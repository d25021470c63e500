//! `GetDownloadUrlForLayer`

use serde_json::json;
use tests::harness::{Backend, Client, Image, Wharf, on_all, on_default, random};

use super::{not_found, run};

#[tokio::test]
async fn plain_http_fetches_a_layer_from_its_address() {
    on_all(async |wharf| {
        let image = Image::of(vec![random(100_000)]);
        wharf.client().repository("app").push_image("v1", &image).await;
        let (digest, bytes) = &image.blobs[1];
        let answer = wharf.aws().json(&[
            "ecr",
            "get-download-url-for-layer",
            "--repository-name",
            "app",
            "--layer-digest",
            digest,
        ]);
        assert_eq!(answer["layerDigest"], json!(digest));
        let url = answer["downloadUrl"].as_str().expect("an address");
        let plain = wharf.anonymous();
        plain.get(url).send().await.expect(200).expect_body(bytes);
        let part = plain.get(url).header("range", "bytes=10-19").send().await.expect(206).expect_body(&bytes[10..20]);
        assert_eq!(part.header("content-range"), "bytes 10-19/100000");
        plain.head(url).send().await.expect(200).expect_header("content-length", "100000");
        plain.put(url).send().await.expect(405);
        // Credentials that a client sends along do no harm.
        wharf.client().get(url).send().await.expect(200).expect_body(bytes);
    })
    .await;
}

#[tokio::test]
async fn with_redirects_the_address_is_the_stores() {
    for backend in [Backend::SqliteS3, Backend::PostgresS3] {
        let wharf = Wharf::with(backend).set("WHARF_BLOB_REDIRECT", "true").start().await;
        let image = wharf.client().repository("app").push_small("v1").await;
        let (digest, bytes) = &image.blobs[1];
        let arguments = ["ecr", "get-download-url-for-layer", "--repository-name", "app", "--layer-digest", digest];
        let url = wharf.aws().json(&arguments)["downloadUrl"].as_str().expect("an address").to_owned();
        assert!(url.contains("X-Amz-Signature"), "{url}");
        let base: String = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        Client::new(&base, tests::harness::Auth::None).get(&url).send().await.expect(200).expect_body(bytes);
    }
}

#[tokio::test]
async fn an_address_is_of_one_layer_and_cannot_be_made_up() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let image = repository.push_small("v1").await;
        let loose = repository.push_blob(b"of no image").await;
        wharf.client().repository("other").push_small("v1").await;
        let url = run(
            &wharf.aws(),
            &json!({ "layer": image.blobs[1].0, "loose": loose, "gone": not_found("absent") }),
            r#"
get, unknown = ecr.get_download_url_for_layer, "sha256:" + "0" * 64
message("LayersNotFoundException", get, repositoryName="app", layerDigest=unknown)
message("LayersNotFoundException", get, repositoryName="app", layerDigest="md5:00")
message("LayersNotFoundException", get, repositoryName="other", layerDigest=data["layer"])
text = message("LayerInaccessibleException", get, repositoryName="app", layerDigest=data["loose"])
assert "not associated with an image" in text, text
message("InvalidParameterException", get, repositoryName="app", layerDigest="nonsense")
expect(message("RepositoryNotFoundException", get, repositoryName="absent", layerDigest=unknown), data["gone"])
print(json.dumps(get(repositoryName="app", layerDigest=data["layer"])["downloadUrl"]))
"#,
        );
        let url = url.as_str().expect("an address");
        let plain = wharf.anonymous();
        plain.get(url).send().await.expect(200);
        let start = url.find("/layers/").expect("an address of Wharf's own") + "/layers/".len();
        for at in (start..url.len()).step_by(11) {
            let mut altered = url.as_bytes().to_vec();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).expect("ASCII");
            plain.get(&altered).send().await.expect(404);
        }
        for other in ["/layers/", "/layers/x", "/layers/%00", "/layers/a/b"] {
            plain.get(other).send().await.expect(404);
        }
        assert!(!wharf.output().contains(&url[start..]), "the address is in the log");
        // With its repository the layer is gone, whoever has the address.
        wharf.aws().json(&["ecr", "delete-repository", "--repository-name", "app", "--force"]);
        plain.get(url).send().await.expect(404);
    })
    .await;
}
