//! When scheduled actions are due: `at(2027-01-31T08:00:00)`, `rate(5 minutes)`, `cron(0 8 ? * MON-FRI *)` as AWS spells it.
//! Pure. Reckoning with calendars and time zones is left to the crates that know how.

use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp as Instant;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use types::Timestamp;

/// The longest expression.
const LONGEST: usize = 256;

/// A schedule in its time zone.
#[derive(Debug)]
pub(crate) struct Schedule {
    zone: TimeZone,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    At(DateTime),
    /// Microseconds.
    Rate(i64),
    Cron(Box<croner::Cron>),
}

impl Schedule {
    /// Reads an expression. None if it is none, or the time zone is unknown.
    pub(crate) fn read(text: &str, zone: Option<&str>) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let zone = match zone {
            None => TimeZone::UTC,
            Some(name) => TimeZone::get(name).ok()?,
        };
        let (kind, inner) = text.trim().strip_suffix(')')?.split_once('(')?;
        let kind = match kind {
            // Nothing else, such as an offset that nobody heeds.
            "at" => Kind::At(DateTime::strptime("%Y-%m-%dT%H:%M:%S", inner.trim()).ok()?),
            "rate" => Kind::Rate(rate(inner)?),
            "cron" => Kind::Cron(Box::new(cron(inner)?)),
            _ => return None,
        };
        Some(Self { zone, kind })
    }

    /// When it is due after a time. `begun` is when the schedule began, from which a rate is reckoned.
    pub(crate) fn next(&self, begun: Timestamp, after: Timestamp) -> Option<Timestamp> {
        match &self.kind {
            Kind::At(at) => {
                let at = self.zone.to_timestamp(*at).ok()?;
                let at = Timestamp::from_micros(at.as_microsecond());
                (at > after).then_some(at)
            }
            Kind::Rate(every) => {
                let passed = (after.micros() - begun.micros()).max(-1).div_euclid(*every) + 1;
                let next = begun.micros().checked_add(passed.max(0).checked_mul(*every)?)?;
                Some(Timestamp::from_micros(next))
            }
            Kind::Cron(cron) => {
                let after = Instant::from_microsecond(after.micros()).ok()?.to_zoned(self.zone.clone());
                let next = cron.find_next_occurrence(&after, false).ok()?;
                Some(Timestamp::from_micros(next.timestamp().as_microsecond()))
            }
        }
    }
}

/// `5 minutes`
fn rate(text: &str) -> Option<i64> {
    let (count, unit) = text.trim().split_once(' ')?;
    let count: i64 = count.parse().ok().filter(|count| (1..=1_000_000).contains(count))?;
    let seconds = match unit.trim() {
        "minute" | "minutes" => 60,
        "hour" | "hours" => 3_600,
        "day" | "days" => 86_400,
        _ => return None,
    };
    Some(count * seconds * 1_000_000)
}

