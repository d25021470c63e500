//! `FilterLogEvents`: the events of a group that match a pattern, of all its streams or of some, in the order of their
//! times. `aws logs tail` asks this again and again.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::events::{self, Search};
use crate::failures;
use crate::names::{GroupName, StreamName};
use crate::paging;
use crate::shapes::FilteredLogEvent;

/// Streams that one call can name.
const MOST_STREAMS: usize = 100;

/// The operation.
pub(crate) struct FilterLogEvents;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_names: Option<Vec<String>>,
    log_stream_name_prefix: Option<String>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    filter_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
    start_from_head: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    events: Vec<FilteredLogEvent>,
    searched_log_streams: Vec<()>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for FilterLogEvents {
    type Call = Call;
    const NAME: &'static str = "FilterLogEvents";
    const ACTION: &'static str = "logs:FilterLogEvents";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let name = (input.log_group_name.as_deref(), input.log_group_identifier.as_deref());
        Ok(vec![GroupName::read_either(call, name.0, name.1)?.need(call, Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let name = (input.log_group_name.as_deref(), input.log_group_identifier.as_deref());
        let group = GroupName::read_either(call, name.0, name.1)?;
        let names = input.log_stream_names.unwrap_or_default();
        if !names.is_empty() && input.log_stream_name_prefix.is_some() {
            return Err(failures::invalid("Cannot use both logStreamNames and logStreamNamePrefix."));
        }
        if names.len() > MOST_STREAMS {
            return Err(failures::invalid(format!("At most {MOST_STREAMS} log streams can be named.")));
        }
        let streams = names.iter().map(|name| StreamName::read(name)).collect::<Result<Vec<_>, _>>()?;
        let search = Search {
            streams: &streams,
            prefix: input.log_stream_name_prefix.as_deref().unwrap_or_default(),
            pattern: input.filter_pattern.as_deref().unwrap_or_default(),
            times: paging::times(input.start_time, input.end_time)?,
            limit: paging::limit(input.limit, paging::EVENTS, paging::EVENTS)?,
            from_head: input.start_from_head.unwrap_or(true),
        };
        let (found, next_token) = events::find(call, grant, &group, search, input.next_token.as_deref()).await?;
        let events = found.into_iter().map(FilteredLogEvent::of).collect();
        Ok(Output { events, searched_log_streams: Vec::new(), next_token })
    }
}
