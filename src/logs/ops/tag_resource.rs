//! `TagResource`: tags of a group are set.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TagResource.html>

use std::collections::BTreeMap;

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::names::GroupName;
use crate::tags;

/// The operation.
pub(crate) struct TagResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    resource_arn: String,
    tags: BTreeMap<String, String>,
}

impl Operation for TagResource {
    type Call = Call;
    const NAME: &'static str = "TagResource";
    const ACTION: &'static str = "logs:TagResource";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let need = GroupName::read_arn(call, &input.resource_arn)?.need_for_tags(call, Self::ACTION);
        Ok(vec![need.with_request_tags(input.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())))])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let group = GroupName::read_arn(call, &input.resource_arn)?;
        tags::set(call, grant, Self::ACTION, &group, input.tags).await
    }
}
