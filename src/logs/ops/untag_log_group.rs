//! `UntagLogGroup`: tags of a group are removed; the older name of `UntagResource`.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_UntagLogGroup.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::names::GroupName;
use crate::tags;

/// The operation.
pub(crate) struct UntagLogGroup;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    log_group_name: String,
    tags: Vec<String>,
}

impl Operation for UntagLogGroup {
    type Call = Call;
    const NAME: &'static str = "UntagLogGroup";
    const ACTION: &'static str = "logs:UntagLogGroup";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let need = GroupName::read(&input.log_group_name)?.need_for_tags(call, Self::ACTION);
        Ok(vec![need.with_tag_keys(input.tags.clone())])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let group = GroupName::read(&input.log_group_name)?;
        tags::remove(call, grant, Self::ACTION, &group, input.tags).await
    }
}
