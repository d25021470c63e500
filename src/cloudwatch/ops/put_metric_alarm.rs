//! `PutMetricAlarm`: an alarm on one metric is made, or configured anew. Expressions, bands and percentiles are
//! refused, and what an alarm is to set off is kept and not set off.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;
use serde::de::IgnoredAny as Ignored;

use crate::alarms::{self, Configuration};
use crate::error::Error;
use crate::evaluation::{Comparison, Missing};
use crate::period::{self, Statistic};
use crate::shapes::{self, Dimension, Tag};
use crate::{failures, need};

/// Actions of a state.
const MOST_ACTIONS: usize = 5;

/// The operation.
pub(crate) struct PutMetricAlarm;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    alarm_name: String,
    alarm_description: Option<String>,
    actions_enabled: Option<bool>,
    #[serde(rename = "OKActions")]
    ok_actions: Option<Vec<String>>,
    alarm_actions: Option<Vec<String>>,
    insufficient_data_actions: Option<Vec<String>>,
    metric_name: Option<String>,
    namespace: Option<String>,
    statistic: Option<String>,
    extended_statistic: Option<String>,
    dimensions: Option<Vec<Dimension>>,
    period: Option<i64>,
    unit: Option<String>,
    evaluation_periods: Option<i64>,
    datapoints_to_alarm: Option<i64>,
    threshold: Option<f64>,
    comparison_operator: Option<String>,
    treat_missing_data: Option<String>,
    metrics: Option<Vec<Ignored>>,
    tags: Option<Vec<Tag>>,
    threshold_metric_id: Option<String>,
    evaluation_criteria: Option<Ignored>,
    evaluation_window: Option<Ignored>,
}

impl Operation for PutMetricAlarm {
    type Call = Call;
    const NAME: &'static str = "PutMetricAlarm";
    const ACTION: &'static str = "cloudwatch:PutMetricAlarm";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        shapes::length("AlarmName", &input.alarm_name, 255)?;
        let tags = input.tags.iter().flatten().map(|tag| (tag.key.as_str(), tag.value.as_str()));
        Ok(vec![need::on_alarm(call, Self::ACTION, &input.alarm_name).with_request_tags(tags)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let unsupported = [
            ("Metrics", input.metrics.is_some_and(|metrics| !metrics.is_empty())),
            ("ExtendedStatistic", input.extended_statistic.is_some()),
            ("ThresholdMetricId", input.threshold_metric_id.is_some()),
            ("EvaluationCriteria", input.evaluation_criteria.is_some()),
            ("EvaluationWindow", input.evaluation_window.is_some()),
        ];
        if let Some((member, _)) = unsupported.iter().find(|(_, given)| *given) {
            return Err(failures::validation(format!("The parameter {member} is not supported.")));
        }
        let absent = |member: &str| failures::missing_member(format!("The parameter {member} is required."));
        let namespace = input.namespace.ok_or_else(|| absent("Namespace"))?;
        let metric_name = input.metric_name.ok_or_else(|| absent("MetricName"))?;
        let statistic = input.statistic.ok_or_else(|| absent("Statistic"))?;
        Statistic::read(&statistic)?;
        let period = period::read(input.period.ok_or_else(|| absent("Period"))?)?.as_secs();
        let (evaluation_periods, datapoints_to_alarm) = counts(
            period,
            input.evaluation_periods.ok_or_else(|| absent("EvaluationPeriods"))?,
            input.datapoints_to_alarm,
        )?;
        let threshold = input.threshold.ok_or_else(|| absent("Threshold"))?;
        let comparison = input.comparison_operator.ok_or_else(|| absent("ComparisonOperator"))?;
        let comparison = Comparison::named(&comparison)
            .ok_or_else(|| failures::validation(format!("The comparison '{comparison}' is not supported.")))?;
        let treat_missing_data = input.treat_missing_data.map(|name| {
            Missing::named(&name)
                .ok_or_else(|| failures::validation(format!("The value '{name}' for TreatMissingData is not one.")))
        });
        let actions = |actions: Option<Vec<String>>| {
            let actions = actions.unwrap_or_default();
            if actions.len() > MOST_ACTIONS || actions.iter().any(|action| !(1..=1024).contains(&action.len())) {
                return Err(failures::invalid_value(
                    "At most 5 actions of at most 1024 characters can be given for a state.",
                ));
            }
            Ok(actions)
        };
        shapes::check_unit(input.unit.as_deref())?;
        if input.alarm_description.as_ref().is_some_and(|text| text.chars().count() > 1024) || !threshold.is_finite() {
            return Err(failures::invalid_value(
                "The description is longer than 1024 characters, or the threshold no number.",
            ));
        }
        let configuration = Configuration {
            description: input.alarm_description,
            actions_enabled: input.actions_enabled.unwrap_or(true),
            ok_actions: actions(input.ok_actions)?,
            alarm_actions: actions(input.alarm_actions)?,
            insufficient_data_actions: actions(input.insufficient_data_actions)?,
            metric: shapes::metric(&namespace, &metric_name, input.dimensions.unwrap_or_default())?,
            statistic,
            unit: input.unit,
            period,
            evaluation_periods,
            datapoints_to_alarm,
            threshold,
            comparison,
            treat_missing_data: treat_missing_data.transpose()?,
        };
        let tags = shapes::tags(input.tags.unwrap_or_default());
        alarms::put(call, grant, input.alarm_name, &configuration, &tags).await
    }
}

/// Reads N and M.
fn counts(period: u64, periods: i64, needed: Option<i64>) -> Result<(usize, Option<usize>), Error> {
    // As on AWS: a day, or a week where periods are an hour or longer.
    let longest = if period >= 3600 { 7 * 86_400 } else { 86_400 };
    let count = u64::try_from(periods).ok().filter(|periods| *periods > 0);
    let count = count.filter(|periods| periods.saturating_mul(period) <= longest).ok_or_else(|| {
        failures::validation(format!(
            "Metrics cannot be checked across more than {longest} seconds (EvaluationPeriods * Period)."
        ))
    })?;
    let needed = needed.map(|needed| {
        let read = u64::try_from(needed).ok().filter(|needed| (1..=count).contains(needed));
        read.ok_or_else(|| {
            failures::validation("The parameter DatapointsToAlarm must be between 1 and EvaluationPeriods.")
        })
    });
    let size = |number| usize::try_from(number).unwrap_or(usize::MAX);
    Ok((size(count), needed.transpose()?.map(size)))
}
