//! `DescribeLogStreams`: the streams of a group, by name or by their last events.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogStreams.html>

use app::Grant;
use app::api::Call;
use aws::Violations;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::names::{GroupName, check_stream, finish};
use crate::paging;
use crate::shapes::LogStream;
use crate::streams::{self, Filter};
use crate::{failures, tokens};

/// The operation.
pub(crate) struct DescribeLogStreams;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name_prefix: Option<String>,
    order_by: Option<String>,
    descending: Option<bool>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    log_streams: Vec<LogStream>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for DescribeLogStreams {
    type Call = Call;
    const NAME: &'static str = "DescribeLogStreams";
    const ACTION: &'static str = "logs:DescribeLogStreams";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let group =
            GroupName::read_either(call, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())?;
        let mut violations = Violations::new();
        if let Some(prefix) = &input.log_stream_name_prefix {
            check_stream(&mut violations, "logStreamNamePrefix", prefix);
        }
        if let Some(order) = &input.order_by {
            violations.one_of("orderBy", order, &["LogStreamName", "LastEventTime"]);
        }
        finish(&violations)?;
        paging::limit(input.limit, 50, 50)?;
        Ok(vec![group.need(call, Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let name = (input.log_group_name.as_deref(), input.log_group_identifier.as_deref());
        let group = GroupName::read_either(call, name.0, name.1)?;
        let filter = Filter {
            prefix: input.log_stream_name_prefix.as_deref(),
            by_time: input.order_by.as_deref() == Some("LastEventTime"),
            descending: input.descending.unwrap_or_default(),
        };
        if filter.by_time && filter.prefix.is_some() {
            return Err(failures::invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
        }
        let list = serde_json::json!([Self::NAME, group.as_str(), filter.prefix, filter.by_time, filter.descending]);
        let list = list.to_string();
        let place = tokens::open(call, &list, input.next_token.as_deref())?;
        let limit = paging::limit(input.limit, 50, 50)?;
        let (found, place) = streams::list(call, grant, &group, filter, place, limit).await?;
        let registry = &call.ctx.registry;
        let log_streams = found.into_iter().map(|row| LogStream::of(registry, group.as_str(), row)).collect();
        Ok(Output { log_streams, next_token: place.map(|place| tokens::seal(call, &list, &place)).transpose()? })
    }
}
