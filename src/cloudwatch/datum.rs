//! A measurement as `PutMetricData` brings it.

use std::time::Duration;

use aws::Moment;
use serde::Deserialize;
use types::Timestamp;

use crate::error::Error;
use crate::failures;
use crate::metrics::{Datum, Statistics};
use crate::shapes::{self, Dimension};

/// How far in the past and in the future measurements may be.
const PAST: Duration = Duration::from_secs(14 * 24 * 3600);
const FUTURE: Duration = Duration::from_secs(2 * 3600);
/// Different values of one measurement.
const MOST_VALUES: usize = 150;

/// A measurement.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MetricDatum {
    metric_name: String,
    dimensions: Option<Vec<Dimension>>,
    timestamp: Option<Moment>,
    value: Option<f64>,
    statistic_values: Option<StatisticSet>,
    values: Option<Vec<f64>>,
    counts: Option<Vec<f64>>,
    unit: Option<String>,
    storage_resolution: Option<i64>,
}

/// Samples that were put together.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StatisticSet {
    sample_count: f64,
    sum: f64,
    minimum: f64,
    maximum: f64,
}

impl MetricDatum {
    /// Reads the measurement that is `number` in the list, from 1.
    pub(crate) fn read(self, number: usize, namespace: &str, now: Timestamp) -> Result<Datum, Error> {
        let metric = shapes::metric(namespace, &self.metric_name, self.dimensions.unwrap_or_default())?;
        shapes::check_unit(self.unit.as_deref())?;
        if !matches!(self.storage_resolution, None | Some(1 | 60)) {
            return Err(failures::invalid_value(format!(
                "The parameter MetricData.member.{number}.StorageResolution must be 1 or 60."
            )));
        }
        let at = self.timestamp.map_or(now, |moment| moment.0);
        let too = if at < now.before(PAST) {
            Some("two weeks in the past")
        } else if at > now.after(FUTURE) {
            Some("two hours in the future")
        } else {
            None
        };
        if let Some(too) = too {
            return Err(failures::invalid_value(format!(
                "The parameter MetricData.member.{number}.Timestamp must specify a time no more than {too}."
            )));
        }
        let values = self.values.filter(|values| !values.is_empty());
        let statistics = match (self.value, self.statistic_values, values) {
            (Some(value), None, None) => Statistics::of(value),
            (None, Some(set), None) => set.read(number)?,
            (None, None, Some(values)) => of_values(number, &values, self.counts.as_deref())?,
            (None, None, None) => {
                return Err(failures::missing_member(format!(
                    "The parameter MetricData.member.{number}.Value, StatisticValues or Values is required."
                )));
            }
            _ => {
                return Err(failures::invalid_combination(format!(
                    "The parameters MetricData.member.{number}.Value, StatisticValues and Values are mutually exclusive and \
                     you have specified more than one."
                )));
            }
        };
        let Statistics { sample_count, sum, minimum, maximum } = statistics;
        // 2^360, as on AWS.
        let legal = |value: f64| value.is_finite() && value.abs() <= 2_f64.powi(360);
        // The average too: it is what is asked for, and what is no number has no place in JSON.
        if ![sample_count, sum, minimum, maximum, sum / sample_count].into_iter().all(legal) {
            return Err(failures::invalid_value(format!(
                "The value for parameter MetricData.member.{number} is not a number within -2^360 and 2^360."
            )));
        }
        Ok(Datum { metric, unit: self.unit.unwrap_or_else(|| "None".to_owned()), at, statistics })
    }
}

impl StatisticSet {
    fn read(self, number: usize) -> Result<Statistics, Error> {
        let Self { sample_count, sum, minimum, maximum } = self;
        // Written so that what is no number fails it too.
        let sound = sample_count > 0.0 && minimum <= maximum;
        if sound {
            return Ok(Statistics { sample_count, sum, minimum, maximum });
        }
        Err(failures::invalid_value(format!(
            "The parameter MetricData.member.{number}.StatisticValues must have samples, and no Minimum above its Maximum."
        )))
    }
}

fn of_values(number: usize, values: &[f64], counts: Option<&[f64]>) -> Result<Statistics, Error> {
    if values.len() > MOST_VALUES {
        return Err(failures::invalid_value(format!(
            "The collection MetricData.member.{number}.Values must not have a size greater than {MOST_VALUES}."
        )));
    }
    if counts.is_some_and(|counts| counts.len() != values.len()) {
        return Err(failures::invalid_value(format!(
            "The parameters MetricData.member.{number}.Values and MetricData.member.{number}.Counts must be of the same size."
        )));
    }
    let mut all: Option<Statistics> = None;
    for (index, value) in values.iter().enumerate() {
        let count = counts.map_or(1.0, |counts| counts[index]);
        if count.is_nan() || count <= 0.0 {
            return Err(failures::invalid_value(format!(
                "The parameter MetricData.member.{number}.Counts must have numbers above 0."
            )));
        }
        let one = Statistics { sample_count: count, sum: value * count, minimum: *value, maximum: *value };
        all = Some(all.map_or(one, |all| all.and(one)));
    }
    all.ok_or_else(|| app::Error::Internal.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_with_counts_become_one_set() {
        let set = of_values(1, &[1.0, 4.0], Some(&[3.0, 2.0])).unwrap();
        assert_eq!(set, Statistics { sample_count: 5.0, sum: 11.0, minimum: 1.0, maximum: 4.0 });
        assert_eq!(of_values(1, &[2.0, -2.0], None).unwrap().sum, 0.0);
        assert!(of_values(1, &[1.0], Some(&[0.0])).is_err());
        assert!(of_values(1, &[1.0], Some(&[f64::NAN])).is_err());
        assert!(of_values(1, &[1.0], Some(&[1.0, 1.0])).is_err());
        assert!(of_values(1, &vec![1.0; 151], None).is_err());
    }

    #[test]
    fn what_has_no_average_is_refused() {
        let read = |count: f64| {
            let values = serde_json::json!({ "SampleCount": count, "Sum": 1.0, "Minimum": 1.0, "Maximum": 1.0 });
            let datum = serde_json::json!({ "MetricName": "m", "StatisticValues": values });
            serde_json::from_value::<MetricDatum>(datum).unwrap().read(1, "n", Timestamp::from_micros(0))
        };
        assert!(read(0.5).is_ok());
        // One by so little is more than any number.
        assert!(read(1e-320).is_err());
    }
}
