//! `DeleteLogStream`: a stream is deleted with all its events.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogStream.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::names::{GroupName, StreamName};
use crate::streams;

/// The operation.
pub(crate) struct DeleteLogStream;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    log_group_name: String,
    log_stream_name: String,
}

impl Operation for DeleteLogStream {
    type Call = Call;
    const NAME: &'static str = "DeleteLogStream";
    const ACTION: &'static str = "logs:DeleteLogStream";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let group = GroupName::read(&input.log_group_name)?;
        Ok(vec![StreamName::read(&input.log_stream_name)?.need(call, &group, Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let group = GroupName::read(&input.log_group_name)?;
        streams::delete(call, grant, &group, &StreamName::read(&input.log_stream_name)?).await
    }
}
