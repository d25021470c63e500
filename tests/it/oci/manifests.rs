//! end-3 and end-7: pushing and pulling manifests and what the answers say. The kinds of manifests are in
//! `manifest_kinds`, what is refused is in `manifest_validation`.

use futures_util::stream;
use serde_json::json;
use tests::harness::content::{
    self, DOCKER_MANIFEST, Image, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, descriptor, to_bytes,
};
use tests::harness::{Backend, Wharf, digest, on_all, on_default, sha512};

#[tokio::test]
async fn an_image_comes_back_by_tag_and_by_digest_byte_for_byte() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("latest").await;
        repository.expect_image(Some("latest"), &image).await;
        for reference in ["latest", &image.digest] {
            let get = repository.manifest(reference).await.expect(200);
            let head = repository.head_manifest(reference).await.expect(200).expect_body(b"");
            for answer in [get, head] {
                answer
                    .expect_header("content-type", OCI_MANIFEST)
                    .expect_header("content-length", &image.manifest.len().to_string())
                    .expect_header("docker-content-digest", &image.digest)
                    .expect_header("etag", &format!("\"{}\"", image.digest));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_answer_to_a_push_leads_to_the_manifest() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        for reference in ["two", &image.digest] {
            let answer = repository.put_manifest(reference, OCI_MANIFEST, &image.manifest).await.expect(201);
            let answer = answer.expect_header("docker-content-digest", &image.digest).expect_no_header("oci-subject");
            let location = answer.header("location").to_owned();
            let pulled = repository.client().get(&location).send().await.expect(200);
            pulled.expect_body(&image.manifest).expect_header("content-type", OCI_MANIFEST);
        }
    })
    .await;
}

#[tokio::test]
async fn cache_headers_tell_tags_from_digests() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        let by_tag = repository.manifest("one").await.expect(200);
        assert!(by_tag.header("cache-control").contains("no-cache"), "{by_tag}");
        let by_digest = repository.manifest(&image.digest).await.expect(200);
        assert!(by_digest.header("cache-control").contains("immutable"), "{by_digest}");
    })
    .await;
}

#[tokio::test]
async fn the_bytes_are_kept_however_they_are_written() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let config = content::config();
        repository.push_blob(&config).await;
        let pretty = format!(
            "\n\t{{ \"config\": {},\n  \"unknown\": {{\"nested\": [1, 2.50, null, \"\\u00e9\"]}},\r\n \"layers\": [ ],\
             \"schemaVersion\":2, \"mediaType\": \"{OCI_MANIFEST}\" }}\n\n",
            descriptor(OCI_CONFIG, &config),
        );
        let answer = repository.put_manifest("pretty", OCI_MANIFEST, pretty.as_bytes()).await.expect(201);
        answer.expect_header("docker-content-digest", &digest(pretty.as_bytes()));
        repository.manifest("pretty").await.expect(200).expect_body(pretty.as_bytes());
    })
    .await;
}

#[tokio::test]
async fn a_digest_that_is_not_the_bodys_is_400() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        let mut changed = image.manifest.clone();
        changed.extend_from_slice(b"  ");
        for wrong in [image.digest.clone(), sha512(&image.manifest)] {
            repository.put_manifest(&wrong, OCI_MANIFEST, &changed).await.expect_error(400, "DIGEST_INVALID");
        }
        repository.manifest(&digest(&changed)).await.expect_error(404, "MANIFEST_UNKNOWN");
        repository.manifest(&sha512(&image.manifest)).await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn a_manifest_keeps_the_algorithm_it_was_pushed_with() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let image = Image::small();
        for (digest, blob) in &image.blobs {
            repository.push_blob_as(blob, digest).await;
        }
        let long = sha512(&image.manifest);
        let target = format!("{}?tag=long", repository.manifest_path(&long));
        let call = repository.client().put(&target).header("content-type", OCI_MANIFEST);
        let answer = call.body(image.manifest.clone()).send().await.expect(201);
        answer.expect_header("docker-content-digest", &long).expect_header("oci-tag", "long");
        for reference in [long.as_str(), "long"] {
            let get = repository.manifest(reference).await.expect(200).expect_body(&image.manifest);
            get.expect_header("docker-content-digest", &long);
            repository.head_manifest(reference).await.expect(200).expect_header("docker-content-digest", &long);
        }
    })
    .await;
}

