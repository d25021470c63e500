//! PostgreSQL for tests: the server named by `WHARF_TEST_POSTGRES_URL`, or a cluster of our own that the first test starts from
//! the installed binaries; and one database per test in it, dropped after the test. Everything goes through `psql`, so that the
//! harness needs no driver.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::program::Program;
use super::supervised::Supervised;
use super::{binary, port};

static SERVER: OnceLock<Server> = OnceLock::new();
static TEMPLATE: OnceLock<String> = OnceLock::new();

struct Server {
    url: String,
    _service: Option<Supervised>,
}

/// A database of one test.
pub struct Database {
    name: String,
    url: String,
}

impl Database {
    /// Creates a database with a name of its own, with the schema of the program under test and no rows: a copy, because to
    /// go through the migrations takes longer than most tests.
    pub fn create() -> Self {
        Self::copy_of(TEMPLATE.get_or_init(template))
    }

    /// Creates one without even a schema, for tests of what a first start does about that.
    pub fn create_empty() -> Self {
        Self::copy_of("template1")
    }

    fn copy_of(template: &str) -> Self {
        let server = SERVER.get_or_init(server);
        let name = format!("wharf_test_{}", Uuid::new_v4().simple());
        psql(&server.url, &format!("create database {name} template {template}"))
            .expect("a superuser can create databases");
        Self { url: with_database(&server.url, &name), name }
    }

    /// The URL that leads to it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// `host:port` of the server it is in.
    pub fn address(&self) -> &str {
        let rest = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        let authority = rest.split('/').next().unwrap_or(rest);
        authority.rsplit('@').next().unwrap_or(authority)
    }

    /// The same database reached through something that listens elsewhere.
    pub fn url_through(&self, address: &str) -> String {
        self.url.replacen(&format!("{}/", self.address()), &format!("{address}/"), 1)
    }

    /// Runs a statement and gives its unaligned output, one row a line, fields separated by `|`.
    pub fn query(&self, statement: &str) -> String {
        psql(&self.url, statement).unwrap_or_else(|error| panic!("{statement}: {error}"))
    }

