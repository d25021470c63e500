//! The process is killed again and again while every kind of background work has something to do. In the end all of it is
//! done, and nothing too often.

use std::collections::BTreeSet;
use std::time::Duration;

use tests::harness::admin::within;
use tests::harness::receiver::Receiver;
use tests::harness::{Backend, Image, Wharf};

use super::kill::moment;
use crate::jobs::{must, stored};
use crate::replication::{complete, replicate, status};
use crate::scanning;

const KILLS: usize = 8;
const IMAGES: usize = 30;
const KEPT: usize = 3;

const POLICY: &str = r#"
client("ecr").put_lifecycle_policy(repositoryName="team/app", lifecyclePolicyText=json.dumps({"rules": [{
    "rulePriority": 1, "description": "few", "action": {"type": "expire"},
    "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 3}}]}))
"#;

const SCANNED: &str = r#"
ecr.create_repository(repositoryName="scanned", imageScanningConfiguration={"scanOnPush": True})
for number in range(4):
    push("scanned", f"v{number}", [layer({**DEBIAN, "var/lib/dpkg/status": dpkg(a="1"), "number": str(number)})])
"#;

/// Makes all work due at once, and takes it from processes that are gone; else that takes half a minute a kill.
fn hurry(wharf: &Wharf) {
    let database = wharf.backing().database();
    database.query("update jobs set due_at = 0, lease_owner = null, lease_until = null");
    database.query("update blob_reviews set since = 0");
    database.query("update removals set not_before = 0");
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
    tokio::time::sleep(Duration::from_secs(2)).await;
    let repository = wharf.client().repository("team/app");
    let mut images: Vec<Image> = Vec::new();
    for number in 0..IMAGES {
        images.push(repository.push_small(&format!("v{number}")).await);
    }
    wharf.aws().boto3(POLICY);
    scanning::run(&wharf, SCANNED);
    for _ in 0..KILLS {
        hurry(&wharf);
        tokio::time::sleep(moment(20, 600)).await;
        wharf.kill();
        wharf.restart().await;
    }

    let (gone, kept) = images.split_at(IMAGES - KEPT);
    let there = wharf.aws().in_region("eu-west-1");
    within(120, "the policy was applied, here and where images are replicated", async || {
        hurry(&wharf);
        let count = |aws: &tests::harness::aws::Aws| {
            let script = r#"
ecr = client("ecr")
pages = ecr.get_paginator("list_images").paginate(repositoryName="team/app")
print(len({each["imageDigest"] for page in pages for each in page["imageIds"]}))
"#;
            aws.boto3(script) == KEPT
        };
        count(&wharf.aws()) && count(&there)
    })
    .await;
    for (number, image) in kept.iter().enumerate() {
        let tag = format!("v{}", IMAGES - KEPT + number);
        assert_eq!(status(&wharf.aws(), "team/app", &tag), complete());
        repository.expect_image(Some(&tag), image).await;
    }
    scanning::run(
        &wharf,
        "for number in range(4):\n    assert names(scanned('scanned', f'v{number}')) == ['CVE-2024-1'], number",
    );
    within(120, "exactly the bytes of what is left are there", async || {
        hurry(&wharf);
        // Each scanned image has a layer and a configuration of its own.
        let left = kept.iter().map(|image| image.blobs.len()).sum::<usize>() + 2 * 4;
        stored(&wharf).1 == left
    })
    .await;
    within(120, "everything that happened is told", async || {
        let told = told(&receiver);
        let all = |action: &str, images: &[Image]| {
            images.iter().all(|image| told.contains(&(action.to_owned(), image.digest.clone())))
        };
        all("PUSH", &images) && all("DELETE", gone)
    })
    .await;
    let told = told(&receiver);
    assert!(kept.iter().all(|image| !told.contains(&("DELETE".to_owned(), image.digest.clone()))), "{told:?}");
}
