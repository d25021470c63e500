//! What a manifest must be before it is kept (image-spec, and CVE-2021-41190 in spirit): every refusal names its reason and
//! leaves nothing behind.

use serde_json::{Value, json};
use tests::harness::content::{
    self, DOCKER_LIST, DOCKER_MANIFEST, OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, descriptor, missing_descriptor,
    to_bytes,
};
use tests::harness::{Backend, Repository, Wharf, digest, on_default, random, sha512};

const INVALID: &str = "MANIFEST_INVALID";

async fn expect_refused(repository: &Repository, media_type: &str, document: &Value, code: &str) {
    let bytes = to_bytes(document);
    let answer = repository.put_manifest("refused", media_type, &bytes).await;
    assert_eq!((answer.status(), answer.code().as_str()), (400, code), "{document}\n{answer}");
    repository.head_manifest("refused").await.expect(404);
    repository.head_manifest(&digest(&bytes)).await.expect(404);
}

/// A repository with something in it, and a manifest that would be accepted.
async fn prepared(wharf: &Wharf) -> (Repository, Value) {
    let repository = wharf.repository();
    let (config, layer) = (content::config(), random(100));
    repository.push_blob(&config).await;
    repository.push_blob(&layer).await;
    let document = content::manifest(descriptor(OCI_CONFIG, &config), vec![descriptor(OCI_LAYER, &layer)]);
    repository.push_manifest("fine", &document).await;
    (repository, document)
}

#[tokio::test]
async fn the_field_and_the_header_must_name_one_media_type() {
    on_default(async |wharf| {
        let (repository, mut document) = prepared(wharf).await;
        document["annotations"] = json!({"not": "pushed before"});
        for other in [OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST] {
            expect_refused(&repository, other, &document, INVALID).await;
        }
        let index = content::index(Vec::new());
        expect_refused(&repository, OCI_MANIFEST, &index, INVALID).await;
    })
    .await;
}

#[tokio::test]
async fn a_document_that_is_an_image_and_an_index_is_refused() {
    on_default(async |wharf| {
        let (repository, document) = prepared(wharf).await;
        for media_type in [OCI_MANIFEST, OCI_INDEX] {
            for with_field in [true, false] {
                let mut both = document.clone();
                both["manifests"] = json!([]);
                both["mediaType"] = json!(media_type);
                if !with_field {
                    both.as_object_mut().expect("an object").remove("mediaType");
                }
                expect_refused(&repository, media_type, &both, INVALID).await;
            }
        }
        let mut index = content::index(Vec::new());
        index["layers"] = json!([]);
        expect_refused(&repository, OCI_INDEX, &index, INVALID).await;
        let mut index = content::index(Vec::new());
        index["config"] = document["config"].clone();
        expect_refused(&repository, OCI_INDEX, &index, INVALID).await;
    })
    .await;
}

