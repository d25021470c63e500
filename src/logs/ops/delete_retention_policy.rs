//! `DeleteRetentionPolicy`: a group keeps its events for ever.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteRetentionPolicy.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::groups;
use crate::names::GroupName;

/// The operation.
pub(crate) struct DeleteRetentionPolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    log_group_name: String,
}

impl Operation for DeleteRetentionPolicy {
    type Call = Call;
    const NAME: &'static str = "DeleteRetentionPolicy";
    const ACTION: &'static str = "logs:DeleteRetentionPolicy";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![GroupName::read(&input.log_group_name)?.need(call, Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        groups::keep(call, grant, Self::ACTION, &GroupName::read(&input.log_group_name)?, None).await
    }
}
