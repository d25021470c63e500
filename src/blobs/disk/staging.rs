//! The file of one upload while it is written to, held by one request at a time.
//!
//! The lock is the kernel's (`flock`): it works across processes, and it lasts as long as the last handle, so a
//! request that went away keeps it until the write that it had begun has ended, and a crash frees it.
//!
//! **Divergence.** A request may go on from an earlier state than the file is in (a rolled back or abandoned append).
//! Then it overwrites bytes that another request may believe to be its own. So whoever begins before the end of the
//! file first marks the file, durably, and `finish` trusts no running digest for a marked file: it hashes what is
//! there. Of two requests that went on from the same state, the one whose bytes survived finishes and the other fails.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::FlockOperation;

use crate::{Error, Key, Result};

const MODE: u32 = 0o600;
/// The mark is the owner's execute bit: the one piece of metadata that every file system keeps and nobody else uses
/// here.
const MARKED: u32 = 0o700;

/// How long a request waits for the one before it to let go. It only has to outlast the write of one piece.
const PATIENCE: [Duration; 6] = [
    Duration::from_millis(1),
    Duration::from_millis(5),
    Duration::from_millis(25),
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_millis(1500),
];

/// A locked staging file.
pub(super) struct Staging {
    pub(super) file: File,
    pub(super) path: PathBuf,
    pub(super) length: u64,
    pub(super) marked: bool,
}

impl Staging {
    /// Opens and locks the file of an upload that has `offset` bytes, and makes it when it has none. Blocks.
    pub(super) fn open(path: &Path, key: &Key, offset: u64) -> Result<Self> {
        let mut patience = PATIENCE.iter();
        loop {
            if let Some(staging) = Self::try_open(path, key, offset)? {
                return Ok(staging);
            }
            std::thread::sleep(*patience.next().ok_or(Error::Busy)?);
        }
    }

    fn try_open(path: &Path, key: &Key, offset: u64) -> Result<Option<Self>> {
        let fail = |error: io::Error| Error::io("opening a staging file", error);
        let mut options = OpenOptions::new();
        options.read(true).write(true).mode(MODE).create(offset == 0);
        let file = match options.open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Error::Lost { key: key.clone() }),
            Err(error) => return Err(fail(error)),
        };
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => return Ok(None),
            Err(errno) => return Err(fail(errno.into())),
        }
        // Between opening and locking, the file may have been finished (renamed) or removed by the one who held the
        // lock: then this handle is of an object that must not be touched.
        let metadata = file.metadata().map_err(fail)?;
        let named = fs::metadata(path).is_ok_and(|now| (now.dev(), now.ino()) == (metadata.dev(), metadata.ino()));
        if !named {
            return Ok(None);
        }
        if metadata.len() < offset {
            return Err(Error::Lost { key: key.clone() });
        }
        let marked = metadata.permissions().mode() & MARKED == MARKED;
        Ok(Some(Self { file, path: path.to_owned(), length: metadata.len(), marked }))
    }

    /// Marks the file, durably, before bytes that somebody may count on are overwritten.
    pub(super) fn mark(&mut self) -> Result<()> {
        if !self.marked {
            let set = self.file.set_permissions(Permissions::from_mode(MARKED)).and_then(|()| self.file.sync_all());
            set.map_err(|error| Error::io("marking a staging file", error))?;
            self.marked = true;
        }
        Ok(())
    }
}

/// Makes the entries of a directory durable.
pub(super) fn sync_directory(path: &Path) -> Result<()> {
    let sync = File::open(path).and_then(|directory| directory.sync_all());
    sync.map_err(|error| Error::io("flushing a directory", error))
}
