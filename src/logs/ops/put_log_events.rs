//! `PutLogEvents`: a batch of events for a stream.
//!
//! AWS ignores `sequenceToken`, and so does this, but for one thing: a batch that comes again with the same token and the
//! same events is stored once. Who chooses a token for each batch may send it until there is an answer.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html>

use app::Grant;
use app::api::Call;
use aws::Audit;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::batch::Rejected;
use crate::error::Error;
use crate::names::{GroupName, StreamName};
use crate::{failures, put};

/// The operation.
pub(crate) struct PutLogEvents;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    log_group_name: String,
    log_stream_name: String,
    log_events: Vec<InputLogEvent>,
    sequence_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    next_sequence_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_log_events_info: Option<RejectedLogEventsInfo>,
}

impl Operation for PutLogEvents {
    type Call = Call;
    const NAME: &'static str = "PutLogEvents";
    const ACTION: &'static str = "logs:PutLogEvents";
    // Escapes can make six bytes of one.
    const BODY_LIMIT: usize = 8 << 20;
    // Whoever reads the audit log does not look for the lines of programs.
    const AUDIT: Audit = Audit::Data;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let group = GroupName::read(&input.log_group_name)?;
        Ok(vec![StreamName::read(&input.log_stream_name)?.need(call, &group, Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let group = GroupName::read(&input.log_group_name)?;
        let stream = StreamName::read(&input.log_stream_name)?;
        let token = input.sequence_token.as_deref();
        if token.is_some_and(str::is_empty) {
            return Err(failures::invalid(
                "1 validation error detected: Value '' at 'sequenceToken' failed to satisfy constraint: Member must have \
                 length greater than or equal to 1",
            ));
        }
        let events = input.log_events.into_iter().map(|event| (event.timestamp, event.message)).collect();
        let put = put::put(call, grant, (&group, &stream), token, events).await?;
        let Rejected { too_new_from, too_old_before, expired_before } = put.rejected;
        let rejected = RejectedLogEventsInfo {
            too_new_log_event_start_index: too_new_from,
            too_old_log_event_end_index: too_old_before,
            expired_log_event_end_index: expired_before,
        };
        let any = put.rejected != Rejected::default();
        Ok(Output { next_sequence_token: put.next_sequence_token, rejected_log_events_info: any.then_some(rejected) })
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct InputLogEvent {
    timestamp: i64,
    message: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RejectedLogEventsInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    too_new_log_event_start_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    too_old_log_event_end_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired_log_event_end_index: Option<usize>,
}
