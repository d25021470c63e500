//! Scripts of boto3 and the AWS CLI, each run in a fork of a Python that has read them already.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::json;
use tempfile::TempDir;

use super::program::Finished;

/// A Python that forks; it ends with this process, which holds the other end of its input.
struct Parent {
    _child: Child,
    folder: TempDir,
}

#[derive(Deserialize)]
struct Answer {
    status: i32,
    stdout: String,
    stderr: String,
}

static BOTO3: OnceLock<Parent> = OnceLock::new();
static AWS: OnceLock<Parent> = OnceLock::new();

/// Runs a script of boto3 with this environment and no other.
pub fn boto3(python: &Path, environment: &[(String, String)], script: &str) -> Finished {
    run(BOTO3.get_or_init(|| Parent::start(python, "boto3")), environment, script)
}

/// Runs the AWS CLI with these arguments, this environment and no other: what the program does that has its name.
pub fn aws(python: &Path, environment: &[(String, String)], arguments: &[&str]) -> Finished {
    // JSON of a list of texts is Python too.
    let arguments = json!(["aws"].iter().chain(arguments).collect::<Vec<_>>());
    let script = format!("import sys, awscli.clidriver\nsys.argv = {arguments}\nsys.exit(awscli.clidriver.main())");
    run(AWS.get_or_init(|| Parent::start(python, "aws")), environment, &script)
}

fn run(parent: &Parent, environment: &[(String, String)], script: &str) -> Finished {
    let mut stream = UnixStream::connect(parent.socket()).expect("the Python of the tests is there");
    let environment: serde_json::Map<_, _> =
        environment.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let request = json!({ "environment": environment, "script": script });
    stream.write_all(format!("{request}\n").as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let Ok(Answer { status, stdout, stderr }) = serde_json::from_str(&answer) else {
        panic!("a script ended without an answer: {answer}");
    };
    Finished { status: ExitStatus::from_raw(status << 8), stdout, stderr }
}

impl Parent {
    fn start(python: &Path, reads: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("wharf-python-").tempdir().expect("a temporary directory");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("harness/python.py");
        let mut child = Command::new(python)
            .arg(script)
            .arg(socket(folder.path()))
            .arg(reads)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("AWS_CONFIG_FILE", "/nonexistent")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python runs");
        let mut line = String::new();
        let output = child.stdout.take().expect("its output is piped");
        BufReader::new(output).read_line(&mut line).expect("it says that it is ready");
        assert_eq!(line, "ready\n", "the Python of the tests does not start");
        Self { _child: child, folder }
    }

    fn socket(&self) -> PathBuf {
        socket(self.folder.path())
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("socket")
}
