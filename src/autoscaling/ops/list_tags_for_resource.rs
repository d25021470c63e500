//! `ListTagsForResource`: the tags of a target.
//! <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ListTagsForResource.html>

use app::Grant;
use app::api::Call;
use std::collections::BTreeMap;

use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::{names, targets};

/// The operation.
pub(crate) struct ListTagsForResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(rename = "ResourceARN")]
    resource_arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    tags: BTreeMap<String, String>,
}

impl Operation for ListTagsForResource {
    type Call = Call;
    const NAME: &'static str = "ListTagsForResource";
    const ACTION: &'static str = "application-autoscaling:ListTagsForResource";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![names::need_for_tags(call, Self::ACTION, &input.resource_arn)?])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let id = names::target_id(&call.ctx.registry, &input.resource_arn)?;
        Ok(Output { tags: targets::tags(call, grant, &input.resource_arn, id).await? })
    }
}
