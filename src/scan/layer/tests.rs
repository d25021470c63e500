//! Layers as they are built, and as nobody should build them.

use std::io::Write;
use std::sync::atomic::Ordering;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::Kind;

const STATUS: &str = "var/lib/dpkg/status";
const MUSL: &str = "P:musl\nV:1.2.4-r1\n\n";

fn header(path: &str, size: u64, flag: u8) -> Vec<u8> {
    let mut header = vec![0_u8; 512];
    let name = &path.as_bytes()[..path.len().min(100)];
    header[..name.len()].copy_from_slice(name);
    header[100..107].copy_from_slice(b"0000644");
    if size < 1 << 33 {
        header[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    } else {
        header[124] = 0x80;
        header[128..136].copy_from_slice(&size.to_be_bytes());
    }
    header[156] = flag;
    header[257..263].copy_from_slice(b"ustar\0");
    seal(&mut header);
    header
}

fn seal(header: &mut [u8]) {
    header[148..156].fill(b' ');
    let sum: u64 = header[..512].iter().map(|byte| u64::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
}

fn entry(path: &str, flag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    if path.len() > 100 {
        bytes = header("././@LongLink", path.len() as u64 + 1, b'L');
        bytes.extend(path.as_bytes());
        bytes.push(0);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.extend(header(path, content.len() as u64, flag));
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

pub(crate) fn tar(files: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes: Vec<u8> = files.iter().flat_map(|(path, content)| entry(path, b'0', content.as_bytes())).collect();
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

fn read_all(bytes: &[u8]) -> Result<Layer> {
    read(bytes, &Limits::default())
}

fn names(layer: &Layer) -> Vec<&str> {
    let lists = layer.files.values().filter_map(|contents| match contents {
        Contents::Packages(packages) => Some(packages),
        Contents::Release(_) => None,
    });
    lists.flatten().map(|package| package.name.as_str()).collect()
}

fn limit(result: Result<Layer>) -> String {
    match result {
        Err(Error::Limit(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn layers_are_read_however_they_are_packed() {
    let plain = tar(&[
        ("./etc/os-release", "ID=alpine\nVERSION_ID=3.18.4\n"),
        ("/lib/apk/db/installed", MUSL),
        ("usr/bin/tool", "x"),
    ]);
    let layer = read_all(&plain).unwrap();
    assert_eq!(layer.files.len(), 2);
    assert_eq!(
        layer.files["lib/apk/db/installed"],
        Contents::Packages(vec![Package::new(Kind::Apk, "musl", "1.2.4-r1")])
    );
    // Members of gzip and frames of zstd may follow one another; some frames hold no data.
    let (head, tail) = plain.split_at(700);
    let skippable = [0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    for packed in [
        gzip(&plain),
        zstd(&plain),
        [gzip(head), gzip(tail)].concat(),
        [zstd(head), zstd(tail)].concat(),
        [&skippable[..], &zstd(&plain), &skippable].concat(),
    ] {
        assert_eq!(read_all(&packed).unwrap(), layer);
    }
    assert_eq!(read_all(&[]).unwrap(), Layer::default());
}

#[test]
fn whiteouts_are_told_and_say_nothing_else() {
    let layer = read_all(&tar(&[
        ("var/lib/.wh.dpkg", ""),
        (".wh.top", ""),
        ("opt/app/.wh..wh..opq", ""),
        (".wh..wh.plnk", ""),
        ("lib/apk/db/installed", MUSL),
    ]))
    .unwrap();
    for path in ["var/lib/dpkg", "var/lib/dpkg/status", "top", "top/x", "opt/app/x", "lib/apk/db/installed"] {
        assert!(layer.hidden.has(path), "{path}");
    }
    for path in ["var/lib/x", "var/lib/.wh.dpkg", "var", "opt/app", "opt/x", ".wh.plnk", "plnk", "lib/apk/db/x"] {
        assert!(!layer.hidden.has(path), "{path}");
    }
    assert_eq!(names(&layer), ["musl"]);
}

#[test]
fn a_link_takes_the_place_of_a_list() {
    let mut bytes = entry(STATUS, b'2', b"");
    bytes.resize(bytes.len() + 1024, 0);
    assert_eq!(read_all(&bytes).unwrap().files[STATUS], Contents::Packages(Vec::new()));
}

#[test]
fn a_file_too_large_to_read_takes_the_place_of_a_list() {
    let lock = |size: usize| format!("{:size$}", r#"{"packages":{"node_modules/old":{"version":"1.0.0"}}}"#);
    let limits = Limits { file_bytes: 100, ..Limits::default() };
    let layer = |size| read(&tar(&[("app/package-lock.json", &lock(size))])[..], &limits).unwrap();
    let mut image = crate::image::Image::default();
    image.add(layer(100)).unwrap();
    assert_eq!(image.packages().unwrap().len(), 1);
    image.add(layer(101)).unwrap();
    assert_eq!((image.packages().unwrap().len(), image.unread()), (0, 1));
}

#[test]
fn what_tells_of_nothing_hides_what_is_beneath() {
    let lock = r#"{"packages":{"node_modules/old":{"version":"1.0.0"}}}"#;
    let base = || tar(&[("srv/app/package-lock.json", lock), ("srv/web/package-lock.json", lock)]);
    let left = |flag, path| {
        let mut upper = entry(path, flag, b"");
        upper.resize(upper.len() + 1024, 0);
        let mut image = crate::image::Image::default();
        image.add(read_all(&base()).unwrap()).unwrap();
        // As it is stored.
        let upper = serde_json::to_string(&read_all(&upper).unwrap()).unwrap();
        image.add(serde_json::from_str(&upper).unwrap()).unwrap();
        image.files().count()
    };
    for flag in *b"0123" {
        assert_eq!(left(flag, "srv/app"), 1, "{flag}");
        assert_eq!(left(flag, "srv"), 0, "{flag}");
        assert_eq!(left(flag, "srv/ap"), 2, "{flag}");
    }
    // A directory takes the place of a file, and stays what it was where one is.
    assert_eq!(left(b'5', "srv/app/"), 2);
    assert_eq!(left(b'5', "srv/app/package-lock.json"), 1);
}

#[test]
fn long_names_are_read_in_both_dialects() {
    let long = format!("var/lib/dpkg/status.d/{}", "n".repeat(150));
    let layer = read_all(&tar(&[(&long, "Package: a\nVersion: 1\n")])).unwrap();
    assert_eq!(names(&layer), ["a"]);
    let record = |key: &str, value: &str| {
        let rest = format!(" {key}={value}\n");
        let length = (rest.len() + 1..).find(|length| length.to_string().len() + rest.len() == *length).unwrap();
        format!("{length}{rest}")
    };
    let mut bytes = entry("PaxHeaders", b'x', record("path", &long).as_bytes());
    bytes.extend(entry("short", b'0', b"Package: a\nVersion: 1\n"));
    assert_eq!(names(&read_all(&bytes).unwrap()), ["a"]);
    // The size of PAX counts, not the other.
    let mut bytes = entry("PaxHeaders", b'x', record("size", "512").as_bytes());
    bytes.extend(header(STATUS, 0, b'0'));
    bytes.extend(format!("{:512}", "Package: a\nVersion: 1\n").as_bytes());
    assert_eq!(names(&read_all(&bytes).unwrap()), ["a"]);
}

#[test]
fn paths_that_lead_out_are_passed_over() {
    let layer = read_all(&tar(&[
        ("../var/lib/dpkg/status", "Package: a\nVersion: 1\n"),
        ("var/../var/lib/dpkg/status", "Package: b\nVersion: 1\n"),
        ("var/lib/dpkg/../.wh.x", ""),
    ]));
    assert_eq!(layer.unwrap(), Layer::default());
}

#[test]
fn what_is_cut_off_is_no_layer() {
    let plain = tar(&[("lib/apk/db/installed", MUSL), ("a", &"x".repeat(3000))]);
    for packed in [gzip(&plain), zstd(&plain)] {
        for length in (1..packed.len()).step_by(7) {
            assert!(matches!(read_all(&packed[..length]), Err(Error::Malformed(_))), "{length} of {}", packed.len());
        }
    }
    for length in [1, 511, 513, 1025, 2000] {
        assert!(matches!(read_all(&plain[..length]), Err(Error::Malformed(_))), "{length}");
    }
    let mut damaged = plain.clone();
    damaged[3] ^= 1;
    assert!(matches!(read_all(&damaged), Err(Error::Malformed(_))));
    assert!(matches!(read_all(&gzip(b"no archive")), Err(Error::Malformed(_))));
    assert!(matches!(read_all(b"BZh91AY&SY"), Err(Error::Malformed(_))));
}

#[test]
fn a_bomb_does_not_go_off() {
    // 200 MiB of zeros in some 200 kB: more than the ratio, long before the limit of bytes.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&header("zeros", 200 << 20, b'0')).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..200 {
        encoder.write_all(&zeros).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(limit(read_all(&bomb)).contains("200 times its size"));
    let small = Limits { unpacked_bytes: 10 << 20, ..Limits::default() };
    assert!(limit(read(&bomb[..], &small)).contains("10485760 bytes"));
    // Behind the end of the archive is no hiding place.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..200 {
        encoder.write_all(&zeros).unwrap();
    }
    assert!(limit(read_all(&encoder.finish().unwrap())).contains("times its size"));
}

#[test]
fn absurd_numbers_and_names_are_refused() {
    let many: Vec<u8> = (0..300).flat_map(|at| entry(&format!("f{at}"), b'0', b"")).collect();
    assert!(limit(read(&many[..], &Limits { entries: 299, ..Limits::default() })).contains("299 entries"));
    let deep = "d/".repeat(200);
    assert!(limit(read_all(&tar(&[(&deep, "")]))).contains("128 directories"));
    let long = "n".repeat(5000);
    assert!(limit(read_all(&tar(&[(&long, "")]))).contains("4096 bytes"));
    // A size that no file has, of a file that nobody reads and of one that is read.
    for path in ["a", STATUS] {
        let bytes = header(path, u64::MAX, b'0');
        assert!(read_all(&bytes).is_err(), "{path}");
    }
    let bytes = header(STATUS, 65 << 20, b'0');
    assert!(limit(read_all(&bytes)).contains("at most 67108864"));
    let bytes = header("././@LongLink", 1 << 30, b'L');
    assert!(limit(read_all(&bytes)).contains("too long"));
    let records: Vec<u8> = (0..300).flat_map(|_| entry("x", b'x', b"")).collect();
    assert!(limit(read(&records[..], &Limits { entries: 299, ..Limits::default() })).contains("299 entries"));
    let list: String = (0..11).map(|at| format!("P:p{at}\nV:1\n\n")).collect();
    let few = Limits { packages: 10, ..Limits::default() };
    assert!(limit(read(&tar(&[("lib/apk/db/installed", &list)])[..], &few)).contains("10 packages"));
    // Paths are held too.
    let little = Limits { told_bytes: 100_000, ..Limits::default() };
    let long = "n".repeat(1000);
    let paths: Vec<u8> = (0..100).flat_map(|at| entry(&format!("{long}/{at}/x.jar"), b'2', b"")).collect();
    assert!(limit(read(&paths[..], &little)).contains("100000 bytes of names"));
    // What is taken away is a number each.
    let paths: Vec<u8> = (0..100).flat_map(|at| entry(&format!("{long}/{at}/.wh.x"), b'0', b"")).collect();
    assert!(read(&paths[..], &little).unwrap().hidden.has(&format!("{long}/7/x")));
}

#[test]
fn who_waits_can_stop_it() {
    let limits = Limits::default();
    limits.stop.store(true, Ordering::Relaxed);
    assert!(matches!(read(&tar(&[("a", "b")])[..], &limits), Err(Error::Stopped)));
}

proptest::proptest! {
    #[test]
    fn nothing_makes_it_panic(bytes: Vec<u8>, at in 0_usize..2048, byte: u8) {
        let _ = read_all(&bytes);
        let _ = read_all(&gzip(&bytes));
        let mut layer = tar(&[("lib/apk/db/installed", MUSL), (STATUS, "Package: a\nVersion: 1\n")]);
        let end = layer.len();
        layer[at % end] = byte;
        let _ = read_all(&layer);
        let mut packed = zstd(&layer);
        let end = packed.len();
        packed[at % end] = byte;
        let _ = read_all(&packed);
    }
}
