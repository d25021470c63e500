//! Bills of materials beside their images, as artifacts like any other.

use serde_json::{Value, json};
use tests::harness::adapter::Adapter;
use tests::harness::admin::within;
use tests::harness::{Backend, Repository, Wharf, digest, on_default};

use super::{advisory, import, run};
use crate::jobs::must;

const CYCLONEDX: &str = "application/vnd.cyclonedx+json";
const SPDX: &str = "application/spdx+json";

async fn listed(repository: &Repository, subject: &str, query: &str) -> Vec<Value> {
    let index = repository.referrers(subject, query).await.expect(200).json();
    index["manifests"].as_array().expect("a list").clone()
}

/// The document of a referrer, pulled as `oras pull` does it.
async fn pulled(repository: &Repository, referrer: &Value) -> Value {
    let name = referrer["digest"].as_str().expect("a digest");
    let answer = repository.manifest(name).await.expect(200);
    assert_eq!(digest(answer.body()), name);
    let manifest = answer.json();
    assert_eq!(manifest["config"]["mediaType"], "application/vnd.oci.empty.v1+json");
    assert_eq!(manifest["artifactType"], referrer["artifactType"]);
    assert_eq!(
        repository.blob(manifest["config"]["digest"].as_str().expect("a digest")).await.expect(200).body(),
        "{}"
    );
    let layer = &manifest["layers"][0];
    assert_eq!(layer["mediaType"], referrer["artifactType"]);
    let blob = repository.blob(layer["digest"].as_str().expect("a digest")).await.expect(200);
    assert_eq!(blob.body().len() as u64, layer["size"].as_u64().expect("a size"));
    blob.json()
}

