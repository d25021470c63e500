//! Pull gates: images with findings are refused by every way of pulling, with the reason, until they are allowed or the gate is gone.

use tests::harness::admin::within_5_s;
use tests::harness::{Wharf, on_default};

use super::{advisory, import, run};

#[track_caller]
fn gate(wharf: &Wharf, arguments: &[&str]) -> String {
    let finished = wharf.run(&[&["pull-gate"], arguments].concat());
    assert!(finished.status.success(), "{finished:?}");
    finished.stdout
}

#[tokio::test]
async fn a_gate_refuses_what_it_does_not_allow() {
    on_default(async |wharf| {
        wharf.create_repository("app", "MUTABLE", &[]);
        let mut other = advisory("GHSA-1", "Debian:12", "b", Some("2"), "high");
        other["aliases"] = serde_json::json!(["CVE-2024-2"]);
        import(
            wharf,
            &[
                advisory("CVE-2024-1", "Debian:12", "a", None, "critical"),
                other,
                advisory("CVE-2024-3", "Debian:12", "c", None, "low"),
            ],
        );
        run(
            wharf,
            r#"
push("app", "bad", [layer({**DEBIAN, "var/lib/dpkg/status": dpkg(a="1", b="1", c="1")})])
push("app", "good", [layer({**DEBIAN, "var/lib/dpkg/status": dpkg(c="1")})])
push("app", "unscanned", [layer({**DEBIAN, "var/lib/dpkg/status": dpkg(a="3")})])
scan("app", "bad"), scan("app", "good")
"#,
        );
        let repository = wharf.client().repository("app");
        let status = async |tag: &str| repository.manifest(tag).await.status();
        let becomes = async |tag: &str, wanted: u16| {
            within_5_s(&format!("{tag} is answered with {wanted}"), async || status(tag).await == wanted).await;
        };
        assert_eq!(status("bad").await, 200);
        gate(wharf, &["set", "app", "--severity", "HIGH"]);
        becomes("bad", 403).await;
        let answer = repository.manifest("bad").await;
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        assert!(text.contains("CVE-2024-1 in a 1 is CRITICAL") && text.contains("DENIED"), "{text}");
        assert_eq!((status("good").await, status("unscanned").await), (200, 200));
        // Who pushes may ask what is there; and the other way of pulling is as closed.
        assert_eq!(repository.head_manifest("bad").await.status(), 200);
        run(
            wharf,
            r#"
error = refused("AccessDeniedException", ecr.batch_get_image, repositoryName="app", imageIds=[{"imageTag": "good"}, {"imageTag": "bad"}])
assert "CVE-2024-1" in error["Error"]["Message"], error
assert len(ecr.batch_get_image(repositoryName="app", imageIds=[{"imageTag": "good"}])["images"]) == 1
"#,
        );
        // One is allowed for good, one under another of its names, until a day that is past.
        gate(wharf, &["set", "app", "--severity", "high", "--allow", "CVE-2024-1", "--allow", "CVE-2024-2=2020-01-01"]);
        within_5_s("the other one is the reason", async || {
            let answer = repository.manifest("bad").await;
            answer.status() == 403 && String::from_utf8_lossy(answer.body()).contains("CVE-2024-2 in b 1 is HIGH, fixed in 2")
        })
        .await;
        gate(wharf, &["set", "app", "--severity", "HIGH", "--allow", "CVE-2024-1", "--allow", "GHSA-1=2999-01-01"]);
        becomes("bad", 200).await;
        let shown = gate(wharf, &["show", "app"]);
        assert!(shown.contains("severity HIGH") && shown.contains("GHSA-1 is allowed until 2999-01-01"), "{shown}");
        gate(wharf, &["set", "app", "--severity", "CRITICAL", "--allow", "CVE-2024-1", "--require-scan"]);
        becomes("unscanned", 403).await;
        assert_eq!((status("good").await, status("bad").await), (200, 200));
        gate(wharf, &["remove", "app"]);
        becomes("unscanned", 200).await;
        for wrong in [
            &["set", "app", "--severity", "WORST"][..],
            &["set", "app", "--severity", "HIGH", "--allow", "CVE-1=soon"],
            &["set", "absent", "--severity", "HIGH"],
            &["show", "absent"],
        ] {
            let finished = wharf.run(&[&["pull-gate"], wrong].concat());
            assert!(!finished.status.success() && !finished.stderr.is_empty(), "{wrong:?}: {finished:?}");
        }
    })
    .await;
}
