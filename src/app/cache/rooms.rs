//! How many blobs are fetched at a time. One registry gets half of the places: however slow it is, others are fetched from.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Places for fetches.
pub(super) struct Rooms {
    all: Arc<Semaphore>,
    /// Those of each registry that somebody fetches from.
    of: Mutex<HashMap<String, Arc<Semaphore>>>,
    of_one: usize,
}

/// A place that is taken.
pub(super) struct Taken {
    _of: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Rooms {
    pub(super) fn new(places: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(places)), of: Mutex::default(), of_one: places.div_ceil(2) }
    }

    /// Waits for a place to fetch from a registry. None is never the answer while this is there.
    pub(super) async fn take(&self, host: &str) -> Option<Taken> {
        let of = {
            let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
            // Whoever has a place or waits for one holds on to them.
            of.retain(|_, room| Arc::strong_count(room) > 1);
            let room = of.entry(host.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.of_one)));
            Arc::clone(room)
        };
        let of = of.acquire_owned().await.ok()?;
        let all = Arc::clone(&self.all).acquire_owned().await.ok()?;
        Some(Taken { _of: of, _all: all })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn one_registry_leaves_places_to_others() {
        let rooms = Rooms::new(4);
        let take = |host: &'static str| rooms.take(host).now_or_never().flatten();
        let slow: Vec<_> = (0..2).map(|_| take("slow").unwrap()).collect();
        assert!(take("slow").is_none());
        let (one, other) = (take("one").unwrap(), take("other").unwrap());
        assert!(take("third").is_none(), "there are no more in all");
        drop((one, slow));
        assert!(take("slow").is_some());
        drop(other);
        drop(take("third"));
        assert!(rooms.of.lock().unwrap().len() <= 1, "nothing is kept of those that nobody fetches from");
    }
}