#[tokio::test]
async fn scanned_images_get_their_bill_of_materials() {
    on_default(async |wharf| {
        wharf.create_repository("team/app", "IMMUTABLE", &[]);
        wharf.create_repository("other", "MUTABLE", &[]);
        import(wharf, &[advisory("CVE-2024-1", "Debian:12", "a", None, "low")]);
        assert!(must(wharf, &["sbom-referrers", "show"]).contains("no bill of materials"));
        let formats = ["--format", "spdx", "--format", "cyclonedx"];
        must(wharf, &[&["sbom-referrers", "set", "--repository", "team/*"], &formats[..]].concat());
        assert!(must(wharf, &["sbom-referrers", "show"]).contains("cyclonedx and spdx beside the images of team/*"));
        let image = run(
            wharf,
            r#"
ecr.put_registry_scanning_configuration(scanType="BASIC", rules=[
    {"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}]}])
base = layer({**DEBIAN, "var/lib/dpkg/status": dpkg(a="1:2")})
digest = push("team/app", "v1", [base])
push("other", "v1", [base])
assert names(scanned("team/app", "v1")) == ["CVE-2024-1"] and names(scanned("other", "v1")) == ["CVE-2024-1"]
print(json.dumps(digest))
"#,
        );
        let image = image.as_str().expect("a digest").to_owned();
        let repository = wharf.client().repository("team/app");
        within(60, "both are there", async || listed(&repository, &image, "").await.len() == 2).await;
        let one = listed(&repository, &image, &format!("?artifactType={CYCLONEDX}")).await;
        let document = pulled(&repository, &one[0]).await;
        assert_eq!((one.len(), &document["components"][0]["purl"]), (1, &json!("pkg:deb/debian/a@1:2?distro=debian-12")));
        assert_eq!(document["metadata"]["component"]["version"], image.as_str());
        let other = listed(&repository, &image, &format!("?artifactType={SPDX}")).await;
        assert_eq!(pulled(&repository, &other[0]).await["packages"][1]["versionInfo"], "1:2");
        // ECR's own list says the same; and what was not asked for is not there.
        run(
            wharf,
            r#"
digest = ecr.describe_images(repositoryName="team/app", imageIds=[{"imageTag": "v1"}])["imageDetails"][0]["imageDigest"]
found = ecr.list_image_referrers(repositoryName="team/app", subjectId={"imageDigest": digest})["referrers"]
assert sorted(each["artifactType"] for each in found) == ["application/spdx+json", "application/vnd.cyclonedx+json"], found
# They are no images, and nobody scans them.
for each in found:
    refused("ScanNotFoundException", ecr.describe_image_scan_findings, repositoryName="team/app", imageId={"imageDigest": each["digest"]})
other = ecr.describe_images(repositoryName="other", imageIds=[{"imageTag": "v1"}])["imageDetails"][0]["imageDigest"]
assert ecr.list_image_referrers(repositoryName="other", subjectId={"imageDigest": other})["referrers"] == []
"#,
        );
        must(wharf, &["sbom-referrers", "remove"]);
        assert!(must(wharf, &["sbom-referrers", "show"]).contains("no bill of materials"));
        for wrong in [&["set"][..], &["set", "--format", "x"], &["set", "--format", "spdx", "--repository", "A B"]] {
            assert!(!wharf.run(&[&["sbom-referrers"], wrong].concat()).status.success(), "{wrong:?}");
        }
    })
    .await;
}

/// However often an image is scanned: the same content is there once.
#[tokio::test]
async fn the_same_content_is_put_there_once() {
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_SCAN_QUOTA_PERIOD", "0s").start().await;
    wharf.create_repository("app", "MUTABLE", &[]);
    import(&wharf, &[advisory("CVE-2024-1", "Debian:12", "a", None, "low")]);
    must(&wharf, &["sbom-referrers", "set", "--format", "spdx"]);
    let image = run(
        &wharf,
        r#"
digest = push("app", "v1", [layer({**DEBIAN, "var/lib/dpkg/status": dpkg(a="1")})])
for _ in range(3):
    scan("app", "v1")
print(json.dumps(digest))
"#,
    );
    let image = image.as_str().expect("a digest").to_owned();
    let repository = wharf.client().repository("app");
    within(60, "it is there", async || !listed(&repository, &image, "").await.is_empty()).await;
    let first = listed(&repository, &image, "").await;
    run(&wharf, r#"scan("app", "v1")"#);
    within(60, "the job is over", async || !wharf.run(&["jobs"]).stdout.contains("attach sbom")).await;
    assert_eq!(listed(&repository, &image, "").await, first);
    // Deleted, it comes back with the next scan, and is the same.
    repository.delete_manifest(first[0]["digest"].as_str().expect("a digest")).await.expect(202);
    run(&wharf, r#"scan("app", "v1")"#);
    within(60, "it is there again", async || listed(&repository, &image, "").await == first).await;
}

/// Another scanner tells what it found, and not what there is: that is read here.
#[tokio::test]
async fn an_image_that_another_scanner_looked_into_gets_one_too() {
    let adapter = Adapter::start();
    let wharf = Wharf::with(Backend::SqliteDisk)
        .set("WHARF_SCANNER", "harbor")
        .set("WHARF_SCANNER_URL", adapter.url())
        .set("WHARF_SCANNER_AUTHORIZATION", "Bearer adapter")
        .set("WHARF_EXTERNAL_URL", "http://registry.example.com")
        .start()
        .await;
    wharf.create_repository("app", "MUTABLE", &[]);
    must(&wharf, &["sbom-referrers", "set", "--format", "cyclonedx"]);
    let image = run(
        &wharf,
        r#"
digest = push("app", "v1", [layer({**DEBIAN, "var/lib/dpkg/status": dpkg(a="1")})])
assert names(scan("app", "v1")) == []
print(json.dumps(digest))
"#,
    );
    let image = image.as_str().expect("a digest").to_owned();
    let repository = wharf.client().repository("app");
    within(60, "it is there", async || listed(&repository, &image, "").await.len() == 1).await;
    let document = pulled(&repository, &listed(&repository, &image, "").await[0]).await;
    assert_eq!(document["components"][0]["name"], "a");
}
