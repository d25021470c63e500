//! Webhooks hear of replications, in the shape of EventBridge.

use serde_json::Value;
use tests::harness::admin::within;
use tests::harness::peer::Peer;
use tests::harness::receiver::Receiver;
use tests::harness::{Backend, Wharf};

use super::{complete, failed, reaching, replicate, replicate_to_anybody, status};
use crate::jobs::must;

async fn listen(wharf: &Wharf) -> Receiver {
    let receiver = Receiver::start().await;
    must(wharf, &["webhook", "add", receiver.url(), "--action", "replicate"]);
    // Running servers look once a second.
    wharf.catch_up().await;
    receiver
}

async fn told(receiver: &Receiver, count: usize) -> Vec<Value> {
    within(120, "it is told", async || receiver.posted().len() >= count).await;
    receiver.posted().iter().map(|posted| serde_json::from_slice(&posted.body).expect("events are JSON")).collect()
}

#[tokio::test]
async fn replications_are_told() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let peer = Peer::start();
        let here = reaching(backend, &[&peer.host()]).await;
        let receiver = listen(&here).await;
        replicate_to_anybody(&here, &peer.host());
        let repository = here.client().repository("team/app");
        let image = repository.push_small("v1").await;
        within(120, "it arrives", async || status(&here.aws(), "team/app", "v1") == complete()).await;
        let events = told(&receiver, 1).await;
        let event = &events[0];
        assert_eq!((&event["source"], &event["detail-type"]), (&"aws.ecr".into(), &"ECR Replication Action".into()));
        assert_eq!((&event["account"], &event["region"]), (&"000000000000".into(), &"eu-west-1".into()));
        assert_eq!(event["resources"][0], "arn:aws:ecr:eu-west-1:000000000000:repository/team/app");
        let expected = serde_json::json!({
            "result": "SUCCESS", "action-type": "REPLICATE", "repository-name": "team/app", "image-tag": "v1",
            "image-digest": image.digest, "source-account": "000000000000", "source-region": "us-east-1",
        });
        assert_eq!(event["detail"], expected);
        // What cannot be replicated is told as well.
        replicate(&here.aws(), "eu-west-3", "000000000000", false);
        repository.push_small("v2").await;
        within(120, "it fails", async || status(&here.aws(), "team/app", "v2") == failed("RegistryNotFound")).await;
        let events = told(&receiver, 2).await;
        assert_eq!(events[1]["detail"]["result"], "FAILURE");
        assert_eq!(events[1]["detail"]["failure-code"], "RegistryNotFound");
    }
}

/// As on ECR, the event is one of the registry that got the image.
#[tokio::test]
async fn within_an_installation_the_destination_is_told() {
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_REGIONS", "us-east-1,eu-west-1").start().await;
    let receiver = listen(&wharf).await;
    // The webhook is one of us-east-1.
    replicate(&wharf.aws().in_region("eu-west-1"), "us-east-1", "000000000000", false);
    let script = r#"
there = client("ecr")
there.create_repository(repositoryName="team/app")
there.put_image(repositoryName="team/app", imageTag="v1", imageManifestMediaType="application/vnd.oci.image.index.v1+json",
    imageManifest=json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}))
"#;
    wharf.aws().in_region("eu-west-1").boto3(script);
    let events = told(&receiver, 1).await;
    assert_eq!(events[0]["region"], "us-east-1");
    assert_eq!(events[0]["detail"]["source-region"], "eu-west-1");
    assert_eq!(events[0]["detail"]["image-tag"], "v1");
}
