//! Enhanced scanning: findings in Inspector's form, and its statuses.

use tests::harness::on_default;

use super::{advisory, import, run};

#[tokio::test]
async fn findings_of_enhanced_scanning_have_inspectors_form() {
    on_default(async |wharf| {
        wharf.create_repository("app", "MUTABLE", &[]);
        wharf.create_repository("other", "MUTABLE", &[]);
        let mut rated = advisory("GHSA-1", "PyPI", "jinja2", Some("3.1.3"), "");
        rated["aliases"] = serde_json::json!(["CVE-2024-1"]);
        rated["severity"] = serde_json::json!([{ "type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" }]);
        import(wharf, &[rated, advisory("CVE-2024-2", "Debian:12", "a", None, "")]);
        run(
            wharf,
            r#"
ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=[
    {"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}]}])
site = "usr/lib/python3/site-packages"
content = layer({**DEBIAN, "var/lib/dpkg/status": dpkg(a="1"),
    f"{site}/Jinja2-3.1.2.dist-info/METADATA": "Metadata-Version: 2.1\nName: Jinja2\nVersion: 3.1.2\n\nText\n"})
digest = push("app", "v1", [content])
found = scanned("app", "v1")
assert found["imageScanStatus"]["status"] == "COMPLETE", found
findings = found["imageScanFindings"]
assert "findings" not in findings, findings
assert findings["findingSeverityCounts"] == {"CRITICAL": 1, "UNTRIAGED": 1}, findings
worst, least = findings["enhancedFindings"]
assert worst["title"] == "CVE-2024-1 - Jinja2" and worst["severity"] == "CRITICAL" and worst["status"] == "ACTIVE", worst
assert worst["type"] == "PACKAGE_VULNERABILITY" and worst["score"] == 9.8 and worst["fixAvailable"] == "YES", worst
assert worst["findingArn"].startswith("arn:aws:inspector2:us-east-1:000000000000:finding/"), worst
details = worst["packageVulnerabilityDetails"]
assert details["vulnerabilityId"] == "CVE-2024-1" and details["relatedVulnerabilities"] == ["GHSA-1"], details
assert details["vulnerablePackages"] == [{"name": "Jinja2", "version": "3.1.2", "packageManager": "PYTHONPKG", "fixedInVersion": "3.1.3"}], details
assert details["cvss"] == [{"baseScore": 9.8, "scoringVector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "source": "PYPI", "version": "3.1"}], details
assert worst["scoreDetails"]["cvss"]["score"] == 9.8
assert worst["remediation"]["recommendation"]["text"] == "Update Jinja2 to 3.1.3 or later.", worst
resource = worst["resources"][0]
assert resource["id"] == f"arn:aws:ecr:us-east-1:000000000000:repository/app/{digest}" and resource["type"] == "AWS_ECR_CONTAINER_IMAGE"
image = resource["details"]["awsEcrContainerImage"]
assert image["imageHash"] == digest and image["imageTags"] == ["v1"] and image["repositoryName"] == "app", image
assert least["severity"] == "UNTRIAGED" and least["fixAvailable"] == "NO" and "score" not in least, least
assert least["packageVulnerabilityDetails"]["vulnerablePackages"][0]["packageManager"] == "OS"
for moment in ("firstObservedAt", "lastObservedAt", "updatedAt"):
    assert worst[moment] <= findings["imageScanCompletedAt"], worst

# In pages, which have stable ARNs.
pages = list(ecr.get_paginator("describe_image_scan_findings").paginate(repositoryName="app", imageId={"imageTag": "v1"}, PaginationConfig={"PageSize": 1}))
assert [page["imageScanFindings"]["enhancedFindings"][0]["findingArn"] for page in pages] == [worst["findingArn"], least["findingArn"]], pages

# What cannot be looked into has a status of its own.
push("other", "scratch", [layer({"bin/tool": "x"})])
assert scanned("other", "scratch")["imageScanStatus"]["status"] == "UNSUPPORTED_IMAGE"

# The registry goes back to basic scanning, and with it the findings.
ecr.put_registry_scanning_configuration(scanType="BASIC", rules=[])
found = scanned("app", "v1")["imageScanFindings"]
assert "enhancedFindings" not in found and found["findingSeverityCounts"] == {"CRITICAL": 1, "UNDEFINED": 1}, found
"#,
        );
    })
    .await;
}
