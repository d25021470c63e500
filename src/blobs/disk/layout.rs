//! Which file and directory is what. The one place that knows paths.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::{Error, Key, Result, key};

/// The directories below the root.
pub(super) struct Layout {
    root: PathBuf,
    /// Which directories of objects this process knows to be there, durably, by their numbers.
    shards: [AtomicBool; 256],
}

impl Layout {
    /// Makes what is missing, durably.
    pub(super) fn create(root: PathBuf) -> Result<Self> {
        let layout = Self { root, shards: [const { AtomicBool::new(false) }; 256] };
        let all = || {
            fs::create_dir_all(&layout.root)?;
            make(&layout.staging_directory())?;
            make(&layout.quarantine_directory())?;
            make(&layout.objects_directory())?;
            File::open(&layout.root)?.sync_all()
        };
        all().map_err(|error| Error::io("making the directories of the blob store", error))?;
        Ok(layout)
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn staging_directory(&self) -> PathBuf {
        self.root.join("staging")
    }

    fn quarantine_directory(&self) -> PathBuf {
        self.root.join("quarantine")
    }

    fn objects_directory(&self) -> PathBuf {
        self.root.join(key::FOLDER)
    }

    /// Where the objects of a shard are, if there are any.
    pub(super) fn shard_directory(&self, shard: &str) -> PathBuf {
        self.objects_directory().join(shard)
    }

    /// The directory of an object, which is made, durably, for the first that comes into it: most registries are small, and a
    /// backup may leave out what is empty. Blocks.
    pub(super) fn create_shard(&self, key: &Key) -> Result<PathBuf> {
        let path = self.shard_directory(key.shard());
        let known = &self.shards[key.shard_number()];
        if !known.load(Ordering::Acquire) {
            // Whoever finds it there may be faster than the flush of who made it.
            make(&path)
                .and_then(|()| File::open(self.objects_directory())?.sync_all())
                .map_err(|error| Error::io("making a directory of blobs", error))?;
            known.store(true, Ordering::Release);
        }
        Ok(path)
    }

    /// The file of an object.
    pub(super) fn object(&self, key: &Key) -> PathBuf {
        self.root.join(key.as_str())
    }

    /// The file of the upload that will become the object.
    pub(super) fn staging(&self, key: &Key) -> PathBuf {
        self.staging_directory().join(key.name())
    }

    /// Where an object goes that nothing points to.
    pub(super) fn quarantined(&self, key: &Key) -> PathBuf {
        self.quarantine_directory().join(key.name())
    }
}

/// Makes a directory that may be there.
fn make(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// The names of the directories of objects, in order. Those of which nothing was ever made are not there.
pub(super) fn shards() -> impl Iterator<Item = String> {
    (0..=255u8).map(|shard| format!("{shard:02x}"))
}
