//! Scans that pushes begin, as the repository or the registry is configured.

use tests::harness::on_default;

use super::{advisory, import, run};

#[tokio::test]
async fn pushes_begin_scans_where_that_is_configured() {
    on_default(async |wharf| {
        import(wharf, &[advisory("CVE-2024-1", "Debian:12", "a", None, "low")]);
        run(
            wharf,
            r#"
base = layer({**DEBIAN, "var/lib/dpkg/status": dpkg(a="1")})
image = dict(imageId={"imageTag": "v1"})
ecr.create_repository(repositoryName="plain")
ecr.create_repository(repositoryName="own", imageScanningConfiguration={"scanOnPush": True})
push("plain", "v1", [base])
push("own", "v1", [base])
assert names(scanned("own", "v1")) == ["CVE-2024-1"]
refused("ScanNotFoundException", ecr.describe_image_scan_findings, repositoryName="plain", **image)
# The scan on push counts for the quota.
refused("LimitExceededException", ecr.start_image_scan, repositoryName="own", **image)

# Rules of the registry, by the name of the repository; with rules the own setting does not count.
ecr.put_registry_scanning_configuration(scanType="BASIC", rules=[
    {"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "prod*", "filterType": "WILDCARD"}]}])
ecr.create_repository(repositoryName="prod/app")
push("prod/app", "v1", [base])
push("own", "v2", [base])
assert names(scanned("prod/app", "v1")) == ["CVE-2024-1"]
refused("ScanNotFoundException", ecr.describe_image_scan_findings, repositoryName="own", imageId={"imageTag": "v2"})

# Continuous scans begin with the push.
ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=[
    {"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [{"filter": "prod*", "filterType": "WILDCARD"}]}])
push("prod/app", "v2", [base, layer({"var/lib/dpkg/status": dpkg(a="2")})])
found = scanned("prod/app", "v2")
assert found["imageScanStatus"] == {"status": "ACTIVE", "description": "Continuous scan is selected for image."}, found
assert [each["title"] for each in found["imageScanFindings"]["enhancedFindings"]] == ["CVE-2024-1 - a"], found

# Artifacts are no images.
push("prod/app", "artifact", [b"x"], config_type="application/vnd.tests.config+json")
refused("ScanNotFoundException", ecr.describe_image_scan_findings, repositoryName="prod/app", imageId={"imageTag": "artifact"})
"#,
        );
        // By the registry protocol it is the same push.
        let repository = wharf.client().repository("prod/pushed");
        repository.push_small("v1").await;
        run(wharf, "assert scanned('prod/pushed', 'v1')['imageScanStatus']['status'] == 'FAILED'");
    })
    .await;
}
