//! One process of the program under test: started with exactly the given settings, its output kept, ended by its pid. What the
//! settings mean is the caller's business.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::binary;

/// A running `wharf`.
pub struct Program {
    child: Child,
    output: PathBuf,
}

/// What a `wharf` that has ended left behind.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// The command with nothing of the environment of the tests in it but the path.
fn command(arguments: &[&str], settings: &[(String, String)], directory: &Path) -> Command {
    let mut command = Command::new(binary::path());
    command
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("RUST_BACKTRACE", "1")
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .current_dir(directory)
        .stdin(Stdio::null());
    command
}

impl Program {
    /// Starts it in `directory`; standard output and error are appended to the file `output`.
    pub fn start(arguments: &[&str], settings: &[(String, String)], directory: &Path, output: &Path) -> Self {
        let file = File::options().create(true).append(true).open(output).expect("the log file can be opened");
        let errors = file.try_clone().expect("a file handle can be cloned");
        let child = command(arguments, settings, directory).stdout(file).stderr(errors).spawn().expect("wharf runs");
        Self { child, output: output.to_owned() }
    }

    /// Runs it to its end; fails the test when that takes longer than `limit`.
    pub fn run(arguments: &[&str], settings: &[(String, String)], directory: &Path, limit: Duration) -> Finished {
        let (stdout, stderr) = (directory.join("run.stdout"), directory.join("run.stderr"));
        let open = |path: &Path| File::create(path).expect("a file for the output can be created");
        let mut child = command(arguments, settings, directory)
            .stdout(open(&stdout))
            .stderr(open(&stderr))
            .spawn()
            .expect("wharf runs");
        let read = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned();
        let Some(status) = wait(&mut child, limit) else {
            child.kill().ok();
            child.wait().ok();
            panic!("wharf {arguments:?} still runs after {limit:?}; it said: {}{}", read(&stdout), read(&stderr));
        };
        Finished { status, stdout: read(&stdout), stderr: read(&stderr) }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, when it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the state of a child can be asked")
    }

    /// Everything it has printed so far.
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.output).unwrap_or_default()).into_owned()
    }

    /// SIGKILL, and waits until the process is gone.
    pub fn kill(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }

    /// Sends a signal by name: `TERM`, `STOP`, `CONT`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.id().to_string()]).status().expect("kill runs");
        assert!(status.success(), "signal {name} was not delivered");
    }

    /// Waits for its end.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        wait(&mut self.child, limit)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait().expect("the state of a child can be asked") {
            return Some(status);
        }
        if Instant::now() > deadline {
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
