//! What a scan takes of memory does not depend on what an image was made to hold.

use tests::harness::resources::peak;
use tests::harness::{Backend, Wharf};

use super::{advisory, import, knowing_one_advisory, run};

/// What scans may add to the memory of a server, in a build for tests too. A file of 64 MiB is held whole.
const MOST: u64 = 700 << 20;

/// Expressions that make files of 63 MiB, which shrink to some kilobytes and say as much as they can.
const FILES: &[(&str, &str)] = &[
    ("app/package-lock.json", r##"full(b'{"":0},', b'{"x":[', b'0]}')"##),
    ("app/package-lock.json", r##"full(b'"":{},', b'{"packages":{', b'"x":0}}')"##),
    ("app/Pipfile.lock", r##"full(b'{"":0},', b'{"x":[', b'0]}')"##),
    ("app/node_modules/x/package.json", r##"full(b'{"":0},', b'{"x":[', b'0]}')"##),
    ("app/Cargo.lock", r#"full(b"0,", b"x=[", b"]\n")"#),
    ("app/uv.lock", r#"full(b"[[package]]\nname='a'\nversion='1'\n")"#),
    ("app/requirements.txt", r#"full(b"a==1\n")"#),
    ("app/Gemfile.lock", r#"full(b"    a (1)\n", b"GEM\n")"#),
    ("app/yarn.lock", r#"full(b'a@1:\n version "1"\n')"#),
    ("lib/apk/db/installed", r#"full(b"P:a\nV:1\n\n")"#),
    ("var/lib/dpkg/status", r#"full(b"Package:a\nVersion:1\nSource:b\n\n")"#),
    ("etc/os-release", r#"b"\n".join(b"%d=" % number for number in range(SIZE // 10))"#),
    ("app/x.jar", "directory()"),
    ("var/lib/rpm/Packages.db", "slots()"),
];

const MAKERS: &str = r##"
import struct
SIZE = 63 << 20

def full(piece, start=b"", end=b""):
    return start + piece * ((SIZE - len(start) - len(end)) // len(piece)) + end

def slots():
    """A database of rpm whose slots all are of one package, with names as long as they may be."""
    texts = [(1000, b"n" * 512), (1001, b"1" * 250), (1002, b"1"), (1044, b"s" * 512 + b"-" + b"1" * 250 + b"-1.src.rpm")]
    index, data = b"", b""
    for tag, text in texts:
        index += struct.pack(">IIII", tag, 6, len(data), 1)
        data += text + b"\0"
    header = struct.pack(">II", len(texts), len(data)) + index + data
    pages = SIZE // 4096 - 1
    at = pages * 4096
    slot = b"Slot" + struct.pack("<III", 1, at // 16, 1)
    head = b"RpmP" + struct.pack("<IIII", 0, 1, pages, 9) + bytes(12)
    return head + slot * ((at - len(head)) // 16) + b"BlbS" + struct.pack("<III", 1, 1, len(header)) + header

def directory():
    """An archive that is nothing but a list of its members."""
    count = SIZE // 60
    members = b"".join(struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0) + b"%08x" % at
                       for at in range(count))
    at = len(members)
    end64 = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, at, 0)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, at, 1)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xffff, 0xffff, at, 0, 0)
    return members + end64 + locator + end
"##;

#[tokio::test]
async fn a_file_that_says_as_much_as_it_can_takes_little_memory() {
    let wharf = knowing_one_advisory(Backend::SqliteDisk).await;
    let before = peak(wharf.pid());
    for (number, (path, content)) in FILES.iter().enumerate() {
        let found = run(
            &wharf,
            &format!(
                "{MAKERS}\npush('app', 'v{number}', [layer({{'{path}': {content}}})])
ecr.start_image_scan(repositoryName='app', imageId={{'imageTag': 'v{number}'}})
found = scanned('app', 'v{number}', 1500)
assert found['imageScanStatus']['status'] == 'FAILED', found
print(json.dumps(found['imageScanStatus']['description'][:200]))"
            ),
        );
        println!("{path} {content}: {found}, {} MiB", (peak(wharf.pid()) - before) >> 20);
    }
    let taken = peak(wharf.pid()) - before;
    assert!(taken < MOST, "{} MiB", taken >> 20);
    // The server still does what it is for.
    run(
        &wharf,
        "push('app', 'good', [layer({**DEBIAN, 'var/lib/dpkg/status': dpkg(a='1')})])
assert names(scan('app', 'good')) == ['CVE-2024-1']",
    );
}

/// A distribution's kernel has thousands of advisories, and a list of packages says as often as it wants that it is there.
#[tokio::test]
async fn an_image_with_millions_of_findings_is_told_of_with_the_worst_and_takes_little_memory() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    wharf.create_repository("app", "MUTABLE", &[]);
    let low = (0..300).map(|number| advisory(&format!("CVE-2024-{number}"), "Debian:12", "linux", None, "low"));
    let worst = advisory("CVE-2025-1", "Debian:12", "zlib", None, "critical");
    import(&wharf, &low.chain([worst]).collect::<Vec<_>>());
    let before = peak(wharf.pid());
    run(
        &wharf,
        r#"
listed = "".join(f"Package: linux-{number}\nSource: linux\nVersion: 1\n\n" for number in range(10_000)) + "Package: zlib\nVersion: 1\n"
push("app", "v1", [layer({**DEBIAN, "var/lib/dpkg/status": listed})])
ecr.start_image_scan(repositoryName="app", imageId={"imageTag": "v1"})
found = scanned("app", "v1", 1500)["imageScanFindings"]
assert found["findingSeverityCounts"] == {"CRITICAL": 1, "LOW": 3_000_000}, found["findingSeverityCounts"]
assert found["findings"][0]["name"] == "CVE-2025-1", found["findings"][0]
"#,
    );
    let taken = peak(wharf.pid()) - before;
    assert!(taken < MOST, "{} MiB", taken >> 20);
}
