//! Keeps part of the disk free: a disk that is full to the last byte stops the database and every repair too.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::{Error, Result};

/// How old an answer of the file system may be.
const FRESH: Duration = Duration::from_secs(1);

/// A cached look at the free space.
pub(crate) struct Space {
    path: PathBuf,
    reserve: u64,
    seen: Mutex<Option<(Instant, u64)>>,
}

impl Space {
    pub(super) fn new(path: PathBuf, reserve: u64) -> Self {
        Self { path, reserve, seen: Mutex::new(None) }
    }

    /// Bytes that must stay free.
    pub(crate) fn reserve(&self) -> u64 {
        self.reserve
    }

    /// Bytes that are free for us. When the file system does not answer, writes are not refused here: they will say
    /// why.
    pub(crate) fn free(&self) -> u64 {
        self.free_as_of(FRESH)
    }

    fn free_as_of(&self, age: Duration) -> u64 {
        let mut seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match *seen {
            Some((at, free)) if at.elapsed() < age => free,
            _ => {
                let free = match rustix::fs::statvfs(&self.path) {
                    Ok(status) => status.f_bavail.saturating_mul(status.f_frsize),
                    Err(error) => {
                        tracing::warn!(%error, "cannot ask the file system for its free space");
                        u64::MAX
                    }
                };
                *seen = Some((Instant::now(), free));
                free
            }
        }
    }

    /// Fails when `length` more bytes would not leave the reserve free. Nothing is refused for want of space that was
    /// made a moment ago.
    pub(crate) fn require(&self, length: u64) -> Result<()> {
        let wanted = self.reserve.saturating_add(length);
        if self.free() >= wanted || self.free_as_of(Duration::ZERO) >= wanted { Ok(()) } else { Err(Error::NoSpace) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_the_reserve_nothing_is_taken() {
        let root = tempfile::tempdir().unwrap();
        let space = Space::new(root.path().to_owned(), 0);
        space.require(1).unwrap();
        assert!(matches!(space.require(u64::MAX), Err(Error::NoSpace)));
        let space = Space::new(root.path().to_owned(), u64::MAX);
        assert!(matches!(space.require(0), Err(Error::NoSpace)));
    }

    #[test]
    fn space_that_was_made_a_moment_ago_counts() {
        let root = tempfile::tempdir().unwrap();
        let space = Space::new(root.path().to_owned(), 0);
        *space.seen.lock().unwrap() = Some((Instant::now(), 0));
        space.require(1).unwrap();
    }
}
