//! S3 for tests: the server and bucket named by the `WHARF_TEST_S3_…` variables, or a versitygw of our own that the first test
//! starts over a temporary directory. Each test has a prefix of its own in the bucket. A second server, moto, remembers of each
//! object what its encryption was asked to be; the first knows nothing of that.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::port;
use super::supervised::Supervised;

static SERVER: OnceLock<Server> = OnceLock::new();
static SECOND: OnceLock<Server> = OnceLock::new();

struct Server {
    endpoint: String,
    access_key_id: String,
    secret_access_key: String,
    bucket: String,
    _service: Option<Supervised>,
}

/// A place in a bucket that belongs to one test.
pub struct Prefix {
    server: &'static Server,
    url: String,
}

impl Prefix {
    /// Takes a prefix that nobody used before.
    pub fn create() -> Self {
        Self::on(SERVER.get_or_init(|| server("", || start("http", &[]))))
    }

    /// The same on the second server.
    pub fn on_second() -> Self {
        Self::on(SECOND.get_or_init(|| server("_2", start_second)))
    }

    fn on(server: &'static Server) -> Self {
        Self { server, url: format!("s3://{}/{}", server.bucket, Uuid::new_v4().simple()) }
    }

    /// The endpoint of the S3 server, `http://host:port`.
    pub fn endpoint(&self) -> &str {
        &self.server.endpoint
    }

    /// The settings that lead a server here.
    pub fn settings(&self) -> Vec<(String, String)> {
        settings(self.server, &self.url).map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    }
}

/// The server that variables with this ending name, or else one that is started.
fn server(ending: &str, start: impl FnOnce() -> Server) -> Server {
    let name = |part: &str| format!("WHARF_TEST_S3_{part}{ending}");
    let Ok(endpoint) = std::env::var(name("ENDPOINT")) else {
        return start();
    };
    let required = |part: &str| {
        std::env::var(name(part)).unwrap_or_else(|_| panic!("{} is set but {} is not", name("ENDPOINT"), name(part)))
    };
    Server {
        endpoint,
        access_key_id: required("ACCESS_KEY_ID"),
        secret_access_key: required("SECRET_ACCESS_KEY"),
        bucket: required("BUCKET"),
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
    await_start(port, &log);
    Server {
        endpoint: format!("{scheme}://{address}"),
        access_key_id: access_key_id.to_owned(),
        secret_access_key: secret_access_key.to_owned(),
        bucket: "wharf".to_owned(),
        _service: Some(service),
    }
}

/// moto, which keeps everything in memory and asks for no signature.
fn start_second() -> Server {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/moto/bin/moto_server");
    assert!(
        program.is_file(),
        "this test needs moto: tools/install brings it into .tools/moto; or name a server in WHARF_TEST_S3_ENDPOINT_2, \
         _ACCESS_KEY_ID_2, _SECRET_ACCESS_KEY_2 and _BUCKET_2"
    );
    let directory = tempfile::Builder::new().prefix("wharf-s3-").tempdir().expect("a temporary directory").keep();
    let (port, log) = (port::free(), directory.join("log"));
    let command = [&program.display().to_string(), "-H", "127.0.0.1", "-p", &port.to_string()].map(str::to_owned);
    let service = Supervised::start(&directory, &log, "TERM", &command);
    await_start(port, &log);
    let mut connection = TcpStream::connect(("127.0.0.1", port)).expect("it has just answered");
    let request =
        format!("PUT /wharf HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 200 "), "no bucket: {answer}");
    Server {
        endpoint: format!("http://127.0.0.1:{port}"),
        access_key_id: "AKIATESTS".to_owned(),
        secret_access_key: "tests-secret-access-key".to_owned(),
        bucket: "wharf".to_owned(),
        _service: Some(service),
    }
}

fn await_start(port: u16, log: &Path) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let said = || std::fs::read_to_string(log).unwrap_or_default();
        assert!(Instant::now() < deadline, "the S3 server does not start: {}", said());
        std::thread::sleep(Duration::from_millis(50));
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
