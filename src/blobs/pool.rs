//! Buffers for moving blobs, used again and again: fresh memory of this size costs the kernel a cleared page for every
//! 4 KiB, which is as much work as copying the bytes.
//!
//! Their memory is mapped and not allocated: what is not kept goes back to the system at once, while an allocator scatters
//! buffers that come and go among what stays, and after a crowd of uploads it would never be small again.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use memmap2::MmapMut;

/// Bytes of a pooled buffer. It fits the cache of a core, so that bytes are still there when they are sent.
pub(crate) const BUFFER: usize = 256 * 1024;

/// Buffers that are kept when nobody uses them. They add nothing to what uploads take at their peak, because whoever needs
/// a buffer takes one of these first.
const KEPT: usize = 32;

/// A stock of buffers; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Pool(Arc<Mutex<Vec<MmapMut>>>);

/// A buffer that goes back to its pool. It is empty when it is taken.
pub(crate) struct Buffer {
    pub(crate) bytes: Filling,
    pool: Pool,
}

/// Memory that is filled from its beginning.
pub(crate) struct Filling {
    memory: Memory,
    filled: usize,
}

enum Memory {
    Mapped(MmapMut),
    Allocated(Vec<u8>),
}

impl Pool {
    /// A buffer for up to `size` bytes. One that is not nearly as large as those of the pool is allocated for itself.
    pub(crate) fn take(&self, size: usize) -> Buffer {
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let memory = if size > BUFFER / 4 {
            // The system may refuse to map more areas; an allocation that fails ends the process like any other.
            kept().or_else(|| MmapMut::map_anon(BUFFER).ok()).map(Memory::Mapped)
        } else {
            None
        };
        let allocated = || Memory::Allocated(vec![0; if size > BUFFER / 4 { BUFFER } else { size }]);
        Buffer { bytes: Filling { memory: memory.unwrap_or_else(allocated), filled: 0 }, pool: self.clone() }
    }
}

impl Buffer {
    /// How many bytes still fit.
    pub(crate) fn room(&self) -> usize {
        self.bytes.whole().len() - self.bytes.filled
    }

    /// The bytes, to be handed on; the buffer goes back when the last of them is dropped.
    pub(crate) fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl Filling {
    fn whole(&self) -> &[u8] {
        match &self.memory {
            Memory::Mapped(memory) => memory,
            Memory::Allocated(memory) => memory,
        }
    }

    /// What can still be filled.
    pub(crate) fn spare(&mut self) -> &mut [u8] {
        let whole: &mut [u8] = match &mut self.memory {
            Memory::Mapped(memory) => memory,
            Memory::Allocated(memory) => memory,
        };
        &mut whole[self.filled..]
    }

    /// Counts bytes of `spare` that were filled.
    pub(crate) fn advance(&mut self, count: usize) {
        self.filled += count;
        debug_assert!(self.filled <= self.whole().len());
    }

    /// Adds bytes, which must fit.
    pub(crate) fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.spare()[..bytes.len()].copy_from_slice(bytes);
        self.advance(bytes.len());
    }

    /// How many bytes there are.
    pub(crate) fn len(&self) -> usize {
        self.filled
    }

    /// Forgets all but the first bytes.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.filled = self.filled.min(length);
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes.whole()[..self.bytes.filled]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let memory = std::mem::replace(&mut self.bytes.memory, Memory::Allocated(Vec::new()));
        if let Memory::Mapped(memory) = memory {
            let mut kept = self.pool.0.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() < KEPT {
                kept.push(memory);
            } else {
                // Unmapping takes a moment.
                drop(kept);
                drop(memory);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_come_back_empty_and_only_so_many_are_kept() {
        let pool = Pool::default();
        let taken: Vec<Bytes> = (0..KEPT + 5)
            .map(|_| {
                let mut buffer = pool.take(BUFFER);
                buffer.bytes.extend_from_slice(b"content");
                buffer.freeze()
            })
            .collect();
        let slice = taken[0].slice(1..3);
        drop(taken);
        assert_eq!(&slice[..], b"on");
        drop(slice);
        assert_eq!(pool.0.lock().unwrap().len(), KEPT);
        let again = pool.take(BUFFER);
        assert!(again.as_ref().is_empty() && again.room() == BUFFER);
        assert_eq!(pool.take(10).room(), 10);
    }
}
