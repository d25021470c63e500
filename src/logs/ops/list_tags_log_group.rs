//! `ListTagsLogGroup`: the tags of a group; the older name of `ListTagsForResource`.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListTagsLogGroup.html>

use std::collections::BTreeMap;

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::names::GroupName;
use crate::tags;

/// The operation.
pub(crate) struct ListTagsLogGroup;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    log_group_name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    tags: BTreeMap<String, String>,
}

impl Operation for ListTagsLogGroup {
    type Call = Call;
    const NAME: &'static str = "ListTagsLogGroup";
    const ACTION: &'static str = "logs:ListTagsLogGroup";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![GroupName::read(&input.log_group_name)?.need_for_tags(call, Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let group = GroupName::read(&input.log_group_name)?;
        Ok(Output { tags: tags::list(call, grant, Self::ACTION, &group).await? })
    }
}
