//! Layers that are made to do harm fail their scan with a reason, and the server goes on.

use tests::harness::{Backend, Wharf};

use super::{advisory, import, knowing_one_advisory, run};

#[tokio::test]
async fn hostile_layers_fail_their_scan_and_harm_nothing() {
    let wharf = knowing_one_advisory(Backend::SqliteDisk).await;
    run(
        &wharf,
        r##"
def header(name, size, flag=b"0"):
    block = bytearray(512)
    block[:len(name)] = name
    block[100:107], block[156:157], block[257:263] = b"0000644", flag, b"ustar\0"
    if size < 1 << 33:
        block[124:135] = b"%011o" % size
    else:
        block[124], block[128:136] = 0x80, size.to_bytes(8, "big")
    block[148:156] = b" " * 8
    block[148:155] = b"%06o\0" % sum(block)
    return bytes(block)

def bomb():
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9) as packed:
        packed.write(header(b"zeros", 300 << 20))
        for _ in range(300):
            packed.write(bytes(1 << 20))
    return out.getvalue()

good = layer({**DEBIAN, "var/lib/dpkg/status": dpkg(a="1")})
for tag, bad, reason in [
    ("bomb", bomb(), "times its size"),
    ("deep", layer({"d/" * 200 + "f": ""}), "directories"),
    ("long", layer({"n" * 5000: ""}), "path of more than"),
    ("absurd", gzip.compress(header(b"var/lib/dpkg/status", (1 << 63) + 1)), "at most"),
    ("name", gzip.compress(header(b"././@LongLink", 1 << 32, b"L")), "too long"),
    ("truncated", good[:-20], "unpacked"),
    ("cut", gzip.compress(gzip.decompress(good)[:700]), "ends in the middle"),
    ("bzip2", b"BZh91AY&SY", "gzip and zstd"),
    ("junk", gzip.compress(b"junk" * 1000), "not a tar archive"),
]:
    push("app", tag, [good, bad])
    found = scan("app", tag)
    assert found["imageScanStatus"]["status"] == "FAILED" and reason in found["imageScanStatus"]["description"], (tag, found)
    assert "imageScanFindings" not in found

# What leads out of the image says nothing.
push("app", "out", [good, layer({"../../etc/os-release": os_release("alpine", "3.18"), "/../var/lib/dpkg/.wh.status": ""})])
assert names(scan("app", "out")) == ["CVE-2024-1"]
"##,
    );
}

/// A manifest may name one layer thousands of times, and each time what it holds is laid over the rest.
#[tokio::test]
async fn an_image_of_more_layers_than_anything_mounts_is_not_looked_into() {
    let wharf = knowing_one_advisory(Backend::SqliteDisk).await;
    run(
        &wharf,
        r##"
config = {"mediaType": CONFIG, **upload("app", b'{"architecture":"amd64","os":"linux"}')}
one = {"mediaType": LAYER, **upload("app", layer({**DEBIAN, "var/lib/dpkg/status": dpkg(a="1")}))}
def of(count):
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": [one] * count})
    ecr.put_image(repositoryName="app", imageTag=f"v{count}", imageManifest=manifest)
    return scan("app", f"v{count}")
assert names(of(1000)) == ["CVE-2024-1"]
found = of(1001)
assert found["imageScanStatus"]["status"] == "FAILED" and "1000 layers" in found["imageScanStatus"]["description"], found
"##,
    );
}

/// What is made of the list, as a bill of materials, takes many times its memory.
#[tokio::test]
async fn an_image_has_no_more_packages_than_a_layer_may_have() {
    let wharf = knowing_one_advisory(Backend::SqliteDisk).await;
    run(
        &wharf,
        r##"
def listed(file, name):
    return layer({f"var/lib/dpkg/status.d/{file}": "".join(f"Package: {name}{at}\nVersion: 1\n\n" for at in range(60_000))})
good = layer({**DEBIAN, "var/lib/dpkg/status": dpkg(a="1")})
# The same packages count once.
push("app", "same", [good, listed("x", "b"), listed("y", "b")])
assert names(scan("app", "same")) == ["CVE-2024-1"]
push("app", "many", [good, listed("x", "b"), listed("y", "c")])
found = scan("app", "many")
assert found["imageScanStatus"]["status"] == "FAILED" and "100000 packages" in found["imageScanStatus"]["description"], found
"##,
    );
}

/// PostgreSQL takes no text with a NUL in it, and no package is called so.
#[tokio::test]
async fn names_with_a_nul_in_them_are_no_names() {
    let wharf = knowing_one_advisory(Backend::PostgresDisk).await;
    run(
        &wharf,
        r##"
def node(name):
    return {f"app/node_modules/x{number}/package.json": json.dumps(package) for number, package in
            enumerate([{"name": name, "version": "1"}, {"name": "y", "version": "1\0"}])}
push("app", "package", [layer({**DEBIAN, **node("x\0"), "var/lib/dpkg/status": dpkg(**{"a": "1", "b\0c": "1", "d": "1\0"})})])
assert names(scan("app", "package")) == ["CVE-2024-1"]
push("app", "release", [layer({"etc/os-release": os_release("deb\0ian", "1\0"), "var/lib/dpkg/status": dpkg(a="1")})])
found = scan("app", "release")
assert found["imageScanStatus"]["status"] == "FAILED", found
"##,
    );
}

/// Content is a matter of the repositories that have it, also for whoever knows its digest from elsewhere.
#[tokio::test]
async fn what_a_layer_holds_is_told_only_where_the_layer_is() {
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_SPARSE_INDEXES", "true").start().await;
    wharf.create_repository("theirs", "MUTABLE", &[]);
    wharf.create_repository("mine", "MUTABLE", &[]);
    import(&wharf, &[advisory("CVE-2024-0001", "Debian:12", "openssl", None, "high")]);
    run(
        &wharf,
        r#"
base = layer({**DEBIAN, "var/lib/dpkg/status": dpkg(openssl="3.0.11")})
push("theirs", "v1", [base])
assert names(scan("theirs", "v1")) == ["CVE-2024-0001"]
config = {"mediaType": CONFIG, **upload("mine", b'{"architecture":"amd64","os":"linux"}')}
absent = {"mediaType": LAYER, "digest": sha256(base), "size": len(base)}
manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": [absent]})
ecr.put_image(repositoryName="mine", imageTag="v1", imageManifest=manifest)
found = scan("mine", "v1")
assert found["imageScanStatus"]["status"] == "FAILED" and "missing" in found["imageScanStatus"]["description"], found
# Once it is there, it is told.
upload("mine", base)
push("mine", "v2", [base])
assert names(scan("mine", "v2")) == ["CVE-2024-0001"]
"#,
    );
}
