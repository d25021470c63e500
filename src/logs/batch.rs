//! A batch of events as `PutLogEvents` brings it: what must be true of it, and what of it is kept. No database and no
//! clock.

use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::event::{HOUR, weight};
use crate::failures;

/// Bytes of a batch, as AWS counts them.
pub(crate) const MOST_BYTES: usize = 1_048_576;
/// Events of a batch.
pub(crate) const MOST_EVENTS: usize = 10_000;

const DAY: i64 = 24 * HOUR;

/// An event as it comes: its time in milliseconds and what it says.
pub(crate) type Sent = (i64, String);

/// Events that are not kept, by where they are in the batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Rejected {
    /// Those from here on are too far in the future.
    pub(crate) too_new_from: Option<usize>,
    /// Those before are too old.
    pub(crate) too_old_before: Option<usize>,
    /// Those before are older than the group keeps events.
    pub(crate) expired_before: Option<usize>,
}

/// Refuses a batch that AWS refuses as a whole.
pub(crate) fn check(events: &[Sent]) -> Result<(), Error> {
    if events.is_empty() || events.len() > MOST_EVENTS {
        let (word, bound) = if events.is_empty() { ("greater", 1) } else { ("less", MOST_EVENTS) };
        return Err(failures::invalid(format!(
            "1 validation error detected: Value at 'logEvents' failed to satisfy constraint: Member must have length {word} \
             than or equal to {bound}"
        )));
    }
    if let Some(index) = events.iter().position(|(_, message)| message.is_empty()) {
        return Err(failures::invalid(format!(
            "1 validation error detected: Value '' at 'logEvents.{}.member.message' failed to satisfy constraint: Member \
             must have length greater than or equal to 1",
            index + 1
        )));
    }
    if let Some((index, (at, _))) = events.iter().enumerate().find(|(_, (at, _))| *at < 0) {
        return Err(failures::invalid(format!(
            "1 validation error detected: Value '{at}' at 'logEvents.{}.member.timestamp' failed to satisfy constraint: \
             Member must have value greater than or equal to 0",
            index + 1
        )));
    }
    let bytes: usize = events.iter().map(|(_, message)| weight(message)).sum();
    if bytes > MOST_BYTES {
        return Err(failures::invalid(format!("Upload too large: {bytes} bytes exceeds limit of {MOST_BYTES}")));
    }
    if !events.is_sorted_by_key(|(at, _)| *at) {
        return Err(failures::invalid("Log events in a single PutLogEvents request must be in chronological order."));
    }
    Ok(())
}

/// Which events of a batch are not kept at `now`, in milliseconds, in a group that keeps them for `retention_days`.
pub(crate) fn reject(events: &[Sent], now: i64, retention_days: Option<u64>) -> Rejected {
    let before = |time: i64| Some(events.partition_point(|(at, _)| *at < time)).filter(|count| *count > 0);
    let too_new = events.partition_point(|(at, _)| *at <= now + 2 * HOUR);
    let kept_for = retention_days.and_then(|days| i64::try_from(days).ok()).filter(|days| *days < 14);
    Rejected {
        too_new_from: Some(too_new).filter(|index| *index < events.len()),
        too_old_before: before(now - 14 * DAY),
        expired_before: kept_for.and_then(|days| before(now - days * DAY)),
    }
}

impl Rejected {
    /// Where what is kept begins and ends.
    pub(crate) fn kept(&self, count: usize) -> std::ops::Range<usize> {
        let begin = self.too_old_before.max(self.expired_before).unwrap_or_default();
        begin..self.too_new_from.unwrap_or(count).max(begin)
    }
}

/// Refuses events that are kept and lie too far apart.
pub(crate) fn check_span(kept: &[Sent]) -> Result<(), Error> {
    match (kept.first(), kept.last()) {
        (Some((first, _)), Some((last, _))) if last - first > DAY => Err(failures::invalid(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        )),
        _ => Ok(()),
    }
}

/// What names a batch that came with a sequence token: one that is sent again has the same name.
pub(crate) fn name(token: &str, events: &[Sent]) -> String {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
    add(token);
    for (at, message) in events {
        add(&at.to_string());
        add(message);
    }
    hex::encode(&hash.finalize()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    fn batch(times: &[i64]) -> Vec<Sent> {
        times.iter().map(|at| (*at, "m".to_owned())).collect()
    }

    #[test]
    fn a_batch_has_bounds() {
        assert!(check(&batch(&[1, 1, 2])).is_ok());
        assert!(check(&batch(&[2, 1])).is_err());
        assert!(check(&batch(&[-1])).is_err());
        assert!(check(&[]).is_err());
        assert!(check(&[(1, String::new())]).is_err());
        assert!(check(&batch(&vec![1; MOST_EVENTS])).is_ok());
        assert!(check(&batch(&vec![1; MOST_EVENTS + 1])).is_err());
        assert!(check(&[(1, "m".repeat(MOST_BYTES - 26))]).is_ok());
        assert!(check(&[(1, "m".repeat(MOST_BYTES - 25))]).is_err());
        assert!(check_span(&batch(&[0, DAY])).is_ok());
        assert!(check_span(&batch(&[0, DAY + 1])).is_err());
    }

    #[test]
    fn what_is_too_old_or_too_new_is_left_out() {
        let events = batch(&[NOW - 15 * DAY, NOW - 2 * DAY, NOW, NOW + 2 * HOUR, NOW + 2 * HOUR + 1]);
        let rejected = reject(&events, NOW, None);
        assert_eq!(rejected, Rejected { too_new_from: Some(4), too_old_before: Some(1), expired_before: None });
        assert_eq!(rejected.kept(events.len()), 1..4);
        let rejected = reject(&events, NOW, Some(1));
        assert_eq!((rejected.expired_before, rejected.kept(events.len())), (Some(2), 2..4));
        assert_eq!(reject(&batch(&[NOW]), NOW, Some(1)), Rejected::default());
        assert_eq!(reject(&batch(&[NOW + DAY]), NOW, None).kept(1), 0..0);
        assert!(reject(&batch(&[0]), NOW, None).kept(1).is_empty());
    }

    #[test]
    fn the_name_of_a_batch_tells_it_from_others() {
        let one = name("t", &batch(&[1, 2]));
        assert_eq!(one, name("t", &batch(&[1, 2])));
        for (token, events) in [("u", batch(&[1, 2])), ("t", batch(&[1])), ("t", batch(&[12]))] {
            assert_ne!(one, name(token, &events));
        }
    }
}
