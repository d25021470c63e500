//! end-12: what refers to a manifest.

use serde_json::{Value, json};
use tests::harness::client::encode;
use tests::harness::content::{self, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, descriptor, to_bytes};
use tests::harness::{Answer, Image, Repository, Wharf, digest, on_default, random, sha512};

const FILTERS: &str = "oci-filters-applied";

#[track_caller]
fn descriptors(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.header("content-type"), OCI_INDEX, "{answer}");
    let document = answer.json();
    assert_eq!(document["schemaVersion"], 2, "{answer}");
    assert_eq!(document["mediaType"], OCI_INDEX, "{answer}");
    document["manifests"].as_array().unwrap_or_else(|| panic!("{answer}: manifests must be an array")).clone()
}

fn digests(answer: &Answer) -> Vec<String> {
    let mut digests: Vec<String> = descriptors(answer)
        .iter()
        .map(|descriptor| descriptor["digest"].as_str().expect("a descriptor has a digest").to_owned())
        .collect();
    digests.sort();
    digests
}

fn sorted(images: &[&Image]) -> Vec<String> {
    let mut digests: Vec<String> = images.iter().map(|image| image.digest.clone()).collect();
    digests.sort();
    digests
}

async fn subject(wharf: &Wharf) -> (Repository, Image) {
    let repository = wharf.repository();
    let image = repository.push_small("subject").await;
    (repository, image)
}

