//! Packages of every kind that is read, each with an advisory of its ecosystem and the order of versions that it has.

use serde_json::Value;
use tests::harness::{Backend, Wharf};

use super::{advisory, import, run};

#[tokio::test]
async fn packages_of_every_ecosystem_are_found() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    wharf.create_repository("app", "MUTABLE", &[]);
    // Each is fixed in a version that comes after the one in the image only in the order of its ecosystem, and beside it
    // stands one that is not vulnerable any more.
    let known: Vec<Value> = [
        ("PY-1", "PyPI", "Jinja2", "3.1.10"),
        ("PY-2", "PyPI", "django", "4.2"),
        ("NPM-1", "npm", "@scope/left", "1.10.0"),
        ("NPM-2", "npm", "locked", "2.0.0"),
        ("GEM-1", "RubyGems", "rack", "2.2.10"),
        ("GEM-2", "RubyGems", "rails", "7.0.0"),
        ("RUST-1", "crates.io", "time", "0.2.0"),
        ("GO-1", "Go", "stdlib", "1.21.4"),
        ("GO-2", "Go", "golang.org/x/net", "0.17.0"),
        ("JAVA-1", "Maven", "org.apache.logging.log4j:log4j-core", "2.17.0"),
        ("NOT-1", "PyPI", "jinja2", "3.1.2"),
        ("NOT-2", "npm", "@scope/left", "1.9.0"),
        ("NOT-3", "Go", "golang.org/x/net", "0.1.0"),
        ("NOT-4", "Maven", "org.apache.logging.log4j:log4j-core", "2.14.1"),
    ]
    .iter()
    .map(|(id, ecosystem, package, fixed)| advisory(id, ecosystem, package, Some(fixed), "high"))
    .collect();
    import(&wharf, &known);
    run(
        &wharf,
        r##"
import zipfile
def jar(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()
log4j = jar({"META-INF/maven/org.apache.logging.log4j/log4j-core/pom.properties":
             "version=2.14.1\ngroupId=org.apache.logging.log4j\nartifactId=log4j-core\n"})
modules = b"x" * 16 + b"path\tcmd/x\nmod\texample.com/own\t(devel)\t\ndep\tgolang.org/x/net\tv0.1.0\th1:x\n" + b"x" * 16
program = (b"\x7fELF\x02\x01".ljust(1 << 20, b"\1") + b"\xff Go buildinf:\x08\x02".ljust(32, b"\0") + b"\x08go1.21.3"
           + bytes([len(modules)]) + modules + b"\0" * 100)
site = "usr/lib/python3/site-packages"
base = layer({
    f"{site}/Jinja2-3.1.2.dist-info/METADATA": "Metadata-Version: 2.1\nName: Jinja2\nVersion: 3.1.2\n\nText\n",
    "srv/poetry.lock": '[[package]]\nname = "Django"\nversion = "4.1.13"\n',
    "srv/node_modules/@scope/left/package.json": '{"name": "@scope/left", "version": "1.9.0"}',
    "srv/package-lock.json": '{"packages": {"": {}, "node_modules/locked": {"version": "2.0.0-rc.1"}}}',
    "usr/lib/ruby/gems/3.2.0/specifications/rack-2.2.9.gemspec": "",
    "srv/Gemfile.lock": "GEM\n  specs:\n    rails (7.0.0.rc1)\n",
    "srv/Cargo.lock": '[[package]]\nname = "time"\nversion = "0.1.42"\nsource = "registry+https://github.com/rust-lang/crates.io-index"\n',
    "usr/bin/tool": program,
    "srv/app.war": jar({"WEB-INF/lib/log4j.jar": log4j}),
    # What a package brought with it says nothing about the image.
    f"{site}/thing/requirements.txt": "django==1.0\n",
})
push("app", "v1", [base])
found = scan("app", "v1")
assert found["imageScanStatus"] == {"status": "COMPLETE", "description": "The scan was completed successfully."}, found
assert sorted(names(found)) == sorted(["PY-1", "PY-2", "NPM-1", "NPM-2", "GEM-1", "GEM-2", "RUST-1", "GO-1", "GO-2", "JAVA-1"]), names(found)

# A script takes the place of the program, and a directory that of the archive.
push("app", "over", [base, layer({"usr/bin/tool": "#!/bin/sh\n", "srv/app.war/": ""})])
found = scan("app", "over")
assert sorted(names(found)) == sorted(["PY-1", "PY-2", "NPM-1", "NPM-2", "GEM-1", "GEM-2", "RUST-1"]), names(found)

# Of a part of what it holds there are no advisories: that is said.
push("app", "v2", [layer({**DEBIAN, "var/lib/dpkg/status": dpkg(a="1"), "srv/Gemfile.lock": "GEM\n  specs:\n    rack (1.0)\n"})])
found = scan("app", "v2")
assert found["imageScanStatus"]["status"] == "COMPLETE" and names(found) == ["GEM-1"], found
assert "There are no advisories for Debian:12" in found["imageScanStatus"]["description"], found
"##,
    );
}

