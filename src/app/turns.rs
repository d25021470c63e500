//! Which places elsewhere the workers of a kind of job are at in this process, and which they leave alone. However many jobs wait
//! for one that is slow or silent, others have their turn: one place gets half of the workers, one that did not answer as it
//! should gets one of them, and after each failure it is left alone for a while.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The first and the longest pause after a failure.
const REST: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));
/// What failed so long ago is forgotten.
const FORGET: Duration = Duration::from_secs(3600);

/// How this process stands with all places. Each is named as its jobs end.
pub(crate) struct Turns {
    all: Mutex<HashMap<String, State>>,
    /// How many workers are at one place.
    at_one: usize,
}

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

    fn is_closed(&self, at_one: usize, now: Instant) -> bool {
        let most = if self.failures > 0 { 1 } else { at_one };
        self.at >= most || self.rests(now)
    }

    fn is_over(&self, now: Instant) -> bool {
        self.at == 0 && self.until.is_none_or(|until| now > until + FORGET)
    }
}

impl Turns {
    /// For so many workers.
    pub(crate) fn new(workers: usize) -> Self {
        Self { all: Mutex::default(), at_one: workers.div_ceil(2) }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, State>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins with a place. None if nothing is to be begun there now.
    pub(crate) fn begin(&self, ending: String) -> Option<Turn<'_>> {
        let mut all = self.lock();
        let state = all.entry(ending.clone()).or_default();
        if state.is_closed(self.at_one, Instant::now()) {
            return None;
        }
        state.at += 1;
        drop(all);
        Some(Turn { turns: self, ending })
    }

    /// Places where nothing is to be begun now.
    pub(crate) fn closed(&self) -> Vec<String> {
        let (mut all, now) = (self.lock(), Instant::now());
        all.retain(|_, state| !state.is_over(now));
        all.iter().filter(|(_, state)| state.is_closed(self.at_one, now)).map(|(ending, _)| ending.clone()).collect()
    }
}

/// Somebody is at a place, until this is dropped.
pub(crate) struct Turn<'t> {
    turns: &'t Turns,
    ending: String,
}

impl Turn<'_> {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(self.turns.lock().entry(self.ending.clone()).or_default());
    }

    /// It answers.
    pub(crate) fn reached(&self) {
        self.change(|state| (state.failures, state.until) = (0, None));
    }

    /// It does not answer as it should, or wants to be left alone for so long.
    pub(crate) fn failed(&self, wanted: Option<Duration>) {
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

    const AT_ONE: usize = 4;

    fn begin<'t>(turns: &'t Turns, ending: &str) -> Option<Turn<'t>> {
        turns.begin(ending.to_owned())
    }

    #[test]
    fn one_place_leaves_workers_to_others() {
        let turns = Turns::new(8);
        let slow: Vec<_> = (0..AT_ONE).map(|_| begin(&turns, "slow").unwrap()).collect();
        assert!(begin(&turns, "slow").is_none() && begin(&turns, "other").is_some());
        assert_eq!(turns.closed(), ["slow"]);
        drop(slow);
        assert!(turns.closed().is_empty() && begin(&turns, "slow").is_some());
    }

    #[test]
    fn a_place_that_failed_is_left_alone_and_then_tried_by_one() {
        let turns = Turns::new(8);
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