#[tokio::test]
async fn any_well_formed_digest_has_a_list() {
    on_default(async |wharf| {
        let unborn = wharf.repository();
        let zero = format!("sha256:{}", "0".repeat(64));
        for digest in [zero, digest(b"x"), sha512(b"x")] {
            let answer = unborn.referrers(&digest, "").await.expect(200);
            assert!(descriptors(&answer).is_empty());
        }
        let (repository, image) = subject(wharf).await;
        assert!(descriptors(&repository.referrers(&image.digest, "").await.expect(200)).is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_malformed_digest_is_400() {
    on_default(async |wharf| {
        let (repository, _) = subject(wharf).await;
        for broken in ["sha256:short", "latest", "sha256:", "sha256", "x:y:z"] {
            repository.referrers(broken, "").await.expect_error(400, "DIGEST_INVALID");
        }
    })
    .await;
}

#[tokio::test]
async fn a_referrer_is_described_as_it_is() {
    on_default(async |wharf| {
        let (repository, image) = subject(wharf).await;
        repository.push_blob(b"{}").await;
        let config = content::config();
        repository.push_blob(&config).await;

        let mut artifact = content::artifact("application/vnd.example.sbom");
        artifact["subject"] = image.descriptor();
        artifact["annotations"] = json!({"one": "1", "two": "zwei"});
        let mut plain = content::manifest(descriptor(OCI_CONFIG, &config), Vec::new());
        plain["subject"] = image.descriptor();
        let mut typed_index = content::index(vec![image.descriptor()]);
        typed_index["subject"] = image.descriptor();
        typed_index["artifactType"] = json!("application/vnd.example.bundle");
        typed_index["annotations"] = json!({"of": "index"});
        let mut bare_index = content::index(Vec::new());
        bare_index["subject"] = image.descriptor();

        let cases = [
            (&artifact, OCI_MANIFEST, json!("application/vnd.example.sbom"), json!({"one": "1", "two": "zwei"})),
            (&plain, OCI_MANIFEST, json!(OCI_CONFIG), Value::Null),
            (&typed_index, OCI_INDEX, json!("application/vnd.example.bundle"), json!({"of": "index"})),
            (&bare_index, OCI_INDEX, Value::Null, Value::Null),
        ];
        for (document, media_type, _, _) in &cases {
            let bytes = to_bytes(document);
            let answer = repository.put_manifest(&digest(&bytes), media_type, &bytes).await.expect(201);
            answer.expect_header("oci-subject", &image.digest);
        }
        let listed = descriptors(&repository.referrers(&image.digest, "").await.expect(200));
        assert_eq!(listed.len(), cases.len());
        for (document, media_type, artifact_type, annotations) in &cases {
            let bytes = to_bytes(document);
            let found = listed.iter().find(|listed| listed["digest"] == digest(&bytes).as_str());
            let found = found.unwrap_or_else(|| panic!("{document} is not listed"));
            assert_eq!(found["mediaType"], *media_type);
            assert_eq!(found["size"], bytes.len());
            assert_eq!(found["artifactType"], *artifact_type, "{document}");
            let shown = found.get("annotations").filter(|shown| **shown != json!({})).cloned().unwrap_or(Value::Null);
            assert_eq!(shown, *annotations);
        }
    })
    .await;
}

#[tokio::test]
async fn the_filter_is_applied_and_named() {
    on_default(async |wharf| {
        let (repository, image) = subject(wharf).await;
        let sbom = repository.push_referrer(&image, "application/spdx+json").await;
        let signature = repository.push_referrer(&image, "application/vnd.example.signature.v1+json").await;
        let all = repository.referrers(&image.digest, "").await.expect(200).expect_no_header(FILTERS);
        assert_eq!(digests(&all), sorted(&[&sbom, &signature]));
        for (kind, expected) in [
            ("application/spdx+json", vec![&sbom]),
            ("application/vnd.example.signature.v1+json", vec![&signature]),
            ("application/none", vec![]),
        ] {
            let query = format!("?artifactType={}", encode(kind));
            let answer = repository.referrers(&image.digest, &query).await.expect(200);
            assert_eq!(digests(&answer), sorted(&expected), "{kind}");
            answer.expect_header(FILTERS, "artifactType");
        }
        // Clients that do not encode send the plus and the slash as they are.
        let answer = repository.referrers(&image.digest, "?artifactType=application/spdx+json").await.expect(200);
        assert_eq!(digests(&answer), sorted(&[&sbom]));
        let other = repository.referrers(&image.digest, "?unknown=filter").await.expect(200);
        assert_eq!(digests(&other), sorted(&[&sbom, &signature]));
    })
    .await;
}

#[tokio::test]
async fn a_filter_that_nothing_can_match_finds_nothing() {
    on_default(async |wharf| {
        let (repository, image) = subject(wharf).await;
        repository.push_referrer(&image, "application/spdx+json").await;
        for kind in ["application/spdx+json%00", "%00", "%F0%9F%90%B3"] {
            let answer = repository.referrers(&image.digest, &format!("?artifactType={kind}")).await.expect(200);
            assert!(descriptors(&answer).is_empty(), "{answer}");
            answer.expect_header(FILTERS, "artifactType");
        }
    })
    .await;
}

#[tokio::test]
async fn a_referrer_may_come_before_its_subject() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = Image::small();
        let referrer = repository.push_referrer(&image, "application/vnd.example.early").await;
        let before = repository.referrers(&image.digest, "").await.expect(200);
        assert_eq!(digests(&before), sorted(&[&referrer]));
        repository.push_image("late", &image).await;
        let after = repository.referrers(&image.digest, "").await.expect(200);
        assert_eq!(digests(&after), sorted(&[&referrer]));
    })
    .await;
}

#[tokio::test]
async fn a_deleted_referrer_leaves_the_list_at_once() {
    on_default(async |wharf| {
        let (repository, image) = subject(wharf).await;
        let one = repository.push_referrer(&image, "application/vnd.example.one").await;
        let two = repository.push_referrer(&image, "application/vnd.example.two").await;
        repository.delete_manifest(&one.digest).await.expect(202);
        let answer = repository.referrers(&image.digest, "").await.expect(200);
        assert_eq!(digests(&answer), sorted(&[&two]));
    })
    .await;
}

#[tokio::test]
async fn the_list_outlives_the_subject() {
    on_default(async |wharf| {
        let (repository, image) = subject(wharf).await;
        let referrer = repository.push_referrer(&image, "application/vnd.example.one").await;
        let deleted = repository.delete_manifest(&image.digest).await.expect(202);
        drop(deleted);
        // Whether referrers follow their subject is the server's choice; a list that names what is gone is not.
        let answer = repository.referrers(&image.digest, "").await.expect(200);
        for listed in digests(&answer) {
            assert_eq!(listed, referrer.digest);
            repository.manifest(&listed).await.expect(200);
        }
    })
    .await;
}

#[tokio::test]
async fn referrers_belong_to_one_repository() {
    on_default(async |wharf| {
        let (one, image) = subject(wharf).await;
        let other = wharf.repository();
        other.push_image("same", &image).await;
        let referrer = one.push_referrer(&image, "application/vnd.example.one").await;
        assert_eq!(digests(&one.referrers(&image.digest, "").await), sorted(&[&referrer]));
        assert!(digests(&other.referrers(&image.digest, "").await.expect(200)).is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_referrer_pushed_twice_is_listed_once() {
    on_default(async |wharf| {
        let (repository, image) = subject(wharf).await;
        let referrer = repository.push_referrer(&image, "application/vnd.example.one").await;
        repository.put_manifest("tagged", OCI_MANIFEST, &referrer.manifest).await.expect(201);
        repository.put_manifest(&referrer.digest, OCI_MANIFEST, &referrer.manifest).await.expect(201);
        assert_eq!(digests(&repository.referrers(&image.digest, "").await), sorted(&[&referrer]));
    })
    .await;
}

#[tokio::test]
async fn a_subject_may_be_known_by_sha512() {
    on_default(async |wharf| {
        let (repository, image) = subject(wharf).await;
        let long = sha512(&image.manifest);
        repository.put_manifest(&long, OCI_MANIFEST, &image.manifest).await.expect(201);
        repository.push_blob(b"{}").await;
        let mut document = content::artifact("application/vnd.example.long");
        document["subject"] = json!({"mediaType": OCI_MANIFEST, "digest": long, "size": image.manifest.len()});
        let bytes = to_bytes(&document);
        let referrer = sha512(&bytes);
        let answer = repository.put_manifest(&referrer, OCI_MANIFEST, &bytes).await.expect(201);
        answer.expect_header("oci-subject", &long);
        // Named with the digest it was pushed with.
        assert_eq!(digests(&repository.referrers(&long, "").await.expect(200)), [referrer]);
    })
    .await;
}

#[tokio::test]
async fn pages_keep_the_filter() {
    on_default(async |wharf| {
        let (repository, image) = subject(wharf).await;
        let mut expected = Vec::new();
        for number in 0..12 {
            let kind = if number % 3 == 0 { "application/vnd.example.a" } else { "application/vnd.example.b" };
            let referrer = repository.push_referrer(&image, kind).await;
            if number % 3 != 0 {
                expected.push(referrer.digest);
            }
        }
        expected.sort();
        let target = format!("referrers/{}?n=3&artifactType=application%2Fvnd.example.b", image.digest);
        let pages = repository.pages(&repository.path(&target)).await;
        let mut all: Vec<String> = pages.iter().flat_map(digests).collect();
        all.sort();
        assert_eq!(all, expected);
        assert!(pages.len() > 1, "n=3 of eight must take several pages");
        for page in &pages {
            page.clone().expect_header(FILTERS, "artifactType");
            assert!(descriptors(page).len() <= 3);
        }
    })
    .await;
}

#[tokio::test]
async fn many_large_referrers_are_cut_into_pages() {
    on_default(async |wharf| {
        let (repository, image) = subject(wharf).await;
        repository.push_blob(b"{}").await;
        // Six referrers with a megabyte of annotations each are more than one manifest may hold.
        for number in 0..6 {
            let mut document = content::artifact("application/vnd.example.large");
            document["subject"] = image.descriptor();
            document["annotations"] = json!({"number": number.to_string(), "text": hex::encode(random(500_000))});
            let bytes = to_bytes(&document);
            repository.put_manifest(&digest(&bytes), OCI_MANIFEST, &bytes).await.expect(201);
        }
        let pages = repository.pages(&repository.path(&format!("referrers/{}", image.digest))).await;
        assert_eq!(pages.iter().map(|page| descriptors(page).len()).sum::<usize>(), 6);
        for page in &pages {
            assert!(page.body().len() <= 4 * 1024 * 1024 + 4096, "a page of {} bytes", page.body().len());
        }
    })
    .await;
}

#[tokio::test]
async fn fallback_tags_are_ordinary_tags() {
    on_default(async |wharf| {
        let (repository, image) = subject(wharf).await;
        let tag = image.digest.replace(':', "-");
        let index = repository.push_index(&tag, &[&image]).await;
        repository.expect_image(Some(&tag), &index).await;
    })
    .await;
}
