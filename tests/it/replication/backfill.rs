//! Backfills: what was there before a rule was.

use tests::harness::admin::within;
use tests::harness::aws::Aws;
use tests::harness::peer::Peer;
use tests::harness::tcp_proxy::{Link, TcpProxy};
use tests::harness::{Backend, Wharf};

use super::{THERE, in_progress, reaching, replicate, replicate_to_anybody, status};

fn start(aws: &Aws) -> String {
    let there = format!("region={THERE},registryId=000000000000");
    // The command line's own model may be older than the operation.
    let script = format!(
        r#"
begun = client("ecr").start_replication_backfill(destination={{"region": "{THERE}", "registryId": "000000000000"}})
assert begun["status"] == "PREPARING" and begun["registryId"] == "000000000000" and begun["startedAt"], begun
assert begun["destination"] == {{"region": "{THERE}", "registryId": "000000000000"}}, "{there}"
print(json.dumps(begun["replicationBackfillId"]))
"#
    );
    aws.boto3(&script).as_str().expect("an id").to_owned()
}

fn state(aws: &Aws, id: &str) -> String {
    let script = format!(
        r#"print(json.dumps(client("ecr").describe_replication_backfill_results(replicationBackfillId="{id}")["status"]))"#
    );
    aws.boto3(&script).as_str().expect("a status").to_owned()
}

#[tokio::test]
async fn existing_images_are_replicated_with_results() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let wharf = Wharf::with(backend).set("WHARF_REGIONS", "us-east-1,eu-west-1").start().await;
        let here = wharf.aws();
        for name in ["team/a", "team/b", "other"] {
            let repository = wharf.client().repository(name);
            let image = repository.push_small("v1").await;
            repository.put_manifest("latest", &image.media_type, &image.manifest).await.expect(201);
            repository.push_small("v2").await;
            // One without a tag.
            repository.push_referrer(&image, "application/vnd.example.signature").await;
        }
        replicate(&here, THERE, "000000000000", false);
        let id = start(&here);
        within(120, "it ends", async || state(&here, &id) == "COMPLETE").await;
        here.boto3(&format!(
            r#"
ecr = client("ecr")
told = ecr.describe_replication_backfill_results(replicationBackfillId="{id}")
assert told["progress"] == {{"totalReplicationCount": 8, "completedReplicationCount": 8, "failedReplicationCount": 0, "failureCodes": []}}, told
assert told["endedAt"] >= told["startedAt"] and "failureCode" not in told
assert sorted((result["repositoryName"], result["imageId"].get("imageTag", ""), result["status"]) for result in told["results"]) == sorted(
    (name, tag, "COMPLETE") for name in ("team/a", "team/b") for tag in ("v1", "latest", "v2", "")), told
pages = list(ecr.get_paginator("describe_replication_backfill_results").paginate(replicationBackfillId="{id}", PaginationConfig={{"PageSize": 3}}))
assert [len(page["results"]) for page in pages] == [3, 3, 2]
assert sum((page["results"] for page in pages), []) == told["results"]
assert ecr.describe_replication_backfill_results(replicationBackfillId="{id}", resultStatusFilter="FAILED")["results"] == []
listed = ecr.list_replication_backfills()["backfills"]
assert [each["replicationBackfillId"] for each in listed] == ["{id}"] and listed[0]["status"] == "COMPLETE", listed
refused("ReplicationBackfillInvalidStatusException", ecr.stop_replication_backfill, replicationBackfillId="{id}")
there = client("ecr", region_name="eu-west-1")
assert sorted(each["repositoryName"] for each in there.describe_repositories()["repositories"]) == ["team/a", "team/b"]
for name in ("team/a", "team/b"):
    images = there.describe_images(repositoryName=name)["imageDetails"]
    assert sorted(tuple(sorted(image.get("imageTags", []))) for image in images) == [(), ("latest", "v1"), ("v2",)], images
# A second one to the same region may begin now.
again = ecr.start_replication_backfill(destination={{"region": "eu-west-1", "registryId": "000000000000"}})
assert again["replicationBackfillId"] != "{id}"
"#
        ));
    }
}

#[tokio::test]
async fn a_backfill_survives_a_kill_and_can_be_stopped() {
    let peer = Peer::start();
    let proxy = TcpProxy::start(&peer.host()).await;
    let mut wharf = reaching(Backend::SqliteDisk, &[&proxy.address()]).await;
    let repository = wharf.client().repository("team/app");
    let image = repository.push_small("v1").await;
    for number in 0..5 {
        repository.push_small(&format!("n{number}")).await;
    }
    replicate_to_anybody(&wharf, &proxy.address());
    proxy.set(Link::Cut);
    let id = start(&wharf.aws());
    within(60, "it has begun", async || status(&wharf.aws(), "team/app", "v1") == in_progress()).await;
    wharf.aws().boto3(
        r#"
ecr = client("ecr")
refused("ReplicationBackfillInProgressException", ecr.start_replication_backfill, destination={"region": "eu-west-1", "registryId": "000000000000"})
assert ecr.list_replication_backfills()["backfills"][0]["progress"]["totalReplicationCount"] == 6
"#,
    );
    wharf.kill();
    wharf.restart().await;
    wharf.aws().boto3(&format!(
        r#"
stopped = client("ecr").stop_replication_backfill(replicationBackfillId="{id}")
assert stopped["status"] == "STOPPING", stopped
"#
    ));
    repository.delete_manifest(&image.digest).await.expect(202);
    proxy.set(Link::Up);
    within(180, "what has begun is over", async || state(&wharf.aws(), &id) == "STOPPED").await;
    wharf.aws().boto3(&format!(
        r#"
ecr = client("ecr")
told = ecr.describe_replication_backfill_results(replicationBackfillId="{id}")
assert told["progress"] == {{"totalReplicationCount": 6, "completedReplicationCount": 5, "failedReplicationCount": 1,
    "failureCodes": ["ImageNotFound"]}}, told
failed = ecr.describe_replication_backfill_results(replicationBackfillId="{id}", resultStatusFilter="FAILED")["results"]
assert [(each["imageId"]["imageTag"], each["failureCode"]) for each in failed] == [("v1", "ImageNotFound")], failed
"#
    ));
    assert!(peer.has("mirror/team/app", "n0").await);
}
