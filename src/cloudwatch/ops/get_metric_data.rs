//! `GetMetricData`: values of several metrics over periods, which begin at multiples of their lengths. Expressions are
//! refused.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>

use app::Grant;
use app::api::Call;
use aws::{Moment, Need, Operation, Resource};
use serde::{Deserialize, Serialize};
use types::Timestamp;

use crate::data_query::{self, MetricDataQuery};
use crate::error::Error;
use crate::{failures, range, tokens};

/// Datapoints of one page.
const MOST: usize = 100_800;
/// Minutes that are read for one page: long periods make few datapoints of many. What one query reads is bounded by how long
/// points are kept.
const MOST_MINUTES: usize = 500_000;
/// Queries of one call.
const MOST_QUERIES: usize = 500;

/// The operation.
pub(crate) struct GetMetricData;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    metric_data_queries: Vec<MetricDataQuery>,
    start_time: Moment,
    end_time: Moment,
    next_token: Option<String>,
    scan_by: Option<String>,
    max_datapoints: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    metric_data_results: Vec<MetricDataResult>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
    messages: Vec<String>,
}

impl Operation for GetMetricData {
    type Call = Call;
    const NAME: &'static str = "GetMetricData";
    const ACTION: &'static str = "cloudwatch:GetMetricData";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        grant.require(Self::ACTION)?;
        let descending = match input.scan_by.as_deref() {
            None | Some("TimestampDescending") => true,
            Some("TimestampAscending") => false,
            Some(_) => return Err(failures::validation("The parameter ScanBy is not one of its values.")),
        };
        let mut left = match input.max_datapoints {
            None => MOST,
            Some(most) => usize::try_from(most).ok().filter(|most| (1..=MOST).contains(most)).ok_or_else(|| {
                failures::validation(format!("The parameter MaxDatapoints must be between 1 and {MOST}."))
            })?,
        };
        if !(1..=MOST_QUERIES).contains(&input.metric_data_queries.len()) {
            return Err(failures::validation(format!(
                "The parameter MetricDataQueries must have between 1 and {MOST_QUERIES} members."
            )));
        }
        let times = range::read(call, input.start_time.0, input.end_time.0)?;
        let asked = input.metric_data_queries.into_iter().map(MetricDataQuery::read).collect::<Result<Vec<_>, _>>()?;
        if (1..asked.len()).any(|index| asked[..index].iter().any(|other| other.id == asked[index].id)) {
            return Err(failures::validation("The values for parameter id in MetricDataQueries are not unique."));
        }
        let labels = data_query::labels(&asked);
        let list = serde_json::json!([Self::NAME, descending, input.start_time, input.end_time, asked]).to_string();
        let place: Option<(usize, i64)> = tokens::open(call, &list, input.next_token.as_deref())?;
        let (begin, mut behind) = place.map_or((0, None), |(index, at)| (index, Some(Timestamp::from_micros(at))));
        let mut results = Vec::new();
        let mut next_token = None;
        let mut minutes = 0;
        for (index, query) in asked.iter().enumerate().skip(begin).filter(|(_, query)| query.returned) {
            // Nothing of a query that has not begun came: it begins anew.
            let first = if descending { i64::MAX } else { i64::MIN };
            if minutes >= MOST_MINUTES {
                next_token = Some(tokens::seal(call, &list, &(index, first))?);
                break;
            }
            let behind = behind.take();
            let (mut found, read) = query.run(call, times).await?;
            minutes += read;
            if descending {
                found.reverse();
            }
            found.retain(|(at, _)| behind.is_none_or(|behind| if descending { *at < behind } else { *at > behind }));
            let complete = found.len() <= left;
            found.truncate(left);
            left -= found.len();
            let last = found.last().map(|(at, _)| *at).or(behind);
            let (timestamps, values) = found.into_iter().map(|(at, value)| (Moment(at), value)).unzip();
            let status_code = if complete { "Complete" } else { "PartialData" };
            let (id, label) = (query.id.clone(), labels[index].clone());
            results.push(MetricDataResult { id, label, timestamps, values, status_code });
            if !complete {
                let place = (index, last.map_or(first, Timestamp::micros));
                next_token = Some(tokens::seal(call, &list, &place)?);
                break;
            }
        }
        Ok(Output { metric_data_results: results, next_token, messages: Vec::new() })
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MetricDataResult {
    id: String,
    label: String,
    timestamps: Vec<Moment>,
    values: Vec<f64>,
    status_code: &'static str,
}
