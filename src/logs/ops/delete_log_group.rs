//! `DeleteLogGroup`: a group is deleted with all that is in it.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogGroup.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::groups;
use crate::names::GroupName;

/// The operation.
pub(crate) struct DeleteLogGroup;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    log_group_name: String,
}

impl Operation for DeleteLogGroup {
    type Call = Call;
    const NAME: &'static str = "DeleteLogGroup";
    const ACTION: &'static str = "logs:DeleteLogGroup";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![GroupName::read(&input.log_group_name)?.need(call, Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        groups::delete(call, grant, &GroupName::read(&input.log_group_name)?).await
    }
}
