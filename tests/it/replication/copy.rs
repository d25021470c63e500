//! Replication between the registries of an installation.

use tests::harness::admin::within;
use tests::harness::aws::Aws;
use tests::harness::{Backend, Image, Repository, Wharf, random};

use super::{complete, in_progress, replicate, status};
use crate::jobs::{collect, must};

async fn wharf(backend: Backend) -> Wharf {
    Wharf::with(backend).set("WHARF_REGIONS", "us-east-1,eu-west-1").start().await
}

/// The tags of each image of a repository in a region, sorted by digest.
fn images(aws: &Aws, repository: &str) -> Vec<(String, Vec<String>)> {
    let finished = aws.cli(&["--output", "json", "ecr", "describe-images", "--repository-name", repository]);
    if !finished.status.success() {
        return Vec::new();
    }
    let told: serde_json::Value = serde_json::from_str(&finished.stdout).expect("JSON");
    let mut images: Vec<(String, Vec<String>)> = told["imageDetails"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|image| {
            let tags = image["imageTags"].as_array().into_iter().flatten();
            let tags = tags.map(|tag| tag.as_str().expect("text").to_owned()).collect();
            (image["imageDigest"].as_str().expect("text").to_owned(), tags)
        })
        .collect();
    images.sort();
    images
}

#[tokio::test]
async fn what_is_pushed_is_replicated_to_another_region() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let wharf = wharf(backend).await;
        let (here, there) = (wharf.aws(), wharf.aws().in_region("eu-west-1"));
        let repository: Repository = wharf.client().repository("team/app");
        let before = repository.push_small("before").await;
        replicate(&here, "eu-west-1", "000000000000", true);
        wharf.client().repository("other").push_small("v1").await;
        let (left, right) = (repository.push_small("left").await, repository.push_small("right").await);
        let index = repository.push_index("v1", &[&left, &right]).await;
        within(120, "all of it is replicated", async || status(&here, "team/app", "v1") == complete()).await;
        let tags = |tag: &str| vec![tag.to_owned()];
        let mut expected = vec![
            (index.digest.clone(), tags("v1")),
            (left.digest.clone(), tags("left")),
            (right.digest.clone(), tags("right")),
        ];
        expected.sort();
        // A child may be there before its own tag.
        within(120, "its children too", async || images(&there, "team/app") == expected).await;
        assert!(images(&there, "other").is_empty());
        // What was there before is not, and a copy goes nowhere from there.
        assert!(status(&here, "team/app", "before").is_empty());
        assert!(status(&there, "team/app", "v1").is_empty());

        // A tag that moves, moves there.
        let moved = repository.push_small("v1").await;
        within(120, "the tag has moved", async || {
            images(&there, "team/app").contains(&(moved.digest.clone(), tags("v1")))
        })
        .await;
        // Both share the bytes: what goes here stays there.
        let layer = &left.blobs[1];
        for digest in [&index.digest, &left.digest] {
            repository.delete_manifest(digest).await.expect(202);
        }
        within(120, "deletions are replicated", async || {
            images(&there, "team/app").iter().all(|(digest, _)| *digest != index.digest && *digest != left.digest)
        })
        .await;
        let finished = wharf.run_with(&["gc", "--delay", "0s"], &[("WHARF_UNDO_WINDOW", "0s")]);
        assert!(finished.status.success(), "{finished:?}");
        repository.head_blob(&layer.0).await.expect(404);
        repository.expect_image(Some("before"), &before).await;
        let script = r#"
import urllib.request, hashlib
there = client("ecr")
manifest = json.loads(there.batch_get_image(repositoryName="team/app", imageIds=[{"imageTag": "right"}])["images"][0]["imageManifest"])
for blob in [manifest["config"], *manifest["layers"]]:
    url = there.get_download_url_for_layer(repositoryName="team/app", layerDigest=blob["digest"])["downloadUrl"]
    assert "sha256:" + hashlib.sha256(urllib.request.urlopen(url).read()).hexdigest() == blob["digest"]
"#;
        there.boto3(script);
        must(&wharf, &["fsck"]);
    }
}

#[tokio::test]
async fn another_account_must_let_it_happen() {
    let wharf = wharf(Backend::SqliteDisk).await;
    let other = wharf.account("111122223333").await;
    let here = wharf.aws();
    let repository = wharf.client().repository("team/app");
    replicate(&here, "us-east-1", "111122223333", false);
    repository.push_small("v1").await;
    let refused = vec![("FAILED".to_owned(), "AccessDenied".to_owned())];
    within(120, "it is refused", async || status(&here, "team/app", "v1") == refused).await;
    other.aws(&wharf).boto3(
        r#"client("ecr").put_registry_policy(policyText=json.dumps({"Version": "2012-10-17", "Statement": [{
    "Sid": "replication", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
    "Action": ["ecr:CreateRepository", "ecr:ReplicateImage"],
    "Resource": ["arn:aws:ecr:us-east-1:111122223333:repository/*"]}]}))"#,
    );
    let image = repository.push_small("v2").await;
    within(120, "it is allowed", async || status(&here, "team/app", "v2") == complete()).await;
    assert_eq!(images(&other.aws(&wharf), "team/app"), [(image.digest, vec!["v2".to_owned()])]);
    // A registry that does not exist takes nothing.
    replicate(&here, "eu-west-1", "999999999999", false);
    repository.push_small("v3").await;
    within(120, "there is nobody", async || {
        status(&here, "team/app", "v3").iter().any(|(status, _)| status == "FAILED")
    })
    .await;
    collect(&wharf);
}

/// An image that lost a layer here cannot be copied until it is pushed again. The others can.
#[tokio::test]
async fn an_image_that_cannot_be_copied_keeps_no_other() {
    let wharf = Wharf::with(Backend::PostgresDisk).set("WHARF_REGIONS", "us-east-1,eu-west-1").start().await;
    let database = wharf.backing().database();
    replicate(&wharf.aws(), "eu-west-1", "000000000000", false);
    let repository = wharf.client().repository("team/app");
    let first = Image::of(vec![random(1000)]);
    repository.push_image("v1", &first).await;
    within(60, "the first is copied", async || status(&wharf.aws(), "team/app", "v1") == complete()).await;
    let id = format!("imageDigest={}", first.digest);
    let delete = ["ecr", "batch-delete-image", "--region", "eu-west-1", "--repository-name", "team/app", "--image-ids"];
    wharf.aws().json(&[&delete[..], &[&id]].concat());
    let layer = &first.blobs.iter().max_by_key(|(_, bytes)| bytes.len()).expect("a layer").0;
    database.query(&format!("update blobs set state = 'missing' where digest = '{layer}'"));
    database.query("update replications set status = 'IN_PROGRESS', updated_at = 0");
    repository.push_image("v2", &Image::of(vec![random(1000)])).await;
    within(60, "the second is copied", async || status(&wharf.aws(), "team/app", "v2") == complete()).await;
    assert_eq!(status(&wharf.aws(), "team/app", "v1"), in_progress());
    // Its bytes come again.
    repository.push_image("v1", &first).await;
    within(60, "the first too", async || status(&wharf.aws(), "team/app", "v1") == complete()).await;
}
