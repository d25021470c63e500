//! Makes an upload an object: verify, flush, rename, flush the directory.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{CWD, RenameFlags};
use rustix::io::Errno;
use types::{Algorithm, Digest};

use super::layout::Layout;
use super::staging::{Staging, sync_directory};
use super::{Disk, blocking};
use crate::hasher::Hasher;
use crate::{Error, Finished, Result, Staged};

impl Disk {
    /// Verifies and publishes an upload. See [`crate::Blobs::finish`].
    pub(crate) async fn finish(&self, staged: &mut Staged, expected: &Digest) -> Result<Finished> {
        let (layout, staged, expected) = (Arc::clone(&self.layout), staged.clone(), expected.clone());
        // Runs to its end even when the request goes away in the middle.
        blocking(move || publish(&layout, &staged, &expected)).await
    }
}

fn publish(layout: &Layout, staged: &Staged, expected: &Digest) -> Result<Finished> {
    let (staging, object) = (layout.staging(&staged.key), layout.object(&staged.key));
    let shard = layout.create_shard(&staged.key)?;
    let finished = Finished { key: staged.key.clone(), size: staged.offset };
    // The object is there when an earlier call did its work and its caller did not hear of it. The key is this upload's
    // alone, but which of its states was published is not known, so the bytes decide.
    if let Some(object) = existing(&staging, &object)? {
        let whole = object.metadata().is_ok_and(|metadata| metadata.len() == staged.offset);
        if !whole {
            return Err(Error::Lost { key: staged.key.clone() });
        }
        verify(expected, &hash(&object, staged.offset, expected.algorithm())?)?;
        object.sync_all().map_err(|error| Error::io("flushing a blob", error))?;
        sync_directory(&shard)?;
        return Ok(finished);
    }
    let staging = Staging::open(&staging, &staged.key, staged.offset)?;
    let running = staged.hasher().and_then(|hasher| hasher.digest(expected.algorithm()));
    let actual = match running {
        Some(actual) if !staging.marked => actual,
        _ => hash(&staging.file, staged.offset, expected.algorithm())?,
    };
    verify(expected, &actual)?;
    if staging.length > staged.offset {
        staging.file.set_len(staged.offset).map_err(|error| Error::io("cutting a staging file", error))?;
    }
    staging.file.sync_data().map_err(|error| Error::io("flushing a blob", error))?;
    match rename_new(&staging.path, &object) {
        Ok(()) => {}
        // The upload was finished and a stale request began it anew: an object is never overwritten.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(Error::Lost { key: staged.key.clone() });
        }
        Err(error) => return Err(Error::io("publishing a blob", error)),
    }
    sync_directory(&shard)?;
    Ok(finished)
}

/// Renames, and fails when the new name is taken.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some network file systems do not know the flag: a link cannot replace anything either.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            fs::hard_link(from, to)?;
            fs::remove_file(from)
        }
        outcome => outcome.map_err(io::Error::from),
    }
}

fn existing(staging: &Path, object: &Path) -> Result<Option<File>> {
    // A staging file means that nothing was published yet: the usual case costs one look at one name.
    if fs::symlink_metadata(staging).is_ok() {
        return Ok(None);
    }
    match File::open(object) {
        Ok(object) => Ok(Some(object)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("opening a blob", error)),
    }
}

fn verify(expected: &Digest, actual: &Digest) -> Result<()> {
    if actual == expected {
        Ok(())
    } else {
        Err(Error::DigestMismatch { expected: expected.clone(), actual: actual.clone() })
    }
}

/// The digest of the first `length` bytes that the file holds now.
fn hash(file: &File, length: u64, algorithm: Algorithm) -> Result<Digest> {
    let fail = |error: io::Error| Error::io("reading a blob back", error);
    let mut hasher = Hasher::new(algorithm == Algorithm::Sha512);
    let mut buffer = vec![0; 256 * 1024];
    let mut at = 0;
    while at < length {
        let want = usize::try_from(length - at).map_or(buffer.len(), |left| left.min(buffer.len()));
        match file.read_at(&mut buffer[..want], at) {
            Ok(0) => return Err(fail(io::ErrorKind::UnexpectedEof.into())),
            Ok(count) => {
                hasher.update(&buffer[..count]);
                at += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(fail(error)),
        }
    }
    Ok(hasher.digest(algorithm).expect("a new hasher runs the algorithm that it was made for"))
}
