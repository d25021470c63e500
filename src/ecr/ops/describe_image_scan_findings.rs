//! `DescribeImageScanFindings`: what scans of an image found.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageScanFindings.html>
//!
//! Where the registry is configured for enhanced scanning, findings have Inspector's form, else that of basic scanning. Beside
//! the attributes that ECR has, `fixed_version` names the version that no longer has the vulnerability.

use std::collections::BTreeMap;

use app::api::Call;
use app::images::ImageId;
use app::scanning::{self, Finding};
use app::{Action, Grant};
use aws::{Epoch, Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::shapes::enhanced_finding::{self, EnhancedImageScanFinding};
use crate::shapes::image::ImageIdentifier;
use crate::shapes::paging;
use crate::shapes::target::Target;

/// The operation.
pub(crate) struct DescribeImageScanFindings;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    image_id: ImageIdentifier,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    registry_id: String,
    repository_name: String,
    image_id: ImageIdentifier,
    image_scan_status: ImageScanStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_scan_findings: Option<ImageScanFindings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
struct ImageScanStatus {
    status: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ImageScanFindings {
    image_scan_completed_at: Epoch,
    #[serde(skip_serializing_if = "Option::is_none")]
    vulnerability_source_updated_at: Option<Epoch>,
    finding_severity_counts: BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<Vec<ImageScanFinding>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enhanced_findings: Option<Vec<EnhancedImageScanFinding>>,
}

#[derive(Debug, Serialize)]
struct ImageScanFinding {
    name: String,
    description: String,
    uri: String,
    severity: String,
    attributes: Vec<Attribute>,
}

#[derive(Debug, Serialize)]
struct Attribute {
    key: &'static str,
    value: String,
}

impl Operation for DescribeImageScanFindings {
    type Call = Call;
    const NAME: &'static str = "DescribeImageScanFindings";
    const ACTION: &'static str = Action::DescribeImageScanFindings.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        paging::limit(input.max_results, 1000)?;
        Ok(vec![target(call, input)?.need(Action::DescribeImageScanFindings)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = target(call, &input)?;
        let permit = target.permit(grant);
        let limit = paging::limit(input.max_results, 1000)?;
        let id = ImageId::from(&input.image_id);
        let found = scanning::findings(&call.ctx, &permit, &id, input.next_token.as_deref(), limit).await?;
        Ok(Output {
            registry_id: target.registry_id(),
            repository_name: target.repository_name(),
            image_id: ImageIdentifier {
                image_digest: Some(found.digest.to_string()),
                image_tag: input.image_id.image_tag,
            },
            image_scan_status: ImageScanStatus { status: found.status, description: found.description },
            image_scan_findings: found.completed_at.map(|completed_at| {
                let (findings, enhanced_findings) = match &found.enhanced {
                    None => (Some(found.items.into_iter().map(ImageScanFinding::from).collect()), None),
                    Some(of) => {
                        let enhance = |item| EnhancedImageScanFinding::new(of, &found.digest, completed_at, item);
                        (None, Some(found.items.into_iter().map(enhance).collect()))
                    }
                };
                let named = |(name, count): (String, u64)| match found.enhanced {
                    Some(_) => (enhanced_finding::severity(&name).to_owned(), count),
                    None => (name, count),
                };
                ImageScanFindings {
                    image_scan_completed_at: Epoch(completed_at),
                    vulnerability_source_updated_at: found.source_updated_at.map(Epoch),
                    finding_severity_counts: found.counts.into_iter().map(named).collect(),
                    findings,
                    enhanced_findings,
                }
            }),
            next_token: found.next_token,
        })
    }
}

impl From<Finding> for ImageScanFinding {
    fn from(finding: Finding) -> Self {
        // The version is in the name of the vector: `CVSS:3.1/…`; of version 2 it is not.
        let (vector, score) = match &finding.vector {
            Some(vector) if vector.starts_with("CVSS:4") => ("CVSS4_VECTOR", "CVSS4_SCORE"),
            Some(vector) if vector.starts_with("CVSS:3") => ("CVSS3_VECTOR", "CVSS3_SCORE"),
            _ => ("CVSS2_VECTOR", "CVSS2_SCORE"),
        };
        let attributes = [
            ("package_name", Some(finding.package)),
            ("package_version", Some(finding.version)),
            ("fixed_version", finding.fixed),
            (vector, finding.vector),
            (score, finding.score.map(|score| format!("{score:.1}"))),
        ];
        Self {
            name: finding.name,
            description: finding.description,
            uri: finding.url,
            severity: finding.severity,
            attributes: attributes
                .into_iter()
                .filter_map(|(key, value)| Some(Attribute { key, value: value? }))
                .collect(),
        }
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
