//! Blob content for pushes: incompressible, shared by all clients of a measure, and made unique by a 64-byte tail. The
//! unique bytes come last and not first, so that the digest of a new blob costs one hash block on top of a state that was
//! computed once, outside every timed section.

use bytes::{BufMut, Bytes, BytesMut};
use sha2::{Digest, Sha256};

const TAIL: usize = 64;
/// The chunk length of a streamed push: what Docker's own client writes at a time.
const CHUNK: usize = 32 * 1024;

/// The shared part of all blobs of one size.
pub(crate) struct Content {
    body: Bytes,
    framed: Bytes,
    state: Sha256,
}

/// One blob, ready to be sent in either way.
pub(crate) struct Blob<'a> {
    /// `sha256:` and the digest.
    pub(crate) digest: String,
    /// Length in bytes.
    pub(crate) length: u64,
    /// The bytes, in pieces.
    pub(crate) plain: [&'a [u8]; 2],
    /// The same bytes in chunked framing; empty for a blob that is never streamed.
    pub(crate) chunked: [&'a [u8]; 2],
}

/// The unique end of a blob, plain and framed as the last chunks of a stream.
pub(crate) struct Tail {
    plain: [u8; TAIL],
    framed: Vec<u8>,
}

impl Content {
    /// Makes the shared part for blobs of `size` bytes.
    pub(crate) fn new(size: usize, seed: u64) -> Self {
        let mut body = BytesMut::with_capacity(size);
        let mut random = Random(seed);
        while body.len() + 8 <= size - TAIL {
            body.put_u64_le(random.next());
        }
        body.resize(size - TAIL, 0);
        let body = body.freeze();

        let mut framed = BytesMut::with_capacity(size + size / CHUNK * 16 + 64);
        for chunk in body.chunks(CHUNK) {
            framed.put_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            framed.put_slice(chunk);
            framed.put_slice(b"\r\n");
        }
        let mut state = Sha256::new();
        state.update(&body);
        Self { body, framed: framed.freeze(), state }
    }

    /// Length of each blob.
    pub(crate) fn size(&self) -> u64 {
        (self.body.len() + TAIL) as u64
    }

    /// The blob that ends in `tail`.
    pub(crate) fn blob<'a>(&'a self, tail: &'a Tail) -> Blob<'a> {
        let mut state = self.state.clone();
        state.update(tail.plain);
        Blob {
            digest: format!("sha256:{}", hex::encode(state.finalize())),
            length: self.size(),
            plain: [&self.body, &tail.plain],
            chunked: [&self.framed, &tail.framed],
        }
    }
}

impl Tail {
    /// A tail that no other number of this run and no other run has.
    pub(crate) fn new(run: u64, number: u64) -> Self {
        let mut random = Random(run ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut plain = [0; TAIL];
        plain[..8].copy_from_slice(&run.to_le_bytes());
        plain[8..16].copy_from_slice(&number.to_le_bytes());
        for word in plain[16..].chunks_exact_mut(8) {
            word.copy_from_slice(&random.next().to_le_bytes());
        }
        let mut framed = format!("{TAIL:x}\r\n").into_bytes();
        framed.extend_from_slice(&plain);
        framed.extend_from_slice(b"\r\n0\r\n\r\n");
        Self { plain, framed }
    }
}

impl<'a> Blob<'a> {
    /// A blob of bytes at hand, for set-up.
    pub(crate) fn plain(bytes: &'a [u8]) -> Self {
        Self { digest: digest(bytes), length: bytes.len() as u64, plain: [bytes, &[]], chunked: [&[], &[]] }
    }
}

/// The digest of bytes, as the protocol writes it.
pub(crate) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// Splitmix64: fast, and good enough that no file system can compress what it gives.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
