//! `DeleteRepository`

use serde_json::json;
use tests::harness::{on_default, random};

use super::{count, not_found, run};

#[tokio::test]
async fn an_empty_repository_goes_and_is_gone_at_once() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            &json!({ "gone": not_found("a/b") }),
            r#"
delete = ecr.delete_repository
expect(message("RepositoryNotFoundException", delete, repositoryName="a/b"), data["gone"])
made = ecr.create_repository(repositoryName="a/b", tags=[{"Key": "k", "Value": "v"}])["repository"]
ecr.set_repository_policy(repositoryName="a/b", policyText=json.dumps(
    {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}]}))
expect(delete(repositoryName="a/b")["repository"], made)
for call in [ecr.describe_images, ecr.list_images, ecr.get_repository_policy, delete]:
    expect(message("RepositoryNotFoundException", call, repositoryName="a/b"), data["gone"])
expect(message("RepositoryNotFoundException", ecr.describe_repositories, repositoryNames=["a/b"]), data["gone"])
message("RepositoryNotFoundException", ecr.list_tags_for_resource, resourceArn=made["repositoryArn"])
expect(ecr.describe_repositories()["repositories"], [])
# The name is free, and nothing of the old repository comes with it.
again = ecr.create_repository(repositoryName="a/b")["repository"]
expect(ecr.list_tags_for_resource(resourceArn=again["repositoryArn"])["tags"], [])
message("RepositoryPolicyNotFoundException", ecr.get_repository_policy, repositoryName="a/b")
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn one_with_images_goes_only_by_force_and_takes_nothing_of_others_along() {
    on_default(async |wharf| {
        let root = wharf.client();
        let (doomed, other) = (root.repository("doomed"), root.repository("other"));
        let image = doomed.push_small("v1").await;
        other.push_image("v1", &image).await;
        let mut session = doomed.begin().await;
        let aws = wharf.aws();
        run(
            &aws,
            &json!({}),
            r#"
expect(message("RepositoryNotEmptyException", ecr.delete_repository, repositoryName="doomed"),
       "The repository with name 'doomed' in registry with id '000000000000' cannot be deleted because it still "
       "contains images")
message("RepositoryNotEmptyException", ecr.delete_repository, repositoryName="doomed", force=False)
"#,
        );
        doomed.expect_image(Some("v1"), &image).await;
        aws.json(&["ecr", "delete-repository", "--repository-name", "doomed", "--force"]);
        for answer in [doomed.manifest("v1").await, doomed.blob(&image.blobs[1].0).await, doomed.tags("").await] {
            answer.expect_error(404, "NAME_UNKNOWN");
        }
        session.append(&random(10)).await.expect_error(404, "NAME_UNKNOWN");
        other.expect_image(Some("v1"), &image).await;
        // The next one of that name begins without the layers of the old one.
        let again = root.repository("doomed");
        let fresh = again.push_small("v2").await;
        again.blob(&image.blobs[1].0).await.expect_error(404, "BLOB_UNKNOWN");
        again.manifest("v1").await.expect_error(404, "MANIFEST_UNKNOWN");
        session.append(&random(10)).await.expect_error(404, "BLOB_UPLOAD_UNKNOWN");
        again.expect_image(Some("v2"), &fresh).await;
    })
    .await;
}

#[tokio::test]
async fn the_rows_of_a_large_repository_go_in_batches() {
    const IMAGES: usize = 450;
    on_default(async |wharf| {
        let repository = wharf.client().repository("large");
        repository.push_blob(b"{}").await;
        for number in 0..IMAGES {
            let artifact = tests::harness::content::artifact("application/x");
            repository.push_manifest(&format!("t{number}"), &artifact).await;
        }
        wharf.aws().json(&["ecr", "delete-repository", "--repository-name", "large", "--force"]);
        repository.tags("").await.expect_error(404, "NAME_UNKNOWN");
        // The background work logs nothing when all goes well; that it ended shows in the database.
        let begin = std::time::Instant::now();
        while count(wharf, "repositories where deleted_at is not null") > 0 {
            assert!(begin.elapsed() < std::time::Duration::from_secs(60), "the repository is not removed");
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
        for table in ["manifests", "tags", "edges", "repository_blobs"] {
            assert_eq!(count(wharf, table), 0, "{table}");
        }
    })
    .await;
}

#[tokio::test]
async fn pushes_beside_a_deletion_end_whole_or_not_at_all() {
    on_default(async |wharf| {
        for round in 0..5 {
            let name = format!("race/{round}");
            let repository = wharf.client().repository(&name);
            repository.push_small("first").await;
            let pushes = (0..6).map(|number| {
                let repository = repository.clone();
                async move {
                    let image = tests::harness::Image::small();
                    for (digest, blob) in &image.blobs {
                        let begun =
                            repository.client().post(&repository.path("blobs/uploads/")).send().await.expect(202);
                        let upload = tests::harness::Upload::new(repository.client().clone(), &begun);
                        upload.close_with(digest, blob.clone()).await.expect_one_of(&[201, 404]);
                    }
                    repository
                        .put_manifest(&format!("t{number}"), &image.media_type, &image.manifest)
                        .await
                        .expect_one_of(&[201, 400, 404]);
                    image
                }
            });
            let aws = wharf.aws();
            let deleted = name.clone();
            let deletion = tokio::task::spawn_blocking(move || {
                aws.json(&["ecr", "delete-repository", "--repository-name", &deleted, "--force"]);
            });
            let images = futures_util::future::join_all(pushes).await;
            deletion.await.expect("the CLI ran");
            // A push may have created the repository anew; what it says it has must be there.
            for (number, image) in images.iter().enumerate() {
                let tag = format!("t{number}");
                if repository.manifest(&tag).await.status() == 200 {
                    repository.expect_image(Some(&tag), image).await;
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn without_deletion_a_repository_stays() {
    for &backend in tests::harness::DEFAULT {
        let wharf = tests::harness::Wharf::with(backend).set("WHARF_DELETE_ENABLED", "false").start().await;
        let repository = wharf.client().repository("kept");
        let image = repository.push_small("v1").await;
        run(
            &wharf.aws(),
            &json!({ "digest": image.digest }),
            r#"
message("InvalidParameterException", ecr.delete_repository, repositoryName="kept", force=True)
message("InvalidParameterException", ecr.batch_delete_image, repositoryName="kept",
        imageIds=[{"imageDigest": data["digest"]}])
"#,
        );
        repository.expect_image(Some("v1"), &image).await;
    }
}
