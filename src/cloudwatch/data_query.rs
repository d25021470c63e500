//! One query of `GetMetricData`.

use std::time::Duration;

use app::api::Call;
use serde::{Deserialize, Serialize};
use types::Timestamp;

use crate::error::Error;
use crate::failures;
use crate::metrics::{self, Metric, Query};
use crate::period::{self, Statistic, begin};
use crate::shapes::{self, Dimension};

/// A query as it comes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MetricDataQuery {
    id: String,
    metric_stat: Option<MetricStat>,
    expression: Option<String>,
    label: Option<String>,
    return_data: Option<bool>,
    account_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MetricStat {
    metric: MetricName,
    period: i64,
    stat: String,
    unit: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MetricName {
    namespace: Option<String>,
    metric_name: Option<String>,
    dimensions: Option<Vec<Dimension>>,
}

/// A query that was read.
#[derive(Debug, Serialize)]
pub(crate) struct Asked {
    pub(crate) id: String,
    /// What the client calls the result.
    label: Option<String>,
    /// Whether its values are wanted.
    pub(crate) returned: bool,
    metric: Metric,
    period: Duration,
    stat: String,
    unit: Option<String>,
}

impl MetricDataQuery {
    pub(crate) fn read(self) -> Result<Asked, Error> {
        let id = self.id;
        let legal = id.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
        if !legal || !id.starts_with(|first: char| first.is_ascii_lowercase()) || id.len() > 255 {
            return Err(failures::validation(
                "The id of a query must begin with a lowercase letter and have letters, digits and underscores.",
            ));
        }
        if self.expression.is_some() {
            return Err(failures::validation(format!(
                "The query {id} has an expression: metric math is not supported, only MetricStat is."
            )));
        }
        if self.account_id.is_some() {
            return Err(failures::validation("Metrics of other accounts are not supported."));
        }
        let stat =
            self.metric_stat.ok_or_else(|| failures::validation(format!("The query {id} has no MetricStat.")))?;
        Statistic::read(&stat.stat)?;
        shapes::check_unit(stat.unit.as_deref())?;
        let MetricName { namespace, metric_name, dimensions } = stat.metric;
        let metric = shapes::metric(
            namespace.as_deref().unwrap_or_default(),
            metric_name.as_deref().unwrap_or_default(),
            dimensions.unwrap_or_default(),
        )?;
        Ok(Asked {
            label: self.label,
            id,
            returned: self.return_data.unwrap_or(true),
            metric,
            period: period::read(stat.period)?,
            stat: stat.stat,
            unit: stat.unit,
        })
    }
}

/// What the results of queries are called, in their order: what the client says, or the name of the metric, followed by its
/// statistic and its period in seconds where those are not the same in all queries. CloudWatch does so: `metric1 Sum 60`.
pub(crate) fn labels(asked: &[Asked]) -> Vec<String> {
    let stats_differ = asked.iter().any(|query| query.stat != asked[0].stat);
    let periods_differ = asked.iter().any(|query| query.period != asked[0].period);
    let label = |query: &Asked| {
        let mut label = query.metric.name.clone();
        if stats_differ {
            label = format!("{label} {}", query.stat);
        }
        if periods_differ {
            label = format!("{label} {}", query.period.as_secs());
        }
        label
    };
    asked.iter().map(|query| query.label.clone().unwrap_or_else(|| label(query))).collect()
}

impl Asked {
    /// Its values, by time, and how many minutes were read for them.
    pub(crate) async fn run(
        &self,
        call: &Call,
        times: (Timestamp, Timestamp),
    ) -> Result<(Vec<(Timestamp, f64)>, usize), Error> {
        let statistic = Statistic::read(&self.stat)?;
        let query = Query {
            metric: &self.metric,
            unit: self.unit.as_deref(),
            times: (begin(times.0, self.period), times.1),
            period: self.period,
        };
        let mut conn = call.ctx.app.db().reader().await?;
        let (found, minutes) = metrics::read_counting(&mut conn, &call.ctx.registry, &query).await?;
        Ok((found.into_iter().map(|(at, statistics)| (at, statistics.get(statistic))).collect(), minutes))
    }
}
