//! `GetLogEvents`: the events of one stream, page by page in either direction. The end of the stream is there when
//! the token that was sent comes back.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::events::{self, Wanted};
use crate::names::{GroupName, StreamName};
use crate::paging;
use crate::shapes::OutputLogEvent;

/// The operation.
pub(crate) struct GetLogEvents;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name: String,
    start_time: Option<i64>,
    end_time: Option<i64>,
    next_token: Option<String>,
    limit: Option<i64>,
    start_from_head: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    events: Vec<OutputLogEvent>,
    next_forward_token: String,
    next_backward_token: String,
}

impl Operation for GetLogEvents {
    type Call = Call;
    const NAME: &'static str = "GetLogEvents";
    const ACTION: &'static str = "logs:GetLogEvents";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let name = (input.log_group_name.as_deref(), input.log_group_identifier.as_deref());
        let group = GroupName::read_either(call, name.0, name.1)?;
        Ok(vec![StreamName::read(&input.log_stream_name)?.need(call, &group, Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let name = (input.log_group_name.as_deref(), input.log_group_identifier.as_deref());
        let group = GroupName::read_either(call, name.0, name.1)?;
        let stream = StreamName::read(&input.log_stream_name)?;
        let wanted = Wanted {
            // An event at the end is not wanted.
            times: paging::times(input.start_time, input.end_time.map(|end| end.saturating_sub(1)))?,
            limit: paging::limit(input.limit, paging::EVENTS, paging::EVENTS)?,
            from_head: input.start_from_head.unwrap_or_default(),
        };
        let page = events::get(call, grant, (&group, &stream), wanted, input.next_token.as_deref()).await?;
        let shown = page.events.into_iter();
        Ok(Output {
            events: shown.map(OutputLogEvent::of).collect(),
            next_forward_token: page.forward,
            next_backward_token: page.backward,
        })
    }
}