#[tokio::test]
async fn a_manifest_may_come_as_a_stream() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        let pieces: Vec<_> = image.manifest.chunks(50).map(|piece| Ok(bytes::Bytes::copy_from_slice(piece))).collect();
        let call = repository.client().put(&repository.manifest_path("two")).header("content-type", OCI_MANIFEST);
        call.stream(stream::iter(pieces)).send().await.expect(201);
        repository.expect_image(Some("two"), &image).await;
    })
    .await;
}

/// A manifest of exactly this many bytes, padded in an annotation.
fn manifest_of_size(config: &[u8], size: usize) -> Vec<u8> {
    let document = |padding: usize| {
        let mut document = content::manifest(descriptor(OCI_CONFIG, config), Vec::new());
        document["annotations"] = json!({"padding": "x".repeat(padding)});
        to_bytes(&document)
    };
    let bytes = document(size - document(0).len());
    assert_eq!(bytes.len(), size);
    bytes
}

#[tokio::test]
async fn four_mebibytes_are_accepted_and_one_more_byte_is_413() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let config = content::config();
        repository.push_blob(&config).await;
        let limit = 4 * 1024 * 1024;
        let largest = manifest_of_size(&config, limit);
        repository.put_manifest("largest", OCI_MANIFEST, &largest).await.expect(201);
        repository.manifest("largest").await.expect(200).expect_body(&largest);

        let over = manifest_of_size(&config, limit + 1);
        let answer = repository.put_manifest("over", OCI_MANIFEST, &over).await.expect(413);
        assert!(["MANIFEST_INVALID", "SIZE_INVALID"].contains(&answer.code().as_str()), "{answer}");
        let pieces: Vec<_> = over.chunks(60_000).map(|piece| Ok(bytes::Bytes::copy_from_slice(piece))).collect();
        let call = repository.client().put(&repository.manifest_path("over")).header("content-type", OCI_MANIFEST);
        call.stream(stream::iter(pieces)).send().await.expect(413);
        repository.manifest("over").await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn the_limit_of_a_manifest_is_a_setting() {
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_MAX_MANIFEST_BYTES", "5MiB").start().await;
    let repository = wharf.repository();
    let config = content::config();
    repository.push_blob(&config).await;
    let limit = 5 * 1024 * 1024;
    repository.put_manifest("in", OCI_MANIFEST, &manifest_of_size(&config, limit)).await.expect(201);
    repository.put_manifest("out", OCI_MANIFEST, &manifest_of_size(&config, limit + 1)).await.expect(413);
}

#[tokio::test]
async fn a_push_by_digest_may_name_many_tags() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        let tags: Vec<String> = (0..100).map(|number| format!("tag-{number}")).collect();
        let target = format!("{}?tag={}", repository.manifest_path(&image.digest), tags.join("&tag="));
        let call = repository.client().put(&target).header("content-type", OCI_MANIFEST);
        let answer = call.body(image.manifest.clone()).send().await.expect(201);
        // Some clients read no more than a hundred lines.
        assert!(answer.headers().len() < 30, "{answer}");
        let values = answer.headers().get_all("oci-tag").iter();
        let accepted: Vec<String> = values
            .flat_map(|value| value.to_str().expect("ASCII").split(','))
            .map(|tag| tag.trim().to_owned())
            .collect();
        assert_eq!(accepted, tags);
        for tag in &tags {
            repository.head_manifest(tag).await.expect(200).expect_header("docker-content-digest", &image.digest);
        }
        // One bad name spoils all of them.
        let target = format!("{}?tag=good&tag=-bad", repository.manifest_path(&image.digest));
        let call = repository.client().put(&target).header("content-type", OCI_MANIFEST);
        call.body(image.manifest.clone()).send().await.expect(400);
        repository.head_manifest("good").await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn a_tag_moves_at_once_and_between_media_types() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let (one, two) = (repository.push_small("moving").await, repository.push_small("two").await);
        let index = repository.push_index("moving", &[&one, &two]).await;
        let answer = repository.manifest("moving").await.expect(200);
        answer.expect_header("content-type", OCI_INDEX).expect_body(&index.manifest);
        repository.put_manifest("moving", OCI_MANIFEST, &two.manifest).await.expect(201);
        repository.expect_image(Some("moving"), &two).await;
        repository.expect_image(None, &one).await;
        repository.expect_image(None, &index).await;
    })
    .await;
}

