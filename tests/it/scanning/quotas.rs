//! ECR's quota of scans in a day.

use tests::harness::{DEFAULT, Wharf};

use super::{advisory, import, run};

#[tokio::test]
async fn a_registry_has_so_many_scans_in_a_day() {
    for backend in DEFAULT {
        let wharf = Wharf::with(*backend).set("WHARF_MAX_DAILY_SCANS", "2").start().await;
        wharf.create_repository("app", "MUTABLE", &[]);
        import(&wharf, &[advisory("CVE-2024-1", "Debian:12", "a", None, "low")]);
        run(
            &wharf,
            r#"
for tag in ("v1", "v2", "v3"):
    push("app", tag, [layer({**DEBIAN, "var/lib/dpkg/status": dpkg(a=tag)})])
assert names(scan("app", "v1")) == ["CVE-2024-1"] and names(scan("app", "v2")) == ["CVE-2024-1"]
# That of the image is told first.
error = refused("LimitExceededException", ecr.start_image_scan, repositoryName="app", imageId={"imageTag": "v3"})
assert error["message"] == "The scan quota per registry has been exceeded. Wait and try again.", error
refused("ScanNotFoundException", ecr.describe_image_scan_findings, repositoryName="app", imageId={"imageTag": "v3"})
# A push is not refused for it, and says what became of its scan.
ecr.create_repository(repositoryName="pushed", imageScanningConfiguration={"scanOnPush": True})
push("pushed", "v1", [layer({**DEBIAN, "var/lib/dpkg/status": dpkg(a="1")})])
found = scanned("pushed", "v1")
assert found["imageScanStatus"] == {"status": "LIMIT_EXCEEDED", "description": "The scan quota per registry has been exceeded."}, found
"#,
        );
        if !backend.postgres() {
            continue;
        }
        // A day later there is room again, also for the image that was left out.
        wharf.backing().database().query("update image_scans set requested_at = 1");
        run(
            &wharf,
            r#"
assert names(scan("pushed", "v1")) == ["CVE-2024-1"]
"#,
        );
    }
}
