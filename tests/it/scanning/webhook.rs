//! Scanners by webhook: a signed message asks, and a signed message answers, once.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tests::harness::admin::within;
use tests::harness::receiver::{Posted, Receiver};
use tests::harness::{Answer, Auth, Backend, DEFAULT, Wharf};

use super::run;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAA";
const REGISTRY: &str = "http://registry.example.com:5000";

async fn wharf(backend: Backend, receiver: &Receiver, timeout: &str) -> Wharf {
    Wharf::with(backend)
        .set("WHARF_SCANNER", "webhook")
        .set("WHARF_SCANNER_URL", receiver.url())
        .set("WHARF_SCANNER_SECRET", SECRET)
        .set("WHARF_SCANNER_REGISTRY_URL", REGISTRY)
        .set("WHARF_SCANNER_TIMEOUT", timeout)
        .set("WHARF_SCAN_QUOTA_PERIOD", "0s")
        .start()
        .await
}

fn tag(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("the prefix")).expect("base64");
    let mut signed = format!("{id}.{timestamp}.").into_bytes();
    signed.extend_from_slice(body);
    STANDARD.encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &signed))
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    i64::try_from(since.as_secs()).expect("a time")
}

/// What was asked for in a message, which must be signed.
fn asked(posted: &Posted) -> Value {
    let header = |name: &str| posted.headers[name].to_str().expect("text").to_owned();
    let expected = tag(SECRET, &header("webhook-id"), &header("webhook-timestamp"), &posted.body);
    assert_eq!(header("webhook-signature"), format!("v1,{expected}"));
    let message: Value = serde_json::from_slice(&posted.body).expect("JSON");
    assert_eq!(message["type"], "scan.requested");
    assert_eq!(message["data"]["id"], header("webhook-id").as_str());
    message["data"].clone()
}

/// The path of the address for results.
fn path(asked: &Value) -> String {
    let url = asked["results_url"].as_str().expect("an address");
    url.strip_prefix(REGISTRY).unwrap_or_else(|| panic!("{url} is not on the registry")).to_owned()
}

fn results(asked: &Value, vulnerabilities: &Value) -> Value {
    json!({ "id": asked["id"], "status": "COMPLETE", "artifact": asked["artifact"], "vulnerabilities": vulnerabilities })
}

async fn post(wharf: &Wharf, path: &str, id: &str, at: i64, body: &Value) -> Answer {
    let (body, at) = (body.to_string(), at.to_string());
    let signature = format!("v1,{}", tag(SECRET, id, &at, body.as_bytes()));
    send(wharf, path, id, &at, &signature, body.into_bytes()).await
}

async fn send(wharf: &Wharf, path: &str, id: &str, at: &str, signature: &str, body: Vec<u8>) -> Answer {
    let call = wharf.anonymous().post(path).header("webhook-id", id).header("webhook-timestamp", at);
    call.header("webhook-signature", signature).body(body).send().await
}

