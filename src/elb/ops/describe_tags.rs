//! `DescribeTags`: the tags of load balancers, target groups, listeners or rules.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::ops;
use crate::tags::{self, Tag};

/// The operation.
pub(crate) struct DescribeTags;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    resource_arns: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    tag_descriptions: Vec<TagDescription>,
}

impl Operation for DescribeTags {
    type Call = Call;
    const NAME: &'static str = "DescribeTags";
    const ACTION: &'static str = "elasticloadbalancing:DescribeTags";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let found = tags::list(call, grant, ops::resources(&input.resource_arns)?).await?;
        let description = |(resource_arn, tags)| TagDescription { resource_arn, tags };
        Ok(Output { tag_descriptions: found.into_iter().map(description).collect() })
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TagDescription {
    resource_arn: String,
    tags: Vec<Tag>,
}
