//! Medians and percentiles.

/// The median, or nothing of nothing.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// Latencies in milliseconds at the usual places.
pub(crate) struct Percentiles {
    /// The median.
    pub(crate) p50: f64,
    /// What nine of ten do not exceed.
    pub(crate) p90: f64,
    /// What ninety-nine of a hundred do not exceed.
    pub(crate) p99: f64,
    /// The longest.
    pub(crate) max: f64,
}

/// Percentiles by nearest rank of durations in microseconds, or nothing of nothing.
pub(crate) fn percentiles(microseconds: &[u32]) -> Option<Percentiles> {
    let mut sorted = microseconds.to_vec();
    sorted.sort_unstable();
    let last = sorted.len().checked_sub(1)?;
    let at = |share: f64| {
        let rank = (share * sorted.len() as f64).ceil() as usize;
        f64::from(sorted[rank.saturating_sub(1).min(last)]) / 1e3
    };
    Some(Percentiles { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: f64::from(sorted[last]) / 1e3 })
}
