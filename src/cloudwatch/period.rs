//! Statistics over periods: minutes are put together, and a statistic of what comes of it is taken. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use store::metric_points::MetricPointRow;
use types::Timestamp;

use crate::error::Error;
use crate::failures;

/// A minute, which is what points are kept by.
pub(crate) const MINUTE: u64 = 60;

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Statistics {
    /// How many samples.
    pub sample_count: f64,
    /// All of them added.
    pub sum: f64,
    /// The least.
    pub minimum: f64,
    /// The greatest.
    pub maximum: f64,
}

impl Statistics {
    /// Of one sample.
    pub fn of(value: f64) -> Self {
        Self { sample_count: 1.0, sum: value, minimum: value, maximum: value }
    }

    /// With more samples.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            sample_count: self.sample_count + other.sample_count,
            sum: self.sum + other.sum,
            minimum: self.minimum.min(other.minimum),
            maximum: self.maximum.max(other.maximum),
        }
    }

    /// One statistic.
    pub fn get(&self, statistic: Statistic) -> f64 {
        match statistic {
            Statistic::SampleCount => self.sample_count,
            Statistic::Average => self.sum / self.sample_count,
            Statistic::Sum => self.sum,
            Statistic::Minimum => self.minimum,
            Statistic::Maximum => self.maximum,
        }
    }
}

impl From<&MetricPointRow> for Statistics {
    fn from(row: &MetricPointRow) -> Self {
        Self { sample_count: row.sample_count, sum: row.sum, minimum: row.minimum, maximum: row.maximum }
    }
}

/// What can be asked of what was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistic {
    /// How many samples.
    SampleCount,
    /// Their mean.
    Average,
    /// All of them added.
    Sum,
    /// The least.
    Minimum,
    /// The greatest.
    Maximum,
}

impl Statistic {
    /// As CloudWatch spells it. Percentiles and trimmed means cannot be told from what is kept.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "SampleCount" => Self::SampleCount,
            "Average" => Self::Average,
            "Sum" => Self::Sum,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            _ => return None,
        })
    }

    /// As CloudWatch spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SampleCount => "SampleCount",
            Self::Average => "Average",
            Self::Sum => "Sum",
            Self::Minimum => "Minimum",
            Self::Maximum => "Maximum",
        }
    }

    /// [`Statistic::named`], or a refusal.
    pub(crate) fn read(name: &str) -> Result<Self, Error> {
        Self::named(name).ok_or_else(|| {
            failures::validation(format!(
                "The statistic '{name}' is not supported: SampleCount, Average, Sum, Minimum and Maximum are."
            ))
        })
    }
}

/// Reads a period in seconds: whole minutes, up to a day.
pub(crate) fn read(seconds: i64) -> Result<Duration, Error> {
    let period = u64::try_from(seconds).ok().filter(|period| *period > 0 && *period % MINUTE == 0 && *period <= 86_400);
    let refused = || {
        failures::invalid_value(
            "The parameter Period must be a multiple of 60 and at most 86400: metrics are kept by the minute.",
        )
    };
    period.map(Duration::from_secs).ok_or_else(refused)
}

/// The beginning of the period that a time is in.
pub(crate) fn begin(at: Timestamp, period: Duration) -> Timestamp {
    let period = i64::try_from(period.as_micros()).unwrap_or(i64::MAX).max(1);
    Timestamp::from_micros(at.micros().div_euclid(period) * period)
}

/// Minutes as periods, which begin at multiples of the period since `origin`.
pub(crate) fn put_together(
    minutes: &[MetricPointRow],
    origin: Timestamp,
    period: Duration,
) -> BTreeMap<Timestamp, Statistics> {
    let mut periods: BTreeMap<Timestamp, Statistics> = BTreeMap::new();
    for minute in minutes {
        let since = Timestamp::from_micros(minute.minute_at.micros() - origin.micros());
        let at = Timestamp::from_micros(origin.micros() + begin(since, period).micros());
        let statistics = Statistics::from(minute);
        periods.entry(at).and_modify(|known| *known = known.and(statistics)).or_insert(statistics);
    }
    periods
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn minute(number: i64, value: f64) -> MetricPointRow {
        let minute_at = Timestamp::from_micros(number * 60_000_000);
        MetricPointRow { minute_at, sample_count: 1.0, sum: value, minimum: value, maximum: value }
    }

    #[test]
    fn minutes_become_periods() {
        let minutes = [minute(3, 1.0), minute(4, 5.0), minute(5, 2.0), minute(12, 7.0)];
        let periods = put_together(&minutes, Timestamp::from_micros(0), Duration::from_secs(300));
        let found: Vec<(i64, f64, f64)> =
            periods.iter().map(|(at, of)| (at.seconds() / 60, of.get(Statistic::Average), of.maximum)).collect();
        assert_eq!(found, [(0, 3.0, 5.0), (5, 2.0, 2.0), (10, 7.0, 7.0)]);
    }

    proptest! {
        #[test]
        fn no_sample_is_lost_whatever_the_period(values in prop::collection::vec(-100_i32..100, 1..60), length in 1_u64..20) {
            let minutes: Vec<MetricPointRow> = (0..).zip(&values).map(|(number, value)| minute(number, f64::from(*value))).collect();
            let periods = put_together(&minutes, Timestamp::from_micros(60_000_000), Duration::from_secs(60 * length));
            let all = periods.values().copied().reduce(Statistics::and).unwrap();
            prop_assert_eq!(all.sample_count as usize, values.len());
            prop_assert_eq!(all.sum as i32, values.iter().sum::<i32>());
            prop_assert_eq!(all.maximum as i32, *values.iter().max().unwrap());
            prop_assert_eq!(all.minimum as i32, *values.iter().min().unwrap());
        }
    }

    #[test]
    fn periods_are_whole_minutes() {
        for good in [60, 120, 300, 86_400] {
            assert!(read(good).is_ok(), "{good}");
        }
        for bad in [0, -60, 1, 10, 59, 61, 86_460] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
