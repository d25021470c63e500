//! `UntagResource`: tags of a group are removed.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_UntagResource.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::names::GroupName;
use crate::tags;

/// The operation.
pub(crate) struct UntagResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    resource_arn: String,
    tag_keys: Vec<String>,
}

impl Operation for UntagResource {
    type Call = Call;
    const NAME: &'static str = "UntagResource";
    const ACTION: &'static str = "logs:UntagResource";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let need = GroupName::read_arn(call, &input.resource_arn)?.need_for_tags(call, Self::ACTION);
        Ok(vec![need.with_tag_keys(input.tag_keys.clone())])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let group = GroupName::read_arn(call, &input.resource_arn)?;
        tags::remove(call, grant, Self::ACTION, &group, input.tag_keys).await
    }
}
