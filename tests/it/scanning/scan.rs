//! Scans by hand: statuses, the waiter, findings with their counts, pages, quotas and errors.

use serde_json::json;
use tests::harness::{Backend, Wharf, on, on_default};

use super::{advisory, import, run};

/// A distribution with a base layer, and a layer that hides some of it.
#[tokio::test]
async fn what_an_image_holds_is_matched_with_advisories() {
    on(&[Backend::SqliteDisk, Backend::PostgresS3], async |wharf| {
        wharf.create_repository("app", "MUTABLE", &[]);
        let mut rated = advisory("CVE-2024-0003", "Debian:12", "zlib", None, "");
        rated["severity"] = json!([{ "type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" }]);
        import(
            wharf,
            &[
                advisory("CVE-2024-0001", "Debian:12", "openssl", Some("3.0.11-1~deb12u2"), "high"),
                advisory("CVE-2024-0002", "Debian:12", "openssl", Some("3.0.11-1~deb12u1"), "high"),
                rated,
                advisory("CVE-2024-0004", "Debian:11", "openssl", None, "high"),
                advisory("CVE-2024-0005", "Debian:12", "gone", None, "high"),
                advisory("CVE-2024-0006", "Debian:12", "bash", None, "unimportant"),
            ],
        );
        run(
            wharf,
            r#"
status = ("Package: libssl3\nStatus: install ok installed\nSource: openssl\nVersion: 3.0.11-1~deb12u1\n\n"
          + dpkg(zlib1g="1:1.2.13", bash="5.2").replace("Package: zlib1g", "Package: zlib1g\nSource: zlib"))
base = layer({**DEBIAN, "var/lib/dpkg/status": dpkg(gone="1")})
digest = push("app", "v1", [base, layer({"var/lib/dpkg/status": status}), layer({"./opt/x": "y"})])
refused("ScanNotFoundException", ecr.describe_image_scan_findings, repositoryName="app", imageId={"imageTag": "v1"})

started = ecr.start_image_scan(repositoryName="app", imageId={"imageTag": "v1"})
assert started["imageId"] == {"imageDigest": digest, "imageTag": "v1"}, started
assert started["imageScanStatus"] == {"status": "IN_PROGRESS"} and started["repositoryName"] == "app"
assert started["registryId"] == ecr.describe_registry()["registryId"]
# Who waits never finds that there is no scan.
first = ecr.describe_image_scan_findings(repositoryName="app", imageId={"imageDigest": digest})
assert first["imageScanStatus"]["status"] in ("IN_PROGRESS", "COMPLETE"), first
ecr.get_waiter("image_scan_complete").wait(repositoryName="app", imageId={"imageTag": "v1"}, WaiterConfig={"Delay": 1})
found = ecr.describe_image_scan_findings(repositoryName="app", imageId={"imageTag": "v1"})
assert found["imageScanStatus"] == {"status": "COMPLETE", "description": "The scan was completed successfully."}, found
assert found["imageId"] == {"imageDigest": digest, "imageTag": "v1"}
findings = found["imageScanFindings"]
assert set(findings) == {"imageScanCompletedAt", "vulnerabilitySourceUpdatedAt", "findingSeverityCounts", "findings"}, findings
assert names(found) == ["CVE-2024-0003", "CVE-2024-0001", "CVE-2024-0006"], names(found)
assert findings["findingSeverityCounts"] == {"CRITICAL": 1, "HIGH": 1, "INFORMATIONAL": 1}, findings
worst, second, least = findings["findings"]
assert worst["severity"] == "CRITICAL" and worst["uri"] == "https://example.com/CVE-2024-0003", worst
assert worst["description"] == "zlib does what it should not"
assert attributes(worst) == {"package_name": "zlib1g", "package_version": "1:1.2.13", "CVSS3_SCORE": "9.8",
    "CVSS3_VECTOR": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}, worst
assert attributes(second) == {"package_name": "libssl3", "package_version": "3.0.11-1~deb12u1",
    "fixed_version": "3.0.11-1~deb12u2"}, second

# Once a day, as ECR says.
error = refused("LimitExceededException", ecr.start_image_scan, repositoryName="app", imageId={"imageTag": "v1"})
assert error["message"] == "The scan quota per image has been exceeded. Wait and try again.", error
"#,
        );
        let aws = wharf.aws();
        let image = ["--repository-name", "app", "--image-id", "imageTag=v1"];
        let wait = aws.cli(&[&["ecr", "wait", "image-scan-complete"], &image[..]].concat());
        assert!(wait.status.success(), "{wait:?}");
        let told = aws.json(&[&["ecr", "describe-image-scan-findings"], &image[..]].concat());
        assert_eq!(told["imageScanFindings"]["findingSeverityCounts"]["CRITICAL"], 1);
    })
    .await;
}

