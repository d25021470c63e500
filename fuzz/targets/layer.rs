//! Layers: whatever the bytes, reading them ends, with little memory and without a panic. They are read as they are, and as
//! the content of each kind of file that is looked into, since no fuzzer makes a tar archive by chance.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wharf_scan::osv::Document;
use wharf_scan::{Limits, layer};

const FILES: &[&str] = &[
    "var/lib/dpkg/status",
    "lib/apk/db/installed",
    "etc/os-release",
    "var/lib/rpm/rpmdb.sqlite",
    "var/lib/rpm/Packages.db",
    "a.dist-info/METADATA",
    "poetry.lock",
    "Pipfile.lock",
    "requirements.txt",
    "node_modules/a/package.json",
    "package-lock.json",
    "yarn.lock",
    "Gemfile.lock",
    "Cargo.lock",
    "a.jar",
    "bin/program",
];

fn file(path: &str, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 512];
    bytes[..path.len()].copy_from_slice(path.as_bytes());
    bytes[100..107].copy_from_slice(b"0000755");
    bytes[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
    bytes[156] = b'0';
    bytes[148..156].fill(b' ');
    let sum: u32 = bytes.iter().map(|byte| u32::from(*byte)).sum();
    bytes[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(512) + 1024, 0);
    bytes
}

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { unpacked_bytes: 1 << 20, entries: 1000, packages: 1000, ..Limits::default() };
    let _ = layer::read(bytes, &limits);
    let _ = Document::parse(bytes);
    for path in FILES {
        // A list that is not what it should be tells of nothing; only the limit of packages is a reason to fail.
        if let Err(error) = layer::read(&file(path, bytes)[..], &limits) {
            assert!(error.to_string().contains("packages"), "{path}: {error}");
        }
    }
});
