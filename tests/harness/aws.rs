//! The unmodified AWS CLI and boto3 against a server, with given keys. They come from `tools/install`; nothing of the
//! environment of the tests reaches them, so that nobody's own AWS settings decide an outcome.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::admin::User;
use super::program::Finished;
use super::python;
use super::server::{ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY, Wharf};

/// An AWS client with one set of credentials.
#[derive(Clone, Debug)]
pub struct Aws {
    /// Where the services are, `http://host:port`.
    pub endpoint: String,
    /// The region that it signs for.
    pub region: String,
    /// The access key id.
    pub access_key_id: String,
    /// Its secret.
    pub secret: String,
    /// What a temporary key comes with.
    pub session_token: Option<String>,
}

impl Wharf {
    /// A client that signs as root.
    pub fn aws(&self) -> Aws {
        Aws {
            endpoint: self.url(),
            region: "us-east-1".to_owned(),
            access_key_id: ROOT_ACCESS_KEY_ID.to_owned(),
            secret: ROOT_SECRET_ACCESS_KEY.to_owned(),
            session_token: None,
        }
    }
}

impl Aws {
    /// The same client with the key of a user.
    #[must_use]
    pub fn as_user(&self, user: &User) -> Self {
        self.with_key(&user.access_key_id, &user.secret)
    }

    /// The same client with another key.
    #[must_use]
    pub fn with_key(&self, access_key_id: &str, secret: &str) -> Self {
        Self { access_key_id: access_key_id.to_owned(), secret: secret.to_owned(), session_token: None, ..self.clone() }
    }

    /// The same client with the key of a session.
    #[must_use]
    pub fn with_session(&self, access_key_id: &str, secret: &str, session_token: &str) -> Self {
        Self { session_token: Some(session_token.to_owned()), ..self.with_key(access_key_id, secret) }
    }

    /// The same client in another region.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        Self { region: region.to_owned(), ..self.clone() }
    }

    /// Runs `aws …`, whatever comes of it: what the program calls, in a Python that has read it already.
    pub fn cli(&self, arguments: &[&str]) -> Finished {
        let arguments: Vec<&str> = ["--output", "json"].iter().chain(arguments).copied().collect();
        python::aws(&tools().join("python3"), &self.environment(), &arguments)
    }

    /// [`Self::cli`] by the program itself, with something on standard input, for `file:///dev/stdin`.
    pub fn cli_with(&self, arguments: &[&str], input: &str) -> Finished {
        let mut command = self.command("aws");
        command.args(["--output", "json"]).args(arguments);
        finish(command, input)
    }

    /// Runs `aws …`, which must succeed, and gives its answer; null if it printed none.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        let finished = self.cli(arguments);
        assert!(finished.status.success(), "aws {arguments:?}: {}{}", finished.stdout, finished.stderr);
        if finished.stdout.trim().is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {}", finished.stdout))
    }

    /// Runs `aws …`, which must be refused with this code, and gives the message.
    #[track_caller]
    pub fn refused(&self, arguments: &[&str], code: &str) -> String {
        let finished = self.cli(arguments);
        assert!(!finished.status.success(), "aws {arguments:?} was not refused: {}", finished.stdout);
        let start = format!("An error occurred ({code}) when calling the ");
        let rest = finished.stderr.split_once(&start).map(|(_, rest)| rest);
        let message = rest.and_then(|rest| rest.split_once(" operation: ")).map(|(_, message)| message);
        message.unwrap_or_else(|| panic!("aws {arguments:?}: not {code}: {}", finished.stderr)).trim().to_owned()
    }

    /// Runs a Python script in which `client("ecr")` makes a boto3 client, `refused(code, call, **arguments)` calls what
    /// must fail and gives the error, and `boto3`, `botocore`, `json` and `sys` are there. What it prints must be JSON;
    /// null if it prints nothing.
    #[track_caller]
    pub fn boto3(&self, script: &str) -> Value {
        let finished = self.python(script);
        assert!(finished.status.success(), "the script failed: {}{}", finished.stdout, finished.stderr);
        if finished.stdout.trim().is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {}", finished.stdout))
    }

    /// [`Self::boto3`], whatever comes of it.
    pub fn python(&self, script: &str) -> Finished {
        python::boto3(&tools().join("python3"), &self.environment(), &format!("{PRELUDE}\n{script}"))
    }

    /// Runs a script of bash that has the tools, among them `aws`, whatever comes of it.
    pub fn shell(&self, script: &str) -> Finished {
        let path = format!("{}:{}", tools().display(), std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new("bash");
        command.args(["-c", script]).env_clear().envs(self.environment()).env("PATH", path);
        finish(command, "")
    }

    /// A program of the tools, with the settings of this client and nothing else.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(tools().join(program));
        command.env_clear().envs(self.environment());
        command
    }

    /// Version 2 of the CLI, which Debian has: it alone knows `aws logs tail`. It does not heed `AWS_ENDPOINT_URL` yet.
    pub fn second_cli(&self) -> Command {
        let mut command = Command::new("/usr/bin/aws");
        // On a pipe it would keep what it prints until there is more of it.
        command.env_clear().envs(self.environment()).env("PYTHONUNBUFFERED", "1");
        command.args(["--endpoint-url", &self.endpoint]);
        command
    }

    /// The settings of this client.
    fn environment(&self) -> Vec<(String, String)> {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut environment = vec![
            ("PATH", path.as_str()),
            ("AWS_ENDPOINT_URL", &self.endpoint),
            ("AWS_REGION", &self.region),
            ("AWS_DEFAULT_REGION", &self.region),
            ("AWS_ACCESS_KEY_ID", &self.access_key_id),
            ("AWS_SECRET_ACCESS_KEY", &self.secret),
            ("AWS_CONFIG_FILE", "/nonexistent"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            // A refusal is the outcome of a test, not a reason to wait and ask again.
            ("AWS_MAX_ATTEMPTS", "1"),
            ("AWS_PAGER", ""),
            ("PYTHONDONTWRITEBYTECODE", "1"),
        ];
        if let Some(token) = &self.session_token {
            environment.push(("AWS_SESSION_TOKEN", token));
        }
        environment.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

const PRELUDE: &str = r#"
import boto3, botocore, botocore.exceptions, json, sys

def client(service, **arguments):
    return boto3.client(service, **arguments)

def refused(code, call, **arguments):
    try:
        answer = call(**arguments)
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == code, error.response
        return error.response
    raise AssertionError(f"not refused with {code}: {answer}")
"#;

fn finish(mut command: Command, input: &str) -> Finished {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the AWS tools run");
    let mut stdin = child.stdin.take().expect("standard input is piped");
    // A program that does not read its input may have closed it.
    let _ = std::io::Write::write_all(&mut stdin, input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("the AWS tools end");
    Finished {
        status: output.status,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The folder of the programs.
fn tools() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/aws/bin");
    assert!(
        folder.join("aws").is_file(),
        "this test needs the AWS CLI and boto3: tools/install puts them into .tools/aws"
    );
    folder
}
