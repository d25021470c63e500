//! Buffers for moving blobs, used again and again: a fresh allocation of this size costs the kernel a cleared page for
//! every 4 KiB, which is as much work as copying the bytes.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// Bytes of a pooled buffer. It fits the cache of a core, so that bytes are still there when they are sent.
pub(crate) const BUFFER: usize = 256 * 1024;

/// Buffers that are kept when nobody uses them.
const KEPT: usize = 16;

/// A stock of buffers; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Pool(Arc<Mutex<Vec<Vec<u8>>>>);

/// A buffer that goes back to its pool. It is empty when it is taken; its capacity does not change.
pub(crate) struct Buffer {
    pub(crate) bytes: Vec<u8>,
    pool: Pool,
}

impl Pool {
    /// A buffer for up to `size` bytes. One that is not nearly as large as those of the pool is allocated for itself.
    pub(crate) fn take(&self, size: usize) -> Buffer {
        let pooled = (size > BUFFER / 4).then(|| self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()).flatten();
        let capacity = if size > BUFFER / 4 { BUFFER } else { size };
        let bytes = pooled.unwrap_or_else(|| Vec::with_capacity(capacity));
        Buffer { bytes, pool: self.clone() }
    }
}

impl Buffer {
    /// How many bytes still fit.
    pub(crate) fn room(&self) -> usize {
        self.bytes.capacity() - self.bytes.len()
    }

    /// The bytes, to be handed on; the buffer goes back when the last of them is dropped.
    pub(crate) fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.bytes.capacity() == BUFFER {
            let mut bytes = std::mem::take(&mut self.bytes);
            bytes.clear();
            let mut kept = self.pool.0.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() < KEPT {
                kept.push(bytes);
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
        assert!(again.bytes.is_empty() && again.room() == BUFFER);
        assert_eq!(pool.take(10).room(), 10);
    }
}
