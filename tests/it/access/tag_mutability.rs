//! Tags that may not move: by whichever way somebody tries, with the words that ECR has for it, and nothing is changed by trying.

use tests::harness::{Answer, Image, Repository, on_default};

/// The tag cannot be set: status, code and ECR's whole sentence, the end of which scripts look for.
fn expect_immutable(answer: Answer, repository: &Repository, tag: &str) {
    let answer = answer.expect_error(400, "TAG_INVALID");
    let message = answer.json()["errors"][0]["message"].as_str().expect("a message").to_owned();
    let wanted = format!(
        "The image tag '{tag}' already exists in the '{}' repository and cannot be overwritten because the repository is \
         immutable.",
        repository.name()
    );
    assert_eq!(message, wanted);
}

async fn put(repository: &Repository, reference: &str, image: &Image) -> Answer {
    repository.put_manifest(reference, &image.media_type, &image.manifest).await
}

/// Two images whose blobs are there, and whose manifests are not.
async fn two_images(repository: &Repository) -> [Image; 2] {
    let images = [Image::small(), Image::small()];
    for (digest, blob) in images.iter().flat_map(|image| &image.blobs) {
        repository.push_blob_as(blob, digest).await;
    }
    images
}

#[tokio::test]
async fn an_immutable_tag_is_set_once() {
    on_default(async |wharf| {
        wharf.create_repository("team/fixed", "IMMUTABLE", &[]);
        let repository = wharf.client().repository("team/fixed");
        let [first, second] = two_images(&repository).await;
        put(&repository, "v1", &first).await.expect(201);
        expect_immutable(put(&repository, "v1", &second).await, &repository, "v1");
        // As on ECR, not even with the manifest that it has.
        expect_immutable(put(&repository, "v1", &first).await, &repository, "v1");
        // `latest` is a tag like every other.
        put(&repository, "latest", &first).await.expect(201);
        expect_immutable(put(&repository, "latest", &second).await, &repository, "latest");
        repository.expect_image(Some("v1"), &first).await;
        repository.expect_image(Some("latest"), &first).await;
        // What was refused was not stored either.
        repository.manifest(&second.digest).await.expect_error(404, "MANIFEST_UNKNOWN");
        // By digest there is nothing to overwrite.
        put(&repository, &first.digest, &first).await.expect(201);
        put(&repository, &second.digest, &second).await.expect(201);
        assert_eq!(repository.tags("").await.strings("tags"), ["latest", "v1"]);
    })
    .await;
}

#[tokio::test]
async fn several_tags_in_one_push_are_set_all_or_none() {
    on_default(async |wharf| {
        wharf.create_repository("team/fixed", "IMMUTABLE", &[]);
        let repository = wharf.client().repository("team/fixed");
        let [first, second] = two_images(&repository).await;
        put(&repository, "b", &first).await.expect(201);
        let push =
            async |image: &Image, query: &str| put(&repository, &format!("{}{query}", image.digest), image).await;
        for query in ["?tag=a&tag=b&tag=c", "?tag=b", "?tag=b&tag=b", "?tag=c&tag=b"] {
            expect_immutable(push(&second, query).await, &repository, "b");
            expect_immutable(push(&first, query).await, &repository, "b");
            assert_eq!(repository.tags("").await.strings("tags"), ["b"], "{query} set some of its tags");
            repository.manifest(&second.digest).await.expect_error(404, "MANIFEST_UNKNOWN");
        }
        push(&second, "?tag=a&tag=c&tag=a").await.expect(201);
        assert_eq!(repository.tags("").await.strings("tags"), ["a", "b", "c"]);
        repository.expect_image(Some("b"), &first).await;
        repository.expect_image(Some("c"), &second).await;
    })
    .await;
}

#[tokio::test]
async fn a_tag_that_was_deleted_may_be_pushed_again() {
    on_default(async |wharf| {
        wharf.create_repository("team/fixed", "IMMUTABLE", &[]);
        let repository = wharf.client().repository("team/fixed");
        let [first, second] = two_images(&repository).await;
        put(&repository, "v1", &first).await.expect(201);
        repository.delete_manifest("v1").await.expect(202);
        put(&repository, "v1", &second).await.expect(201);
        expect_immutable(put(&repository, "v1", &first).await, &repository, "v1");
        // With its image the tag goes, and may come back.
        repository.delete_manifest(&second.digest).await.expect(202);
        repository.manifest("v1").await.expect_error(404, "MANIFEST_UNKNOWN");
        put(&repository, "v1", &first).await.expect(201);
        repository.expect_image(Some("v1"), &first).await;
    })
    .await;
}

