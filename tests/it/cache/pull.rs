//! What comes through the cache, and what is served when the other registry is gone.

use serde_json::json;
use tests::harness::client::encode;
use tests::harness::content::{OCI_INDEX, index, to_bytes};
use tests::harness::{Backend, DEFAULT, Image, Upstream, Wharf, digest, random};

use super::{caching, call, counted, rule};
use crate::jobs::{collect, stored};

/// The other registry is one of our own: a client of a registry must get along with it.
#[tokio::test]
async fn an_image_comes_from_the_other_registry_and_stays_when_that_is_gone() {
    for &backend in DEFAULT {
        let mut upstream = Wharf::start(Backend::SqliteDisk).await;
        let theirs = upstream.client().repository("library/app");
        let image = Image::of(vec![random(3_000_000), random(100)]);
        theirs.push_image("v1", &image).await;
        let host = upstream.address().to_string();
        let wharf = caching(backend, &host, &[]).await;
        // The other one wants a login, even if everybody may pull.
        let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",
            "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"]}]});
        call(
            &upstream,
            "SetRepositoryPolicy",
            json!({ "repositoryName": "library/app", "policyText": policy.to_string() }),
        )
        .await;
        let ours = wharf.client().repository("cache/library/app");
        ours.head_manifest("v1").await.expect(200).expect_header("docker-content-digest", &image.digest);
        ours.head_blob(&image.blobs[1].0).await.expect(200).expect_header("content-length", "3000000");
        ours.expect_image(Some("v1"), &image).await;
        ours.manifest("v2").await.expect_error(404, "MANIFEST_UNKNOWN");
        ours.blob(&digest(b"nobody has it")).await.expect_error(404, "BLOB_UNKNOWN");
        // Registries do not say whether what they refuse exists.
        wharf.client().repository("cache/absent").manifest("v1").await.expect_error(502, "DENIED");
        wharf.client().repository("elsewhere/library/app").manifest("v1").await.expect_error(404, "NAME_UNKNOWN");
        upstream.kill();
        ours.expect_image(Some("v1"), &image).await;
        assert_eq!(ours.tags("").await.expect(200).strings("tags"), ["v1"]);
        ours.manifest("v3").await.expect_error(502, "UNAVAILABLE");
        // What came is held by its manifest, like what was pushed.
        collect(&wharf);
        ours.expect_image(Some("v1"), &image).await;
        assert_eq!(stored(&wharf), (3, 3));
        let described = call(&wharf, "DescribeImages", json!({ "repositoryName": "cache/library/app" })).await;
        let size: usize = image.blobs.iter().map(|(_, bytes)| bytes.len()).sum();
        assert_eq!(described["imageDetails"][0]["imageSizeInBytes"], size, "{described}");
    }
}

#[tokio::test]
async fn only_what_is_asked_for_is_fetched() {
    let upstream = Upstream::start().await;
    let (one, other) = (Image::small(), Image::small());
    let manifest = to_bytes(&index(vec![one.descriptor(), other.descriptor()]));
    let index = Image { digest: digest(&manifest), media_type: OCI_INDEX.to_owned(), manifest, blobs: Vec::new() };
    for image in [&one, &other] {
        upstream.put_image("app", &image.digest, image);
    }
    upstream.put_image("app", "latest", &index);
    for &backend in DEFAULT {
        let wharf = caching(backend, upstream.host(), &[]).await;
        upstream.asked();
        let ours = wharf.client().repository("cache/app");
        ours.manifest("latest").await.expect(200).expect_body(&index.manifest);
        assert_eq!(counted(&upstream.asked()), (1, 0));
        ours.expect_image(None, &one).await;
        ours.expect_image(None, &one).await;
        assert_eq!(counted(&upstream.asked()), (1, one.blobs.len()));
        // A part of a blob is only given once the whole is known to be right.
        let (layer, bytes) = &other.blobs[1];
        let part = ours.client().get(&ours.blob_path(layer)).header("range", "bytes=10-19").send().await;
        part.expect(206).expect_body(&bytes[10..20]);
        ours.client().get(&ours.blob_path(layer)).header("range", "bytes=0-4").send().await.expect(206);
        assert_eq!(counted(&upstream.asked()), (0, 1));
        // Local first: what is pushed here is not asked for there.
        let own = ours.push_small("own").await;
        ours.expect_image(Some("own"), &own).await;
        assert_eq!(counted(&upstream.asked()), (0, 0));
    }
}

