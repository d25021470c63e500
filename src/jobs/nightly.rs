//! When it is night: the hour for work that reads much and that nobody waits for.

use std::time::Duration;

use types::Timestamp;

/// Such work is done once in so long.
pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);
/// The hour of the day in UTC.
const HOUR: i64 = 3;

/// The time from `now` until the next night, up to a day.
pub(crate) fn until_night(now: Timestamp) -> Duration {
    let since = (now.seconds() - HOUR * 3600).rem_euclid(24 * 3600);
    DAY - Duration::from_secs(since.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_night_is_at_three() {
        let at = |text: &str| until_night(text.parse().unwrap());
        assert_eq!(at("2026-11-26T02:00:00Z"), Duration::from_secs(3600));
        assert_eq!(at("2026-11-26T03:00:00Z"), DAY);
        assert_eq!(at("2026-11-26T03:00:01Z"), DAY - Duration::from_secs(1));
        assert_eq!(at("2026-11-25T23:30:00Z"), Duration::from_secs(3 * 3600 + 1800));
    }
}
