//! How long to wait before trying again: longer each time, and never as long as others that fail at the same moment.

use std::time::Duration;

/// Waits that grow.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    first: Duration,
    most: Duration,
    next: Duration,
}

impl Backoff {
    pub(crate) fn new(first: Duration, most: Duration) -> Self {
        Self { first, most, next: first }
    }

    /// The next wait: between three quarters of what it is now and the whole.
    pub(crate) fn next(&mut self) -> Duration {
        let wait = self.next;
        self.next = wait.saturating_mul(2).min(self.most);
        wait.mul_f64(1.0 - fraction() / 4.0)
    }

    /// It went well: the next wait is short again.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }
}

/// A random number between 0 and 1.
pub(crate) fn fraction() -> f64 {
    let [a, b, ..] = *uuid::Uuid::new_v4().as_bytes();
    f64::from(u16::from_be_bytes([a, b])) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_begin_anew() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        for expected in [100, 200, 400, 800, 1_000, 1_000] {
            let wait = backoff.next();
            assert!(wait <= Duration::from_millis(expected) && wait >= Duration::from_millis(expected * 3 / 4));
        }
        backoff.reset();
        assert!(backoff.next() <= Duration::from_millis(100));
    }
}