#[tokio::test]
async fn names_are_mapped_as_rules_say() {
    let upstream = Upstream::start().await;
    let image = Image::small();
    upstream.put_image("library/app", "v1", &image);
    upstream.put_image("app", "v1", &image);
    let wharf = caching(Backend::SqliteDisk, upstream.host(), &[]).await;
    let host = upstream.host();
    rule(&wharf, json!({ "ecrRepositoryPrefix": "cache/lib", "upstreamRegistryUrl": host, "upstreamRepositoryPrefix": "library" }))
        .await;
    let asked_for = async |name: &str| {
        upstream.asked();
        wharf.client().repository(name).expect_image(Some("v1"), &image).await;
        upstream.asked().first().expect("a request").target.clone()
    };
    assert_eq!(asked_for("cache/lib/app").await, "/v2/library/app/manifests/v1");
    assert_eq!(asked_for("cache/library/app").await, "/v2/library/app/manifests/v1");
    wharf.client().repository("app").manifest("v1").await.expect_error(404, "NAME_UNKNOWN");
    rule(&wharf, json!({ "ecrRepositoryPrefix": "ROOT", "upstreamRegistryUrl": host })).await;
    assert_eq!(asked_for("app").await, "/v2/app/manifests/v1");
    // A rule that is gone fetches nothing more; what is here stays.
    call(&wharf, "DeletePullThroughCacheRule", json!({ "ecrRepositoryPrefix": "ROOT" })).await;
    wharf.client().repository("app").expect_image(Some("v1"), &image).await;
    wharf.client().repository("app").manifest("v2").await.expect_error(404, "MANIFEST_UNKNOWN");
}

/// How containerd asks a mirror: by the name that the image has elsewhere, and the host in `ns`.
#[tokio::test]
async fn a_mirror_is_asked_by_the_name_that_an_image_has_elsewhere() {
    let upstream = Upstream::start().await;
    let image = Image::small();
    upstream.put_image("library/app", "v1", &image);
    let wharf = caching(Backend::SqliteDisk, upstream.host(), &[]).await;
    let client = wharf.client();
    let ns = encode(upstream.host());
    let get = async |tail: &str, ns: &str| client.get(&format!("/v2/library/app/{tail}?ns={ns}")).send().await;
    client.head(&format!("/v2/library/app/manifests/v1?ns={ns}")).send().await.expect(200);
    get("manifests/v1", &ns).await.expect(200).expect_body(&image.manifest);
    for (digest, bytes) in &image.blobs {
        get(&format!("blobs/{digest}"), &ns).await.expect(200).expect_body(bytes);
    }
    client.repository("cache/library/app").expect_image(Some("v1"), &image).await;
    get("manifests/v1", "quay.io").await.expect_error(404, "NAME_UNKNOWN");
    get("manifests/v1", "").await.expect_error(404, "NAME_UNKNOWN");
}

#[tokio::test]
async fn a_first_pull_creates_what_the_template_says() {
    let upstream = Upstream::start().await;
    let image = Image::small();
    upstream.put_image("team/app", "v1", &image);
    upstream.put_image("app", "v1", &image);
    for &backend in DEFAULT {
        let wharf = caching(backend, upstream.host(), &[]).await;
        for (prefix, scenario, mutability) in
            [("cache/team", "PULL_THROUGH_CACHE", "IMMUTABLE"), ("cache", "CREATE_ON_PUSH", "IMMUTABLE")]
        {
            let template = json!({ "prefix": prefix, "appliedFor": [scenario], "imageTagMutability": mutability,
                "resourceTags": [{ "Key": "team", "Value": "a" }] });
            call(&wharf, "CreateRepositoryCreationTemplate", template).await;
        }
        for name in ["cache/team/app", "cache/app"] {
            wharf.client().repository(name).expect_image(Some("v1"), &image).await;
        }
        let named = json!({ "repositoryNames": ["cache/app", "cache/team/app"] });
        let described = call(&wharf, "DescribeRepositories", named).await;
        let mut modes: Vec<(String, String)> = described["repositories"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|found| {
                let text = |member: &str| found[member].as_str().unwrap_or_default().to_owned();
                (text("repositoryName"), text("imageTagMutability"))
            })
            .collect();
        modes.sort();
        let expected = [("cache/app", "MUTABLE"), ("cache/team/app", "IMMUTABLE")];
        assert_eq!(modes, expected.map(|(name, mode)| (name.to_owned(), mode.to_owned())));
    }
}

/// The other registry has a name that only the proxy knows, as in a network that lets nobody out by himself.
#[tokio::test]
async fn what_is_elsewhere_comes_through_the_proxy() {
    let proxy = Upstream::start().await;
    let image = Image::small();
    proxy.put_image("app", "v1", &image);
    let url = format!("http://{}", proxy.host());
    let wharf = caching(Backend::SqliteDisk, "registry.invalid", &[("WHARF_OUTBOUND_PROXY", &url)]).await;
    wharf.client().repository("cache/app").expect_image(Some("v1"), &image).await;
    let asked = proxy.asked();
    assert!(asked.iter().all(|asked| asked.target.starts_with("http://registry.invalid/v2/app/")), "{asked:?}");
    assert!(!asked.is_empty());
    let nobody = [("WHARF_OUTBOUND_PROXY", url.as_str()), ("WHARF_OUTBOUND_PROXY_EXCEPT", "registry.invalid")];
    let wharf = caching(Backend::SqliteDisk, "registry.invalid", &nobody).await;
    wharf.client().repository("cache/app").manifest("v1").await.expect(502);
    assert!(proxy.asked().is_empty());
}
