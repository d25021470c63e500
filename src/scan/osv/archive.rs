//! Collections of advisories: zip archives of documents, as osv.dev publishes them for each ecosystem.

use std::io::{Read, Seek};

use super::Document;
use crate::{Error, Result};

/// Bytes of the largest document.
pub const MAX_DOCUMENT: u64 = 32 << 20;

/// Reads the documents of an archive, one after another, until `each` does not want any more. What is no document is
/// told of by the name of its member.
pub fn read(archive: impl Read + Seek, mut each: impl FnMut(&str, Result<Document>) -> bool) -> Result<()> {
    let damaged = |error: zip::result::ZipError| Error::Malformed(format!("the archive cannot be read: {error}"));
    let mut archive = zip::ZipArchive::new(archive).map_err(damaged)?;
    for at in 0..archive.len() {
        let member = archive.by_index(at).map_err(damaged)?;
        if !member.name().ends_with(".json") {
            continue;
        }
        let name = member.name().to_owned();
        let mut bytes = Vec::new();
        member.take(MAX_DOCUMENT + 1).read_to_end(&mut bytes)?;
        let document = match bytes.len() as u64 > MAX_DOCUMENT {
            true => Err(Error::Limit(format!("the document has more than {MAX_DOCUMENT} bytes"))),
            false => Document::parse(&bytes),
        };
        if !each(&name, document) {
            break;
        }
    }
    Ok(())
}
