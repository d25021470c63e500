//! `TagResource`: tags of a target are set.
//! <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TagResource.html>

use app::Grant;
use app::api::Call;
use std::collections::BTreeMap;

use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::{names, targets};

/// The operation.
pub(crate) struct TagResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(rename = "ResourceARN")]
    resource_arn: String,
    tags: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {}

impl Operation for TagResource {
    type Call = Call;
    const NAME: &'static str = "TagResource";
    const ACTION: &'static str = "application-autoscaling:TagResource";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let tags = input.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        Ok(vec![names::need_for_tags(call, Self::ACTION, &input.resource_arn)?.with_request_tags(tags)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let id = names::target_id(&call.ctx.registry, &input.resource_arn)?.to_owned();
        targets::check_tags(&input.tags)?;
        let tags = input.tags;
        targets::change_tags(call, (grant, Self::ACTION), (input.resource_arn, id), |known| known.extend(tags)).await?;
        Ok(Output {})
    }
}
