//! `DescribeAlarmHistory`: what became of alarms, the latest first.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html>

use super::limit;
use app::Grant;
use app::api::Call;
use aws::{Moment, Need, Operation};
use serde::{Deserialize, Serialize};
use store::alarm_history;

use crate::error::Error;
use crate::{failures, need, tokens};

/// Entries that are looked at for a page.
const LOOKED_AT: usize = 1_000;

/// The operation.
pub(crate) struct DescribeAlarmHistory;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    alarm_name: Option<String>,
    alarm_types: Option<Vec<String>>,
    history_item_type: Option<String>,
    start_date: Option<Moment>,
    end_date: Option<Moment>,
    max_records: Option<i64>,
    next_token: Option<String>,
    scan_by: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    alarm_history_items: Vec<AlarmHistoryItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for DescribeAlarmHistory {
    type Call = Call;
    const NAME: &'static str = "DescribeAlarmHistory";
    const ACTION: &'static str = "cloudwatch:DescribeAlarmHistory";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![need::on_alarm(call, Self::ACTION, input.alarm_name.as_deref().unwrap_or("*"))])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        grant.require(Self::ACTION)?;
        if input.scan_by.is_some_and(|order| order != "TimestampDescending") {
            return Err(failures::validation("The history is told the latest first: TimestampDescending."));
        }
        let limit = limit(input.max_records)?;
        if input.alarm_types.is_some_and(|types| !types.is_empty() && !types.iter().any(|kind| kind == "MetricAlarm")) {
            return Ok(Output { alarm_history_items: Vec::new(), next_token: None });
        }
        let (kind, start, end) = (input.history_item_type, input.start_date, input.end_date);
        let list = serde_json::json!([Self::NAME, input.alarm_name, kind, start, end]).to_string();
        let before: Option<String> = tokens::open(call, &list, input.next_token.as_deref())?;
        let before = before.as_deref().unwrap_or("~");
        let mut conn = call.ctx.app.db().reader().await?;
        let registry = &call.ctx.registry;
        let found = match &input.alarm_name {
            Some(name) => alarm_history::list_of_alarm(&mut conn, registry, name, before, LOOKED_AT).await?,
            None => alarm_history::list(&mut conn, registry, before, LOOKED_AT).await?,
        };
        let mut more = found.len() == LOOKED_AT;
        let (mut last, mut items) = (None, Vec::new());
        for row in found {
            let at = Moment(row.recorded_at);
            if start.is_some_and(|start| at < start) {
                more = false;
                break;
            }
            let wanted = kind.as_ref().is_none_or(|kind| *kind == row.kind) && end.is_none_or(|end| at <= end);
            if wanted && items.len() == limit {
                more = true;
                break;
            }
            last = Some(row.history_id.clone());
            if wanted {
                items.push(AlarmHistoryItem {
                    alarm_name: row.alarm_name,
                    alarm_type: "MetricAlarm",
                    timestamp: at,
                    history_item_type: row.kind,
                    history_summary: row.summary,
                    history_data: row.data,
                });
            }
        }
        let next_token = last.filter(|_| more).map(|last| tokens::seal(call, &list, &last)).transpose()?;
        Ok(Output { alarm_history_items: items, next_token })
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AlarmHistoryItem {
    alarm_name: String,
    alarm_type: &'static str,
    timestamp: Moment,
    history_item_type: String,
    history_summary: String,
    history_data: String,
}
