//! Slows down guessing of secrets: failed logins are counted by source address and by access key.
//!
//! The counts live in this process only. They protect against guessing, and nothing is lost with them; N processes let
//! N times as many guesses through, which for secrets of 240 bits makes no difference.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use moka::sync::Cache;
use sha2::{Digest as _, Sha256};
use types::Secret;

use crate::{Error, Result};

/// Failures are forgotten this long after the first of them.
const WINDOW: Duration = Duration::from_secs(60);
/// Failures of one source with one key within the window, before it has to wait.
const PER_PAIR: u32 = 10;
/// Failures of one source with any keys.
const PER_SOURCE: u32 = 60;
/// Failures of all sources with one key, before further failing sources have to wait.
const PER_KEY: u32 = 100;
/// Credentials that were right are believed to be so for this long after their last use.
const PROVEN: Duration = Duration::from_secs(3600);
/// Entries of each kind that are remembered at most.
const CAPACITY: u64 = 100_000;

type Counter = Arc<AtomicU32>;

pub(crate) struct Throttle {
    pairs: Cache<(IpAddr, String), Counter>,
    sources: Cache<IpAddr, Counter>,
    keys: Cache<String, Counter>,
    /// Hashes of credentials that were right a while ago. Many machines may share one address; one of them that
    /// fails must not lock the others out.
    proven: Cache<[u8; 32], ()>,
}

/// A login being tried.
pub(crate) struct Attempt<'t> {
    throttle: &'t Throttle,
    source: IpAddr,
    key: &'t str,
    credentials: [u8; 32],
    proven: bool,
}

impl Throttle {
    pub(crate) fn new() -> Self {
        Self {
            pairs: counters(),
            sources: counters(),
            keys: counters(),
            proven: Cache::builder().max_capacity(CAPACITY).time_to_idle(PROVEN).build(),
        }
    }

    /// Begins a login, unless this source has failed too often.
    pub(crate) fn begin<'t>(&'t self, source: IpAddr, key: &'t str, password: &Secret) -> Result<Attempt<'t>> {
        let source = network(source);
        // Nobody's access key is this long; a long name must not fill the memory.
        let key = key.char_indices().nth(128).map_or(key, |(end, _)| &key[..end]);
        let mut hash = Sha256::new();
        hash.update([key.len() as u8]);
        hash.update(key);
        hash.update(password.expose());
        let credentials = hash.finalize().into();
        // To look is to use: what is used stays proven.
        let proven = self.proven.get(&credentials).is_some();
        if !proven
            && (count(&self.sources, &source) >= PER_SOURCE
                || count(&self.pairs, &(source, key.to_owned())) >= PER_PAIR)
        {
            return Err(wait());
        }
        Ok(Attempt { throttle: self, source, key, credentials, proven })
    }
}

impl Attempt<'_> {
    /// Remembers that the credentials are right. Once is enough for as long as they are used: most requests bring the same.
    pub(crate) fn succeeded(self) {
        if !self.proven {
            self.throttle.proven.insert(self.credentials, ());
        }
    }

    /// Counts the failure and says what to answer.
    pub(crate) fn failed(self) -> Error {
        let throttle = self.throttle;
        throttle.proven.invalidate(&self.credentials);
        add(&throttle.sources, self.source);
        add(&throttle.pairs, (self.source, self.key.to_owned()));
        if add(&throttle.keys, self.key.to_owned()) > PER_KEY {
            return wait();
        }
        Error::Unauthenticated("the user name or password is not right")
    }
}

fn wait() -> Error {
    Error::TooManyRequests { retry_after: WINDOW }
}

/// Whoever has an IPv6 address usually has 2^64 of them.
fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(address) => {
            let mut octets = address.octets();
            octets[8..].fill(0);
            IpAddr::V6(Ipv6Addr::from(octets))
        }
        v4 => v4,
    }
}

fn counters<K: std::hash::Hash + Eq + Send + Sync + 'static>() -> Cache<K, Counter> {
    Cache::builder().max_capacity(CAPACITY).time_to_live(WINDOW).build()
}

fn count<K: std::hash::Hash + Eq + Send + Sync + 'static>(counters: &Cache<K, Counter>, key: &K) -> u32 {
    counters.get(key).map_or(0, |counter| counter.load(Ordering::Relaxed))
}

fn add<K: std::hash::Hash + Eq + Send + Sync + 'static>(counters: &Cache<K, Counter>, key: K) -> u32 {
    counters.get_with(key, Counter::default).fetch_add(1, Ordering::Relaxed) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(last: u8) -> IpAddr {
        IpAddr::from([127, 0, 0, last])
    }

    #[test]
    fn a_source_that_fails_waits_and_others_do_not() {
        let throttle = Throttle::new();
        let wrong = Secret::new("wrong");
        for _ in 0..PER_PAIR {
            let error = throttle.begin(source(1), "AKIA1", &wrong).ok().unwrap().failed();
            assert!(matches!(error, Error::Unauthenticated(_)));
        }
        assert!(throttle.begin(source(1), "AKIA1", &wrong).is_err());
        assert!(throttle.begin(source(1), "AKIA2", &wrong).is_ok());
        assert!(throttle.begin(source(2), "AKIA1", &wrong).is_ok());
    }

    #[test]
    fn credentials_that_were_right_are_not_locked_out() {
        let throttle = Throttle::new();
        let right = Secret::new("right");
        throttle.begin(source(1), "AKIA1", &right).ok().unwrap().succeeded();
        for _ in 0..PER_SOURCE {
            if let Ok(attempt) = throttle.begin(source(1), "AKIA1", &Secret::new("wrong")) {
                let _ = attempt.failed();
            }
        }
        assert!(throttle.begin(source(1), "AKIA1", &right).is_ok());
        assert!(throttle.begin(source(1), "AKIA1", &Secret::new("other")).is_err());
    }
}
