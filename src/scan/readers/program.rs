//! Programs: what Go and cargo-auditable put into them. A program may be of any size; it is looked through as it comes, and
//! no more than a window of it is held.

use std::io::Read;

use super::{cargo, go};
use crate::layer::Contents;
use crate::{Limits, Package, Result};

/// What is looked at together behind the place where modules of Go begin.
const WINDOW: usize = 4 << 20;
const PIECE: usize = 1 << 20;
/// Programs of which more than this comes before the table of sections have no list of cargo-auditable that is found.
const MAX_ELF: u64 = 64 << 20;

/// The modules and crates in a program; none if it is no ELF file.
pub(crate) fn read(mut bytes: &mut dyn Read, _: &Limits) -> Result<Option<Contents>> {
    let mut held = Vec::new();
    (&mut bytes).take(PIECE as u64).read_to_end(&mut held)?;
    if !held.starts_with(b"\x7fELF") {
        return Ok(None);
    }
    let mut whole = held.len() as u64;
    let mut packages: Vec<Package> = Vec::new();
    // The whole of it, as long as it is small enough; then only where modules of Go may begin.
    let (mut searched, mut start) = (0, None);
    let mut elf = true;
    loop {
        if start.is_none() {
            let from = (searched as usize).saturating_sub(16).min(held.len());
            start = find(&held[from..], go::MAGIC).map(|at| at + from);
            searched = held.len() as u64;
        }
        let more = (&mut bytes).take(PIECE as u64).read_to_end(&mut held)?;
        whole += more as u64;
        if more == 0 {
            break;
        }
        if elf && whole > MAX_ELF {
            elf = false;
        }
        if !elf {
            match start {
                Some(at) if held.len() > at + WINDOW => break,
                Some(_) => {}
                None => {
                    let keep = more + 16;
                    held.drain(..held.len().saturating_sub(keep));
                    searched = 0;
                }
            }
        }
    }
    if let Some(at) = start {
        packages.extend(go::read(&held[at..]));
    }
    if elf {
        packages.extend(section(&held, b".dep-v0").map(cargo::read_audit).unwrap_or_default());
    }
    Ok((!packages.is_empty()).then_some(Contents::Packages(packages)))
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    let first = what[0];
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == first) {
        if bytes[from + at..].starts_with(what) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// The bytes of a section of an ELF file of 64 bits, little-endian, which all platforms of containers are.
fn section<'b>(file: &'b [u8], name: &[u8]) -> Option<&'b [u8]> {
    let number = |at: usize, length: usize| -> Option<usize> {
        let bytes = file.get(at..at.checked_add(length)?)?;
        usize::try_from(bytes.iter().rev().fold(0_u64, |value, byte| value << 8 | u64::from(*byte))).ok()
    };
    if file.get(4..6)? != [2, 1] {
        return None;
    }
    let (table, size, count, names) = (number(40, 8)?, number(58, 2)?, number(60, 2)?, number(62, 2)?);
    let header = |index: usize| table.checked_add(size.checked_mul(index)?);
    let contents = |header: usize| {
        let (offset, length) = (number(header.checked_add(24)?, 8)?, number(header.checked_add(32)?, 8)?);
        file.get(offset..offset.checked_add(length)?)
    };
    let names = contents(header(names)?)?;
    (0..count).find_map(|index| {
        let header = header(index)?;
        let own = names.get(number(header, 4)?..)?;
        (own.starts_with(name) && own.get(name.len()) == Some(&0)).then(|| contents(header))?
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::Kind;

    fn read_all(bytes: &[u8]) -> Vec<Package> {
        match read(&mut &bytes[..], &Limits::default()) {
            Ok(Some(Contents::Packages(packages))) => packages,
            Ok(None) => Vec::new(),
            other => panic!("{other:?}"),
        }
    }

    fn go_info() -> Vec<u8> {
        let mut bytes = [go::MAGIC, &[8, 2]].concat();
        bytes.resize(32, 0);
        bytes.push(8);
        bytes.extend(b"go1.21.3");
        bytes.push(0);
        bytes
    }

    #[test]
    fn modules_of_go_are_found_wherever_they_are() {
        for before in [64, PIECE - 7, PIECE, 3 * PIECE + 5, 70 << 20] {
            let mut file = b"\x7fELF\x02\x01".to_vec();
            file.resize(before, 1);
            file.extend(go_info());
            file.resize(file.len() + 100, 0);
            assert_eq!(read_all(&file), [Package::new(Kind::Go, "stdlib", "1.21.3")], "{before}");
        }
        assert_eq!(read_all(&[b"#!/bin/sh\n".to_vec(), go_info()].concat()), []);
    }

    #[test]
    fn the_list_of_a_program_of_rust_is_found_in_its_section() {
        let list = br#"{"packages":[{"name":"own","version":"1.0.0","source":"local","root":true},
            {"name":"time","version":"0.1.42","source":"crates.io"},{"name":"cc","version":"1.0.0","source":"crates.io","kind":"build"}]}"#;
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(list).unwrap();
        let packed = encoder.finish().unwrap();
        let mut file = b"\x7fELF\x02\x01".to_vec();
        file.resize(64, 0);
        let names = b"\0.shstrtab\0.dep-v0\0";
        let (names_at, list_at) = (file.len(), file.len() + names.len());
        file.extend(names);
        file.extend(&packed);
        let table = file.len();
        for (name, offset, length) in [(1_u32, names_at, names.len()), (11, list_at, packed.len())] {
            let mut header = vec![0; 64];
            header[..4].copy_from_slice(&name.to_le_bytes());
            header[24..32].copy_from_slice(&(offset as u64).to_le_bytes());
            header[32..40].copy_from_slice(&(length as u64).to_le_bytes());
            file.extend(header);
        }
        file[40..48].copy_from_slice(&(table as u64).to_le_bytes());
        file[58..60].copy_from_slice(&64_u16.to_le_bytes());
        file[60..62].copy_from_slice(&2_u16.to_le_bytes());
        assert_eq!(read_all(&file), [Package::new(Kind::Rust, "time", "0.1.42")]);
        for length in 0..file.len() {
            read_all(&file[..length]);
        }
        // Numbers that lead nowhere.
        for at in 32..64 {
            let mut damaged = file.clone();
            damaged[at] = 0xff;
            read_all(&damaged);
        }
    }
}
