//! Tar archives as image layers have them: ustar, and the long names and sizes of GNU tar and of PAX. Reads forward only,
//! and holds no more than one name and what its caller asks for.

use std::io::Read;

use crate::{Error, Limits, Result};

const BLOCK: usize = 512;
/// Bytes of the records of PAX for one file.
const MAX_RECORDS: u64 = 1 << 20;

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryKind {
    File,
    Directory,
    Other,
}

/// A member of an archive. Its bytes are read before the next one is asked for, or not at all.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Without a root, without empty parts and `.`; none if it leads out of the archive.
    pub(crate) path: Option<String>,
    pub(crate) kind: EntryKind,
    pub(crate) size: u64,
    pub(crate) executable: bool,
}

/// An archive.
pub(crate) struct Archive<'l, R> {
    reader: R,
    limits: &'l Limits,
    entries: u64,
    /// Bytes of the present member that were not read, and what fills its last block.
    left: u64,
    padding: u64,
}

/// What comes before a member and is about it.
#[derive(Default)]
struct Ahead {
    path: Option<String>,
    size: Option<u64>,
}

impl<'l, R: Read> Archive<'l, R> {
    pub(crate) fn new(reader: R, limits: &'l Limits) -> Self {
        Self { reader, limits, entries: 0, left: 0, padding: 0 }
    }

    /// The next member; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Entry>> {
        let mut ahead = Ahead::default();
        loop {
            self.skip()?;
            let Some(header) = self.header()? else {
                return Ok(None);
            };
            let size = number(&header[124..136])?;
            let flag = header[156];
            if matches!(flag, b'x' | b'L') {
                let records = self.text(size)?;
                match flag {
                    b'x' => read_records(&records, &mut ahead)?,
                    _ => ahead.path = Some(until_zero(&records)),
                }
                continue;
            }
            let size = if matches!(flag, b'1'..=b'6') { 0 } else { ahead.size.unwrap_or(size) };
            self.begin(size);
            // Records about all members, a long target of a link: nobody asks for those.
            if matches!(flag, b'g' | b'K' | b'V') {
                continue;
            }
            self.count()?;
            if flag == b'S' && header[482] != 0 {
                self.skip_sparse_map()?;
            }
            let name = ahead.path.take().unwrap_or_else(|| name(&header));
            let kind = match flag {
                b'5' => EntryKind::Directory,
                b'0' | 0 | b'7' if name.ends_with('/') => EntryKind::Directory,
                b'0' | 0 | b'7' => EntryKind::File,
                _ => EntryKind::Other,
            };
            let mode = number(&header[100..108]).unwrap_or_default();
            return Ok(Some(Entry { path: self.path(&name)?, kind, size, executable: mode & 0o111 != 0 }));
        }
    }

    /// The bytes of the present member, which must not be more than the limit of a file.
    pub(crate) fn contents(&mut self, path: &str) -> Result<Vec<u8>> {
        if self.left > self.limits.file_bytes {
            return Err(Error::Limit(format!(
                "{path} has {} bytes; at most {} are read of one file",
                self.left, self.limits.file_bytes
            )));
        }
        let size = self.left;
        let mut bytes = Vec::new();
        self.data().read_to_end(&mut bytes)?;
        if bytes.len() as u64 != size {
            return Err(truncated());
        }
        Ok(bytes)
    }

    /// The bytes of the present member, one after another.
    pub(crate) fn data(&mut self) -> Data<'_, 'l, R> {
        Data(self)
    }

    fn begin(&mut self, size: u64) {
        self.left = size;
        self.padding = (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
    }

    fn count(&mut self) -> Result<()> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(Error::Limit(format!("the layer has more than {} entries", self.limits.entries)));
        }
        Ok(())
    }

    fn skip(&mut self) -> Result<()> {
        let wanted = self.left.checked_add(self.padding).ok_or_else(malformed)?;
        let skipped = std::io::copy(&mut (&mut self.reader).take(wanted), &mut std::io::sink())?;
        if skipped < wanted {
            return Err(truncated());
        }
        self.begin(0);
        Ok(())
    }

    /// The next header; none after the last member.
    fn header(&mut self) -> Result<Option<[u8; BLOCK]>> {
        let mut header = [0; BLOCK];
        match self.block(&mut header)? {
            0 => return Ok(None),
            BLOCK => {}
            _ => return Err(truncated()),
        }
        if header.iter().all(|byte| *byte == 0) {
            // What stands behind the end is read, so that the whole layer obeys the limits, and means nothing.
            std::io::copy(&mut self.reader, &mut std::io::sink())?;
            return Ok(None);
        }
        let sum: u64 = header
            .iter()
            .enumerate()
            .map(|(at, byte)| if (148..156).contains(&at) { u64::from(b' ') } else { u64::from(*byte) })
            .sum();
        if number(&header[148..156])? != sum {
            return Err(malformed());
        }
        Ok(Some(header))
    }

    fn block(&mut self, block: &mut [u8; BLOCK]) -> Result<usize> {
        let mut filled = 0;
        while filled < BLOCK {
            match self.reader.read(&mut block[filled..])? {
                0 => break,
                read => filled += read,
            }
        }
        Ok(filled)
    }

    /// The contents of a member that is about the next one. They count as entries: a chain of them is no way around.
    fn text(&mut self, size: u64) -> Result<Vec<u8>> {
        self.count()?;
        if size > MAX_RECORDS {
            return Err(Error::Limit("the layer has a name or a list of attributes that is too long".to_owned()));
        }
        self.begin(size);
        let mut bytes = Vec::new();
        self.data().read_to_end(&mut bytes)?;
        if bytes.len() as u64 != size {
            return Err(truncated());
        }
        Ok(bytes)
    }

    fn skip_sparse_map(&mut self) -> Result<()> {
        let mut block = [0; BLOCK];
        loop {
            self.count()?;
            if self.block(&mut block)? != BLOCK {
                return Err(truncated());
            }
            if block[504] == 0 {
                return Ok(());
            }
        }
    }

    fn path(&self, name: &str) -> Result<Option<String>> {
        if name.len() > self.limits.path_bytes {
            return Err(Error::Limit(format!("the layer has a path of more than {} bytes", self.limits.path_bytes)));
        }
        let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        if parts.len() > self.limits.depth {
            return Err(Error::Limit(format!("the layer has a path of more than {} directories", self.limits.depth)));
        }
        Ok((!parts.contains(&"..")).then(|| parts.join("/")))
    }
}

