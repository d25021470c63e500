//! Hands parts of files over to a connection that sends them by itself (`sendfile`): their bytes go from the page cache to
//! the socket and never pass through this process.
//!
//! HTTP libraries move bytes, not files. So a part travels through them as a placeholder, a run of bytes of its length
//! that nobody reads, and waits here, in order, until the placeholder arrives at the socket. Neither HTTP nor sockets are
//! known here.

use std::collections::VecDeque;
use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// The most bytes of one part. A connection may send a part in one go, and others wait meanwhile.
pub const PART: usize = 512 * 1024;

/// The run of bytes that all placeholders are slices of, by which they are recognized. As nobody reads or writes it, it
/// takes addresses but no memory.
#[derive(Clone)]
pub struct Placeholder(Bytes);

/// The parts that wait for one connection, in order; clones share them.
#[derive(Clone)]
pub struct Handover(Arc<Shared>);

struct Shared {
    placeholder: Placeholder,
    waiting: Mutex<VecDeque<FilePart>>,
}

/// A run of bytes of a file.
#[derive(Debug, Clone)]
pub struct FilePart {
    /// The file. It holds the whole part.
    pub file: Arc<File>,
    /// Where the part begins.
    pub at: u64,
    /// How many bytes it has.
    pub length: usize,
}

impl Placeholder {
    /// Made once, for all connections.
    #[expect(clippy::new_without_default, reason = "two of them would not know each other's placeholders")]
    pub fn new() -> Self {
        Self(Bytes::from(vec![0; PART]))
    }
}

impl Handover {
    /// For a new connection.
    pub fn new(placeholder: &Placeholder) -> Self {
        Self(Arc::new(Shared { placeholder: placeholder.clone(), waiting: Mutex::default() }))
    }

    /// Lets a part of at most [`PART`] bytes wait; gives what stands for it. That must be sent, or nothing after it.
    pub fn hand(&self, part: FilePart) -> Bytes {
        let placeholder = self.0.placeholder.0.slice(..part.length);
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back(part);
        placeholder
    }

    /// Takes the part that has to be sent next.
    pub fn next(&self) -> Option<FilePart> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Whether these bytes are a placeholder, or what is left of one: not whether they look like it, but whether they lie
    /// where only placeholders do. A copy is none.
    pub fn is_placeholder(&self, bytes: &[u8]) -> bool {
        !bytes.is_empty() && self.0.placeholder.0.as_ptr_range().contains(&bytes.as_ptr())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_told_from_copies_and_parts_keep_their_order() {
        let handover = Handover::new(&Placeholder::new());
        let file = Arc::new(tempfile::tempfile().unwrap());
        let part = |at, length| FilePart { file: Arc::clone(&file), at, length };
        let (first, second) = (handover.hand(part(0, PART)), handover.clone().hand(part(7, 3)));
        assert_eq!((first.len(), second.len()), (PART, 3));
        for bytes in [&first[..], &second[..], &first[PART - 1..], &first[5..9]] {
            assert!(handover.is_placeholder(bytes));
        }
        for bytes in [&first[..0], &second.to_vec()[..], &[0; 3][..], b"HTTP/1.1"] {
            assert!(!handover.is_placeholder(bytes));
        }
        let next = || handover.next().map(|part| (part.at, part.length));
        assert_eq!([next(), next(), next()], [Some((0, PART)), Some((7, 3)), None]);
    }
}
