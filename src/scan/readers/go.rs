//! Modules in programs that Go built (Go, debug/buildinfo). What is looked for stands on a boundary of 16 bytes near the
//! start of the data of a program, in every format of programs; the newer form, from Go 1.18, is followed by its texts.

use super::{MOST, plausible};
use crate::{Kind, Package};

pub(crate) const MAGIC: &[u8] = b"\xff Go buildinf:";
/// Bytes before the texts.
const HEAD: usize = 32;
/// The list of modules is framed by 16 bytes on each side.
const FRAME: usize = 16;

/// The modules of a program, from where the magic bytes begin.
pub(crate) fn read(bytes: &[u8]) -> Vec<Package> {
    // Bit 1: the texts are here. Before Go 1.18 there are addresses instead.
    if bytes.len() < HEAD || bytes[15] & 2 == 0 {
        return Vec::new();
    }
    let Some((version, rest)) = text(&bytes[HEAD..]) else { return Vec::new() };
    let mut packages = Vec::new();
    let version = String::from_utf8_lossy(version);
    if let Some(version) = version.split(' ').next().and_then(|version| version.strip_prefix("go")) {
        let version = released(version);
        if plausible("stdlib", &version) {
            packages.push(Package::new(Kind::Go, "stdlib", version));
        }
    }
    let modules = text(rest).map(|(modules, _)| modules).filter(|modules| modules.len() > 2 * FRAME);
    let modules = modules.map(|modules| String::from_utf8_lossy(&modules[FRAME..modules.len() - FRAME]).into_owned());
    for line in modules.as_deref().unwrap_or_default().lines() {
        let mut fields = line.split('\t');
        let kind = fields.next();
        let (Some(name), Some(version)) = (fields.next(), fields.next()) else { continue };
        if !plausible(name, version) {
            continue;
        }
        if packages.len() == MOST {
            break;
        }
        match kind {
            Some("mod") if version == "(devel)" => {}
            Some("mod" | "dep") => packages.push(module(name, version)),
            // It takes the place of the one before.
            Some("=>") => {
                packages.pop();
                packages.push(module(name, version));
            }
            _ => {}
        }
    }
    packages
}

fn module(name: &str, version: &str) -> Package {
    Package::new(Kind::Go, name, version.trim_start_matches('v'))
}

/// `1.21rc2` is no semantic version.
fn released(version: &str) -> String {
    match version.find(|character: char| character.is_ascii_alphabetic()) {
        Some(at) if version[at..].starts_with("rc") || version[at..].starts_with("beta") => {
            format!("{}.0-{}", &version[..at], &version[at..])
        }
        _ => version.to_owned(),
    }
}

/// A text behind its length, which is a varint.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (mut length, mut shift) = (0_u64, 0);
    for (at, byte) in bytes.iter().enumerate().take(9) {
        length |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            let rest = &bytes[at + 1..];
            let length = usize::try_from(length).ok().filter(|length| *length <= rest.len())?;
            return Some(rest.split_at(length));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_read_with_their_replacements() {
        let frame = "x".repeat(16);
        let modules = "path\tcmd/x\nmod\texample.com/own\t(devel)\t\ndep\tgolang.org/x/net\tv0.1.0\th1:x\ndep\ta.b/c\tv1.0.0\n=>\ta.b/d\tv1.1.0\th1:y\nbuild\t-compiler=gc\n";
        let text = format!("{frame}{modules}{frame}");
        let mut bytes = [MAGIC, &[8, 2]].concat();
        bytes.resize(32, 0);
        bytes.push(8);
        bytes.extend(b"go1.21.3");
        bytes.extend([(text.len() & 0x7f) as u8 | 0x80, (text.len() >> 7) as u8]);
        bytes.extend(text.as_bytes());
        let found: Vec<(String, String)> =
            read(&bytes).into_iter().map(|package| (package.name, package.version)).collect();
        let expected = [("stdlib", "1.21.3"), ("golang.org/x/net", "0.1.0"), ("a.b/d", "1.1.0")];
        assert_eq!(found, expected.map(|(name, version)| (name.to_owned(), version.to_owned())));
        for length in 0..bytes.len() {
            read(&bytes[..length]);
        }
        assert_eq!(released("1.21rc2"), "1.21.0-rc2");
    }
}
