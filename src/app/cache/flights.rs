//! What is under way in this process, by name: whoever wants the same thing joins in.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Things under way.
pub(super) struct Flights<T>(Mutex<HashMap<String, T>>);

impl<T: Clone> Flights<T> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one of that name; it is begun if there is none. `begin` must not wait: it starts a task, which calls
    /// [`Flights::end`] when it is done.
    pub(super) fn join(&self, key: &str, begin: impl FnOnce() -> T) -> T {
        self.lock().entry(key.to_owned()).or_insert_with(begin).clone()
    }

    pub(super) fn is_under_way(&self, key: &str) -> bool {
        self.lock().contains_key(key)
    }

    pub(super) fn end(&self, key: &str) {
        self.lock().remove(key);
    }
}
