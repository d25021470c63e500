//! Blobs in a directory of the local file system.
//!
//! An upload is one file in `staging/`, appended to at known offsets and renamed to `blobs/<two digits>/` when it is
//! whole. Every write is followed by the flush that makes it durable before it is acknowledged, of the file and of the
//! directory that names it. All file system calls run on blocking threads.

mod append;
mod finish;
mod layout;
mod list;
mod read;
mod space;
mod staging;

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use layout::Layout;
use space::Space;
use tokio::sync::Semaphore;

use crate::budget::Budget;
use crate::pool::Pool;
use crate::{Error, Key, Leftover, Result};

/// The driver; clones share it.
#[derive(Clone)]
pub(crate) struct Disk {
    layout: Arc<Layout>,
    space: Arc<Space>,
    budget: Budget,
    pool: Pool,
    /// Room for flushes beside uploads.
    flushes: Arc<Semaphore>,
}

impl Disk {
    /// Makes what is missing of the directories.
    pub(crate) async fn open(root: PathBuf, low_water: u64, budget: Budget) -> Result<Self> {
        let layout = blocking(move || Layout::create(root)).await?;
        let space = Arc::new(Space::new(layout.root().to_owned(), low_water));
        let flushes = Arc::new(Semaphore::new(append::FLUSHES));
        Ok(Self { layout: Arc::new(layout), space, budget, pool: Pool::default(), flushes })
    }

    /// The watch over free space.
    pub(crate) fn space(&self) -> &Space {
        &self.space
    }

    /// The size of an object.
    pub(crate) async fn size(&self, key: &Key) -> Result<Option<u64>> {
        let path = self.layout.object(key);
        blocking(move || match fs::metadata(path) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("looking at a blob", error)),
        })
        .await
    }

    /// Removes objects. A removal that a power loss undoes leaves an orphan, so nothing is flushed here.
    pub(crate) async fn delete(&self, keys: &[Key]) -> Result<()> {
        let paths: Vec<PathBuf> = keys.iter().map(|key| self.layout.object(key)).collect();
        blocking(move || paths.into_iter().try_for_each(|path| remove(path, "removing a blob"))).await
    }

    /// Moves an object below `quarantine/`.
    pub(crate) async fn quarantine(&self, key: &Key) -> Result<()> {
        let (from, to) = (self.layout.object(key), self.layout.quarantined(key));
        blocking(move || match fs::rename(from, to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("quarantining a blob", error)),
            _ => Ok(()),
        })
        .await
    }

    /// Removes the staging file of an upload.
    pub(crate) async fn abort(&self, key: &Key) -> Result<()> {
        let path = self.layout.staging(key);
        blocking(move || remove(path, "removing a staging file")).await
    }

    /// Staging files that were not written to since `before`.
    pub(crate) async fn leftovers(&self, before: SystemTime, limit: usize) -> Result<Vec<Leftover>> {
        let layout = Arc::clone(&self.layout);
        blocking(move || list::leftovers(&layout, before, limit)).await
    }

    /// The first objects behind `after`.
    pub(crate) async fn list(&self, after: Option<&Key>, limit: usize) -> Result<Vec<(Key, u64)>> {
        let (layout, after) = (Arc::clone(&self.layout), after.cloned());
        blocking(move || list::objects(&layout, after.as_ref(), limit)).await
    }
}

fn remove(path: PathBuf, operation: &'static str) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io(operation, error)),
        _ => Ok(()),
    }
}

/// Runs file system work where it may block. A panic there is passed on; it goes on to its end when the caller goes
/// away.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    joined(tokio::task::spawn_blocking(work).await)
}

/// The outcome of blocking work. A runtime that shuts down cancels what had not begun: then the upload is simply not
/// done.
fn joined<T>(outcome: std::result::Result<Result<T>, tokio::task::JoinError>) -> Result<T> {
    match outcome {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(Error::io("running file system work", io::Error::other(error))),
        },
    }
}