    /// Opens a session, for locks that are held until the test lets them go.
    pub fn session(&self) -> Session {
        let mut command = psql_command(&self.url);
        // An error ends the program, and is seen by that.
        command.args(["--set", "ON_ERROR_STOP=1"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("psql runs");
        let input = child.stdin.take().expect("standard input is piped");
        let output = BufReader::new(child.stdout.take().expect("standard output is piped"));
        Session { child, input, output }
    }

    /// Waits until somebody waits for a lock in this database.
    pub fn await_waiting(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        let waits =
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        while self.query(waits) == "0" {
            assert!(Instant::now() < deadline, "nobody waits for a lock");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends every session in this database, as a failover does.
    pub fn disconnect_everyone(&self) {
        let server = SERVER.get_or_init(server);
        let statement =
            format!("select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = '{}'", self.name);
        psql(&server.url, &statement).expect("a superuser can end sessions");
    }

    /// Refuses writes from now on, as a standby does.
    pub fn refuse_writes(&self) {
        let server = SERVER.get_or_init(server);
        let statement = format!("alter database {} set default_transaction_read_only = on", self.name);
        psql(&server.url, &statement).expect("a superuser can alter databases");
        self.disconnect_everyone();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let server = SERVER.get_or_init(server);
        // A failed clean-up must not hide why a test failed.
        if let Err(error) = psql(&server.url, &format!("drop database if exists {} with (force)", self.name)) {
            eprintln!("database {} stays behind: {error}", self.name);
        }
    }
}

/// An open session in a database. What it has not committed is undone at its end.
pub struct Session {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Session {
    /// Runs a statement; it is done when this returns.
    pub fn run(&mut self, statement: &str) {
        const DONE: &str = "the statement is done";
        writeln!(self.input, "{statement};\n\\echo {DONE}").expect("psql reads");
        let done = self.output.by_ref().lines().any(|line| line.is_ok_and(|line| line == DONE));
        assert!(done, "psql ended at {statement}");
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The database that the others are copies of. One for each build of the program, so a server that runs longer than the tests
/// does not fill up with them.
fn template() -> String {
    let server = SERVER.get_or_init(server);
    let about = binary::path().metadata().expect("the program is a file");
    let mut build = DefaultHasher::new();
    (binary::path(), about.len(), about.modified().ok()).hash(&mut build);
    let template = format!("wharf_template_{:016x}", build.finish());
    let exists = format!("select 1 from pg_database where datname = '{template}'");
    if psql(&server.url, &exists).expect("a superuser can look") == "1" {
        return template;
    }
    let home = tempfile::Builder::new().prefix("wharf-template-").tempdir().expect("a temporary directory");
    let database = Database::create_empty();
    // The command brings the schema up to date, and wants to see where blobs are.
    std::fs::create_dir(home.path().join("blobs")).expect("a folder can be made");
    let settings = [
        ("WHARF_DATA_DIR".to_owned(), home.path().display().to_string()),
        ("WHARF_DATABASE_URL".to_owned(), database.url().to_owned()),
    ];
    let finished = Program::run(&["check"], &settings, home.path(), Duration::from_secs(60));
    assert!(finished.status.success(), "{finished:?}");
    // Under its name only when it is complete. When another process was first, its copy serves as well.
    let deadline = Instant::now() + Duration::from_secs(30);
    while let Err(error) = psql(&server.url, &format!("create database {template} template {}", database.name)) {
        if psql(&server.url, &exists).as_deref() == Ok("1") {
            break;
        }
        // The session of the command may not have ended yet, and nothing is copied while somebody is there.
        assert!(Instant::now() < deadline, "the template could not be made: {error}");
    }
    template
}

fn server() -> Server {
    if let Ok(url) = std::env::var("WHARF_TEST_POSTGRES_URL") {
        return Server { url, _service: None };
    }
    let binaries = binaries().expect(
        "this test needs PostgreSQL: install it (Debian: apt-get install postgresql) or name a superuser URL in \
         WHARF_TEST_POSTGRES_URL",
    );
    start(&binaries)
}

/// The newest installed version, where Debian puts it; else whatever is on the path.
fn binaries() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, path)| path.join("initdb").is_file())
        .collect();
    versions.sort();
    let on_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|directory| directory.join("initdb").is_file())
    };
    versions.pop().map(|(_, path)| path).or_else(on_path)
}

fn start(binaries: &Path) -> Server {
    let directory = tempfile::Builder::new().prefix("wharf-postgres-").tempdir().expect("a temporary directory").keep();
    // PostgreSQL refuses to run as root.
    let mut as_user: Vec<String> = Vec::new();
    if is_root() {
        run(Command::new("chown").arg("postgres").arg(&directory));
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"].map(str::to_owned).to_vec();
    }
    let data = directory.join("data").display().to_string();
    let initdb = [
        binaries.join("initdb").display().to_string(),
        format!("--pgdata={data}"),
        "--username=wharf".to_owned(),
        "--auth=trust".to_owned(),
        "--encoding=UTF8".to_owned(),
        "--locale=C.UTF-8".to_owned(),
        "--no-sync".to_owned(),
    ];
    let initdb: Vec<String> = as_user.iter().cloned().chain(initdb).collect();
    run(Command::new(&initdb[0]).args(&initdb[1..]).current_dir(&directory));

    let port = port::free();
    let settings = [
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={port}"),
        "unix_socket_directories=".to_owned(),
        "max_connections=300".to_owned(),
        // The cluster is thrown away after the run; only the program under test is killed, never the machine.
        "fsync=off".to_owned(),
        "full_page_writes=off".to_owned(),
    ];
    let mut command = as_user;
    command.extend([binaries.join("postgres").display().to_string(), "-D".to_owned(), data]);
    command.extend(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]));
    let log = std::env::temp_dir().join(format!("wharf-postgres-{port}.log"));
    let service = Supervised::start(&directory, &log, "INT", &command);
    let url = format!("postgres://wharf@127.0.0.1:{port}/postgres");
    let deadline = Instant::now() + Duration::from_secs(30);
    while let Err(error) = psql(&url, "select 1") {
        assert!(Instant::now() < deadline, "PostgreSQL does not start, see {}: {error}", log.display());
        std::thread::sleep(Duration::from_millis(100));
    }
    // Once it runs, what it has to say is of no interest, and nobody would remove the file.
    std::fs::remove_file(&log).ok();
    Server { url, _service: Some(service) }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|about| std::os::unix::fs::MetadataExt::uid(&about) == 0)
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn psql_command(url: &str) -> Command {
    let program = binaries().map_or_else(|| PathBuf::from("psql"), |directory| directory.join("psql"));
    let mut command = Command::new(program);
    command.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--dbname", url]);
    command
}

fn psql(url: &str, statement: &str) -> Result<String, String> {
    let output = psql_command(url)
        .args(["--command", statement])
        .output()
        .map_err(|error| format!("psql does not run (Debian: apt-get install postgresql-client): {error}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
    }
}

/// Replaces the database in a URL and keeps its parameters.
fn with_database(url: &str, name: &str) -> String {
    let (front, parameters) = match url.split_once('?') {
        Some((front, parameters)) => (front, format!("?{parameters}")),
        None => (url, String::new()),
    };
    let (scheme, rest) = front.split_once("://").expect("a URL has a scheme");
    let authority = rest.split('/').next().unwrap_or(rest);
    format!("{scheme}://{authority}/{name}{parameters}")
}
