//! Scanning by ECR's unmodified clients: images are built and pushed by the scripts, advisories are imported beside the
//! running server, and what is found is what the two say together.

mod cached;
mod ecosystems;
mod enhanced;
mod events;
mod gate;
mod harbor;
mod hostile;
mod memory;
mod on_push;
mod quotas;
mod referrers;
mod scan;
mod webhook;

use serde_json::{Value, json};
use tests::harness::{Backend, Wharf};

/// What the scripts share: an image is built of layers, each a dictionary of paths and contents, and pushed by the API.
const PRELUDE: &str = r##"
import gzip, hashlib, io, tarfile, time
ecr = client("ecr")

def sha256(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()

def layer(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path, content in files.items():
            content = content if isinstance(content, bytes) else content.encode()
            info = tarfile.TarInfo(path)
            info.size, info.mode = len(content), 0o755
            archive.addfile(info, io.BytesIO(content))
    return gzip.compress(out.getvalue(), 6, mtime=0)

def upload(repository, content):
    try:
        begun = ecr.initiate_layer_upload(repositoryName=repository)
        ecr.upload_layer_part(repositoryName=repository, uploadId=begun["uploadId"], partFirstByte=0,
                              partLastByte=len(content) - 1, layerPartBlob=content)
        ecr.complete_layer_upload(repositoryName=repository, uploadId=begun["uploadId"], layerDigests=[sha256(content)])
    except ecr.exceptions.LayerAlreadyExistsException:
        pass
    return {"digest": sha256(content), "size": len(content)}

CONFIG, LAYER = "application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar+gzip"

def push(repository, tag, layers, config_type=CONFIG):
    """Pushes an image of packed layers."""
    config = json.dumps({"architecture": "amd64", "os": "linux", "author": repository + tag, "rootfs": {"type": "layers", "diff_ids": []}})
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": config_type, **upload(repository, config.encode())},
        "layers": [{"mediaType": LAYER, **upload(repository, content)} for content in layers]})
    put = ecr.put_image(repositoryName=repository, imageTag=tag, imageManifest=manifest)
    return put["image"]["imageId"]["imageDigest"]

def scanned(repository, tag, attempts=600):
    """Waits for the scan of an image, whatever comes of it."""
    for _ in range(attempts):
        found = ecr.describe_image_scan_findings(repositoryName=repository, imageId={"imageTag": tag}, maxResults=1000)
        if found["imageScanStatus"]["status"] not in ("IN_PROGRESS", "PENDING"):
            return found
        time.sleep(0.2)
    raise AssertionError(found)

def scan(repository, tag):
    started = ecr.start_image_scan(repositoryName=repository, imageId={"imageTag": tag})
    assert started["imageScanStatus"]["status"] == "IN_PROGRESS", started
    return scanned(repository, tag)

def names(found):
    return [finding["name"] for finding in found["imageScanFindings"]["findings"]]

def attributes(finding):
    return {attribute["key"]: attribute["value"] for attribute in finding["attributes"]}

def eventually(what, check, attempts=600):
    for _ in range(attempts):
        if check():
            return
        time.sleep(0.2)
    raise AssertionError(what)

def os_release(id, version):
    return f'PRETTY_NAME="x"\nID={id}\nVERSION_ID="{version}"\n'

def dpkg(**packages):
    paragraph = "Package: {}\nStatus: install ok installed\nVersion: {}\n\n"
    return "".join(paragraph.format(name, version) for name, version in packages.items())
DEBIAN = {"etc/os-release": os_release("debian", "12")}
"##;

/// Runs a script after what scripts share.
#[track_caller]
pub(crate) fn run(wharf: &Wharf, script: &str) -> Value {
    wharf.aws().boto3(&format!("{PRELUDE}\n{script}"))
}

/// A server with the repository `app` that knows of one advisory, `CVE-2024-1`: about the package `a` of Debian 12.
pub(crate) async fn knowing_one_advisory(backend: Backend) -> Wharf {
    let wharf = Wharf::start(backend).await;
    wharf.create_repository("app", "MUTABLE", &[]);
    import(&wharf, &[advisory("CVE-2024-1", "Debian:12", "a", None, "low")]);
    wharf
}

/// An advisory about a package: vulnerable until it is fixed.
pub(crate) fn advisory(id: &str, ecosystem: &str, package: &str, fixed: Option<&str>, severity: &str) -> Value {
    let mut events = vec![json!({ "introduced": "0" })];
    events.extend(fixed.map(|version| json!({ "fixed": version })));
    json!({
        "schema_version": "1.6.0",
        "id": id,
        "modified": "2026-01-01T00:00:00Z",
        "summary": format!("{package} does what it should not"),
        "references": [{ "type": "ADVISORY", "url": format!("https://example.com/{id}") }],
        "affected": [{
            "package": { "ecosystem": ecosystem, "name": package },
            "ranges": [{ "type": "ECOSYSTEM", "events": events }],
            "ecosystem_specific": { "severity": severity },
        }],
    })
}

/// Imports advisories as an operator does, from a directory.
#[track_caller]
pub(crate) fn import(wharf: &Wharf, advisories: &[Value]) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    for (at, advisory) in advisories.iter().enumerate() {
        std::fs::write(directory.path().join(format!("{at}.json")), advisory.to_string()).expect("a file");
    }
    let path = directory.path().to_str().expect("a path").to_owned();
    let finished = wharf.run(&["advisories", "import", &path]);
    assert!(finished.status.success(), "{finished:?}");
    finished.stdout
}
