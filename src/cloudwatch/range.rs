//! The time that a call asks about.

use std::time::Duration;

use app::api::Call;
use types::Timestamp;

use crate::error::Error;
use crate::failures;
use crate::period::{MINUTE, begin};

/// From when on and before when: whole minutes, and no more than is kept.
pub(crate) fn read(call: &Call, start: Timestamp, end: Timestamp) -> Result<(Timestamp, Timestamp), Error> {
    if start >= end {
        return Err(failures::validation("The parameter StartTime must be less than the parameter EndTime."));
    }
    let app = &call.ctx.app;
    // What is older is gone, or goes within the hour.
    let kept = app.now().before(app.config().metric_retention).before(Duration::from_secs(86_400));
    let start = begin(start, Duration::from_secs(MINUTE));
    if start >= kept {
        return Ok((start, end));
    }
    // Periods begin where they would have begun: whole days later.
    let day = Duration::from_secs(86_400);
    let days = begin(Timestamp::from_micros(kept.micros() - start.micros()), day).micros();
    Ok((Timestamp::from_micros(start.micros() + days), end))
}

/// How many periods there are.
pub(crate) fn periods(start: Timestamp, end: Timestamp, period: Duration) -> u64 {
    let span = u64::try_from(end.micros().saturating_sub(start.micros())).unwrap_or_default();
    span.div_ceil(u64::try_from(period.as_micros()).unwrap_or(u64::MAX).max(1))
}
