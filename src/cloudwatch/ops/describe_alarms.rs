//! `DescribeAlarms`: alarms by name.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html>

use super::limit;
use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::alarms::{self, Alarm};
use crate::error::Error;
use crate::shapes::MetricAlarm;
use crate::{failures, need, tokens};

/// Alarms that are looked at for a page.
const LOOKED_AT: usize = 1_000;

/// The operation.
pub(crate) struct DescribeAlarms;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    alarm_names: Option<Vec<String>>,
    alarm_name_prefix: Option<String>,
    alarm_types: Option<Vec<String>>,
    children_of_alarm_name: Option<String>,
    parents_of_alarm_name: Option<String>,
    state_value: Option<String>,
    action_prefix: Option<String>,
    max_records: Option<i64>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    metric_alarms: Vec<MetricAlarm>,
    composite_alarms: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for DescribeAlarms {
    type Call = Call;
    const NAME: &'static str = "DescribeAlarms";
    const ACTION: &'static str = "cloudwatch:DescribeAlarms";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![need::on_alarm(call, Self::ACTION, "*")])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        grant.require(Self::ACTION)?;
        if input.children_of_alarm_name.is_some() || input.parents_of_alarm_name.is_some() {
            return Err(failures::validation("Composite alarms are not supported."));
        }
        let names = input.alarm_names.unwrap_or_default();
        if names.len() > 100 || (!names.is_empty() && input.alarm_name_prefix.is_some()) {
            return Err(failures::validation(
                "At most 100 alarms can be named, and AlarmNames and AlarmNamePrefix cannot be used together.",
            ));
        }
        let limit = limit(input.max_records)?;
        let nothing = Output { metric_alarms: Vec::new(), composite_alarms: Vec::new(), next_token: None };
        if input.alarm_types.is_some_and(|types| !types.is_empty() && !types.iter().any(|kind| kind == "MetricAlarm")) {
            return Ok(nothing);
        }
        let (state, action) = (input.state_value, input.action_prefix);
        let fits = |alarm: &Alarm| {
            let configuration = &alarm.configuration;
            let mut actions = configuration.alarm_actions.iter();
            let mut actions =
                actions.by_ref().chain(&configuration.ok_actions).chain(&configuration.insufficient_data_actions);
            state.as_ref().is_none_or(|state| *state == alarm.row.state.value)
                && action.as_ref().is_none_or(|prefix| actions.any(|action| action.starts_with(prefix)))
        };
        if !names.is_empty() {
            let found = alarms::find_all(call, &names).await?;
            let metric_alarms = found.into_iter().filter(fits).map(MetricAlarm::of).collect();
            return Ok(Output { metric_alarms, ..nothing });
        }
        let prefix = input.alarm_name_prefix.unwrap_or_default();
        let list = serde_json::json!([Self::NAME, prefix, state, action]).to_string();
        let after: Option<String> = tokens::open(call, &list, input.next_token.as_deref())?;
        let found = alarms::list(call, after.as_deref().unwrap_or_default(), &prefix, LOOKED_AT).await?;
        let mut more = found.len() == LOOKED_AT;
        let (mut last, mut metric_alarms) = (None, Vec::new());
        for alarm in found {
            let name = alarm.row.name.clone();
            let wanted = fits(&alarm);
            if wanted && metric_alarms.len() == limit {
                more = true;
                break;
            }
            if wanted {
                metric_alarms.push(MetricAlarm::of(alarm));
            }
            last = Some(name);
        }
        let next_token = last.filter(|_| more).map(|last| tokens::seal(call, &list, &last)).transpose()?;
        Ok(Output { metric_alarms, next_token, ..nothing })
    }
}
