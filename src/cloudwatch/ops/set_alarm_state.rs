//! `SetAlarmState`: the state of an alarm is set, until it is looked at again.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Violations};
use serde::Deserialize;

use crate::error::Error;
use crate::{alarms, failures, need};

/// The operation.
pub(crate) struct SetAlarmState;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    alarm_name: String,
    state_value: String,
    state_reason: String,
    state_reason_data: Option<String>,
}

impl Operation for SetAlarmState {
    type Call = Call;
    const NAME: &'static str = "SetAlarmState";
    const ACTION: &'static str = "cloudwatch:SetAlarmState";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![need::on_alarm(call, Self::ACTION, &input.alarm_name)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let mut violations = Violations::new();
        violations.one_of("stateValue", &input.state_value, &["INSUFFICIENT_DATA", "ALARM", "OK"]);
        violations.finish().map_err(|fault| failures::validation(fault.message()))?;
        if input.state_reason.chars().count() > 1023 {
            return Err(failures::validation("The parameter StateReason must have at most 1023 characters."));
        }
        let data = input.state_reason_data.filter(|data| !data.is_empty());
        if let Some(data) = &data {
            if data.chars().count() > 4000 {
                return Err(failures::validation("The parameter StateReasonData must have at most 4000 characters."));
            }
            if serde_json::from_str::<serde_json::Value>(data).is_err() {
                return Err(failures::invalid_format("StateReasonData was not syntactically valid JSON"));
            }
        }
        alarms::set_state(call, grant, input.alarm_name, (input.state_value, input.state_reason, data)).await
    }
}
