//! `EnhancedImageScanFinding`: a finding in the form of Amazon Inspector, as enhanced scanning tells of it.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_EnhancedImageScanFinding.html>
//!
//! Members for which nobody here has a value are left out: whether there are exploits, when a vendor changed its mind, what
//! the config of the image says, and in which layer and file the package is. A finding is as old as its scan: that it was
//! there before is not remembered.

use app::scanning::{Enhanced, Finding};
use aws::Epoch;
use serde::Serialize;
use types::{Digest, Tag, Timestamp};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EnhancedImageScanFinding {
    aws_account_id: String,
    description: String,
    finding_arn: String,
    first_observed_at: Epoch,
    last_observed_at: Epoch,
    updated_at: Epoch,
    package_vulnerability_details: PackageVulnerabilityDetails,
    remediation: Remediation,
    resources: Vec<Resource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score_details: Option<ScoreDetails>,
    severity: String,
    status: &'static str,
    title: String,
    r#type: &'static str,
    fix_available: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PackageVulnerabilityDetails {
    cvss: Vec<CvssScore>,
    reference_urls: Vec<String>,
    related_vulnerabilities: Vec<String>,
    source: String,
    source_url: String,
    vendor_severity: String,
    vulnerability_id: String,
    vulnerable_packages: Vec<VulnerablePackage>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CvssScore {
    #[serde(skip_serializing_if = "Option::is_none")]
    base_score: Option<f64>,
    scoring_vector: String,
    source: String,
    version: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct VulnerablePackage {
    name: String,
    version: String,
    package_manager: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixed_in_version: Option<String>,
}

#[derive(Debug, Serialize)]
struct Remediation {
    recommendation: Recommendation,
}

#[derive(Debug, Serialize)]
struct Recommendation {
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    url: String,
}

#[derive(Debug, Serialize)]
struct Resource {
    details: ResourceDetails,
    id: String,
    r#type: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceDetails {
    aws_ecr_container_image: AwsEcrContainerImage,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AwsEcrContainerImage {
    image_hash: String,
    image_tags: Vec<String>,
    pushed_at: Epoch,
    registry: String,
    repository_name: String,
}

#[derive(Debug, Serialize)]
struct ScoreDetails {
    cvss: CvssScoreDetails,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CvssScoreDetails {
    score: f64,
    score_source: String,
    scoring_vector: String,
    version: String,
}

/// The severity of enhanced scanning: what nobody judged has another name there.
pub(crate) fn severity(basic: &str) -> &str {
    match basic {
        "UNDEFINED" => "UNTRIAGED",
        other => other,
    }
}

impl EnhancedImageScanFinding {
    /// A finding in an image, found at a time.
    pub(crate) fn new(of: &Enhanced, digest: &Digest, found_at: Timestamp, finding: Finding) -> Self {
        let (account, region) = (of.registry.account.as_str(), of.registry.region.as_str());
        let severity = severity(&finding.severity).to_owned();
        let source = source(finding.ecosystem.as_deref());
        let version = finding.vector.as_deref().map(cvss_version);
        let score_details = finding.score.zip(finding.vector.clone()).map(|(score, scoring_vector)| ScoreDetails {
            cvss: CvssScoreDetails {
                score,
                score_source: source.clone(),
                version: cvss_version(&scoring_vector).to_owned(),
                scoring_vector,
            },
        });
        let text = match &finding.fixed {
            Some(fixed) => format!("Update {} to {fixed} or later.", finding.package),
            None => "None Provided".to_owned(),
        };
        Self {
            aws_account_id: account.to_owned(),
            finding_arn: format!("arn:aws:inspector2:{region}:{account}:finding/{}", id(of, digest, &finding)),
            // A match is made anew later than the scan, never sooner.
            first_observed_at: Epoch(of.requested_at.min(found_at)),
            last_observed_at: Epoch(found_at),
            updated_at: Epoch(found_at),
            package_vulnerability_details: PackageVulnerabilityDetails {
                cvss: finding
                    .vector
                    .iter()
                    .map(|vector| CvssScore {
                        base_score: finding.score,
                        scoring_vector: vector.clone(),
                        source: source.clone(),
                        version: version.unwrap_or_default().to_owned(),
                    })
                    .collect(),
                reference_urls: Some(finding.url.clone()).filter(|url| !url.is_empty()).into_iter().collect(),
                related_vulnerabilities: finding.aliases,
                source,
                source_url: finding.url.clone(),
                vendor_severity: finding.severity,
                vulnerability_id: finding.name.clone(),
                vulnerable_packages: vec![VulnerablePackage {
                    name: finding.package.clone(),
                    version: finding.version,
                    package_manager: package_manager(finding.ecosystem.as_deref()),
                    fixed_in_version: finding.fixed.clone(),
                }],
            },
            remediation: Remediation { recommendation: Recommendation { text, url: finding.url } },
            resources: vec![Resource {
                details: ResourceDetails {
                    aws_ecr_container_image: AwsEcrContainerImage {
                        image_hash: digest.to_string(),
                        image_tags: of.tags.iter().map(|tag| Tag::as_str(tag).to_owned()).collect(),
                        pushed_at: Epoch(of.pushed_at),
                        registry: account.to_owned(),
                        repository_name: of.repository.to_string(),
                    },
                },
                id: format!("arn:aws:ecr:{region}:{account}:repository/{}/{digest}", of.repository),
                r#type: "AWS_ECR_CONTAINER_IMAGE",
            }],
            score: finding.score,
            score_details,
            severity,
            status: "ACTIVE",
            title: format!("{} - {}", finding.name, finding.package),
            r#type: "PACKAGE_VULNERABILITY",
            fix_available: if finding.fixed.is_some() { "YES" } else { "NO" },
            description: finding.description,
        }
    }
}

/// The same for the same vulnerability of the same package in the same image, at each call.
fn id(of: &Enhanced, digest: &Digest, finding: &Finding) -> String {
    let parts = [of.repository.as_str(), digest.as_str(), &finding.name, &finding.package, &finding.version];
    let hash = types::Algorithm::Sha256.digest(parts.join("\n").as_bytes());
    hash.as_str().trim_start_matches("sha256:").chars().take(32).collect()
}

fn cvss_version(vector: &str) -> &str {
    vector.strip_prefix("CVSS:").and_then(|rest| rest.split('/').next()).unwrap_or("2.0")
}

/// Who tells of the vulnerability: the ecosystem without its release.
fn source(ecosystem: Option<&str>) -> String {
    let name = ecosystem.and_then(|ecosystem| ecosystem.split(':').next()).unwrap_or("SCANNER");
    name.to_ascii_uppercase().replace([' ', '.'], "_")
}

/// As Inspector names package managers.
fn package_manager(ecosystem: Option<&str>) -> &'static str {
    match ecosystem {
        Some("PyPI") => "PYTHONPKG",
        Some("npm") => "NODEPKG",
        Some("RubyGems") => "BUNDLER",
        Some("Go") => "GOBINARY",
        Some("crates.io") => "CARGO",
        Some("Maven") => "JAR",
        Some(_) => "OS",
        None => "OTHER",
    }
}
