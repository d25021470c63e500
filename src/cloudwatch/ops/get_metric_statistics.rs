//! `GetMetricStatistics`: statistics of one metric over periods, which begin at the start that was asked for.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html>

use app::Grant;
use app::api::Call;
use aws::{Moment, Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::failures;
use crate::metrics::{self, Query};
use crate::period::{self, Statistic};
use crate::range;
use crate::shapes::{self, Dimension};

/// Datapoints of one call.
const MOST: u64 = 1_440;

/// The operation.
pub(crate) struct GetMetricStatistics;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    namespace: String,
    metric_name: String,
    dimensions: Option<Vec<Dimension>>,
    start_time: Moment,
    end_time: Moment,
    period: i64,
    statistics: Option<Vec<String>>,
    extended_statistics: Option<Vec<String>>,
    unit: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    label: String,
    datapoints: Vec<Datapoint>,
}

impl Operation for GetMetricStatistics {
    type Call = Call;
    const NAME: &'static str = "GetMetricStatistics";
    const ACTION: &'static str = "cloudwatch:GetMetricStatistics";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        grant.require(Self::ACTION)?;
        let metric = shapes::metric(&input.namespace, &input.metric_name, input.dimensions.unwrap_or_default())?;
        shapes::check_unit(input.unit.as_deref())?;
        let names = input.statistics.unwrap_or_default();
        if input.extended_statistics.is_some_and(|names| !names.is_empty()) {
            return Err(failures::validation("Percentiles and other extended statistics are not supported."));
        }
        if names.is_empty() {
            return Err(failures::missing_member("At least one statistic must be given."));
        }
        let statistics = names.iter().map(|name| Statistic::read(name)).collect::<Result<Vec<_>, _>>()?;
        let period = period::read(input.period)?;
        let times = range::read(call, input.start_time.0, input.end_time.0)?;
        let wanted = range::periods(input.start_time.0, input.end_time.0, period);
        if wanted > MOST {
            return Err(failures::invalid_combination(format!(
                "You have requested up to {wanted} datapoints, which exceeds the limit of {MOST}. You may reduce the \
                 datapoints requested by increasing Period, or decreasing the time range."
            )));
        }
        let mut conn = call.ctx.app.db().reader().await?;
        let registry = &call.ctx.registry;
        let units = match input.unit {
            Some(unit) => vec![unit],
            None => metrics::units(&mut conn, registry, &metric).await?,
        };
        let mut datapoints = Vec::new();
        for unit in units {
            let query = Query { metric: &metric, unit: Some(&unit), times, period };
            for (at, found) in metrics::read(&mut conn, registry, &query).await? {
                let value = |statistic| statistics.contains(&statistic).then(|| found.get(statistic));
                datapoints.push(Datapoint {
                    timestamp: at.into(),
                    sample_count: value(Statistic::SampleCount),
                    average: value(Statistic::Average),
                    sum: value(Statistic::Sum),
                    minimum: value(Statistic::Minimum),
                    maximum: value(Statistic::Maximum),
                    unit: unit.clone(),
                });
            }
        }
        Ok(Output { label: metric.name, datapoints })
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Datapoint {
    timestamp: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample_count: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    average: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sum: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum: Option<f64>,
    unit: String,
}