/// Minutes, hours, day of the month, month, day of the week, year: AWS wants all six, and a `?` for one of the days.
fn cron(text: &str) -> Option<croner::Cron> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [minute, hour, day, month, weekday, year] = fields[..] else {
        return None;
    };
    if (day == "?") == (weekday == "?") || [minute, hour, month, year].iter().any(|field| field.contains('?')) {
        return None;
    }
    let parser = CronParser::builder()
        .seconds(Seconds::Required)
        .year(Year::Required)
        // Sunday is 1.
        .alternative_weekdays(true)
        // `0/10` is every ten from 0 on.
        .sloppy_ranges(true)
        .build();
    let any = |field: &str| if field == "?" { "*".to_owned() } else { field.to_owned() };
    // The last day of a week is Saturday.
    let weekday = if weekday == "L" { "SAT" } else { weekday };
    let minute = without_wraps(minute, (0, 59), &[]);
    let hour = without_wraps(hour, (0, 23), &[]);
    let day = without_wraps(&any(day), (1, 31), &[]);
    let month = without_wraps(month, (1, 12), &MONTHS);
    let weekday = without_wraps(&any(weekday), (1, 7), &WEEKDAYS);
    parser.parse(&format!("0 {minute} {hour} {day} {month} {weekday} {year}")).ok()
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A field whose ranges that go over its end, such as `FRI-MON` and `50-10/5`, are written out: AWS goes round and counts the
/// steps on over the end, as the scheduler does whose grammar it has (Quartz), and the parser does not. All else stays as it
/// is, for the parser to judge. `names` are those of its numbers, from the least on.
fn without_wraps(field: &str, (least, most): (usize, usize), names: &[&str]) -> String {
    let number = |text: &str| {
        let named = names.iter().position(|name| name.eq_ignore_ascii_case(text)).map(|place| least + place);
        named.or_else(|| text.parse().ok()).filter(|number| (least..=most).contains(number))
    };
    let length = most - least + 1;
    let write_out = |part: &str| {
        let (range, step) = part.split_once('/').unwrap_or((part, "1"));
        let (from, to) = range.split_once('-')?;
        let (from, to) = (number(from)?, number(to)?);
        let step: usize = step.parse().ok().filter(|step| (1..=length).contains(step))?;
        let numbers = (from..=to + length).step_by(step).map(|at| (at - least) % length + least);
        (from > to).then(|| numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(","))
    };
    let parts: Vec<String> = field.split(',').map(|part| write_out(part).unwrap_or_else(|| part.to_owned())).collect();
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_micros(text.parse::<Instant>().unwrap().as_microsecond())
    }

    fn next(text: &str, zone: Option<&str>, after: &str) -> Option<String> {
        let schedule = Schedule::read(text, zone).unwrap_or_else(|| panic!("{text}"));
        schedule.next(at("2027-01-01T00:00:30Z"), at(after)).map(Timestamp::rfc3339)
    }

    #[test]
    fn schedules_say_when_they_are_due() {
        for (text, zone, after, due) in [
            ("at(2027-01-31T08:00:00)", None, "2027-01-01T00:00:00Z", Some("2027-01-31T08:00:00")),
            ("at(2027-01-31T08:00:00)", Some("Europe/Vienna"), "2027-01-01T00:00:00Z", Some("2027-01-31T07:00:00")),
            ("at(2027-01-31T08:00:00)", None, "2027-01-31T08:00:00Z", None),
            ("rate(5 minutes)", None, "2027-01-01T00:01:00Z", Some("2027-01-01T00:05:30")),
            ("rate(1 hour)", None, "2027-01-01T00:00:30Z", Some("2027-01-01T01:00:30")),
            ("rate(1 day)", None, "2026-12-31T00:00:00Z", Some("2027-01-01T00:00:30")),
            ("cron(0 8 ? * MON-FRI *)", None, "2027-01-01T09:00:00Z", Some("2027-01-04T08:00:00")),
            ("cron(0 8 ? * 2 *)", None, "2027-01-01T09:00:00Z", Some("2027-01-04T08:00:00")),
            // A range may go over the end of the week, the year or the day. The first of 2027 is a Friday.
            ("cron(0 8 ? * FRI-MON *)", None, "2027-01-01T09:00:00Z", Some("2027-01-02T08:00:00")),
            ("cron(0 8 ? * fri-mon *)", None, "2027-01-03T09:00:00Z", Some("2027-01-04T08:00:00")),
            ("cron(0 8 ? * 6-2 *)", None, "2027-01-04T09:00:00Z", Some("2027-01-08T08:00:00")),
            ("cron(0 8 ? * WED,FRI-SUN *)", None, "2027-01-03T09:00:00Z", Some("2027-01-06T08:00:00")),
            ("cron(0 8 1 NOV-FEB ? *)", None, "2027-02-01T09:00:00Z", Some("2027-11-01T08:00:00")),
            ("cron(0 8 1 11-2 ? *)", None, "2027-01-01T09:00:00Z", Some("2027-02-01T08:00:00")),
            ("cron(0 22-2 * * ? *)", None, "2027-01-01T02:30:00Z", Some("2027-01-01T22:00:00")),
            ("cron(0 22-2 * * ? *)", None, "2027-01-01T23:30:00Z", Some("2027-01-02T00:00:00")),
            ("cron(0 8 30-2 * ? *)", None, "2027-01-02T09:00:00Z", Some("2027-01-30T08:00:00")),
            ("cron(0 8 30-2 * ? *)", None, "2027-01-31T09:00:00Z", Some("2027-02-01T08:00:00")),
            ("cron(0 8 30-2 * ? *)", None, "2027-02-02T09:00:00Z", Some("2027-03-01T08:00:00")),
            // Steps count on over the end: 22, 1, 4; the 29th and the 1st, of any month; November, February.
            ("cron(0 22-5/3 * * ? *)", None, "2027-01-01T22:30:00Z", Some("2027-01-02T01:00:00")),
            ("cron(0 22-5/3 * * ? *)", None, "2027-01-01T04:30:00Z", Some("2027-01-01T22:00:00")),
            ("cron(50-10/7 * * * ? *)", None, "2027-01-01T09:05:00Z", Some("2027-01-01T09:50:00")),
            ("cron(50-10/7 * * * ? *)", None, "2027-01-01T09:57:00Z", Some("2027-01-01T10:04:00")),
            ("cron(0 8 29-3/3 * ? *)", None, "2027-01-29T09:00:00Z", Some("2027-02-01T08:00:00")),
            ("cron(0 8 1 NOV-FEB/3 ? *)", None, "2027-02-01T09:00:00Z", Some("2027-11-01T08:00:00")),
            ("cron(0 8 ? * FRI-TUE/2 *)", None, "2027-01-01T09:00:00Z", Some("2027-01-03T08:00:00")),
            ("cron(0/15 * * * ? *)", None, "2027-01-01T09:01:00Z", Some("2027-01-01T09:15:00")),
            ("cron(0 8 L * ? *)", None, "2027-02-01T00:00:00Z", Some("2027-02-28T08:00:00")),
            ("cron(0 8 1 * ? *)", Some("America/New_York"), "2027-01-02T00:00:00Z", Some("2027-02-01T13:00:00")),
            ("cron(0 8 1 1 ? 2028)", None, "2027-01-02T00:00:00Z", Some("2028-01-01T08:00:00")),
            ("cron(0 8 1 1 ? 2027)", None, "2027-01-02T00:00:00Z", None),
            ("cron(0 8 ? * 6L *)", None, "2027-01-02T00:00:00Z", Some("2027-01-29T08:00:00")),
            ("cron(0 8 ? * 2#1 *)", None, "2027-01-02T00:00:00Z", Some("2027-01-04T08:00:00")),
            ("cron(0 8 ? * 1 *)", None, "2027-01-02T00:00:00Z", Some("2027-01-03T08:00:00")),
            ("cron(0 8 ? * L *)", None, "2027-01-03T00:00:00Z", Some("2027-01-09T08:00:00")),
            ("cron(0 8 LW * ? *)", None, "2027-01-02T00:00:00Z", Some("2027-01-29T08:00:00")),
        ] {
            let found = next(text, zone, after);
            assert_eq!(found.as_deref().map(|found| &found[..19]), due, "{text} {zone:?} after {after}");
        }
    }

    #[test]
    fn what_is_no_schedule_is_none() {
        for text in [
            "",
            "at",
            "at()",
            "at(tomorrow)",
            "at(2027-01-31)",
            "at(2027-01-31T08:00:00+01:00)",
            "at(2027-01-31T08:00:00Z)",
            "rate(0 minutes)",
            "rate(5 weeks)",
            "rate(5)",
            "cron(* * * * *)",
            "cron(0 8 * * * *)",
            "cron(0 8 ? * ? *)",
            "cron(61 8 ? * MON *)",
            "cron(0 8 ? * MON *",
            "cron(0 22-2/0 * * ? *)",
            "cron(0 22-2/25 * * ? *)",
            "cron(0 22-2/-1 * * ? *)",
            "cron(0 8 1 * ? 2028-2027)",
            "in(5 minutes)",
        ] {
            assert!(Schedule::read(text, None).is_none(), "{text}");
        }
        assert!(Schedule::read("rate(5 minutes)", Some("Mars/Olympus")).is_none());
        assert!(Schedule::read(&format!("rate(5 minutes{})", " ".repeat(300)), None).is_none());
    }
}
