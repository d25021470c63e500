//! Crates: `Cargo.lock`, and the list that cargo-auditable puts into programs.

use std::io::Read;

use serde::Deserialize;

use super::{MOST, plausible, tables};
use crate::{Kind, Package};

/// Bytes of the list in a program, unpacked.
const MAX_LIST: u64 = 8 << 20;

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    source: Option<String>,
}

/// `Cargo.lock`. What has no source is the project itself.
pub(crate) fn read_lock(text: &str) -> Vec<Package> {
    let from_registry =
        |locked: &Locked| locked.source.as_deref().is_some_and(|source| source.starts_with("registry+"));
    packages(tables::read(text).filter(from_registry))
}

#[derive(Deserialize)]
struct Audit {
    #[serde(default)]
    packages: Vec<Audited>,
}

#[derive(Deserialize)]
struct Audited {
    name: String,
    version: String,
    #[serde(default)]
    source: String,
    /// Absent for what is in the program itself.
    #[serde(default)]
    kind: Option<String>,
}

/// The section `.dep-v0` of a program: JSON, packed by zlib (rust-secure-code/cargo-auditable, PARSING.md).
pub(crate) fn read_audit(section: &[u8]) -> Vec<Package> {
    let mut text = Vec::new();
    if flate2::read::ZlibDecoder::new(section).take(MAX_LIST).read_to_end(&mut text).is_err() {
        return Vec::new();
    }
    let Ok(audit) = serde_json::from_slice::<Audit>(&text) else { return Vec::new() };
    let inside =
        audit.packages.into_iter().filter(|one| one.source == "crates.io" && one.kind.as_deref() != Some("build"));
    packages(inside.map(|one| Locked { name: one.name, version: one.version, source: None }))
}

fn packages(locked: impl Iterator<Item = Locked>) -> Vec<Package> {
    locked
        .filter(|locked| plausible(&locked.name, &locked.version))
        .map(|locked| Package::new(Kind::Rust, locked.name, locked.version))
        .take(MOST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_locked_and_what_is_in_a_program() {
        let lock = "version = 3\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"time\"\nversion = \"0.1.42\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
        assert_eq!(read_lock(lock), [Package::new(Kind::Rust, "time", "0.1.42")]);
        assert_eq!(read_lock("no lock"), []);
        assert_eq!(read_audit(b"junk"), []);
    }
}
