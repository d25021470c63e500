//! `PutImageTagMutability`: whether the tags of a repository may move.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImageTagMutability.html>
//!
//! Mode and filters are replaced together: a plain mode clears the filters.

use app::api::Call;
use app::{Action, Grant, repositories};
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};
use types::TagMutability;

use crate::error::Error;
use crate::shapes::paging;
use crate::shapes::tag_mutability::{self, ExclusionFilter};
use crate::shapes::target::Target;

/// The operation.
pub(crate) struct PutImageTagMutability;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    image_tag_mutability: String,
    image_tag_mutability_exclusion_filters: Option<Vec<ExclusionFilter>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    registry_id: String,
    repository_name: String,
    image_tag_mutability: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_tag_mutability_exclusion_filters: Option<Vec<ExclusionFilter>>,
}

impl Operation for PutImageTagMutability {
    type Call = Call;
    const NAME: &'static str = "PutImageTagMutability";
    const ACTION: &'static str = Action::PutImageTagMutability.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![target(call, input)?.need(Action::PutImageTagMutability)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = target(call, &input)?;
        let filters = input.image_tag_mutability_exclusion_filters;
        if let Some(filters) = &filters {
            paging::length("imageTagMutabilityExclusionFilters", filters, TagMutability::MAX_FILTERS)?;
        }
        let mutability = tag_mutability::read(Some(&input.image_tag_mutability), filters.as_deref())?;
        repositories::set_tag_mutability(&call.ctx, &target.permit(grant), mutability.clone()).await?;
        Ok(Output {
            registry_id: target.registry_id(),
            repository_name: target.repository_name(),
            image_tag_mutability: mutability.mode(),
            image_tag_mutability_exclusion_filters: tag_mutability::filters(&mutability),
        })
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