#[tokio::test]
async fn schema_1_is_refused_in_clear_words() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        repository.push_small("present").await;
        let document =
            json!({"schemaVersion": 1, "name": "x", "tag": "y", "fsLayers": [], "history": [], "signatures": []});
        for suffix in ["json", "prettyjws"] {
            let media_type = format!("application/vnd.docker.distribution.manifest.v1+{suffix}");
            let answer = repository.put_manifest("old", &media_type, &to_bytes(&document)).await;
            let answer = answer.expect_error(400, INVALID);
            let message = answer.json()["errors"][0]["message"].as_str().expect("a message").to_lowercase();
            assert!(message.contains("schema"), "{message}");
        }
        repository.head_manifest("old").await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn fields_that_must_be_there_are_demanded() {
    on_default(async |wharf| {
        let (repository, document) = prepared(wharf).await;
        let without = |field: &str| {
            let mut copy = document.clone();
            copy.as_object_mut().expect("an object").remove(field);
            copy
        };
        let with = |pointer: &str, value: Value| {
            let mut copy = document.clone();
            *copy.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} exists")) = value;
            copy
        };
        let documents = [
            without("schemaVersion"),
            without("config"),
            without("layers"),
            with("/schemaVersion", json!(1)),
            with("/schemaVersion", json!(3)),
            with("/schemaVersion", json!("2")),
            with("/config", json!(null)),
            with("/config", json!("string")),
            with("/config", json!([])),
            with("/layers", json!({})),
            with("/layers/0", json!(7)),
            with("/layers/0/digest", json!(null)),
            with("/layers/0/digest", json!(5)),
            with("/layers/0/size", json!("100")),
            with("/layers/0/size", json!(null)),
            with("/layers/0/size", json!(-1)),
            with("/layers/0/size", json!(1.5)),
            with("/layers/0/size", json!(1e300)),
            with("/layers/0/mediaType", json!(null)),
            with("/config/mediaType", json!(1)),
            with("/mediaType", json!(5)),
        ];
        for document in &documents {
            expect_refused(&repository, OCI_MANIFEST, document, INVALID).await;
        }
        // Go writes an empty list as null, and so do clients written in it.
        repository.push_manifest("null", &with("/layers", json!(null))).await;
        let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX});
        expect_refused(&repository, OCI_INDEX, &index, INVALID).await;
        let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [{"digest": "x"}]});
        let answer = repository.put_manifest("refused", OCI_INDEX, &to_bytes(&index)).await.expect(400);
        assert!([INVALID, "DIGEST_INVALID"].contains(&answer.code().as_str()), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn broken_digests_inside_a_document_are_refused() {
    on_default(async |wharf| {
        let (repository, document) = prepared(wharf).await;
        let upper = digest(b"x").to_uppercase();
        for broken in [
            "",
            "sha256:",
            "sha256:abc",
            "../../../etc/passwd",
            upper.as_str(),
            "sha256:zz",
            "md5:d41d8cd98f00b204e9800998ecf8427e",
        ] {
            let mut copy = document.clone();
            copy["layers"][0]["digest"] = json!(broken);
            let answer = repository.put_manifest("refused", OCI_MANIFEST, &to_bytes(&copy)).await.expect(400);
            assert!([INVALID, "DIGEST_INVALID", "MANIFEST_BLOB_UNKNOWN"].contains(&answer.code().as_str()), "{answer}");
            let mut copy = document.clone();
            copy["subject"] = json!({"mediaType": OCI_MANIFEST, "digest": broken, "size": 1});
            repository.put_manifest("refused", OCI_MANIFEST, &to_bytes(&copy)).await.expect(400);
        }
        for subject in [json!("string"), json!([]), json!({}), json!({"digest": digest(b"x")}), json!(1)] {
            let mut copy = document.clone();
            copy["subject"] = subject;
            repository.put_manifest("refused", OCI_MANIFEST, &to_bytes(&copy)).await.expect(400);
        }
        repository.head_manifest("refused").await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn every_blob_that_is_missing_is_named() {
    on_default(async |wharf| {
        let (repository, document) = prepared(wharf).await;
        let missing: Vec<Value> = (0..5).map(|_| missing_descriptor(OCI_LAYER)).collect();
        let mut copy = document.clone();
        copy["layers"].as_array_mut().expect("an array").extend(missing.iter().cloned());
        let answer = repository.put_manifest("refused", OCI_MANIFEST, &to_bytes(&copy)).await;
        let answer = answer.expect_error(400, "MANIFEST_BLOB_UNKNOWN");
        assert_eq!(answer.codes(), vec!["MANIFEST_BLOB_UNKNOWN"; 5], "{answer}");
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        for descriptor in &missing {
            assert!(text.contains(descriptor["digest"].as_str().expect("a digest")), "{text}");
        }
        let mut copy = document;
        copy["config"] = missing_descriptor(OCI_CONFIG);
        expect_refused(&repository, OCI_MANIFEST, &copy, "MANIFEST_BLOB_UNKNOWN").await;
    })
    .await;
}

#[tokio::test]
async fn a_blob_of_another_repository_does_not_count() {
    on_default(async |wharf| {
        let (repository, mut document) = prepared(wharf).await;
        let other = wharf.repository();
        let foreign = random(100);
        other.push_blob(&foreign).await;
        document["layers"] = json!([descriptor(OCI_LAYER, &foreign)]);
        expect_refused(&repository, OCI_MANIFEST, &document, "MANIFEST_BLOB_UNKNOWN").await;
    })
    .await;
}

#[tokio::test]
async fn a_size_that_is_not_the_blobs_is_refused() {
    on_default(async |wharf| {
        let (repository, document) = prepared(wharf).await;
        for size in [json!(99), json!(101), json!(0), json!(9_223_372_036_854_775_807_u64), json!(u64::MAX)] {
            let mut copy = document.clone();
            copy["layers"][0]["size"] = size;
            repository.put_manifest("refused", OCI_MANIFEST, &to_bytes(&copy)).await.expect(400);
        }
        repository.head_manifest("refused").await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn children_must_be_there_unless_sparse_indexes_are_allowed() {
    on_default(async |wharf| {
        let (repository, _) = prepared(wharf).await;
        let index = content::index(vec![missing_descriptor(OCI_MANIFEST)]);
        expect_refused(&repository, OCI_INDEX, &index, "MANIFEST_BLOB_UNKNOWN").await;
    })
    .await;
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let wharf = Wharf::with(backend).set("WHARF_SPARSE_INDEXES", "true").start().await;
        let (repository, _) = prepared(&wharf).await;
        let index = content::index(vec![missing_descriptor(OCI_MANIFEST), missing_descriptor(OCI_INDEX)]);
        repository.push_manifest("sparse", &index).await;
        repository.manifest("sparse").await.expect(200).expect_body(&to_bytes(&index));
    }
}

#[tokio::test]
async fn layers_that_are_not_distributed_need_not_be_there() {
    on_default(async |wharf| {
        let (repository, document) = prepared(wharf).await;
        let types = [
            "application/vnd.oci.image.layer.nondistributable.v1.tar",
            "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
            "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
            "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        ];
        let mut copy = document.clone();
        for media_type in types {
            let mut layer = missing_descriptor(media_type);
            layer["urls"] = json!(["https://example.com/layer"]);
            copy["layers"].as_array_mut().expect("an array").push(layer);
        }
        repository.push_manifest("foreign", &copy).await;
        repository.manifest("foreign").await.expect(200).expect_body(&to_bytes(&copy));
    })
    .await;
}

#[tokio::test]
async fn a_subject_need_not_be_there() {
    on_default(async |wharf| {
        let (repository, mut document) = prepared(wharf).await;
        let subject = missing_descriptor(OCI_MANIFEST);
        document["subject"] = subject.clone();
        let answer = repository.put_manifest("referrer", OCI_MANIFEST, &to_bytes(&document)).await.expect(201);
        answer.expect_header("oci-subject", subject["digest"].as_str().expect("a digest"));
    })
    .await;
}

#[tokio::test]
async fn layers_may_be_empty_and_unknown_fields_are_kept() {
    on_default(async |wharf| {
        let (repository, mut document) = prepared(wharf).await;
        document["layers"] = json!([]);
        repository.push_manifest("empty", &document).await;
        document["org.example.custom"] = json!({"deep": {"er": [1, 2, 3]}});
        document["config"]["data"] = json!("e30=");
        document["config"]["org.example"] = json!(true);
        repository.push_manifest("custom", &document).await;
        repository.manifest("custom").await.expect(200).expect_body(&to_bytes(&document));
    })
    .await;
}

#[tokio::test]
async fn digests_of_both_algorithms_may_be_mixed() {
    on_default(async |wharf| {
        let (repository, mut document) = prepared(wharf).await;
        let layer = random(300);
        let long = json!({"mediaType": OCI_LAYER, "digest": sha512(&layer), "size": layer.len()});
        document["layers"].as_array_mut().expect("an array").push(long);
        expect_refused(&repository, OCI_MANIFEST, &document, "MANIFEST_BLOB_UNKNOWN").await;
        repository.push_blob_as(&layer, &sha512(&layer)).await;
        repository.push_manifest("mixed", &document).await;
    })
    .await;
}

#[tokio::test]
async fn other_media_types_are_not_manifests() {
    on_default(async |wharf| {
        let (repository, document) = prepared(wharf).await;
        let mut bare = document.clone();
        bare.as_object_mut().expect("an object").remove("mediaType");
        for media_type in
            ["text/html", "image/svg+xml", "application/octet-stream", "application/x-www-form-urlencoded"]
        {
            let answer = repository.put_manifest("refused", media_type, &to_bytes(&document)).await;
            answer.expect_one_of(&[400, 415]);
            let answer = repository.put_manifest("refused", media_type, &to_bytes(&bare)).await;
            answer.expect_one_of(&[400, 415]);
            repository.head_manifest("refused").await.expect(404);
        }
    })
    .await;
}

/// It is asked for by name, so it is kept beside the document, where not every text can be.
#[tokio::test]
async fn an_artifact_type_that_is_none_is_refused() {
    on_default(async |wharf| {
        let (repository, image) = prepared(wharf).await;
        let subject = descriptor(OCI_MANIFEST, &to_bytes(&image));
        for bad in ["application/x\0y".to_owned(), "a/b\n".to_owned(), format!("a/{}", hex::encode(random(4000)))] {
            let mut typed = image.clone();
            typed["subject"] = subject.clone();
            typed["artifactType"] = json!(bad);
            expect_refused(&repository, OCI_MANIFEST, &typed, INVALID).await;
            // Without the field, the config says what it is.
            let mut of_config = image.clone();
            of_config["subject"] = subject.clone();
            of_config["config"]["mediaType"] = json!(bad);
            expect_refused(&repository, OCI_MANIFEST, &of_config, INVALID).await;
        }
        let mut longest = image.clone();
        longest["subject"] = subject;
        longest["artifactType"] = json!(format!("application/{}", "x".repeat(243)));
        repository.push_manifest("longest", &longest).await;
    })
    .await;
}
