//! `CreateLogStream`: a stream is made in a group.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::names::{GroupName, StreamName};
use crate::streams;

/// The operation.
pub(crate) struct CreateLogStream;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    log_group_name: String,
    log_stream_name: String,
}

impl Operation for CreateLogStream {
    type Call = Call;
    const NAME: &'static str = "CreateLogStream";
    const ACTION: &'static str = "logs:CreateLogStream";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let group = GroupName::read(&input.log_group_name)?;
        Ok(vec![StreamName::read(&input.log_stream_name)?.need(call, &group, Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let group = GroupName::read(&input.log_group_name)?;
        streams::create(call, grant, &group, &StreamName::read(&input.log_stream_name)?).await
    }
}
