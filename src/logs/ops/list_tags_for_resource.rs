//! `ListTagsForResource`: the tags of a group.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListTagsForResource.html>

use std::collections::BTreeMap;

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::names::GroupName;
use crate::tags;

/// The operation.
pub(crate) struct ListTagsForResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    resource_arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    tags: BTreeMap<String, String>,
}

impl Operation for ListTagsForResource {
    type Call = Call;
    const NAME: &'static str = "ListTagsForResource";
    const ACTION: &'static str = "logs:ListTagsForResource";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![GroupName::read_arn(call, &input.resource_arn)?.need_for_tags(call, Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let group = GroupName::read_arn(call, &input.resource_arn)?;
        Ok(Output { tags: tags::list(call, grant, Self::ACTION, &group).await? })
    }
}
