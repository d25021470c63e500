//! A running registry: the real binary on a free port, on a backing of its own or a shared one, killed at the end of the test.
//! When the test fails, the end of the server's log is printed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use uuid::Uuid;

use super::backend::Backend;
use super::backing::Backing;
use super::client::{Auth, Client};
use super::port;
use super::program::{Finished, Program};
use super::repository::Repository;

/// The access key id of root on every server that a test starts.
pub const ROOT_ACCESS_KEY_ID: &str = "AKIAROOTOFTESTS00000";
/// Its secret; looks like AWS's, slash and plus included, because those are what encodings get wrong.
pub const ROOT_SECRET_ACCESS_KEY: &str = "tests/Root+Secret/abcdefghijklmnopqrstuv";

/// How long a server may take to become ready before the test fails. Generous: debug builds on a loaded machine.
const START_LIMIT: Duration = Duration::from_secs(30);

/// A server under test.
pub struct Wharf {
    backing: Arc<Backing>,
    home: TempDir,
    overrides: Vec<(String, String)>,
    ip: Ipv4Addr,
    port: u16,
    program: Program,
    /// From the start of the process to its first answer on `/healthz`.
    pub start_time: Duration,
}

/// How a server is to be started.
pub struct Builder {
    backing: Arc<Backing>,
    overrides: Vec<(String, String)>,
    ip: Ipv4Addr,
}

impl Builder {
    /// Sets one more setting, by the name of its environment variable.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.overrides.push((name.to_owned(), value.into()));
        self
    }

    /// Has it listen on another address of this machine than 127.0.0.1.
    #[must_use]
    pub fn on_address(mut self, ip: Ipv4Addr) -> Self {
        self.ip = ip;
        self
    }

    /// Starts the server and waits until it is ready.
    pub async fn start(self) -> Wharf {
        let home = tempfile::Builder::new().prefix("wharf-test-").tempdir().expect("a temporary directory");
        self.launch(home, None).await
    }

    /// The same, on a port that somebody knows already.
    pub async fn start_at(self, port: u16) -> Wharf {
        let home = tempfile::Builder::new().prefix("wharf-test-").tempdir().expect("a temporary directory");
        self.launch(home, Some(port)).await
    }

    async fn launch(self, home: TempDir, port: Option<u16>) -> Wharf {
        let (port, program, start_time) = launch(&self.backing, &self.overrides, home.path(), self.ip, port).await;
        Wharf { backing: self.backing, home, overrides: self.overrides, ip: self.ip, port, program, start_time }
    }
}

impl Wharf {
    /// A server with default settings on a new backing.
    pub async fn start(backend: Backend) -> Self {
        Self::with(backend).start().await
    }

    /// A server on a new backing, to be given settings before it starts.
    pub fn with(backend: Backend) -> Builder {
        Self::sharing(Arc::new(Backing::create(backend)))
    }

    /// A server on a backing that others use too: one more replica.
    pub fn sharing(backing: Arc<Backing>) -> Builder {
        Builder { backing, overrides: Vec::new(), ip: Ipv4Addr::LOCALHOST }
    }

    /// What it keeps its content in.
    pub fn backing(&self) -> &Arc<Backing> {
        &self.backing
    }

    /// Which combination of database and storage that is.
    pub fn backend(&self) -> Backend {
        self.backing.backend()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((self.ip, self.port))
    }

