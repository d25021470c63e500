//! Services that all tests of a process share (a PostgreSQL cluster, an S3 server) and that must end with it, however it ends.
//! Statics are never dropped, so the service hangs on a pipe: a shell starts it, waits for the end of its own standard input
//! and then stops the service and removes its directory.

use std::fs::File;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// A service that lives as long as this value, and at most as long as this process.
pub struct Supervised {
    _lifeline: ChildStdin,
    shell: Child,
}

const SCRIPT: &str = r#"
directory=$1 signal=$2; shift 2
"$@" </dev/null &
service=$!
cat >/dev/null
kill -s "$signal" "$service"
wait "$service"
rm -rf "$directory"
"#;

impl Supervised {
    /// Starts `command`; output goes to `log`. At the end it gets `signal`, and `directory` is removed after it.
    pub fn start(directory: &Path, log: &Path, signal: &str, command: &[String]) -> Self {
        let output = File::create(log).expect("the log of a service can be created");
        let errors = output.try_clone().expect("a file handle can be cloned");
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT, "supervise"])
            .arg(directory)
            .arg(signal)
            .args(command)
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .expect("sh runs");
        let lifeline = shell.stdin.take().expect("standard input is piped");
        Self { _lifeline: lifeline, shell }
    }

    /// Whether the supervising shell has ended, which only happens after the lifeline was cut.
    pub fn ended(&mut self) -> bool {
        matches!(self.shell.try_wait(), Ok(Some(_)))
    }
}
