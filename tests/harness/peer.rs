//! A registry of another make: Debian's `docker-registry`, on a free port with a directory of its own; also in proxy mode. It
//! ends with the process of the tests.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tempfile::TempDir;

use super::client::{Auth, Client};
use super::content::{Image, OCI_INDEX, OCI_MANIFEST};
use super::port;
use super::supervised::Supervised;

/// A running `docker-registry`.
pub struct Peer {
    port: u16,
    directory: TempDir,
    _service: Supervised,
}

impl Peer {
    /// Starts one that is empty and lets everybody in.
    pub fn start() -> Self {
        Self::with("")
    }

    /// Starts one that is a cache of the registry at a URL.
    pub fn proxy(url: &str) -> Self {
        Self::with(&format!("proxy:\n  remoteurl: {url}\n"))
    }

    fn with(further: &str) -> Self {
        let program = program().expect(
            "this test needs Debian's docker-registry: tools/install installs it, tools/bench unpacks it without installing",
        );
        let directory = tempfile::Builder::new().prefix("wharf-peer-").tempdir().expect("a temporary directory");
        let port = port::free();
        let configuration = directory.path().join("configuration.yml");
        let text = format!(
            "version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: true\nstorage:\n  filesystem:\n    \
             rootdirectory: {}\n  cache:\n    blobdescriptor: inmemory\n  delete:\n    enabled: true\nhttp:\n  addr: \
             127.0.0.1:{port}\n  secret: one-replica-needs-no-shared-secret\n{further}",
            directory.path().join("data").display()
        );
        std::fs::write(&configuration, text).expect("the configuration can be written");
        let log = directory.path().join("log");
        let command = ["env", "OTEL_TRACES_EXPORTER=none", &program.display().to_string(), "serve"].map(str::to_owned);
        let command: Vec<String> = command.into_iter().chain([configuration.display().to_string()]).collect();
        let service = Supervised::start(directory.path(), &log, "TERM", &command);
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let said = || std::fs::read_to_string(&log).unwrap_or_default();
            assert!(Instant::now() < deadline, "docker-registry does not start: {}", said());
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { port, directory, _service: service }
    }

    /// Host and port.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// `http://host:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.host())
    }

    /// A client without credentials.
    pub fn client(&self) -> Client {
        Client::new(&self.url(), Auth::None)
    }

    /// Status and bytes of what is at a path. OCI's manifests this make gives only to those who ask for them.
    pub async fn get(&self, path: &str) -> (u16, Bytes) {
        let accept = [OCI_MANIFEST, OCI_INDEX].join(", ");
        let opened = self.client().get(path).header("accept", accept).open().await;
        let answer = opened.expect("docker-registry answers");
        (answer.status().as_u16(), answer.bytes().await.expect("docker-registry sends what it announced"))
    }

    /// Whether it has a manifest.
    pub async fn has(&self, repository: &str, reference: &str) -> bool {
        self.get(&format!("/v2/{repository}/manifests/{reference}")).await.0 == 200
    }

    /// Checks that an image is there, with all of its bytes.
    pub async fn expect_image(&self, repository: &str, reference: &str, image: &Image) {
        let found = self.get(&format!("/v2/{repository}/manifests/{reference}")).await;
        assert_eq!(found, (200, Bytes::from(image.manifest.clone())));
        for (digest, bytes) in &image.blobs {
            let (status, found) = self.get(&format!("/v2/{repository}/blobs/{digest}")).await;
            assert!(status == 200 && found == bytes, "{digest}: {status}");
        }
    }

    /// Where it keeps its content.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }
}

fn program() -> Option<PathBuf> {
    let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/bench/debian/usr/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([unpacked])
        .map(|directory| directory.join("docker-registry"))
        .find(|program| program.is_file())
}
