//! What this process remembers of other registries for a while: what they do not have, that they are in trouble, and who is to
//! leave them alone. They count the pulls of each user, and one who has pulled too much is no reason to keep others from it.
//! Nothing that is here is kept from anybody by it.

use std::time::{Duration, Instant};

use moka::sync::Cache;

/// For how long an answer that there is nothing is believed.
const MISSING: Duration = Duration::from_secs(10);
/// For how long tags are not checked with a registry that failed. What is not here is asked for all the same.
const TROUBLE: Duration = Duration::from_secs(30);
/// For how long a registry that wants to be asked less is left alone if it does not say.
const REST: Duration = Duration::from_secs(10);
/// And the most that it can ask for.
const MOST: Duration = Duration::from_secs(300);

pub(super) struct Memory {
    missing: Cache<String, ()>,
    trouble: Cache<String, ()>,
    rests: Cache<String, Instant>,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self {
            missing: Cache::builder().max_capacity(10_000).time_to_live(MISSING).build(),
            trouble: Cache::builder().max_capacity(1000).time_to_live(TROUBLE).build(),
            rests: Cache::builder().max_capacity(1000).time_to_live(MOST).build(),
        }
    }

    pub(super) fn miss(&self, key: &str) {
        self.missing.insert(key.to_owned(), ());
    }

    pub(super) fn is_missing(&self, key: &str) -> bool {
        self.missing.contains_key(key)
    }

    pub(super) fn trouble(&self, host: &str) {
        self.trouble.insert(host.to_owned(), ());
    }

    /// Leaves a registry alone for as long as it wants. Returns how long that is.
    pub(super) fn rest(&self, asker: &str, wanted: Option<Duration>) -> Duration {
        let time = wanted.unwrap_or(REST).clamp(Duration::from_secs(1), MOST);
        self.rests.insert(asker.to_owned(), Instant::now() + time);
        time
    }

    /// How long a registry is still to be left alone.
    pub(super) fn resting(&self, asker: &str) -> Option<Duration> {
        let until = self.rests.get(asker)?;
        Some(until.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
    }

    /// Whether a registry need not be asked about what is here.
    pub(super) fn is_unwell(&self, host: &str, asker: &str) -> bool {
        self.trouble.contains_key(host) || self.resting(asker).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_left_alone_for_as_long_as_it_wants_within_reason() {
        let memory = Memory::new();
        assert!(memory.resting("a").is_none() && !memory.is_unwell("a", "a"));
        assert_eq!(memory.rest("a", Some(Duration::from_secs(100_000))), MOST);
        assert_eq!(memory.rest("a", None), REST);
        assert!(memory.resting("a").unwrap() <= REST && memory.is_unwell("host", "a"));
        assert_eq!(memory.rest("b", Some(Duration::ZERO)), Duration::from_secs(1));
        memory.trouble("c");
        assert!(memory.resting("c").is_none() && memory.is_unwell("c", "a b"));
    }
}