/// The bytes of a member.
pub(crate) struct Data<'a, 'l, R>(&'a mut Archive<'l, R>);

impl<R: Read> Read for Data<'_, '_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = usize::try_from(self.0.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.0.reader.read(&mut buffer[..most])?;
        if read == 0 && most > 0 {
            return Err(truncated().into());
        }
        self.0.left -= read as u64;
        Ok(read)
    }
}

fn malformed() -> Error {
    Error::Malformed("the layer is not a tar archive, or is damaged".to_owned())
}

fn truncated() -> Error {
    Error::Malformed("the layer ends in the middle of an archive".to_owned())
}

fn until_zero(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn name(header: &[u8; BLOCK]) -> String {
    let own = until_zero(&header[..100]);
    // The prefix is of POSIX; GNU tar has times there.
    if &header[257..263] == b"ustar\0" && header[345] != 0 {
        return format!("{}/{own}", until_zero(&header[345..500]));
    }
    own
}

/// A number: octal digits, or what is too large for them as bytes.
fn number(field: &[u8]) -> Result<u64> {
    if field[0] & 0x80 != 0 {
        let mut bytes = field.iter().enumerate().map(|(at, byte)| if at == 0 { byte & 0x7f } else { *byte });
        return bytes
            .try_fold(0_u64, |value, byte| value.checked_mul(256)?.checked_add(u64::from(byte)))
            .ok_or_else(malformed);
    }
    let text = until_zero(field);
    let digits = text.trim();
    if digits.is_empty() {
        return Ok(0);
    }
    u64::from_str_radix(digits, 8).map_err(|_| malformed())
}

/// Records of PAX: `LENGTH KEY=VALUE\n`, the length being that of the whole record.
fn read_records(mut records: &[u8], ahead: &mut Ahead) -> Result<()> {
    while !records.is_empty() && records[0] != 0 {
        let space = records.iter().position(|byte| *byte == b' ').ok_or_else(malformed)?;
        let length: usize =
            std::str::from_utf8(&records[..space]).ok().and_then(|text| text.parse().ok()).ok_or_else(malformed)?;
        if length <= space + 1 || length > records.len() {
            return Err(malformed());
        }
        let record = &records[space + 1..length - 1];
        let equals = record.iter().position(|byte| *byte == b'=').ok_or_else(malformed)?;
        let (key, value) = (&record[..equals], &record[equals + 1..]);
        match key {
            b"path" => ahead.path = Some(String::from_utf8_lossy(value).into_owned()),
            b"size" => {
                let size = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                ahead.size = Some(size.ok_or_else(malformed)?);
            }
            _ => {}
        }
        records = &records[length..];
    }
    Ok(())
}
