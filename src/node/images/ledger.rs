//! Which images the agent pulled, under which names, and when a task last had use for each. It is in the data folder, so
//! that the next agent knows.
//!
//! What is not in it is never removed. So an image is written down only when its pull is over, and forgotten before it is
//! removed: an agent that dies in between leaves an image that stays.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::reference::{bare, whole};
use crate::engine::Image;
use crate::journal::Journal;
use crate::{Error, Result};

/// A use that is newer than the one that is written down by less than this is not worth the disk's time, in microseconds.
const COARSE: i64 = 60_000_000;

/// An image that the agent pulled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Pulled {
    /// The engine's id of it.
    pub(crate) id: String,
    /// The whole names under which the agent pulled it. They may mean other images by now.
    pub(crate) names: BTreeSet<String>,
    /// When a task last had use for it, in microseconds since 1970.
    pub(crate) used_at: i64,
}

/// The images that the agent pulled. Clones are the same ledger.
#[derive(Clone)]
pub(super) struct Ledger(Arc<Inner>);

struct Inner {
    journal: Journal,
    /// By their ids.
    images: Mutex<BTreeMap<String, Pulled>>,
    /// Held while it is written down, so that what is older does not come last.
    writing: Mutex<()>,
}

impl Ledger {
    /// What is written down. A file that cannot be read costs the knowledge of which images may go, and nothing else.
    pub(super) fn open(journal: &Journal) -> Self {
        let written = journal.images().unwrap_or_else(|error| {
            tracing::error!(%error, "which images the agent pulled cannot be read; they stay on this host");
            Vec::new()
        });
        let images = written.into_iter().map(|image| (bare(&image.id).to_owned(), image)).collect();
        Self(Arc::new(Inner { journal: journal.clone(), images: Mutex::new(images), writing: Mutex::default() }))
    }

    /// Everything.
    pub(super) fn all(&self) -> Vec<Pulled> {
        self.lock().values().cloned().collect()
    }

    /// One image.
    pub(super) fn find(&self, id: &str) -> Option<Pulled> {
        self.lock().get(bare(id)).cloned()
    }

    /// A pull of a name has ended with this image. `before` is what was on the host before it: an image that was there and
    /// that the agent had not pulled is somebody else's, and so is a name that an image had; if that is not known, too.
    /// Whether there is something to write down.
    pub(super) fn pulled(&self, name: &str, image: &Image, before: Option<&[Image]>, now: i64) -> bool {
        let name = whole(name);
        let mut images = self.lock();
        let here = before.and_then(|before| before.iter().find(|other| bare(&other.id) == bare(&image.id)));
        let was_named = here.is_some_and(|here| here.names.iter().any(|had| whole(had) == name));
        match images.get_mut(bare(&image.id)) {
            Some(known) => {
                let more = before.is_some() && !was_named && known.names.insert(name);
                let worth = more || now - known.used_at > COARSE;
                known.used_at = now;
                worth
            }
            None if before.is_some() && here.is_none() => {
                let new = Pulled { id: image.id.clone(), names: BTreeSet::from([name]), used_at: now };
                images.insert(bare(&image.id).to_owned(), new);
                true
            }
            None => false,
        }
    }

    /// A name means this image, and a task makes use of it.
    pub(super) fn used(&self, id: &str, now: i64) {
        if let Some(known) = self.lock().get_mut(bare(id)) {
            known.used_at = now;
        }
    }

    /// Lets each image be changed, or forgotten. Whether something was.
    pub(super) fn review(&self, mut keep: impl FnMut(&mut Pulled) -> bool) -> bool {
        let mut images = self.lock();
        let before = images.clone();
        images.retain(|_, image| keep(image));
        *images != before
    }

    /// Forgets an image.
    pub(super) fn forget(&self, id: &str) {
        self.lock().remove(bare(id));
    }

    /// Knows an image again that was forgotten.
    pub(super) fn put_back(&self, image: Pulled) {
        self.lock().entry(bare(&image.id).to_owned()).or_insert(image);
    }

    /// Writes it down. Whoever does not wait for it any more does not end it. A disk that is full must keep nobody from running
    /// a task, nor from removing an image.
    pub(super) async fn save(&self) {
        let ledger = self.clone();
        let written = tokio::task::spawn_blocking(move || -> Result<()> {
            let _alone = ledger.0.writing.lock().unwrap_or_else(PoisonError::into_inner);
            ledger.0.journal.put_images(ledger.all())
        });
        if let Err(error) = written.await.map_err(|error| Error::Broken(error.to_string())).flatten() {
            tracing::warn!(%error, "which images the agent pulled cannot be written down");
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Pulled>> {
        self.0.images.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(id: &str, names: &[&str]) -> Image {
        Image { id: id.to_owned(), digest: None, names: names.iter().map(|name| (*name).to_owned()).collect() }
    }

    fn names(ledger: &Ledger, id: &str) -> Option<Vec<String>> {
        ledger.find(id).map(|found| found.names.into_iter().collect())
    }

    #[tokio::test]
    async fn only_what_a_pull_brought_is_known_and_is_known_to_the_next_agent() {
        let folder = tempfile::tempdir().unwrap();
        let (journal, _lock) = Journal::open(folder.path()).unwrap();
        let ledger = Ledger::open(&journal);
        assert!(ledger.all().is_empty(), "a folder without it works");
        let brought = image("sha256:01", &["h.example/a:1"]);
        assert!(!ledger.pulled("h.example/a:1", &brought, None, 1), "nobody knows what was there");
        assert!(!ledger.pulled("h.example/a:1", &brought, Some(std::slice::from_ref(&brought)), 1), "it was there");
        assert!(!ledger.pulled("h.example/a:1", &brought, Some(&[image("sha256:01", &[])]), 1), "without a name, too");
        assert!(ledger.pulled("h.example/a:1", &brought, Some(&[image("sha256:02", &["h.example/a:1"])]), 1));
        assert_eq!(names(&ledger, "01"), Some(vec!["h.example/a:1".to_owned()]));
        // A name that somebody gave it is not the agent's, though it pulls it as well.
        let before = [image("sha256:01", &["h.example/a:1", "h.example/a:2"])];
        assert!(!ledger.pulled("h.example/a:2", &brought, Some(&before), 2));
        assert!(ledger.pulled("h.example/a:3", &brought, Some(&before), 3));
        assert_eq!(names(&ledger, "01"), Some(vec!["h.example/a:1".to_owned(), "h.example/a:3".to_owned()]));
        ledger.save().await;
        let next = Ledger::open(&journal);
        assert_eq!(next.all(), ledger.all());
        assert_eq!(next.find("sha256:01").unwrap().used_at, 3);
    }

    #[tokio::test]
    async fn a_file_that_is_broken_or_of_a_later_agent_is_no_obstacle() {
        let folder = tempfile::tempdir().unwrap();
        let (journal, _lock) = Journal::open(folder.path()).unwrap();
        std::fs::write(folder.path().join("images.json"), "{").unwrap();
        assert!(Ledger::open(&journal).all().is_empty());
        let later = r#"{"version":2,"images":[{"id":"sha256:01","names":["h.example/a:1"],"used_at":7,"size":1},{}]}"#;
        std::fs::write(folder.path().join("images.json"), later).unwrap();
        let ledger = Ledger::open(&journal);
        assert_eq!(ledger.find("01").unwrap().used_at, 7);
        std::fs::create_dir(folder.path().join("images.new")).unwrap();
        ledger.save().await;
    }
}