    /// `http://host:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.program.id()
    }

    /// Its data directory.
    pub fn data_directory(&self) -> PathBuf {
        let set = self.overrides.iter().rev().find(|(name, _)| name == "WHARF_DATA_DIR");
        set.map_or_else(|| self.home.path().join("data"), |(_, value)| PathBuf::from(value))
    }

    /// Everything it has printed so far, over all its starts.
    pub fn output(&self) -> String {
        self.program.output()
    }

    /// A client that sends root's credentials with every request.
    pub fn client(&self) -> Client {
        Client::new(&self.url(), Auth::basic(ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY))
    }

    /// A client without credentials.
    pub fn anonymous(&self) -> Client {
        Client::new(&self.url(), Auth::None)
    }

    /// The status of `/readyz`.
    pub async fn readyz(&self) -> u16 {
        self.anonymous().get("/readyz").send().await.status()
    }

    /// A client without credentials whose connections come from another loopback address: another source to the throttle.
    pub fn anonymous_from(&self, source: impl Into<IpAddr>) -> Client {
        Client::from(&self.url(), Auth::None, source.into())
    }

    /// A repository with a name that nobody used before, seen as root.
    pub fn repository(&self) -> Repository {
        self.client().repository(&format!("tests/{}", Uuid::new_v4().simple()))
    }

    /// Kills it with SIGKILL; the backing and the data directory stay.
    pub fn kill(&mut self) {
        self.program.kill();
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        self.program.signal(name);
    }

    /// Waits until the process ends by itself; `None` when it does not within the limit.
    pub fn wait(&mut self, limit: Duration) -> Option<std::process::ExitStatus> {
        self.program.wait(limit)
    }

    /// Whether the process runs.
    pub fn runs(&mut self) -> bool {
        self.program.ended().is_none()
    }

    /// Starts it again with the same settings, port and data after it ended or was killed.
    pub async fn restart(&mut self) {
        self.program.kill();
        let (port, program, start_time) =
            launch(&self.backing, &self.overrides, self.home.path(), self.ip, Some(self.port)).await;
        (self.port, self.program, self.start_time) = (port, program, start_time);
    }

    /// Runs another command of the program (`check`, `fsck`) with the settings of this server.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        self.run_with(arguments, &[])
    }

    /// [`Self::run`] with further settings.
    pub fn run_with(&self, arguments: &[&str], further: &[(&str, &str)]) -> Finished {
        let mut settings = settings(&self.backing, &self.overrides, self.home.path(), self.address());
        settings.extend(further.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Program::run(arguments, &settings, self.home.path(), Duration::from_secs(60))
    }
}

impl Drop for Wharf {
    fn drop(&mut self) {
        self.program.kill();
        if std::thread::panicking() {
            let output = self.program.output();
            let lines: Vec<&str> = output.lines().collect();
            eprintln!("--- last lines of the server on {:?}, port {} ---", self.backend(), self.port);
            for line in &lines[lines.len().saturating_sub(60)..] {
                eprintln!("{line}");
            }
        }
    }
}

fn settings(
    backing: &Backing,
    overrides: &[(String, String)],
    home: &Path,
    address: SocketAddr,
) -> Vec<(String, String)> {
    let mut settings = backing.settings(&home.join("data"));
    settings.push(("WHARF_LISTEN".to_owned(), address.to_string()));
    // An engine of this machine is none of the tests'.
    settings.push(("WHARF_AGENT".to_owned(), "off".to_owned()));
    settings.push(("WHARF_ROOT_ACCESS_KEY_ID".to_owned(), ROOT_ACCESS_KEY_ID.to_owned()));
    settings.push(("WHARF_ROOT_SECRET_ACCESS_KEY".to_owned(), ROOT_SECRET_ACCESS_KEY.to_owned()));
    settings.extend(overrides.iter().cloned());
    settings
}

async fn launch(
    backing: &Backing,
    overrides: &[(String, String)],
    home: &Path,
    ip: Ipv4Addr,
    same_port: Option<u16>,
) -> (u16, Program, Duration) {
    let output = home.join("wharf.log");
    // Between the look at a port and its use somebody else may take it.
    for _ in 0..3 {
        let port = same_port.unwrap_or_else(port::free);
        let address = SocketAddr::from((ip, port));
        let settings = settings(backing, overrides, home, address);
        let begin = Instant::now();
        let mut program = Program::start(&["serve"], &settings, home, &output);
        let Some(start_time) = answers(&mut program, address, "/healthz", begin).await else {
            if program.output().to_lowercase().contains("in use") {
                continue;
            }
            panic!("the server ended before it was ready:\n{}", program.output());
        };
        if answers(&mut program, address, "/readyz", begin).await.is_none() {
            panic!("the server ended before it was ready:\n{}", program.output());
        }
        return (port, program, start_time);
    }
    panic!("three ports in a row were taken by somebody else");
}

/// How long after `begin` the path answered 200; `None` when the process ended instead.
async fn answers(program: &mut Program, address: SocketAddr, path: &str, begin: Instant) -> Option<Duration> {
    let client = Client::new(&format!("http://{address}"), Auth::None);
    loop {
        if let Ok(answer) = client.get(path).try_send().await
            && answer.status() == 200
        {
            return Some(begin.elapsed());
        }
        if program.ended().is_some() {
            return None;
        }
        if begin.elapsed() > START_LIMIT {
            panic!("{path} does not answer 200 within {START_LIMIT:?}:\n{}", program.output());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
