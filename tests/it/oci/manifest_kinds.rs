//! The kinds of manifests that real tools push: Docker's, charts, signatures, build caches, attestations, indexes of indexes.
//! All are kept as they are.

use serde_json::json;
use tests::harness::content::{
    self, DOCKER_LIST, DOCKER_MANIFEST, OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, descriptor, to_bytes,
};
use tests::harness::{digest, on_default, random};

#[tokio::test]
async fn docker_schema_2_is_kept_as_it_is() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let (config, layer) = (content::config(), random(1000));
        repository.push_blob(&config).await;
        repository.push_blob(&layer).await;
        let manifest = to_bytes(&json!({
            "schemaVersion": 2,
            "mediaType": DOCKER_MANIFEST,
            "config": descriptor("application/vnd.docker.container.image.v1+json", &config),
            "layers": [descriptor("application/vnd.docker.image.rootfs.diff.tar.gzip", &layer)],
        }));
        repository.put_manifest("docker", DOCKER_MANIFEST, &manifest).await.expect(201);
        let list = to_bytes(&json!({
            "schemaVersion": 2,
            "mediaType": DOCKER_LIST,
            "manifests": [{
                "mediaType": DOCKER_MANIFEST,
                "digest": digest(&manifest),
                "size": manifest.len(),
                "platform": {"architecture": "amd64", "os": "linux"},
            }],
        }));
        repository.put_manifest("list", DOCKER_LIST, &list).await.expect(201);
        for accept in ["*/*", OCI_MANIFEST, DOCKER_MANIFEST] {
            for (reference, media_type, bytes) in [("docker", DOCKER_MANIFEST, &manifest), ("list", DOCKER_LIST, &list)]
            {
                let call = repository.client().get(&repository.manifest_path(reference)).header("accept", accept);
                call.send().await.expect(200).expect_header("content-type", media_type).expect_body(bytes);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn artifacts_of_real_tools_are_kept() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let (config, layer) = (b"{\"name\":\"chart\"}".to_vec(), random(500));
        repository.push_blob(&config).await;
        repository.push_blob(&layer).await;
        repository.push_blob(b"{}").await;
        let cases = [
            ("application/vnd.cncf.helm.config.v1+json", "application/vnd.cncf.helm.chart.content.v1.tar+gzip"),
            (OCI_CONFIG, "application/vnd.dev.cosign.simplesigning.v1+json"),
            (OCI_CONFIG, "application/vnd.oci.image.layer.v1.tar+zstd"),
            ("application/vnd.docker.plugin.v1+json", "application/vnd.docker.image.rootfs.diff.tar.gzip"),
            ("application/vnd.example.unheard-of", "anything/at-all"),
        ];
        for (number, (config_type, layer_type)) in cases.into_iter().enumerate() {
            let document = content::manifest(descriptor(config_type, &config), vec![descriptor(layer_type, &layer)]);
            repository.push_manifest(&format!("artifact-{number}"), &document).await;
            let pulled = repository.manifest(&format!("artifact-{number}")).await.expect(200);
            pulled.expect_body(&to_bytes(&document));
        }
        repository.push_manifest("empty", &content::artifact("application/vnd.example.thing")).await;
        // A cosign signature is an ordinary tag.
        let image = repository.push_small("signed").await;
        let tag = format!("{}.sig", image.digest.replace(':', "-"));
        repository.put_manifest(&tag, OCI_MANIFEST, &image.manifest).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn build_kit_caches_and_attestations_are_kept() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("image").await;
        // The older cache: an index whose children are layers and a configuration, which are blobs.
        let (layer, cache) = (random(700), b"{\"layers\":[]}".to_vec());
        repository.push_blob(&layer).await;
        repository.push_blob(&cache).await;
        let index = content::index(vec![
            descriptor(OCI_LAYER, &layer),
            descriptor("application/vnd.buildkit.cacheconfig.v0", &cache),
        ]);
        repository.push_manifest("cache", &index).await;
        // An attestation beside its image.
        let statement = b"{\"_type\":\"https://in-toto.io/Statement/v0.1\"}".to_vec();
        repository.push_blob(&statement).await;
        let config = content::config();
        repository.push_blob(&config).await;
        let document =
            content::manifest(descriptor(OCI_CONFIG, &config), vec![descriptor("application/vnd.in-toto+json", &statement)]);
        let attestation = repository.push_manifest(&digest(&to_bytes(&document)), &document).await;
        let child = json!({
            "mediaType": OCI_MANIFEST,
            "digest": attestation,
            "size": to_bytes(&document).len(),
            "platform": {"architecture": "unknown", "os": "unknown"},
            "annotations": {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": image.digest},
        });
        repository.push_manifest("attested", &content::index(vec![image.descriptor(), child])).await;
    })
    .await;
}

#[tokio::test]
async fn an_index_may_hold_indexes_or_nothing() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        let inner = repository.push_index("inner", &[&image]).await;
        let outer = repository.push_index("outer", &[&inner, &image]).await;
        repository.expect_image(Some("outer"), &outer).await;
        let empty = repository.push_index("empty", &[]).await;
        repository.expect_image(Some("empty"), &empty).await;
    })
    .await;
}
