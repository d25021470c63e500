//! Webhooks: told of what happened, and only of that, until they have taken it.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tests::harness::admin::within;
use tests::harness::receiver::{Posted, Receiver};
use tests::harness::{Backend, DEFAULT, Wharf, on_default};

use super::must;

/// The id and the secret of a new webhook.
async fn add(wharf: &Wharf, receiver: &Receiver, further: &[&str]) -> (String, String) {
    let mut arguments = vec!["webhook", "add", receiver.url()];
    arguments.extend(further);
    let said = must(wharf, &arguments);
    let after = |name: &str| {
        let line =
            said.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name} in {said}"));
        line.trim().to_owned()
    };
    // Running servers look once a second.
    wharf.catch_up().await;
    (after("id:"), after("secret:"))
}

fn event(posted: &Posted) -> Value {
    serde_json::from_slice(&posted.body).expect("events are JSON")
}

fn brief(posted: &Posted) -> (String, String, Option<String>) {
    let detail = event(posted)["detail"].clone();
    let text = |name: &str| detail[name].as_str().map(str::to_owned);
    (text("action-type").expect("an action"), text("image-digest").expect("a digest"), text("image-tag"))
}

fn verify(posted: &Posted, secret: &str) {
    let header = |name: &str| posted.headers[name].to_str().expect("text").to_owned();
    let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("the prefix")).expect("base64");
    let mut signed = format!("{}.{}.", header("webhook-id"), header("webhook-timestamp")).into_bytes();
    signed.extend_from_slice(&posted.body);
    let tag = STANDARD.decode(header("webhook-signature").strip_prefix("v1,").expect("a version")).expect("base64");
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key), &signed, &tag).expect("the signature is that of the body");
}

#[tokio::test]
async fn what_happens_to_images_is_told() {
    on_default(async |wharf| {
        let receiver = Receiver::start().await;
        let (id, secret) = add(wharf, &receiver, &["--repository-prefix", "team/"]).await;
        assert!(must(wharf, &["webhook", "list"]).contains(&id));
        let repository = wharf.client().repository("team/app");
        wharf.client().repository("other").push_small("v1").await;
        let image = repository.push_small("v1").await;
        repository.put_manifest("v2", &image.media_type, &image.manifest).await.expect(201);
        // Nothing happens.
        repository.put_manifest("v2", &image.media_type, &image.manifest).await.expect(201);
        repository.delete_manifest("v2").await.expect(202);
        repository.delete_manifest("v2").await.expect(404);
        repository.expect_image(Some("v1"), &image).await;
        repository.delete_manifest(&image.digest).await.expect(202);
        within(120, "all of it is told", async || receiver.posted().len() >= 4).await;
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        let posted = receiver.posted();
        let mut told: Vec<_> = posted.iter().map(brief).collect();
        told.sort();
        let tag = |tag: &str| Some(tag.to_owned());
        let expected = [("DELETE", None), ("DELETE", tag("v2")), ("PUSH", tag("v1")), ("PUSH", tag("v2"))];
        let expected = expected.map(|(action, tag)| (action.to_owned(), image.digest.clone(), tag));
        assert_eq!(told, expected);
        for posted in &posted {
            verify(posted, &secret);
            let event = event(posted);
            assert_eq!((&event["source"], &event["detail-type"]), (&"aws.ecr".into(), &"ECR Image Action".into()));
            assert_eq!((&event["account"], &event["region"]), (&"000000000000".into(), &"us-east-1".into()));
            assert_eq!(event["detail"]["repository-name"], "team/app");
            assert_eq!(event["resources"][0], "arn:aws:ecr:us-east-1:000000000000:repository/team/app");
        }
        // That it was taken is written down after it was taken.
        within(60, "all of it is delivered", async || {
            let listed = must(wharf, &["webhook", "deliveries", &id]);
            listed.lines().filter(|line| line.contains("DELIVERED")).count() == 4
        })
        .await;
        must(wharf, &["webhook", "remove", &id]);
        assert!(!wharf.run(&["webhook", "remove", &id]).status.success());
    })
    .await;
}

#[tokio::test]
async fn an_event_is_sent_until_it_is_taken_and_again_when_asked() {
    let wharf = Wharf::start(Backend::PostgresDisk).await;
    let receiver = Receiver::start().await;
    let (id, _) = add(&wharf, &receiver, &["--action", "push"]).await;
    receiver.answer(503);
    wharf.client().repository("app").push_small("v1").await;
    within(120, "it is tried", async || !receiver.posted().is_empty()).await;
    within(120, "it is tried again", async || receiver.posted().len() >= 2).await;
    let listed = must(&wharf, &["webhook", "deliveries", &id]);
    assert!(listed.contains("PENDING") && listed.contains("503"), "{listed}");
    receiver.answer(204);
    wharf.backing().database().query("update webhook_deliveries set due_at = 0");
    within(120, "it is taken", async || must(&wharf, &["webhook", "deliveries", &id]).contains("DELIVERED")).await;
    // The receiver can tell that it is one event.
    let posted = receiver.posted();
    assert!(posted.iter().all(|each| each.headers["webhook-id"] == posted[0].headers["webhook-id"]));
    let delivery = posted[0].headers["webhook-id"].to_str().expect("text").to_owned();
    must(&wharf, &["webhook", "resend", &delivery]);
    within(120, "it comes again", async || receiver.posted().len() == posted.len() + 1).await;
    // Even to one that is left alone, as who did not answer is.
    let left = format!("select count(*) from jobs where kind = 'deliver events' and subject = '{id}'");
    within(60, "the job is over", async || wharf.backing().database().query(&left) == "0").await;
    let far = i64::MAX / 2;
    wharf.backing().database().query(&format!(
        "insert into jobs (job_id, kind, subject, due_at, attempts, lease_until, created_at)
         values ('rest', 'deliver events', '{id}', {far}, 9, 0, 0)"
    ));
    must(&wharf, &["webhook", "resend", &delivery]);
    within(60, "it comes once more", async || receiver.posted().len() == posted.len() + 2).await;
}

