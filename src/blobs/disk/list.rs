//! Walks over what is on the disk, for `fsck` and the sweeper only. Memory is bounded by the page that was asked for.

use std::collections::BinaryHeap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use super::layout::{Layout, shards};
use crate::{Error, Key, Leftover, Result};

/// Up to `limit` objects behind `after` in the order of their keys.
pub(super) fn objects(layout: &Layout, after: Option<&Key>, limit: usize) -> Result<Vec<(Key, u64)>> {
    let first = after.map_or("00", Key::shard).to_owned();
    let mut found = Vec::new();
    for shard in shards().filter(|shard| *shard >= first) {
        if found.len() >= limit {
            break;
        }
        // A directory is read in the file system's order: a heap keeps the smallest keys that are still wanted.
        let wanted = limit - found.len();
        let mut smallest = BinaryHeap::new();
        names(&layout.shard_directory(&shard), |name| {
            let key = Key::from_name(name).filter(|key| key.shard() == shard && after.is_none_or(|after| key > after));
            if let Some(key) = key {
                smallest.push(key);
                if smallest.len() > wanted {
                    smallest.pop();
                }
            }
            true
        })?;
        for key in smallest.into_sorted_vec() {
            match fs::metadata(layout.object(&key)) {
                Ok(metadata) => found.push((key, metadata.len())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(Error::io("looking at a blob", error)),
            }
        }
    }
    Ok(found)
}

/// Up to `limit` staging files that were not written to since `before`.
pub(super) fn leftovers(layout: &Layout, before: SystemTime, limit: usize) -> Result<Vec<Leftover>> {
    let mut found = Vec::new();
    names(&layout.staging_directory(), |name| {
        let key = Key::from_name(name);
        let since = key.as_ref().and_then(|key| fs::metadata(layout.staging(key)).ok()?.modified().ok());
        if let (Some(key), Some(since)) = (key, since.filter(|since| *since < before)) {
            found.push(Leftover { key, since, upload: None });
        }
        found.len() < limit
    })?;
    Ok(found)
}

/// Calls `visit` with each name in a directory, if it is there, until it says false.
fn names(directory: &Path, mut visit: impl FnMut(&str) -> bool) -> Result<()> {
    let fail = |error| Error::io("reading a directory of the blob store", error);
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(fail)?,
    };
    for entry in entries {
        let entry = entry.map_err(fail)?;
        if entry.file_name().to_str().is_some_and(|name| !visit(name)) {
            break;
        }
    }
    Ok(())
}