#[tokio::test]
async fn excluded_tags_are_treated_the_other_way_round() {
    on_default(async |wharf| {
        let cases = [
            ("MUTABLE_WITH_EXCLUSION", ["v1.0", "release-v2", "release-"], ["latest", "v1", "pre-release-v2", "V1.0"]),
            (
                "IMMUTABLE_WITH_EXCLUSION",
                ["latest", "v1", "pre-release-v2"],
                ["v1.0", "release-v2", "release-", "v1.00"],
            ),
        ];
        for (mode, fixed, moving) in cases {
            let name = format!("team/{}", mode.to_lowercase());
            wharf.create_repository(&name, mode, &["v*.0*", "release-*"]);
            let repository = wharf.client().repository(&name);
            let [first, second] = two_images(&repository).await;
            for tag in fixed {
                put(&repository, tag, &first).await.expect(201);
                expect_immutable(put(&repository, tag, &second).await, &repository, tag);
                repository.head_manifest(tag).await.expect(200).expect_header("docker-content-digest", &first.digest);
            }
            for tag in moving {
                put(&repository, tag, &first).await.expect(201);
                put(&repository, tag, &second).await.expect(201);
                put(&repository, tag, &second).await.expect(201);
                repository.head_manifest(tag).await.expect(200).expect_header("docker-content-digest", &second.digest);
            }
            // One that may not move holds back one that may.
            let both = format!("{}?tag={}&tag={}", first.digest, moving[0], fixed[0]);
            expect_immutable(put(&repository, &both, &first).await, &repository, fixed[0]);
            let still = repository.head_manifest(moving[0]).await.expect(200);
            still.expect_header("docker-content-digest", &second.digest);
        }
    })
    .await;
}

#[tokio::test]
async fn the_mode_may_change_and_holds_at_once() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("team/app");
        let [first, second] = two_images(&repository).await;
        put(&repository, "v1", &first).await.expect(201);
        put(&repository, "v1", &second).await.expect(201);
        wharf.set_tag_mutability("team/app", "IMMUTABLE", &[]);
        expect_immutable(put(&repository, "v1", &first).await, &repository, "v1");
        wharf.set_tag_mutability("team/app", "IMMUTABLE_WITH_EXCLUSION", &["v*"]);
        put(&repository, "v1", &first).await.expect(201);
        wharf.set_tag_mutability("team/app", "MUTABLE_WITH_EXCLUSION", &["v*"]);
        expect_immutable(put(&repository, "v1", &second).await, &repository, "v1");
        wharf.set_tag_mutability("team/app", "MUTABLE", &[]);
        put(&repository, "v1", &second).await.expect(201);

        let wrong: [&[&str]; 6] = [
            &["set-tag-mutability", "team/app", "FROZEN"],
            &["set-tag-mutability", "team/app", "IMMUTABLE", "--tag-filter", "v*"],
            &["set-tag-mutability", "team/app", "IMMUTABLE_WITH_EXCLUSION"],
            &["set-tag-mutability", "team/app", "IMMUTABLE_WITH_EXCLUSION", "--tag-filter", "a*b*c*"],
            &["set-tag-mutability", "team/app", "IMMUTABLE_WITH_EXCLUSION", "--tag-filter", "a/b"],
            &["set-tag-mutability", "team/absent", "IMMUTABLE"],
        ];
        for arguments in wrong {
            let finished = wharf.admin(arguments);
            assert!(!finished.status.success(), "{arguments:?}: {}", finished.stdout);
        }
        put(&repository, "v1", &first).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn of_many_who_push_an_immutable_tag_at_once_one_wins() {
    on_default(async |wharf| {
        wharf.create_repository("team/fixed", "IMMUTABLE", &[]);
        let repository = wharf.client().repository("team/fixed");
        for turn in 0..5 {
            let tag = format!("race-{turn}");
            let mut pushes = tokio::task::JoinSet::new();
            for _ in 0..8 {
                let (repository, tag) = (repository.clone(), tag.clone());
                pushes.spawn(async move {
                    let manifest = super::world::empty_index();
                    let answer = repository.put_manifest(&tag, tests::harness::content::OCI_INDEX, &manifest).await;
                    (answer, manifest)
                });
            }
            let mut won = Vec::new();
            for (answer, manifest) in pushes.join_all().await {
                match answer.status() {
                    201 => won.push(manifest),
                    _ => expect_immutable(answer, &repository, &tag),
                }
            }
            assert_eq!(won.len(), 1, "{} pushes set {tag}", won.len());
            repository.manifest(&tag).await.expect(200).expect_body(&won[0]);
        }
    })
    .await;
}
