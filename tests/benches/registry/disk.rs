//! The disk's own limit: what one pass of SHA-256, write and fdatasync gives in the file system of the registries, with as
//! many files at once as a push measure has clients. No registry that keeps what it acknowledged can be faster than this
//! for long.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::content::{Content, Tail};
use crate::load::Pace;

/// What is hashed and written at a time.
const PIECE: usize = 1024 * 1024;

/// A scratch directory in the file system under test; it is removed at the end of the run.
pub(crate) struct Disk {
    scratch: TempDir,
}

impl Disk {
    /// A scratch directory inside `parent`.
    pub(crate) fn new(parent: &Path) -> Result<Self> {
        let scratch = tempfile::Builder::new().prefix("registry-bench-").tempdir_in(parent);
        Ok(Self { scratch: scratch.with_context(|| format!("cannot write in {}", parent.display()))? })
    }

    /// Where the scratch directory is.
    pub(crate) fn path(&self) -> &Path {
        self.scratch.path()
    }

    /// Bytes that can still be written.
    pub(crate) fn free_bytes(&self) -> Result<u64> {
        let figures = rustix::fs::statvfs(self.path())?;
        Ok(figures.f_bavail * figures.f_frsize)
    }

    /// Waits until what the round before left in memory is on the disk, so that nobody pays for another's writes, and has
    /// the kernel forget it, where it lets us (root). A registry keeps its files and the bare disk's are removed, so else the
    /// first would always write to fresh memory, which a virtual machine may have to be given first, and the second to
    /// memory that is there already.
    pub(crate) fn settle(&self) -> Result<()> {
        rustix::fs::syncfs(File::open(self.path())?).context("cannot sync the file system")?;
        let _ = fs::write("/proc/sys/vm/drop_caches", "1");
        Ok(())
    }

    /// One round; gives the bytes written and the time it took. Removing the files is not timed.
    pub(crate) fn round(&self, content: &Content, run: u64, clients: usize, pace: Pace) -> Result<(u64, Duration)> {
        let begun = AtomicU64::new(0);
        let started = Instant::now();
        let outcomes: Vec<Result<Vec<PathBuf>>> = std::thread::scope(|scope| {
            let begun = &begun;
            let writers: Vec<_> = (0..clients)
                .map(|client| scope.spawn(move || self.write_files(content, run, client, pace, started, begun)))
                .collect();
            writers.into_iter().map(|writer| writer.join().expect("a writer does not panic")).collect()
        });
        let elapsed = started.elapsed();
        let mut files = 0;
        for outcome in outcomes {
            for path in outcome? {
                files += 1;
                fs::remove_file(path)?;
            }
        }
        Ok((files * content.size(), elapsed))
    }

    fn write_files(
        &self,
        content: &Content,
        run: u64,
        client: usize,
        pace: Pace,
        started: Instant,
        begun: &AtomicU64,
    ) -> Result<Vec<PathBuf>> {
        let mut written = Vec::new();
        while (written.is_empty() || started.elapsed() < pace.length)
            && begun.fetch_add(1, Ordering::Relaxed) < pace.operations
        {
            let tail = Tail::new(run, (client * 1_000_000 + written.len()) as u64);
            let path = self.path().join(format!("{client}-{}", written.len()));
            let mut file = File::create_new(&path)?;
            let mut hash = Sha256::new();
            for part in content.blob(&tail).plain {
                for piece in part.chunks(PIECE) {
                    hash.update(piece);
                    file.write_all(piece)?;
                }
            }
            std::hint::black_box(hash.finalize());
            file.sync_data()?;
            written.push(path);
        }
        Ok(written)
    }
}
