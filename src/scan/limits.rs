//! How much of a layer is read before it is given up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::{Error, Result};

/// Packages of one layer, and of one image.
pub(crate) const PACKAGES: usize = 100_000;

/// What it takes to hold a path or a package, beside its text.
pub(crate) const EACH: u64 = 128;

/// The limits of one layer.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes when unpacked.
    pub unpacked_bytes: u64,
    /// Bytes that come of one byte, where there are many: what compresses better is made to.
    pub ratio: u64,
    /// Files, directories and links.
    pub entries: u64,
    /// Bytes of a path.
    pub path_bytes: usize,
    /// Directories in a path.
    pub depth: usize,
    /// Bytes of a file that is read into memory.
    pub file_bytes: u64,
    /// Packages that are told of.
    pub packages: usize,
    /// Bytes that all of what is told of takes: paths, and the names of packages.
    pub told_bytes: u64,
    /// Raised by somebody for whom it takes too long.
    pub stop: Arc<AtomicBool>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            unpacked_bytes: 16 << 30,
            ratio: 200,
            entries: 2_000_000,
            path_bytes: 4096,
            depth: 128,
            file_bytes: 64 << 20,
            packages: PACKAGES,
            told_bytes: 64 << 20,
            stop: Arc::default(),
        }
    }
}

impl Limits {
    /// Bytes for which the ratio does not count: a few zeros compress as well as they like.
    const SMALL: u64 = 64 << 20;

    /// Whether so many bytes may have come of so many.
    pub(crate) fn check_unpacked(&self, packed: u64, unpacked: u64) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Error::Stopped);
        }
        if unpacked > self.unpacked_bytes {
            return Err(Error::Limit(format!("the layer has more than {} bytes when unpacked", self.unpacked_bytes)));
        }
        if unpacked > Self::SMALL && unpacked / packed.max(1) > self.ratio {
            return Err(Error::Limit(format!("the layer unpacks to more than {} times its size", self.ratio)));
        }
        Ok(())
    }
}
