//! `UntagResource`: tags of a target are removed by their keys.
//! <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_UntagResource.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::{names, targets};

/// The operation.
pub(crate) struct UntagResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(rename = "ResourceARN")]
    resource_arn: String,
    tag_keys: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {}

impl Operation for UntagResource {
    type Call = Call;
    const NAME: &'static str = "UntagResource";
    const ACTION: &'static str = "application-autoscaling:UntagResource";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let need = names::need_for_tags(call, Self::ACTION, &input.resource_arn)?;
        Ok(vec![need.with_tag_keys(input.tag_keys.clone())])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let id = names::target_id(&call.ctx.registry, &input.resource_arn)?.to_owned();
        let keys = input.tag_keys;
        let arn = (input.resource_arn, id);
        targets::change_tags(call, (grant, Self::ACTION), arn, move |known| known.retain(|key, _| !keys.contains(key)))
            .await?;
        Ok(Output {})
    }
}