fn start(wharf: &Wharf) {
    run(wharf, r#"ecr.start_image_scan(repositoryName="app", imageId={"imageTag": "v1"})"#);
}

async fn next(receiver: &Receiver, count: usize) -> Value {
    within(60, "the scan is asked for", async || receiver.posted().len() >= count).await;
    asked(&receiver.posted()[count - 1])
}

#[tokio::test]
async fn a_message_asks_and_a_message_answers_once() {
    for backend in DEFAULT {
        let receiver = Receiver::start().await;
        let wharf = wharf(*backend, &receiver, "10m").await;
        let image = wharf.client().repository("app").push_small("v1").await;
        wharf.client().repository("app").push_small("v2").await;
        start(&wharf);
        let first = next(&receiver, 1).await;
        assert_eq!(first["artifact"]["digest"], image.digest.as_str());
        assert_eq!(first["artifact"]["repository"], "app");
        let authorization = first["registry"]["authorization"].as_str().expect("a login").to_owned();
        let scanner = wharf.client().as_(Auth::Verbatim(authorization.into_bytes())).repository("app");
        scanner.manifest(&image.digest).await.expect(200).expect_body(&image.manifest);
        scanner.manifest("v2").await.expect(403);
        let good =
            results(&first, &json!([{ "id": "CVE-2024-1", "package": "a", "version": "1", "severity": "High" }]));
        let place = path(&first);

        // What is not signed, or not so, is refused, and changes nothing.
        let body = good.to_string().into_bytes();
        let (id, at) = ("results-1", now().to_string());
        let signature = format!("v1,{}", tag(SECRET, id, &at, &body));
        for (id, at, signature, body) in [
            (id, at.as_str(), "", body.clone()),
            (id, at.as_str(), "v1,AAAA", body.clone()),
            (id, at.as_str(), &tag(SECRET, id, &at, &body), body.clone()),
            ("other", at.as_str(), &signature, body.clone()),
            (id, "1", &signature, body.clone()),
            (id, "", &signature, body.clone()),
            ("", at.as_str(), &signature, body.clone()),
            (id, at.as_str(), &signature, b"{}".to_vec()),
            (
                id,
                at.as_str(),
                &format!("v1,{}", tag("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", id, &at, &body)),
                body.clone(),
            ),
        ] {
            send(&wharf, &place, id, at, signature, body).await.expect(401);
        }
        for at in [now() - 400, now() + 400] {
            post(&wharf, &place, id, at, &good).await.expect(401);
        }
        // Nor is what nobody asked for, or what is about something else.
        for wrong in ["/scan-results/0", "/scan-results/00000000-0000-4000-8000-000000000000"] {
            post(&wharf, wrong, id, now(), &good).await.expect(404);
        }
        for (member, value) in [
            ("id", json!("another")),
            ("id", Value::Null),
            ("artifact", json!({ "digest": "sha256:0" })),
            ("artifact", Value::Null),
            ("status", json!("DONE")),
            ("vulnerabilities", json!([{}])),
        ] {
            let mut wrong = good.clone();
            wrong[member] = value;
            post(&wharf, &place, id, now(), &wrong).await.expect(400);
        }
        let large = vec![b' '; (32 << 20) + 1];
        let answer = wharf.anonymous().post(&place).header("webhook-id", id).body(large).try_send().await;
        assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status() == 413));
        wharf.anonymous().get(&place).send().await.expect_one_of(&[404, 405]);
        run(
            &wharf,
            r#"
found = ecr.describe_image_scan_findings(repositoryName="app", imageId={"imageTag": "v1"})
assert found["imageScanStatus"]["status"] == "IN_PROGRESS", found
"#,
        );

        // The results, the same again, and others.
        let at = now();
        post(&wharf, &place, id, at, &good).await.expect(202);
        post(&wharf, &place, id, at, &good).await.expect(200);
        post(&wharf, &place, id, now(), &good).await.expect(200);
        post(&wharf, &place, "results-2", now(), &good).await.expect(409);
        run(&wharf, r#"assert names(scanned("app", "v1")) == ["CVE-2024-1"]"#);
        assert!(wharf.run(&["jobs"]).status.success());
        within(60, "nobody waits any more", async || !wharf.run(&["jobs"]).stdout.contains("scan image")).await;

        // A second scan is another request; what answers the first is nothing to it.
        start(&wharf);
        let second = next(&receiver, 2).await;
        assert_ne!(second["id"], first["id"]);
        post(&wharf, &place, id, now(), &good).await.expect(404);
        post(&wharf, &path(&second), id, now(), &good).await.expect(400);
        let failed = json!({ "id": second["id"], "status": "FAILED", "artifact": second["artifact"], "description": "it is odd" });
        post(&wharf, &path(&second), "results-3", now(), &failed).await.expect(202);
        run(
            &wharf,
            r#"
assert scanned("app", "v1")["imageScanStatus"] == {"status": "FAILED", "description": "it is odd"}
"#,
        );
        assert_eq!(receiver.posted().len(), 2);
    }
}

#[tokio::test]
async fn results_that_come_too_late_are_refused() {
    let receiver = Receiver::start().await;
    let wharf = wharf(Backend::SqliteDisk, &receiver, "4s").await;
    wharf.client().repository("app").push_small("v1").await;
    start(&wharf);
    let asked = next(&receiver, 1).await;
    run(
        &wharf,
        r#"
found = scanned("app", "v1")
assert found["imageScanStatus"]["status"] == "FAILED" and "no results" in found["imageScanStatus"]["description"], found
"#,
    );
    let answer = post(&wharf, &path(&asked), "results", now(), &results(&asked, &json!([]))).await.expect(410);
    assert!(answer.json()["error"]["message"].as_str().is_some_and(|text| text.contains("late")));
}

/// The receiver answers while a client of AWS waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_sent_until_it_is_taken() {
    let receiver = Receiver::start().await;
    let wharf = wharf(Backend::PostgresDisk, &receiver, "10m").await;
    wharf.client().repository("app").push_small("v1").await;
    receiver.answer(503);
    start(&wharf);
    within(60, "it is tried again", async || receiver.posted().len() >= 2).await;
    receiver.answer(204);
    within(60, "it is taken", async || receiver.posted().iter().any(|posted| posted.answered == 204)).await;
    let ids: Vec<Value> = receiver.posted().iter().map(|posted| asked(posted)["id"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "one request, however often it is sent: {ids:?}");
    let asked = asked(receiver.posted().last().expect("a message"));
    post(&wharf, &path(&asked), "results", now(), &results(&asked, &json!([]))).await.expect(202);
    // Who refuses an image for good is not asked again.
    receiver.answer(422);
    run(&wharf, r#"assert "refused" in scan("app", "v1")["imageScanStatus"]["description"]"#);
}

#[tokio::test]
async fn nobody_awaits_results_where_the_scanner_is_another() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    send(&wharf, "/scan-results/x", "id", &now().to_string(), "v1,AAAA", b"{}".to_vec()).await.expect(404);
}
