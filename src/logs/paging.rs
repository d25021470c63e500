//! `limit`, `startTime` and `endTime`.

use aws::Violations;

use crate::error::Error;
use crate::names::finish;

/// Events of a page.
pub(crate) const EVENTS: usize = 10_000;

/// Reads `limit`, which is at most `most`.
pub(crate) fn limit(limit: Option<i64>, default: usize, most: usize) -> Result<usize, Error> {
    let Some(limit) = limit else {
        return Ok(default);
    };
    let mut violations = Violations::new();
    violations.range("limit", limit, 1..=i64::try_from(most).unwrap_or(i64::MAX));
    finish(&violations)?;
    Ok(usize::try_from(limit).unwrap_or(most))
}

/// Reads a range of times in milliseconds, both ends of it included.
pub(crate) fn times(start: Option<i64>, end: Option<i64>) -> Result<(i64, i64), Error> {
    /// As far as microseconds reach.
    const LAST: i64 = i64::MAX / 1_000 - 3_600_000;
    let mut violations = Violations::new();
    for (member, time) in [("startTime", start), ("endTime", end)] {
        if let Some(time) = time {
            violations.range(member, time, -1..=i64::MAX);
        }
    }
    finish(&violations)?;
    Ok((start.unwrap_or(0).clamp(0, LAST), end.unwrap_or(LAST).min(LAST)))
}
