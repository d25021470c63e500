//! `DisableAlarmActions`: whether alarms set off what they name; here nothing is set off anyway, and the choice is kept.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DisableAlarmActions.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::{alarms, need};

/// The operation.
pub(crate) struct DisableAlarmActions;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    alarm_names: Vec<String>,
}

impl Operation for DisableAlarmActions {
    type Call = Call;
    const NAME: &'static str = "DisableAlarmActions";
    const ACTION: &'static str = "cloudwatch:DisableAlarmActions";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        need::on_alarms(call, Self::ACTION, &input.alarm_names)
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        grant.require(Self::ACTION)?;
        alarms::change(call, input.alarm_names, |configuration, _| configuration.actions_enabled = false).await
    }
}
