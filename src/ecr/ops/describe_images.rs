//! `DescribeImages`: what is known of images, by id or page by page. An id that is unknown fails the call.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html>
//!
//! Scans are not told here, as with ECR's own scanner.

use app::api::Call;
use app::{
    Action, Grant,
    images::{self, ImageDetail},
};
use aws::{Epoch, Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::shapes::image::{self, Filter, ImageIdentifier};
use crate::shapes::paging;
use crate::shapes::target::Target;

/// The operation.
pub(crate) struct DescribeImages;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    image_ids: Option<Vec<ImageIdentifier>>,
    filter: Option<Filter>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    image_details: Vec<Detail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    registry_id: String,
    repository_name: String,
    image_digest: String,
    /// Absent when there are none: terraform looks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    image_tags: Vec<String>,
    image_size_in_bytes: u64,
    image_pushed_at: Epoch,
    image_manifest_media_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_media_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_recorded_pull_time: Option<Epoch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_manifest_digest: Option<String>,
    image_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_archived_at: Option<Epoch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_activated_at: Option<Epoch>,
}

impl Operation for DescribeImages {
    type Call = Call;
    const NAME: &'static str = "DescribeImages";
    const ACTION: &'static str = Action::DescribeImages.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![target(call, input)?.need(Action::DescribeImages)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = target(call, &input)?;
        let permit = target.permit(grant);
        let (details, next_token) = if let Some(asked) = &input.image_ids {
            paging::length("imageIds", asked, 100)?;
            paging::no_paging("imageIds", input.max_results, input.next_token.as_deref())?;
            (images::describe(&call.ctx, &permit, &image::ids(asked)).await?, None)
        } else {
            let limit = paging::limit(input.max_results, 1000)?;
            let shown = Filter::read(input.filter.as_ref())?;
            let page = images::describe_page(&call.ctx, &permit, shown, input.next_token.as_deref(), limit).await?;
            (page.images, page.next_token)
        };
        Ok(Output { image_details: details.into_iter().map(|image| detail(&target, image)).collect(), next_token })
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}

fn detail(target: &Target, image: ImageDetail) -> Detail {
    Detail {
        registry_id: target.registry_id(),
        repository_name: target.repository_name(),
        image_digest: image.digest.to_string(),
        image_tags: image.tags.iter().map(ToString::to_string).collect(),
        image_size_in_bytes: image.size,
        image_pushed_at: Epoch(image.pushed_at),
        image_manifest_media_type: image.media_type.to_string(),
        artifact_media_type: image.artifact_type,
        last_recorded_pull_time: image.pulled_at.map(Epoch),
        subject_manifest_digest: image.subject.map(|digest| digest.to_string()),
        image_status: image.storage.class.image_status(),
        last_archived_at: image.storage.archived_at.map(Epoch),
        last_activated_at: image.storage.activated_at.map(Epoch),
    }
}
