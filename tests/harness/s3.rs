//! S3 for tests: the server and bucket named by the `WHARF_TEST_S3_…` variables, or a versitygw of our own that the first test
//! starts over a temporary directory. Each test has a prefix of its own in the bucket.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::port;
use super::supervised::Supervised;

static SERVER: OnceLock<Server> = OnceLock::new();

struct Server {
    endpoint: String,
    access_key_id: String,
    secret_access_key: String,
    bucket: String,
    _service: Option<Supervised>,
}

/// A place in a bucket that belongs to one test.
pub struct Prefix {
    url: String,
}

impl Prefix {
    /// Takes a prefix that nobody used before.
    pub fn create() -> Self {
        let server = SERVER.get_or_init(server);
        Self { url: format!("s3://{}/{}", server.bucket, Uuid::new_v4().simple()) }
    }

    /// The endpoint of the S3 server, `http://host:port`.
    pub fn endpoint(&self) -> &str {
        &SERVER.get_or_init(server).endpoint
    }

    /// The settings that lead a server here.
    pub fn settings(&self) -> Vec<(String, String)> {
        settings(SERVER.get_or_init(server), &self.url)
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec()
    }
}

fn server() -> Server {
    let Ok(endpoint) = std::env::var("WHARF_TEST_S3_ENDPOINT") else {
        return start("http", &[]);
    };
    let required =
        |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("WHARF_TEST_S3_ENDPOINT is set but {name} is not"));
    Server {
        endpoint,
        access_key_id: required("WHARF_TEST_S3_ACCESS_KEY_ID"),
        secret_access_key: required("WHARF_TEST_S3_SECRET_ACCESS_KEY"),
        bucket: required("WHARF_TEST_S3_BUCKET"),
        _service: None,
    }
}

/// A server of one test that speaks TLS alone.
pub struct SecureServer(Server);

impl SecureServer {
    /// Starts it with a certificate for 127.0.0.1 and its key.
    pub fn start(certificate: &Path, key: &Path) -> Self {
        let file = |path: &Path| path.canonicalize().expect("the file is there").display().to_string();
        Self(start("https", &["--cert".to_owned(), file(certificate), "--key".to_owned(), file(key)]))
    }

    /// The settings that lead a server here.
    pub fn settings(&self) -> [(&str, &str); 6] {
        settings(&self.0, "s3://wharf/secure")
    }
}

fn settings<'s>(server: &'s Server, url: &'s str) -> [(&'s str, &'s str); 6] {
    [
        ("WHARF_STORAGE_URL", url),
        ("WHARF_S3_ENDPOINT", &server.endpoint),
        ("WHARF_S3_PATH_STYLE", "true"),
        ("WHARF_S3_REGION", "us-east-1"),
        ("WHARF_S3_ACCESS_KEY_ID", &server.access_key_id),
        ("WHARF_S3_SECRET_ACCESS_KEY", &server.secret_access_key),
    ]
}

fn start(scheme: &str, options: &[String]) -> Server {
    let program = program().expect(
        "this test needs an S3 server: put versitygw into .tools/bin or on the PATH (tools/install does it), or name a server in \
         WHARF_TEST_S3_ENDPOINT, _ACCESS_KEY_ID, _SECRET_ACCESS_KEY and _BUCKET",
    );
    let directory = tempfile::Builder::new().prefix("wharf-s3-").tempdir().expect("a temporary directory").keep();
    let objects = directory.join("objects");
    // The gateway takes every directory below its root for a bucket.
    std::fs::create_dir_all(objects.join("wharf")).expect("a bucket can be created");
    let port = port::free();
    let (access_key_id, secret_access_key) = ("AKIATESTS", "tests-secret-access-key");
    let address = format!("127.0.0.1:{port}");
    let mut command = vec![program.display().to_string()];
    command.extend(["--access", access_key_id, "--secret", secret_access_key, "--port", &address].map(str::to_owned));
    command.extend_from_slice(options);
    command.extend(["posix".to_owned(), objects.display().to_string()]);
    let log = directory.join("log");
    let service = Supervised::start(&directory, &log, "TERM", &command);
    let deadline = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(
            Instant::now() < deadline,
            "the S3 server does not start: {}",
            std::fs::read_to_string(&log).unwrap_or_default()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    Server {
        endpoint: format!("{scheme}://{address}"),
        access_key_id: access_key_id.to_owned(),
        secret_access_key: secret_access_key.to_owned(),
        bucket: "wharf".to_owned(),
        _service: Some(service),
    }
}

fn program() -> Option<PathBuf> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::iter::once(ours)
        .chain(std::env::split_paths(&path))
        .map(|directory| directory.join("versitygw"))
        .find(|candidate| candidate.is_file())
}
