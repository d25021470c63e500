//! `DeleteAlarms`: alarms are deleted: all that are named, or none.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DeleteAlarms.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::{alarms, need};

/// The operation.
pub(crate) struct DeleteAlarms;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    alarm_names: Vec<String>,
}

impl Operation for DeleteAlarms {
    type Call = Call;
    const NAME: &'static str = "DeleteAlarms";
    const ACTION: &'static str = "cloudwatch:DeleteAlarms";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        need::on_alarms(call, Self::ACTION, &input.alarm_names)
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        alarms::delete(call, grant, input.alarm_names).await
    }
}