#[tokio::test]
async fn parameters_of_the_content_type_are_dropped() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        let with_parameter = format!("{OCI_MANIFEST}; charset=utf-8");
        repository.put_manifest("two", &with_parameter, &image.manifest).await.expect(201);
        repository.manifest("two").await.expect(200).expect_header("content-type", OCI_MANIFEST);
    })
    .await;
}

#[tokio::test]
async fn the_media_type_is_found_when_the_client_names_none() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        let put = |reference: &str, bytes: Vec<u8>| {
            repository.client().put(&repository.manifest_path(reference)).body(bytes).send()
        };
        put("named", image.manifest.clone()).await.expect(201);
        repository.manifest("named").await.expect(200).expect_header("content-type", OCI_MANIFEST);
        // Neither a header nor the field: the shape decides.
        let mut index = content::index(vec![image.descriptor()]);
        index.as_object_mut().expect("an object").remove("mediaType");
        put("shape", to_bytes(&index)).await.expect(201);
        repository.manifest("shape").await.expect(200).expect_header("content-type", OCI_INDEX);
    })
    .await;
}

/// A document without the field may be pushed under either name. Its bytes have one type all the same, whoever answers.
#[tokio::test]
async fn bytes_that_are_pushed_again_under_another_type_keep_the_one_they_have() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let config = content::config();
        repository.push_blob(&config).await;
        let mut document = content::manifest(descriptor(OCI_CONFIG, &config), Vec::new());
        document.as_object_mut().expect("an object").remove("mediaType");
        let bytes = to_bytes(&document);
        repository.put_manifest("one", OCI_MANIFEST, &bytes).await.expect(201);
        repository.put_manifest("two", DOCKER_MANIFEST, &bytes).await.expect(201);
        for reference in ["one", "two", &digest(&bytes)] {
            repository.manifest(reference).await.expect(200).expect_header("content-type", OCI_MANIFEST);
            repository.head_manifest(reference).await.expect(200).expect_header("content-type", OCI_MANIFEST);
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_absent_is_404_with_the_right_code() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        repository.manifest("latest").await.expect_error(404, "NAME_UNKNOWN");
        repository.push_small("one").await;
        repository.manifest("absent").await.expect_error(404, "MANIFEST_UNKNOWN");
        repository.manifest(&digest(b"absent")).await.expect_error(404, "MANIFEST_UNKNOWN");
        repository.head_manifest("absent").await.expect(404).expect_body(b"");
        // A name that cannot be a tag cannot be found either.
        repository.manifest(".INVALID_MANIFEST_NAME").await.expect(404);
        repository.head_manifest(".INVALID_MANIFEST_NAME").await.expect(404);
        repository.manifest("sha256:short").await.expect_one_of(&[400, 404]);
    })
    .await;
}

#[tokio::test]
async fn manifests_are_read_after_write_everywhere() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        for turn in 0..30 {
            let image = Image::of(Vec::new());
            repository.push_image(&format!("t{turn}"), &image).await;
            repository.head_manifest(&format!("t{turn}")).await.expect(200);
            repository.head_manifest(&image.digest).await.expect(200);
        }
    })
    .await;
}

#[tokio::test]
async fn tags_are_case_sensitive_and_up_to_128_long() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let longest = "T".repeat(128);
        let (one, two) = (repository.push_small("Tag").await, repository.push_small("tag").await);
        let three = repository.push_small(&longest).await;
        for (tag, image) in [("Tag", &one), ("tag", &two), (&longest, &three)] {
            repository.expect_image(Some(tag), image).await;
        }
        repository.push_small("_-.9").await;
        let over = format!("{longest}T");
        repository.put_manifest(&over, OCI_MANIFEST, &one.manifest).await.expect(400);
    })
    .await;
}
