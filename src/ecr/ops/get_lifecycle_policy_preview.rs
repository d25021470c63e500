//! `GetLifecyclePolicyPreview`: how a preview stands, and the images that the policy would expire or archive.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetLifecyclePolicyPreview.html>
//!
//! Images that would go with those, such as their signatures, are not counted. Results are kept for a day.

use app::api::Call;
use app::lifecycle::preview::{self, Item, PreviewStatus, TagStatus, Wanted};
use app::{Action, Grant};
use aws::{Epoch, Need, Operation, invalid_parameter};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::shapes::image::{self, ImageIdentifier};
use crate::shapes::paging;
use crate::shapes::target::Target;

/// The operation.
pub(crate) struct GetLifecyclePolicyPreview;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    image_ids: Option<Vec<ImageIdentifier>>,
    next_token: Option<String>,
    max_results: Option<i64>,
    filter: Option<Filter>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    tag_status: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    registry_id: String,
    repository_name: String,
    lifecycle_policy_text: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
    preview_results: Vec<PreviewResult>,
    summary: Summary,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PreviewResult {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    image_tags: Vec<String>,
    image_digest: String,
    image_pushed_at: Epoch,
    action: RuleAction,
    applied_rule_priority: i64,
    storage_class: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleAction {
    r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_storage_class: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    #[serde(skip_serializing_if = "Option::is_none")]
    expiring_image_total_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transitioning_image_total_counts: Option<Vec<TransitioningCount>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TransitioningCount {
    target_storage_class: &'static str,
    image_total_count: u64,
}

/// The only class that images are moved to.
const ARCHIVE: &str = "ARCHIVE";

impl Operation for GetLifecyclePolicyPreview {
    type Call = Call;
    const NAME: &'static str = "GetLifecyclePolicyPreview";
    const ACTION: &'static str = Action::GetLifecyclePolicyPreview.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        wanted(input)?;
        Ok(vec![target(call, input)?.need(Action::GetLifecyclePolicyPreview)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = target(call, &input)?;
        let permit = target.permit(grant);
        let preview = preview::get(&call.ctx, &permit, &wanted(&input)?).await?;
        // Before the preview is complete nobody knows.
        let complete = preview.status == PreviewStatus::Complete;
        let transitioning = || match preview.transitioning {
            0 => Vec::new(),
            image_total_count => vec![TransitioningCount { target_storage_class: ARCHIVE, image_total_count }],
        };
        let summary = Summary {
            expiring_image_total_count: complete.then_some(preview.expiring),
            transitioning_image_total_counts: complete.then(transitioning),
        };
        Ok(Output {
            registry_id: target.registry_id(),
            repository_name: target.repository_name(),
            lifecycle_policy_text: preview.text,
            status: preview.status.as_str(),
            next_token: preview.next_token,
            preview_results: preview.items.into_iter().map(PreviewResult::from).collect(),
            summary,
        })
    }
}

impl From<Item> for PreviewResult {
    fn from(item: Item) -> Self {
        Self {
            image_tags: item.tags,
            image_digest: item.digest.to_string(),
            image_pushed_at: Epoch(item.pushed_at),
            action: RuleAction {
                target_storage_class: (item.action == "TRANSITION").then_some(ARCHIVE),
                r#type: item.action,
            },
            applied_rule_priority: item.rule_priority,
            storage_class: item.storage_class,
        }
    }
}

fn wanted(input: &Input) -> Result<Wanted, Error> {
    let limit = paging::limit(input.max_results, 100)?;
    let status = input.filter.as_ref().and_then(|filter| filter.tag_status.as_deref());
    let tagged = match status {
        None | Some("ANY") => TagStatus::Any,
        Some("TAGGED") => TagStatus::Yes,
        Some("UNTAGGED") => TagStatus::No,
        Some(_) => {
            let what = "must satisfy enum value set: [TAGGED, UNTAGGED, ANY]";
            return Err(invalid_parameter("tagStatus", what).into());
        }
    };
    let Some(ids) = &input.image_ids else {
        return Ok(Wanted::Page { tagged, next_token: input.next_token.clone(), limit });
    };
    paging::length("imageIds", ids, 100)?;
    paging::no_paging("imageIds", input.max_results, input.next_token.as_deref())?;
    if status.is_some() {
        return Err(invalid_parameter("imageIds", "must not be used together with filter").into());
    }
    Ok(Wanted::Images(image::ids(ids)))
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