/// A program, an archive and a folder of a base, of which the layer above makes something that tells of no packages.
#[tokio::test]
async fn what_tells_of_no_packages_hides_what_is_beneath() {
    on_default(async |wharf| {
        wharf.create_repository("app", "MUTABLE", &[]);
        import(wharf, &["minimist", "left-pad", "async"].map(|name| advisory(name, "npm", name, None, "high")));
        run(
            wharf,
            r#"
def package(name):
    return json.dumps({"name": name, "version": "1.0.0"})

base = layer({"srv/node_modules/left-pad/package.json": package("left-pad"),
              "opt/node_modules/minimist/package.json": package("minimist"),
              "app/node_modules/async/package.json": package("async")})
push("app", "base", [base])
assert names(scan("app", "base")) == ["async", "left-pad", "minimist"], names(scanned("app", "base"))
# A file in place of a folder, and a link in place of another.
out = io.BytesIO()
with tarfile.open(fileobj=out, mode="w") as archive:
    link = tarfile.TarInfo("opt/node_modules")
    link.type, link.linkname = tarfile.SYMTYPE, "/elsewhere"
    archive.addfile(link)
    archive.addfile(tarfile.TarInfo("srv/node_modules/left-pad"))
push("app", "over", [base, gzip.compress(out.getvalue(), mtime=0)])
assert names(scan("app", "over")) == ["async"], names(scanned("app", "over"))
# Other files beside them hide nothing.
push("app", "beside", [base, layer({"srv/node_modules/left-pad/index.js": "x", "app/node_modules/asyn": "x"})])
assert names(scan("app", "beside")) == ["async", "left-pad", "minimist"], names(scanned("app", "beside"))
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn findings_come_in_pages() {
    on_default(async |wharf| {
        wharf.create_repository("app", "MUTABLE", &[]);
        let advisories: Vec<_> = (100..350)
            .map(|at| {
                advisory(&format!("CVE-2024-{at}"), "Debian:12", "a", None, if at < 120 { "high" } else { "low" })
            })
            .collect();
        import(wharf, &advisories);
        run(
            wharf,
            r#"
push("app", "v1", [layer({**DEBIAN, "var/lib/dpkg/status": dpkg(a="1")})])
found = scan("app", "v1")
assert len(names(found)) == 250 and "nextToken" not in found
image = dict(repositoryName="app", imageId={"imageTag": "v1"})
first = ecr.describe_image_scan_findings(**image)
assert len(names(first)) == 100 and first["imageScanFindings"]["findingSeverityCounts"] == {"HIGH": 20, "LOW": 230}
pages = list(ecr.get_paginator("describe_image_scan_findings").paginate(**image, PaginationConfig={"PageSize": 90}))
assert [len(names(page)) for page in pages] == [90, 90, 70]
assert [name for page in pages for name in names(page)] == names(found)
assert [finding["severity"] for finding in pages[0]["imageScanFindings"]["findings"]] == ["HIGH"] * 20 + ["LOW"] * 70
for arguments in [dict(maxResults=1001), dict(nextToken="made up"), dict(nextToken=pages[0]["nextToken"][:-2])]:
    refused("InvalidParameterException", ecr.describe_image_scan_findings, **image, **arguments)
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn advisories_count_as_soon_as_they_are_imported() {
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_SCAN_QUOTA_PERIOD", "0s").start().await;
    wharf.create_repository("app", "MUTABLE", &[]);
    run(
        &wharf,
        r#"
push("app", "v1", [layer({"etc/os-release": os_release("alpine", "3.18.4"),
                          "lib/apk/db/installed": "P:libcrypto3\nV:3.1.3-r0\no:openssl\n\n"})])
# An image without findings for want of advisories is not said to be without findings.
found = scan("app", "v1")
assert found["imageScanStatus"]["status"] == "FAILED" and "imageScanFindings" not in found, found
assert "no advisories for Alpine:v3.18" in found["imageScanStatus"]["description"], found
try:
    ecr.get_waiter("image_scan_complete").wait(repositoryName="app", imageId={"imageTag": "v1"})
    raise AssertionError("a scan that failed is said to be complete")
except botocore.exceptions.WaiterError:
    pass
"#,
    );
    let mut known = advisory("ALPINE-1", "Alpine:v3.18", "openssl", Some("3.1.4-r0"), "critical");
    known["aliases"] = json!(["CVE-2024-1000"]);
    let other = advisory("CVE-2024-2000", "Alpine:v3.18", "openssl", None, "medium");
    assert!(import(&wharf, &[known.clone(), other.clone()]).contains("2 advisories imported"));
    let matched = |names: &str| {
        let script = "eventually('the image is matched again', lambda: names(scanned('app', 'v1')) == NAMES) \
             if scanned('app', 'v1') else None";
        let script = script.replace("NAMES", names);
        run(
            &wharf,
            &format!(
                "eventually('it is complete', lambda: scanned('app', 'v1')['imageScanStatus']['status'] == 'COMPLETE')\n{script}"
            ),
        );
    };
    matched("['CVE-2024-1000', 'CVE-2024-2000']");
    // It is fixed in the version that is there, after all; the other one is taken back.
    known["affected"][0]["ranges"][0]["events"][1]["fixed"] = json!("3.1.3-r0");
    let mut withdrawn = other.clone();
    withdrawn["withdrawn"] = json!("2026-01-02T00:00:00Z");
    assert!(import(&wharf, &[known, withdrawn]).contains("1 advisories imported, 1 withdrawn"));
    matched("[]");
    import(&wharf, &[other]);
    matched("['CVE-2024-2000']");
    // And it can be scanned again, as often as the operator lets it.
    run(
        &wharf,
        "assert names(scan('app', 'v1')) == ['CVE-2024-2000']\nassert names(scan('app', 'v1')) == ['CVE-2024-2000']",
    );
    let listed = wharf.run(&["advisories", "list"]);
    assert!(listed.status.success() && listed.stdout.contains("Alpine:v3.18"), "{listed:?}");
}

#[tokio::test]
async fn what_cannot_be_scanned_is_told_from_what_is_not_there() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let image = repository.push_small("junk").await;
        let subject = repository.push_small("subject").await;
        let index = repository.push_index("index", &[&image]).await;
        let artifact = repository.push_referrer(&subject, "application/vnd.tests.signature").await;
        import(wharf, &[advisory("CVE-2024-1", "Debian:12", "a", None, "low")]);
        let script = format!("index, artifact = '{}', '{}'\n", index.digest, artifact.digest)
            + r#"
for id in [{"imageTag": "index"}, {"imageDigest": index}, {"imageDigest": artifact}]:
    error = refused("UnsupportedImageTypeException", ecr.start_image_scan, repositoryName="app", imageId=id)
    refused("ScanNotFoundException", ecr.describe_image_scan_findings, repositoryName="app", imageId=id)
for call in (ecr.start_image_scan, ecr.describe_image_scan_findings):
    refused("ImageNotFoundException", call, repositoryName="app", imageId={"imageTag": "v2"})
    refused("RepositoryNotFoundException", call, repositoryName="absent", imageId={"imageTag": "v1"})
    refused("InvalidParameterException", call, repositoryName="app", imageId={})

# A layer that is no archive; an image of no distribution and without packages; a distribution that nobody knows.
found = scan("app", "junk")
assert found["imageScanStatus"]["status"] == "FAILED" and "not a tar archive" in found["imageScanStatus"]["description"], found
push("app", "scratch", [layer({"bin/tool": "x"})])
found = scan("app", "scratch")
assert found["imageScanStatus"] == {"status": "FAILED", "description":
    "UnsupportedImageError: The operating system and/or package manager are not supported."}, found
push("app", "strange", [layer({"etc/os-release": os_release("plan9", "4"), "var/lib/dpkg/status": dpkg(a="1")})])
found = scan("app", "strange")
assert found["imageScanStatus"]["status"] == "FAILED" and "no advisories for plan9" in found["imageScanStatus"]["description"], found

# Nothing is scanned by hand where scanning is enhanced.
ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=[])
error = refused("ValidationException", ecr.start_image_scan, repositoryName="app", imageId={"imageTag": "subject"})
assert error["message"].startswith("This feature is disabled"), error
"#;
        run(wharf, &script);
    })
    .await;
}

/// A base is read once: not even its bytes are asked for again.
#[tokio::test]
async fn a_shared_layer_is_read_once() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    wharf.create_repository("app", "MUTABLE", &[]);
    wharf.create_repository("other", "MUTABLE", &[]);
    import(&wharf, &[advisory("CVE-2024-1", "Debian:12", "a", None, "low")]);
    run(
        &wharf,
        r#"
base = layer({**DEBIAN, "var/lib/dpkg/status": dpkg(a="1")})
push("app", "v1", [base])
push("other", "v1", [base])
assert names(scan("app", "v1")) == ["CVE-2024-1"]
"#,
    );
    let blobs = wharf.data_directory().join("blobs");
    let hidden = wharf.data_directory().join("hidden");
    std::fs::rename(&blobs, &hidden).expect("the blobs can be hidden");
    run(&wharf, "assert names(scan('other', 'v1')) == ['CVE-2024-1']");
    std::fs::rename(&hidden, &blobs).expect("the blobs can be found");
}

/// What was found in an image that is gone is forgotten with it, and a repository of the same name has none of it.
#[tokio::test]
async fn an_image_of_another_repository_has_no_scan() {
    on_default(async |wharf| {
        wharf.create_repository("app", "MUTABLE", &[]);
        wharf.create_repository("other", "MUTABLE", &[]);
        import(wharf, &[advisory("CVE-2024-1", "Debian:12", "a", None, "low")]);
        run(
            wharf,
            r#"
base = layer({**DEBIAN, "var/lib/dpkg/status": dpkg(a="1")})
push("app", "v1", [base])
scan("app", "v1")
ecr.delete_repository(repositoryName="app", force=True)
ecr.create_repository(repositoryName="app")
push("app", "v1", [base])
refused("ScanNotFoundException", ecr.describe_image_scan_findings, repositoryName="app", imageId={"imageTag": "v1"})
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn what_an_image_holds_can_be_printed() {
    on_default(async |wharf| {
        wharf.create_repository("app", "MUTABLE", &[]);
        run(wharf, r#"push("app", "v1", [layer({**DEBIAN, "var/lib/dpkg/status": dpkg(a="1:2")})])"#);
        let finished = wharf.run(&["sbom", "app", "v1"]);
        assert!(!finished.status.success() && finished.stderr.contains("no scan"), "{finished:?}");
        let digest = run(wharf, "print(json.dumps(scan('app', 'v1')['imageId']['imageDigest']))");
        let digest = digest.as_str().expect("a digest").to_owned();
        let print = |format: &str| {
            let finished = wharf.run(&["sbom", "app", &digest, "--format", format]);
            assert!(finished.status.success(), "{finished:?}");
            serde_json::from_str::<serde_json::Value>(&finished.stdout).expect("a document")
        };
        assert_eq!(print("cyclonedx")["components"][0]["purl"], "pkg:deb/debian/a@1:2?distro=debian-12");
        assert_eq!(print("spdx")["packages"][1]["versionInfo"], "1:2");
        assert!(!wharf.run(&["sbom", "app", "absent"]).status.success());
    })
    .await;
}
