//! `TagLogGroup`: tags of a group are set; the older name of `TagResource`.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TagLogGroup.html>

use std::collections::BTreeMap;

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::names::GroupName;
use crate::tags;

/// The operation.
pub(crate) struct TagLogGroup;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    log_group_name: String,
    tags: BTreeMap<String, String>,
}

impl Operation for TagLogGroup {
    type Call = Call;
    const NAME: &'static str = "TagLogGroup";
    const ACTION: &'static str = "logs:TagLogGroup";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let need = GroupName::read(&input.log_group_name)?.need_for_tags(call, Self::ACTION);
        Ok(vec![need.with_request_tags(input.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())))])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let group = GroupName::read(&input.log_group_name)?;
        tags::set(call, grant, Self::ACTION, &group, input.tags).await
    }
}
