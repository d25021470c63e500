//! Which destinations elsewhere this process is at, and which it leaves alone. However many repositories wait for a
//! destination that is slow or silent, others have their turn: one destination gets half of the workers, one that did not
//! answer as it should gets one of them, and after each failure it is left alone for a while.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use types::{AccountId, RegistryId};

use super::subject;

/// Workers that one process has for destinations elsewhere.
pub const WORKERS: usize = 8;
/// And how many of them are at one destination.
const AT_ONE: usize = WORKERS / 2;
/// The first and the longest pause after a failure.
const REST: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));
/// What failed so long ago is forgotten.
const FORGET: Duration = Duration::from_secs(3600);

/// How this process stands with all destinations. Each is named as its jobs end.
#[derive(Default)]
pub(crate) struct Turns(Mutex<HashMap<String, State>>);

#[derive(Default)]
struct State {
    at: usize,
    failures: u32,
    until: Option<Instant>,
}

impl State {
    fn rests(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| until > now)
    }

    fn is_closed(&self, now: Instant) -> bool {
        let most = if self.failures > 0 { 1 } else { AT_ONE };
        self.at >= most || self.rests(now)
    }

    fn is_over(&self, now: Instant) -> bool {
        self.at == 0 && self.until.is_none_or(|until| now > until + FORGET)
    }
}

/// How jobs end that are about a destination of an account's registries.
pub(super) fn ending(destination: &RegistryId, owner: &AccountId) -> String {
    format!("{} {owner}", subject("", destination))
}

impl Turns {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, State>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins with a destination. None if nothing is to be begun there now.
    pub(super) fn begin(&self, ending: String) -> Option<Turn<'_>> {
        let mut all = self.lock();
        let state = all.entry(ending.clone()).or_default();
        if state.is_closed(Instant::now()) {
            return None;
        }
        state.at += 1;
        drop(all);
        Some(Turn { turns: self, ending })
    }

    /// Destinations where nothing is to be begun now.
    pub(crate) fn closed(&self) -> Vec<String> {
        let (mut all, now) = (self.lock(), Instant::now());
        all.retain(|_, state| !state.is_over(now));
        all.iter().filter(|(_, state)| state.is_closed(now)).map(|(ending, _)| ending.clone()).collect()
    }
}

/// Somebody is at a destination, until this is dropped.
pub(super) struct Turn<'t> {
    turns: &'t Turns,
    ending: String,
}

impl Turn<'_> {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(self.turns.lock().entry(self.ending.clone()).or_default());
    }

    /// It answers.
    pub(super) fn reached(&self) {
        self.change(|state| (state.failures, state.until) = (0, None));
    }

    /// It does not answer as it should, or wants to be left alone for so long.
    pub(super) fn failed(&self, wanted: Option<Duration>) {
        self.change(|state| {
            let now = Instant::now();
            // Those who were at it together failed once.
            if !state.rests(now) {
                let pause = (REST.0 * 2_u32.pow(state.failures.min(16))).min(REST.1);
                state.failures = state.failures.saturating_add(1);
                state.until = Some(now + wanted.unwrap_or(pause));
            }
        });
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.change(|state| state.at -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin<'t>(turns: &'t Turns, ending: &str) -> Option<Turn<'t>> {
        turns.begin(ending.to_owned())
    }

    #[test]
    fn one_destination_leaves_workers_to_others() {
        let turns = Turns::default();
        let slow: Vec<_> = (0..AT_ONE).map(|_| begin(&turns, "slow").unwrap()).collect();
        assert!(begin(&turns, "slow").is_none() && begin(&turns, "other").is_some());
        assert_eq!(turns.closed(), ["slow"]);
        drop(slow);
        assert!(turns.closed().is_empty() && begin(&turns, "slow").is_some());
    }

    #[test]
    fn a_destination_that_failed_is_left_alone_and_then_tried_by_one() {
        let turns = Turns::default();
        let at_it: Vec<_> = (0..AT_ONE).map(|_| begin(&turns, "down").unwrap()).collect();
        at_it.iter().for_each(|turn| turn.failed(None));
        drop(at_it);
        assert!(begin(&turns, "down").is_none());
        turns.lock().get_mut("down").unwrap().until = Some(Instant::now());
        let turn = begin(&turns, "down").unwrap();
        assert!(begin(&turns, "down").is_none());
        assert_eq!(turns.lock()["down"].failures, 1);
        turn.failed(Some(Duration::from_secs(100)));
        assert!(turns.lock()["down"].until.unwrap() > Instant::now() + Duration::from_secs(90));
        turn.reached();
        assert!(begin(&turns, "down").is_some());
        drop(turn);
        assert!(turns.closed().is_empty());
        assert!(turns.lock().is_empty(), "nothing is kept of those that are well");
    }
}
