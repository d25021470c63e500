//! The header of a package: an index of entries and the data that they point into (rpm, "RPM v4 Package format").

use crate::readers::plausible;
use crate::{Kind, Package};

const NAME: u32 = 1000;
const VERSION: u32 = 1001;
const RELEASE: u32 = 1002;
const EPOCH: u32 = 1003;
const SOURCE: u32 = 1044;
/// Bytes of an entry of the index: tag, type, offset, count.
const ENTRY: usize = 16;
const INT32: u32 = 4;
const STRING: u32 = 6;

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}

/// The package that a header is of. Keys that are trusted stand among them.
pub(super) fn read(blob: &[u8]) -> Option<Package> {
    let entries = usize::try_from(number(blob, 0)?).ok()?;
    let data_at = entries.checked_mul(ENTRY)?.checked_add(8)?;
    let data = blob.get(data_at..)?;
    let find = |tag: u32, kind: u32| {
        (0..entries).map(|at| 8 + at * ENTRY).find_map(|at| {
            let found = number(blob, at)? == tag && number(blob, at + 4)? == kind;
            found.then(|| usize::try_from(number(blob, at + 8)?).ok())?
        })
    };
    let text = |tag: u32| {
        let rest = data.get(find(tag, STRING)?..)?;
        let end = rest.iter().position(|byte| *byte == 0)?;
        std::str::from_utf8(&rest[..end]).ok()
    };
    let (name, version, release) = (text(NAME)?, text(VERSION)?, text(RELEASE)?);
    let epoch = find(EPOCH, INT32).and_then(|at| number(data, at)).unwrap_or_default();
    let with_epoch = |version: String| if epoch == 0 { version } else { format!("{epoch}:{version}") };
    let full = with_epoch(format!("{version}-{release}"));
    if name == "gpg-pubkey" || !plausible(name, &full) {
        return None;
    }
    let mut package = Package::new(Kind::Rpm, name, full);
    // `NAME-VERSION-RELEASE.src.rpm`
    let source = text(SOURCE).and_then(|file| file.strip_suffix(".src.rpm")).and_then(|file| {
        let (rest, release) = file.rsplit_once('-')?;
        let (name, version) = rest.rsplit_once('-')?;
        Some((name.to_owned(), with_epoch(format!("{version}-{release}"))))
    });
    package.source = source.filter(|(of, version)| of != name && plausible(of, version));
    Some(package)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn header(name: &str, version: &str, release: &str, epoch: Option<u32>, source: &str) -> Vec<u8> {
        let (mut index, mut data) = (Vec::new(), Vec::new());
        let mut entries = 0_u32;
        let mut add = |tag: u32, kind: u32, bytes: &[u8]| {
            while kind == INT32 && data.len() % 4 != 0 {
                data.push(0);
            }
            for field in [tag, kind, data.len() as u32, 1] {
                index.extend(field.to_be_bytes());
            }
            data.extend(bytes);
            entries += 1;
        };
        for (tag, text) in [(NAME, name), (VERSION, version), (RELEASE, release), (SOURCE, source)] {
            add(tag, STRING, format!("{text}\0").as_bytes());
        }
        if let Some(epoch) = epoch {
            add(EPOCH, INT32, &epoch.to_be_bytes());
        }
        [&entries.to_be_bytes()[..], &(data.len() as u32).to_be_bytes(), &index, &data].concat()
    }

    #[test]
    fn headers_are_read_whole_or_not_at_all() {
        let bytes = header("openssl-libs", "3.0.7", "24.el9", Some(1), "openssl-3.0.7-24.el9.src.rpm");
        let package = read(&bytes).unwrap();
        assert_eq!((package.name.as_str(), package.version.as_str()), ("openssl-libs", "1:3.0.7-24.el9"));
        assert_eq!(package.source, Some(("openssl".to_owned(), "1:3.0.7-24.el9".to_owned())));
        for length in 0..bytes.len() {
            read(&bytes[..length]);
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] = 0xff;
            read(&damaged);
        }
        assert_eq!(read(&header("gpg-pubkey", "1", "1", None, "(none)")), None);
    }
}
