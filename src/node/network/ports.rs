//! Ports of the host that are free, many in a row.
//!
//! Nothing holds them between the look and the start of the container that gets them: should something else take one, the
//! container does not start, and its task says so. Amazon's agent does it the same way.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::{Mutex, PoisonError};

use crate::backoff::fraction;

/// Ports that the kernel gives out, where it does not say which.
const EPHEMERAL: RangeInclusive<u16> = 49_153..=65_535;

/// Gives out ports in a row.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// Where the next row is looked for: behind the last one, which may not be bound yet.
    next: Mutex<u16>,
}

impl Rows {
    /// The first of so many ports in a row that are free for `tcp` or `udp`. None if there are none.
    pub(crate) fn take(&self, count: usize, protocol: &str) -> Option<u16> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let span = ephemeral().unwrap_or(EPHEMERAL);
        if !span.contains(&next) {
            // Another agent that has just started, as in tests, would begin at the same place.
            let half = f64::from(span.end() - span.start()) / 2.0;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is less than the span")]
            let behind = (half * fraction()) as u16;
            *next = span.start().midpoint(*span.end()).saturating_add(behind);
        }
        let begin = find(&span, *next, count, |port| is_free(port, protocol))?;
        *next = begin.saturating_add(u16::try_from(count).unwrap_or(u16::MAX));
        Some(begin)
    }
}

/// The ports that the kernel gives out, among which Docker looks too.
fn ephemeral() -> Option<RangeInclusive<u16>> {
    let text = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let mut bounds = text.split_whitespace().map(str::parse);
    match (bounds.next()?, bounds.next()?) {
        (Ok(first), Ok(last)) if first < last => Some(first..=last),
        _ => None,
    }
}

fn is_free(port: u16, protocol: &str) -> bool {
    let at = (Ipv4Addr::UNSPECIFIED, port);
    if protocol == "udp" { UdpSocket::bind(at).is_ok() } else { TcpListener::bind(at).is_ok() }
}

/// The first row of a span, from a port on, then from the start. If nothing says from where, it is the middle: the engine gives
/// out single ports from the start, and takes a moment to bind them.
fn find(span: &RangeInclusive<u16>, from: u16, count: usize, mut is_free: impl FnMut(u16) -> bool) -> Option<u16> {
    let mut search = |ports: RangeInclusive<u16>| {
        let mut row: Option<(u16, usize)> = None;
        for port in ports {
            row = is_free(port).then(|| row.map_or((port, 1), |(begin, length)| (begin, length + 1)));
            match row {
                Some((begin, length)) if length == count => return Some(begin),
                _ => {}
            }
        }
        None
    };
    let from = if span.contains(&from) { from } else { span.start().midpoint(*span.end()) };
    search(from..=*span.end()).or_else(|| search(span.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_follow_each_other_and_leave_out_what_is_taken() {
        let free = |port: u16| port != 105;
        assert_eq!(find(&(100..=120), 0, 5, free), Some(110), "where the engine is not");
        assert_eq!(find(&(100..=120), 100, 5, free), Some(100));
        assert_eq!(find(&(100..=120), 100, 6, free), Some(106));
        assert_eq!(find(&(100..=120), 111, 5, free), Some(111));
        assert_eq!(find(&(100..=120), 117, 5, free), Some(100), "from the start again");
        assert_eq!(find(&(100..=120), 100, 16, free), None);
        assert_eq!(find(&(100..=120), 100, 1, |_| false), None);
    }

    #[test]
    fn two_rows_of_a_host_are_not_the_same() {
        let rows = Rows::default();
        let (one, other) = (rows.take(3, "tcp").unwrap(), rows.take(3, "tcp").unwrap());
        assert!(one.abs_diff(other) >= 3, "{one} {other}");
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        assert!(!is_free(listener.local_addr().unwrap().port(), "tcp"));
    }
}
