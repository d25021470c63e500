//! `AddTags`: sets tags of load balancers, target groups, listeners or rules.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AddTags.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::ops;
use crate::ops::Empty;
use crate::tags::{self, Tag};

/// The operation.
pub(crate) struct AddTags;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    resource_arns: Vec<String>,
    tags: Vec<Tag>,
}

impl Operation for AddTags {
    type Call = Call;
    const NAME: &'static str = "AddTags";
    const ACTION: &'static str = "elasticloadbalancing:AddTags";
    type Input = Input;
    type Output = Empty;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>> {
        tags::check(&input.tags)?;
        let resources = ops::resources(&input.resource_arns)?;
        Ok(resources.iter().map(|named| tags::with_request_tags(named.need(Self::ACTION), &input.tags)).collect())
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Empty> {
        tags::add(call, grant, ops::resources(&input.resource_arns)?, input.tags).await?;
        Ok(Empty {})
    }
}
