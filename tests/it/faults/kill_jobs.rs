//! The process is killed again and again while every kind of background work has something to do. In the end all of it is
//! done, and nothing too often.

use std::collections::BTreeSet;

use tests::harness::admin::within;
use tests::harness::aws::Aws;
use tests::harness::receiver::Receiver;
use tests::harness::{Backend, Image, Wharf};

use super::kill::moment;
use crate::jobs::{must, stored};
use crate::replication::{complete, replicate, status};
use crate::scanning;

const KILLS: usize = 8;
/// Images of a repository with a policy that keeps three.
const OLD: usize = 30;
const KEPT: usize = 3;
/// Images of a repository that is replicated, with its deletions; of so many of them the first are deleted.
const REPLICATED: usize = 12;
const DELETED: usize = 6;

const POLICY: &str = r#"
client("ecr").put_lifecycle_policy(repositoryName="old", lifecyclePolicyText=json.dumps({"rules": [{
    "rulePriority": 1, "description": "few", "action": {"type": "expire"},
    "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 3}}]}))
"#;

const SCANNED: &str = r#"
ecr.create_repository(repositoryName="scanned", imageScanningConfiguration={"scanOnPush": True})
for number in range(4):
    push("scanned", f"v{number}", [layer({**DEBIAN, "var/lib/dpkg/status": dpkg(a="1"), "number": str(number)})])
"#;

/// Makes all work due at once.
fn hurry(wharf: &Wharf) {
    let database = wharf.backing().database();
    database.query("update jobs set due_at = 0");
    database.query("update blob_reviews set since = 0");
    database.query("update removals set not_before = 0");
}

/// Takes jobs from a process that is gone; else they are taken when its leases have run out, half a minute later.
fn bury(wharf: &Wharf) {
    wharf.backing().database().query("update jobs set lease_owner = null, lease_until = 0");
}

/// What a webhook was told: action and digest.
fn told(receiver: &Receiver) -> BTreeSet<(String, String)> {
    let events = receiver.posted().into_iter().map(|posted| serde_json::from_slice(&posted.body).expect("JSON"));
    let detail = |event: &serde_json::Value, name: &str| event["detail"][name].as_str().unwrap_or_default().to_owned();
    events
        .filter(|event: &serde_json::Value| event["region"] == "us-east-1")
        .map(|event| (detail(&event, "action-type"), detail(&event, "image-digest")))
        .collect()
}

#[tokio::test]
async fn whatever_job_a_kill_interrupts_is_done_in_the_end() {
    let receiver = Receiver::start().await;
    let mut wharf = Wharf::with(Backend::PostgresS3)
        .set("WHARF_REGIONS", "us-east-1,eu-west-1")
        .set("WHARF_UNDO_WINDOW", "0s")
        .start()
        .await;
    must(&wharf, &["webhook", "add", receiver.url()]);
    scanning::import(&wharf, &[scanning::advisory("CVE-2024-1", "Debian:12", "a", None, "low")]);
    replicate(&wharf.aws(), "eu-west-1", "000000000000", true);
    // Running servers look at the webhooks once a second.
    wharf.catch_up().await;
    let (old, replicated) = (wharf.client().repository("old"), wharf.client().repository("team/app"));
    let mut images: Vec<Image> = Vec::new();
    for number in 0..OLD {
        images.push(old.push_small(&format!("v{number}")).await);
    }
    for number in 0..REPLICATED {
        images.push(replicated.push_small(&format!("v{number}")).await);
    }
    wharf.aws().boto3(POLICY);
    scanning::run(&wharf, SCANNED);
    for kill in 0..KILLS {
        hurry(&wharf);
        if kill == KILLS / 2 {
            for image in &images[OLD..OLD + DELETED] {
                replicated.delete_manifest(&image.digest).await.expect(202);
            }
        }
        tokio::time::sleep(moment(20, 600)).await;
        wharf.kill();
        bury(&wharf);
        wharf.restart().await;
    }

    let there = wharf.aws().in_region("eu-west-1");
    let count = |aws: &Aws, repository: &str| {
        aws.boto3(&format!(
            r#"
pages = client("ecr").get_paginator("list_images").paginate(repositoryName="{repository}")
print(len({{each["imageDigest"] for page in pages for each in page["imageIds"]}}))
"#
        ))
    };
    within(120, "the policy was applied, and what was pushed and deleted was replicated", async || {
        hurry(&wharf);
        count(&wharf.aws(), "old") == KEPT && count(&there, "team/app") == REPLICATED - DELETED
    })
    .await;
    let (expired, rest) = images.split_at(OLD - KEPT);
    let (kept, rest) = rest.split_at(KEPT);
    let (deleted, left) = rest.split_at(DELETED);
    for (number, image) in kept.iter().enumerate() {
        old.expect_image(Some(&format!("v{}", OLD - KEPT + number)), image).await;
    }
    for (number, image) in left.iter().enumerate() {
        let tag = format!("v{}", DELETED + number);
        within(60, "it says so", async || status(&wharf.aws(), "team/app", &tag) == complete()).await;
        replicated.expect_image(Some(&tag), image).await;
    }
    scanning::run(
        &wharf,
        "for number in range(4):\n    assert names(scanned('scanned', f'v{number}')) == ['CVE-2024-1'], number",
    );
    within(120, "exactly the bytes of what is left are there", async || {
        hurry(&wharf);
        // Each scanned image has a layer and a configuration of its own.
        let blobs: usize = kept.iter().chain(left).map(|image| image.blobs.len()).sum();
        stored(&wharf).1 == blobs + 2 * 4
    })
    .await;
    within(120, "everything that happened is told", async || {
        let told = told(&receiver);
        let all = |action: &str, mut images: std::slice::Iter<'_, Image>| {
            images.all(|image| told.contains(&(action.to_owned(), image.digest.clone())))
        };
        all("PUSH", images.iter()) && all("DELETE", expired.iter()) && all("DELETE", deleted.iter())
    })
    .await;
    let told = told(&receiver);
    let mut stays = kept.iter().chain(left);
    assert!(stays.all(|image| !told.contains(&("DELETE".to_owned(), image.digest.clone()))), "{told:?}");
}
