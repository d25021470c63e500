//! What happens on one connection, noted by its socket and its requests, and the judgment whether it has taken too long.
//! Notes are single relaxed stores: they cost nothing worth measuring and lock nothing.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    time::{Duration, Instant},
};

use super::Limits;

/// Notes about one connection.
pub(super) struct Activity {
    opened: Instant,
    /// Requests whose response has not been handed over whole.
    active: AtomicUsize,
    /// Requests so far.
    requests: AtomicU64,
    /// When the last response ended.
    ended: Moment,
    /// When the head that is being read began.
    head: Moment,
    /// Since when the client has not taken what we have to say.
    blocked: Moment,
    /// Answers over HTTP/2 that go on when the client reads on: there the socket takes what keeps the connection alive, whatever else
    /// waits.
    unread: AtomicUsize,
    /// When one of them last went on.
    read_on: Moment,
    http2: AtomicBool,
}

/// Milliseconds since the connection opened, plus one; 0 is "not now".
#[derive(Default)]
struct Moment(AtomicU64);

impl Moment {
    fn get(&self) -> Option<Duration> {
        self.0.load(Relaxed).checked_sub(1).map(Duration::from_millis)
    }

    fn set(&self, since_opened: Duration) {
        self.0.store(u64::try_from(since_opened.as_millis()).unwrap_or(u64::MAX - 1) + 1, Relaxed);
    }

    fn clear(&self) {
        self.0.store(0, Relaxed);
    }
}

/// What to do with a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing; look again after this time.
    Keep(Duration),
    /// Nothing is asked on it: close it politely.
    Close,
    /// The client does not do its part: drop it.
    Drop,
}

impl Activity {
    /// Notes for a connection that opens now.
    pub(super) fn new() -> Self {
        Self {
            opened: Instant::now(),
            active: AtomicUsize::new(0),
            requests: AtomicU64::new(0),
            ended: Moment::default(),
            head: Moment::default(),
            blocked: Moment::default(),
            unread: AtomicUsize::new(0),
            read_on: Moment::default(),
            http2: AtomicBool::new(false),
        }
    }

    /// Bytes came from the client.
    pub(super) fn received(&self) {
        if self.active.load(Relaxed) == 0 && self.head.get().is_none() {
            self.head.set(self.opened.elapsed());
        }
    }

    /// The client speaks HTTP/2, where a head is one frame and pings arrive at any time.
    pub(super) fn is_http2(&self) {
        self.http2.store(true, Relaxed);
    }

    /// The socket does not take more bytes at the moment.
    pub(super) fn write_blocked(&self) {
        if self.blocked.get().is_none() {
            self.blocked.set(self.opened.elapsed());
        }
    }

    /// The socket took bytes.
    pub(super) fn write_moved(&self) {
        if self.blocked.get().is_some() {
            self.blocked.clear();
        }
    }

    /// An answer over HTTP/2 waits for its client to read on.
    pub(super) fn unread(&self) {
        self.read_on.set(self.opened.elapsed());
        self.unread.fetch_add(1, Relaxed);
    }

    /// It does not wait any more.
    pub(super) fn read_on(&self) {
        self.unread.fetch_sub(1, Relaxed);
    }

    /// A request begins; its number on this connection, from 1.
    pub(super) fn begin(&self) -> u64 {
        self.active.fetch_add(1, Relaxed);
        self.head.clear();
        self.requests.fetch_add(1, Relaxed) + 1
    }

    /// A request is not over with its response.
    pub(super) fn go_on(&self) {
        self.active.fetch_add(1, Relaxed);
    }

    /// A response has been handed over whole, or given up.
    pub(super) fn end(&self) {
        self.ended.set(self.opened.elapsed());
        self.active.fetch_sub(1, Relaxed);
    }

    /// Whether the last request over HTTP/1 was answered and the next has not begun.
    pub(super) fn is_between_requests(&self) -> bool {
        self.active.load(Relaxed) == 0
            && self.requests.load(Relaxed) > 0
            && self.head.get().is_none()
            && !self.http2.load(Relaxed)
    }

