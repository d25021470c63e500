//! What several operations take and answer with.

use std::collections::BTreeMap;

use aws::Moment;
use serde::{Deserialize, Serialize};

use crate::alarms::{self, Alarm};
use crate::error::Error;
use crate::evaluation::{Comparison, Missing};
use crate::failures;
use crate::metrics::Metric;

/// Dimensions that a metric can have.
const MOST_DIMENSIONS: usize = 30;

/// A name and a value.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Dimension {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// A tag.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Tag {
    pub(crate) key: String,
    pub(crate) value: String,
}

/// Tags as a map.
pub(crate) fn tags(tags: Vec<Tag>) -> BTreeMap<String, String> {
    tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

/// Tags as a list.
pub(crate) fn tag_list(tags: BTreeMap<String, String>) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag { key, value }).collect()
}

/// A metric as clients name it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MetricShape {
    pub(crate) namespace: String,
    pub(crate) metric_name: String,
    pub(crate) dimensions: Vec<Dimension>,
}

impl From<Metric> for MetricShape {
    fn from(metric: Metric) -> Self {
        Self { namespace: metric.namespace, metric_name: metric.name, dimensions: dimension_list(metric.dimensions) }
    }
}

fn dimension_list(dimensions: BTreeMap<String, String>) -> Vec<Dimension> {
    dimensions.into_iter().map(|(name, value)| Dimension { name, value }).collect()
}

/// Reads what names a metric.
pub(crate) fn metric(namespace: &str, name: &str, dimensions: Vec<Dimension>) -> Result<Metric, Error> {
    check_namespace(namespace)?;
    length("MetricName", name, 255)?;
    if dimensions.len() > MOST_DIMENSIONS {
        return Err(failures::invalid_value(format!(
            "The collection Dimensions must not have a size greater than {MOST_DIMENSIONS}."
        )));
    }
    let mut known = BTreeMap::new();
    for Dimension { name, value } in dimensions {
        length("Dimensions.member.Name", &name, 255)?;
        length("Dimensions.member.Value", &value, 1024)?;
        if name.starts_with(':') {
            return Err(failures::invalid_value("The name of a dimension must not begin with a colon."));
        }
        if known.insert(name, value).is_some() {
            return Err(failures::invalid_value("No dimension can be given twice."));
        }
    }
    Ok(Metric { namespace: namespace.to_owned(), name: name.to_owned(), dimensions: known })
}

/// Checks a namespace.
pub(crate) fn check_namespace(namespace: &str) -> Result<(), Error> {
    length("Namespace", namespace, 255)?;
    if namespace.starts_with(':') || namespace.chars().any(char::is_control) {
        return Err(failures::invalid_value(
            "The value for parameter Namespace is not one: it must not begin with a colon.",
        ));
    }
    Ok(())
}

/// Checks the length of a text that must have one.
pub(crate) fn length(member: &str, text: &str, most: usize) -> Result<(), Error> {
    let length = text.chars().count();
    if (1..=most).contains(&length) && !text.contains('\0') {
        return Ok(());
    }
    Err(failures::invalid_value(format!("The value for parameter {member} must have between 1 and {most} characters.")))
}

/// The units that there are.
pub(crate) const UNITS: &[&str] = &[
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];

/// Checks a unit.
pub(crate) fn check_unit(unit: Option<&str>) -> Result<(), Error> {
    match unit {
        Some(unit) if !UNITS.contains(&unit) => Err(failures::invalid_value(format!(
            "The value {unit} for parameter Unit is not one of those that there are."
        ))),
        _ => Ok(()),
    }
}

/// An alarm as clients see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MetricAlarm {
    alarm_name: String,
    alarm_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    alarm_description: Option<String>,
    alarm_configuration_updated_timestamp: Moment,
    actions_enabled: bool,
    #[serde(rename = "OKActions")]
    ok_actions: Vec<String>,
    alarm_actions: Vec<String>,
    insufficient_data_actions: Vec<String>,
    state_value: String,
    state_reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_reason_data: Option<String>,
    state_updated_timestamp: Moment,
    state_transitioned_timestamp: Moment,
    metric_name: String,
    namespace: String,
    statistic: String,
    dimensions: Vec<Dimension>,
    period: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    evaluation_periods: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    datapoints_to_alarm: Option<usize>,
    threshold: f64,
    comparison_operator: Comparison,
    #[serde(skip_serializing_if = "Option::is_none")]
    treat_missing_data: Option<Missing>,
}

impl MetricAlarm {
    pub(crate) fn of(Alarm { row, configuration }: Alarm) -> Self {
        Self {
            alarm_arn: alarms::arn(&row.registry, &row.name).to_string(),
            alarm_name: row.name,
            alarm_description: configuration.description,
            alarm_configuration_updated_timestamp: row.configured_at.into(),
            actions_enabled: configuration.actions_enabled,
            ok_actions: configuration.ok_actions,
            alarm_actions: configuration.alarm_actions,
            insufficient_data_actions: configuration.insufficient_data_actions,
            state_value: row.state.value,
            state_reason: row.state.reason,
            state_reason_data: row.state.reason_data,
            state_updated_timestamp: row.state.updated_at.into(),
            state_transitioned_timestamp: row.state.updated_at.into(),
            metric_name: configuration.metric.name,
            namespace: configuration.metric.namespace,
            statistic: configuration.statistic,
            dimensions: dimension_list(configuration.metric.dimensions),
            period: configuration.period,
            unit: configuration.unit,
            evaluation_periods: configuration.evaluation_periods,
            datapoints_to_alarm: configuration.datapoints_to_alarm,
            threshold: configuration.threshold,
            comparison_operator: configuration.comparison,
            treat_missing_data: configuration.treat_missing_data,
        }
    }
}