/// 200 events for a receiver that takes connections and says nothing: the attempts at them take ten seconds each.
#[tokio::test]
async fn who_does_not_answer_keeps_nothing_from_others() {
    for &backend in DEFAULT {
        let wharf = Wharf::start(backend).await;
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}/", silent.local_addr().expect("an address"));
        must(&wharf, &["webhook", "add", &address, "--action", "push"]);
        let receiver = Receiver::start().await;
        add(&wharf, &receiver, &["--repository-prefix", "last", "--action", "push"]).await;
        let repository = wharf.client().repository("app");
        let image = repository.push_small("v1").await;
        for number in 0..200 {
            repository.put_manifest(&format!("t{number}"), &image.media_type, &image.manifest).await.expect(201);
        }
        wharf.client().repository("last").push_small("v1").await;
        within(25, "who answers is told", async || !receiver.posted().is_empty()).await;
    }
}

#[tokio::test]
async fn pulls_are_told_if_somebody_asks() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let receiver = Receiver::start().await;
    add(&wharf, &receiver, &["--action", "pull"]).await;
    let repository = wharf.client().repository("app");
    let image = repository.push_small("v1").await;
    for _ in 0..3 {
        repository.manifest("v1").await.expect(200);
    }
    within(120, "the pull is told", async || !receiver.posted().is_empty()).await;
    assert_eq!(brief(&receiver.posted()[0]), ("PULL".to_owned(), image.digest, None));
}

#[tokio::test]
async fn what_a_lifecycle_policy_did_is_told() {
    on_default(async |wharf| {
        let receiver = Receiver::start().await;
        add(wharf, &receiver, &["--action", "lifecycle"]).await;
        let repository = wharf.client().repository("app");
        let old = repository.push_small("v1").await;
        let signature = repository.push_referrer(&old, "application/vnd.tests.signature").await;
        let shelved = repository.push_small("release-1").await;
        repository.push_small("release-2").await;
        repository.push_small("v2").await;
        wharf.aws().boto3(
            r#"
rule = lambda priority, pattern, action: {"rulePriority": priority, "action": action, "selection": {
    "tagStatus": "tagged", "tagPatternList": [pattern], "countType": "imageCountMoreThan", "countNumber": 1}}
client("ecr").put_lifecycle_policy(repositoryName="app", lifecyclePolicyText=json.dumps({"rules": [
    rule(3, "release-*", {"type": "transition", "targetStorageClass": "archive"}), rule(9, "v*", {"type": "expire"})]}))
"#,
        );
        must(wharf, &["lifecycle", "app"]);
        // A run that does nothing tells nothing.
        must(wharf, &["lifecycle", "app"]);
        within(120, "all of it is told", async || receiver.posted().len() >= 3).await;
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        let events: Vec<Value> = receiver.posted().iter().map(event).collect();
        let mut told: Vec<(&Value, &Value)> =
            events.iter().map(|event| (&event["detail"]["lifecycle-action"], &event["detail"]["images"])).collect();
        told.sort_by_key(|(action, images)| (action.to_string(), images.to_string().len()));
        let expected = [
            ("EXPIRE", serde_json::json!([{ "image-digest": signature.digest }])),
            (
                "EXPIRE",
                serde_json::json!([
                    { "image-digest": old.digest, "image-tags": ["v1"], "applied-rule-priority": 9 }
                ]),
            ),
            (
                "TRANSITION",
                serde_json::json!([
                    { "image-digest": shelved.digest, "image-tags": ["release-1"], "applied-rule-priority": 3 }
                ]),
            ),
        ];
        assert_eq!(told.len(), 3, "{events:?}");
        for ((action, images), (expected_action, expected_images)) in told.iter().zip(&expected) {
            assert_eq!((action.as_str(), *images), (Some(*expected_action), expected_images));
        }
        for event in &events {
            assert_eq!(event["detail"]["action-type"], "LIFECYCLE");
            assert_eq!(event["detail"]["repository-name"], "app");
            assert_eq!(event["detail"]["lifecycle-run-id"], events[0]["detail"]["lifecycle-run-id"]);
        }
    })
    .await;
}

#[tokio::test]
async fn addresses_that_are_none_are_refused() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    for url in ["ftp://host/x", "host", "http://a b", "http://", "https://[::1", "http://:80", ""] {
        let finished = wharf.run(&["webhook", "add", url]);
        assert!(!finished.status.success() && finished.stderr.contains("address"), "{url}: {finished:?}");
    }
}