    /// Whether the connection has taken too long.
    pub(super) fn judge(&self, limits: &Limits) -> Verdict {
        let now = self.opened.elapsed();
        // Often enough that nothing overstays by more than a third of the header time-out.
        let tick = (limits.header / 3).max(Duration::from_millis(1));
        if let Some(blocked) = self.blocked.get() {
            return if now.saturating_sub(blocked) >= limits.stall { Verdict::Drop } else { Verdict::Keep(tick) };
        }
        if self.unread.load(Relaxed) > 0 && now.saturating_sub(self.read_on.get().unwrap_or_default()) >= limits.stall {
            return Verdict::Drop;
        }
        if self.active.load(Relaxed) > 0 {
            return Verdict::Keep(tick);
        }
        let fresh = self.requests.load(Relaxed) == 0;
        if !self.http2.load(Relaxed) {
            let began = if fresh { Some(Duration::ZERO) } else { self.head.get() };
            if let Some(began) = began {
                return if now.saturating_sub(began) >= limits.header { Verdict::Drop } else { Verdict::Keep(tick) };
            }
        }
        let idle = now.saturating_sub(self.ended.get().unwrap_or_default());
        if idle >= limits.idle { Verdict::Close } else { Verdict::Keep(tick.min(limits.idle - idle)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits { header: Duration::from_secs(15), idle: Duration::from_secs(75), ..Limits::default() }
    }

    /// Lets time pass on this connection.
    fn pass(activity: &mut Activity, seconds: u64) {
        activity.opened -= Duration::from_secs(seconds);
    }

    fn is_kept(activity: &Activity) -> bool {
        matches!(activity.judge(&limits()), Verdict::Keep(_))
    }

    #[test]
    fn a_connection_that_says_nothing_is_dropped() {
        let mut activity = Activity::new();
        pass(&mut activity, 14);
        assert_eq!(activity.judge(&limits()), Verdict::Keep(Duration::from_secs(5)));
        pass(&mut activity, 1);
        assert_eq!(activity.judge(&limits()), Verdict::Drop);
    }

    #[test]
    fn a_request_may_take_as_long_as_it_wants_and_then_idleness_counts() {
        let mut activity = Activity::new();
        activity.received();
        assert_eq!(activity.begin(), 1);
        pass(&mut activity, 100_000);
        assert!(is_kept(&activity));
        activity.end();
        pass(&mut activity, 74);
        assert!(is_kept(&activity));
        pass(&mut activity, 1);
        assert_eq!(activity.judge(&limits()), Verdict::Close);
    }

    #[test]
    fn half_a_head_after_a_request_is_dropped_before_it_counts_as_idle() {
        let mut activity = Activity::new();
        activity.begin();
        activity.end();
        pass(&mut activity, 30);
        activity.received();
        pass(&mut activity, 10);
        activity.received();
        assert!(is_kept(&activity));
        pass(&mut activity, 5);
        assert_eq!(activity.judge(&limits()), Verdict::Drop);
    }

    #[test]
    fn a_client_that_does_not_read_is_dropped() {
        let mut activity = Activity::new();
        activity.begin();
        activity.write_blocked();
        pass(&mut activity, 299);
        activity.write_blocked();
        assert!(is_kept(&activity));
        pass(&mut activity, 1);
        assert_eq!(activity.judge(&limits()), Verdict::Drop);
        activity.write_moved();
        assert!(is_kept(&activity));
    }

    #[test]
    fn pings_do_not_make_an_http2_connection_look_slow() {
        let mut activity = Activity::new();
        activity.is_http2();
        activity.received();
        pass(&mut activity, 20);
        assert!(is_kept(&activity));
        pass(&mut activity, 55);
        assert_eq!(activity.judge(&limits()), Verdict::Close);
    }
}
