//! Scans are told to webhooks, as EventBridge tells of them.

use serde_json::{Value, json};
use tests::harness::admin::within;
use tests::harness::on_default;
use tests::harness::receiver::Receiver;

use super::{advisory, import, run};
use crate::jobs::must;

#[tokio::test]
async fn ends_of_scans_are_told_and_so_is_what_advisories_change() {
    on_default(async |wharf| {
        let receiver = Receiver::start().await;
        must(wharf, &["webhook", "add", receiver.url(), "--action", "scan", "--repository-prefix", "app"]);
        // Running servers look once a second.
        wharf.catch_up().await;
        wharf.create_repository("app", "MUTABLE", &[]);
        wharf.create_repository("other", "MUTABLE", &[]);
        let known = advisory("CVE-2024-1", "Debian:12", "a", None, "high");
        import(wharf, std::slice::from_ref(&known));
        let digest = run(
            wharf,
            r#"
base = layer({**DEBIAN, "var/lib/dpkg/status": dpkg(a="1", b="1")})
digest = push("app", "v1", [base])
push("other", "v1", [base])
assert names(scan("other", "v1")) == ["CVE-2024-1"] and names(scan("app", "v1")) == ["CVE-2024-1"]
push("app", "bad", [b"x"])
assert scan("app", "bad")["imageScanStatus"]["status"] == "FAILED"
print(json.dumps(digest))
"#,
        );
        let events = || -> Vec<Value> {
            receiver.posted().iter().map(|posted| serde_json::from_slice(&posted.body).expect("JSON")).collect()
        };
        within(60, "both ends are told", async || events().len() == 2).await;
        let told = events();
        let find = |status: &str| told.iter().find(|event| event["detail"]["scan-status"] == status).expect("an event");
        let event = find("COMPLETE");
        assert_eq!((&event["source"], &event["detail-type"]), (&json!("aws.ecr"), &json!("ECR Image Scan")));
        assert_eq!(event["resources"], json!(["arn:aws:ecr:us-east-1:000000000000:repository/app"]));
        assert_eq!(
            event["detail"],
            json!({
                "scan-status": "COMPLETE", "repository-name": "app", "image-digest": digest, "image-tags": ["v1"],
                "finding-severity-counts": { "HIGH": 1 },
            })
        );
        assert_eq!(find("FAILED")["detail"]["finding-severity-counts"], json!({}));
        // Advisories that change nothing are nothing to tell; others are.
        import(wharf, &[known, advisory("CVE-2024-9", "Debian:12", "z", None, "low")]);
        import(wharf, &[advisory("CVE-2024-2", "Debian:12", "b", None, "critical")]);
        within(60, "the change is told", async || events().len() == 3).await;
        let counts = &events()[2]["detail"]["finding-severity-counts"];
        assert_eq!(*counts, json!({ "CRITICAL": 1, "HIGH": 1 }));
    })
    .await;
}