/// A database as rpm writes it, with headers that overflow their pages.
#[tokio::test]
async fn packages_of_rpm_are_read_from_its_database() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    wharf.create_repository("app", "MUTABLE", &[]);
    import(
        &wharf,
        &[
            advisory("RLSA-1", "Rocky Linux:9", "openssl", Some("1:3.0.7-25.el9"), "important"),
            advisory("RLSA-2", "Rocky Linux:9", "package-150", Some("2.0-1.el9"), "moderate"),
            advisory("RLSA-3", "Rocky Linux:9", "package-151", Some("1.0-1.el9"), "low"),
        ],
    );
    run(
        &wharf,
        r##"
import os, sqlite3, struct, tempfile
def header(name, version, release, source, epoch=None, filler=0):
    index, data = b"", b""
    entries = [(1000, 6, name), (1001, 6, version), (1002, 6, release), (1044, 6, source), (1004, 6, "x" * filler)]
    for tag, kind, text in entries:
        index += struct.pack(">IIII", tag, kind, len(data), 1)
        data += text.encode() + b"\0"
    if epoch is not None:
        data += b"\0" * (-len(data) % 4)
        index += struct.pack(">IIII", 1003, 4, len(data), 1)
        data += struct.pack(">I", epoch)
    return struct.pack(">II", len(index) // 16, len(data)) + index + data
for page_size in (512, 4096, 65536):
    path = os.path.join(tempfile.mkdtemp(), "rpmdb.sqlite")
    db = sqlite3.connect(path)
    db.execute(f"pragma page_size = {page_size}")
    db.execute("create table 'Name' (key text, hnum integer)")
    db.execute("create table 'Packages' (hnum integer primary key autoincrement, blob blob not null)")
    rows = [(header(f"package-{at}", "1.0", "1.el9", "(none)", filler=at * 37),) for at in range(300)]
    rows.append((header("openssl-libs", "3.0.7", "24.el9", "openssl-3.0.7-24.el9.src.rpm", 1, 100_000),))
    db.executemany("insert into Packages (blob) values (?)", rows)
    db.commit()
    db.close()
    content = open(path, "rb").read()
    tag = f"v{page_size}"
    push("app", tag, [layer({"etc/os-release": os_release("rocky", "9.3"), "var/lib/rpm/rpmdb.sqlite": content})])
    found = scan("app", tag)
    assert names(found) == ["RLSA-1", "RLSA-2"], (page_size, found)
    assert attributes(found["imageScanFindings"]["findings"][0])["package_version"] == "1:3.0.7-24.el9"
"##,
    );
}

/// As osv.dev publishes them: one archive for an ecosystem, fetched or on disk.
#[tokio::test]
async fn advisories_come_in_archives_and_what_is_none_is_told() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("all.zip");
    let make = format!(
        "import zipfile\nwith zipfile.ZipFile({path:?}, 'w', zipfile.ZIP_DEFLATED) as archive:\n    archive.writestr('CVE-2024-1.json', {:?})\n    archive.writestr('bad.json', '{{}}')\n    archive.writestr('README', 'x')\n",
        advisory("CVE-2024-1", "Debian:12", "a", None, "low").to_string(),
    );
    wharf.aws().python(&make);
    let finished = wharf.run(&["advisories", "import", path.to_str().expect("a path")]);
    assert!(!finished.status.success() && finished.stdout.contains("1 advisories imported"), "{finished:?}");
    assert!(
        finished.stderr.contains("1 documents could not be read, the first: ") && finished.stderr.contains("bad.json")
    );
    for wrong in ["/nowhere", "http://127.0.0.1:1/all.zip"] {
        let finished = wharf.run(&["advisories", "import", wrong]);
        assert!(!finished.status.success() && finished.stderr.contains(wrong), "{finished:?}");
    }
    let listed = wharf.run(&["advisories", "list"]);
    assert!(listed.stdout.lines().any(|line| line.starts_with("Debian:12") && line.contains(" 1 ")), "{listed:?}");
}
