//! `RemoveTags`: removes tags by their keys; keys that are not there are passed over.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RemoveTags.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::ops::Empty;
use crate::{ops, tags};

/// The operation.
pub(crate) struct RemoveTags;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    resource_arns: Vec<String>,
    tag_keys: Vec<String>,
}

impl Operation for RemoveTags {
    type Call = Call;
    const NAME: &'static str = "RemoveTags";
    const ACTION: &'static str = "elasticloadbalancing:RemoveTags";
    type Input = Input;
    type Output = Empty;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>> {
        let resources = ops::resources(&input.resource_arns)?;
        Ok(resources.iter().map(|named| named.need(Self::ACTION).with_tag_keys(input.tag_keys.clone())).collect())
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Empty> {
        tags::remove(call, grant, ops::resources(&input.resource_arns)?, input.tag_keys).await?;
        Ok(Empty {})
    }
}
