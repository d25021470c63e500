//! Points in time as policies write them: ISO 8601 in the W3C profile, or seconds since 1970.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

/// The point in time, or nothing. A date alone means its first moment in UTC.
pub(crate) fn parse(text: &str) -> Option<DateTime<Utc>> {
    if !text.is_empty() && text.strip_prefix('-').unwrap_or(text).bytes().all(|byte| byte.is_ascii_digit()) {
        return DateTime::from_timestamp(text.parse().ok()?, 0);
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    if let Ok(time) = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%MZ") {
        return Some(time.and_utc());
    }
    if let Ok(time) = DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M%:z") {
        return Some(time.to_utc());
    }
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(date.and_hms_opt(0, 0, 0)?.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profiles_of_iso_8601_and_epoch_seconds_are_read() {
        let cases = [
            ("1700000000", 1_700_000_000),
            ("-1", -1),
            ("2023-11-14T22:13:20Z", 1_700_000_000),
            ("2023-11-14T22:13:20.000Z", 1_700_000_000),
            ("2023-11-15T00:13:20+02:00", 1_700_000_000),
            ("2023-11-14T22:13Z", 1_699_999_980),
            ("2023-11-15T00:13+02:00", 1_699_999_980),
            ("2023-11-14", 1_699_920_000),
        ];
        for (text, seconds) in cases {
            assert_eq!(parse(text).map(|time| time.timestamp()), Some(seconds), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "-", "tomorrow", "2023-13-01", "2023-11-14T25:00:00Z", "99999999999999999999", "1.5"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
