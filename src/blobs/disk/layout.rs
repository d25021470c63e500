//! Which file and directory is what. The one place that knows paths.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::{Error, Key, Result, key};

/// The directories below the root.
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    /// Makes what is missing, durably. The 256 directories of objects are made now so that no push has to.
    pub(super) fn create(root: PathBuf) -> Result<Self> {
        let layout = Self { root };
        let make = |path: PathBuf| match fs::create_dir(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        };
        let all = || {
            fs::create_dir_all(&layout.root)?;
            make(layout.staging_directory())?;
            make(layout.quarantine_directory())?;
            make(layout.objects_directory())?;
            for shard in shards() {
                make(layout.shard_directory(&shard))?;
            }
            File::open(layout.objects_directory())?.sync_all()?;
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

    pub(super) fn shard_directory(&self, shard: &str) -> PathBuf {
        self.objects_directory().join(shard)
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

/// The names of the directories of objects, in order.
pub(super) fn shards() -> impl Iterator<Item = String> {
    (0..=255u8).map(|shard| format!("{shard:02x}"))
}
