//! The bytes of a layer, unpacked: gzip, zstd or neither, told apart by how they begin. What comes out is counted against
//! the limits while it comes, so a bomb is found before it has gone off.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;

use crate::{Error, Limits, Result};

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// Frames of zstd that hold no data; `zstd:chunked` ends with one.
const ZSTD_SKIPPABLE: &[u8] = &[0x2a, 0x4d, 0x18];

/// Counts what is read.
struct Counted<R> {
    inner: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.set(self.count.get() + read as u64);
        Ok(read)
    }
}

/// Refuses to go on where the limits are.
struct Limited<'l, R> {
    inner: R,
    packed: Rc<Cell<u64>>,
    unpacked: u64,
    limits: &'l Limits,
}

impl<R: Read> Read for Limited<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.unpacked += read as u64;
        self.limits.check_unpacked(self.packed.get(), self.unpacked)?;
        Ok(read)
    }
}

/// Frames of zstd, one after another.
struct Zstd<R: BufRead> {
    frame: Option<Box<StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>>,
    rest: Option<R>,
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(frame) = &mut self.frame {
                let read = frame.read(buffer)?;
                if read > 0 {
                    return Ok(read);
                }
                self.rest = self.frame.take().map(|frame| frame.into_inner());
            }
            let Some(mut rest) = self.rest.take() else {
                return Ok(0);
            };
            let next = rest.fill_buf()?;
            if next.is_empty() {
                return Ok(0);
            }
            if is_skippable(next) {
                skip(&mut rest)?;
                self.rest = Some(rest);
                continue;
            }
            let frame = StreamingDecoder::new(rest).map_err(io::Error::other)?;
            self.frame = Some(Box::new(frame));
        }
    }
}

fn is_skippable(bytes: &[u8]) -> bool {
    bytes.len() >= 4 && bytes[0] & 0xf0 == 0x50 && &bytes[1..4] == ZSTD_SKIPPABLE
}

fn skip(reader: &mut impl Read) -> io::Result<()> {
    let mut head = [0; 8];
    reader.read_exact(&mut head)?;
    let length = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
    let skipped = io::copy(&mut reader.take(length), &mut io::sink())?;
    if skipped < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

/// The unpacked bytes of a layer.
pub(crate) fn open<'l>(packed: impl Read + 'l, limits: &'l Limits) -> Result<Box<dyn Read + 'l>> {
    let count = Rc::new(Cell::new(0));
    let counted = Counted { inner: packed, count: Rc::clone(&count) };
    let mut buffered = BufReader::with_capacity(1 << 16, counted);
    let start = buffered.fill_buf()?;
    let kind = match start {
        _ if start.starts_with(GZIP) => 1,
        _ if start.starts_with(ZSTD) || is_skippable(start) => 2,
        _ if start.starts_with(b"BZh") || start.starts_with(&[0xfd, b'7', b'z', b'X', b'Z']) => {
            return Err(Error::Malformed("the layer is compressed by something other than gzip and zstd".to_owned()));
        }
        _ => 0,
    };
    let plain: Box<dyn Read + 'l> = match kind {
        1 => Box::new(MultiGzDecoder::new(buffered)),
        2 => Box::new(Zstd { frame: None, rest: Some(buffered) }),
        _ => Box::new(buffered),
    };
    Ok(Box::new(Limited { inner: plain, packed: count, unpacked: 0, limits }))
}
