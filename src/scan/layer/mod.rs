//! What one layer says, whatever lies beneath it: the packages that its files tell of, and what it hides.
//!
//! The result depends on the bytes of the layer alone, so it is kept under its digest.

mod hidden;

use std::collections::BTreeMap;
use std::io::Read;

pub use hidden::Hidden;
use serde::{Deserialize, Serialize};

use crate::limits::EACH;
use crate::readers::{self, Reader};
use crate::tar::{Archive, EntryKind};
use crate::{Error, Limits, Package, Release, Result, decompress};

/// Counts changes to what is read of a layer: what an older program found is read again.
pub const VERSION: u64 = 3;

/// What a layer says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// Files that tell of packages, by their paths.
    pub files: BTreeMap<String, Contents>,
    /// What is not there any more of the layers beneath.
    pub hidden: Hidden,
    /// Files that are too large to be looked into.
    pub unread: u64,
}

impl Contents {
    /// What it takes to hold it, about.
    pub(crate) fn held(&self) -> u64 {
        let of = |package: &Package| {
            let source = package.source.iter().map(|(name, version)| name.len() + version.len());
            EACH + (package.name.len() + package.version.len() + source.sum::<usize>()) as u64
        };
        match self {
            Self::Packages(packages) => packages.iter().map(of).sum(),
            Self::Release(release) => (release.id.len() + release.version.len()) as u64,
        }
    }
}

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Contents {
    /// Packages that are there.
    Packages(Vec<Package>),
    /// The distribution.
    Release(Release),
}

/// Reads a layer: a tar archive, packed by gzip or zstd or not at all.
pub fn read(packed: impl Read, limits: &Limits) -> Result<Layer> {
    let plain = decompress::open(packed, limits)?;
    let mut archive = Archive::new(plain, limits);
    let mut layer = Layer::default();
    let (mut packages, mut told) = (0, 0);
    let mut tell = |path: &str, contents: u64| {
        told += EACH + path.len() as u64 + contents;
        if told > limits.told_bytes {
            return Err(Error::Limit(format!("the layer tells of more than {} bytes of names", limits.told_bytes)));
        }
        Ok(())
    };
    while let Some(entry) = archive.next()? {
        let Some(path) = entry.path else { continue };
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", &path));
        if let Some(hidden) = name.strip_prefix(".wh.") {
            match hidden {
                ".wh..opq" => layer.hidden.add_below(parent),
                // Other names of AUFS's own.
                _ if hidden.starts_with(".wh.") => {}
                _ if parent.is_empty() => layer.hidden.add(hidden),
                _ => layer.hidden.add(&format!("{parent}/{hidden}")),
            }
            continue;
        }
        if entry.kind == EntryKind::Directory {
            layer.hidden.add_directory(&path);
            continue;
        }
        // Whether it tells of packages or not.
        layer.hidden.add(&path);
        let Some(reader) = readers::of(&path, entry.executable && entry.size > 0) else { continue };
        if entry.size > limits.file_bytes && matches!(reader, Reader::Whole(_)) && !readers::is_essential(&path) {
            layer.unread += 1;
            tell(&path, 0)?;
            // What it tells of is not known. It takes the place of one of that name in this layer too, and beneath where the
            // list of what is hidden is full.
            layer.files.insert(path, Contents::Packages(Vec::new()));
            continue;
        }
        let contents = match (entry.kind, reader) {
            // So does this, which is read where it points to.
            (EntryKind::Other, _) => Some(Contents::Packages(Vec::new())),
            (_, Reader::Whole(read)) => Some(read(&path, &archive.contents(&path)?)),
            (_, Reader::Stream(read)) => read(&mut archive.data(), limits)?,
        };
        let Some(contents) = contents else { continue };
        if let Contents::Packages(found) = &contents {
            packages += found.len();
            if packages > limits.packages {
                return Err(Error::Limit(format!("the layer has more than {} packages", limits.packages)));
            }
        }
        tell(&path, contents.held())?;
        layer.files.insert(path, contents);
    }
    layer.hidden.seal();
    Ok(layer)
}

#[cfg(test)]
pub(crate) mod tests;
