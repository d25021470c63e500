//! The `credential_process` of a profile: a command that prints credentials.

use std::process::Stdio;
use std::time::Duration;

use aws::Credentials;
use serde::Deserialize;
use tokio::process::Command;
use types::Secret;

use super::Failure;

/// As long as AWS's clients wait.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    version: u64,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
}

/// Runs the command by the shell, and reads what it prints. What it has to say beside goes to standard error.
pub(super) async fn run(command: &str) -> Result<Credentials, Failure> {
    // The command itself may hold secrets.
    let failed = |text: String| Failure::Other(format!("the credential_process of the profile {text}"));
    let child = Command::new("sh")
        .args(["-c", command])
        // Docker's question was read from it already.
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(format!("cannot be run: {error}")))?;
    let ended = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
    let output = ended.map_err(|_| failed(format!("took longer than {} seconds", PATIENCE.as_secs())))?;
    let output = output.map_err(|error| failed(format!("cannot be read: {error}")))?;
    if !output.status.success() {
        return Err(failed(format!("failed with {}", output.status)));
    }
    read(&output.stdout)
        .ok_or_else(|| failed("printed no JSON with Version 1, AccessKeyId and SecretAccessKey".to_owned()))
}

/// What goes wrong is not said in detail: it could repeat a part of the secret.
fn read(printed: &[u8]) -> Option<Credentials> {
    let answer: Answer = serde_json::from_slice(printed).ok()?;
    (answer.version == 1).then(|| Credentials {
        access_key_id: answer.access_key_id,
        secret_access_key: Secret::new(answer.secret_access_key),
        session_token: answer.session_token.filter(|token| !token.is_empty()).map(Secret::new),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_command_prints_credentials() {
        let text = r#"{"Version": 1, "AccessKeyId": "ASIA", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "2030-01-01T00:00:00Z"}"#;
        let found = run(&format!("echo '{text}'")).await.unwrap();
        let token = found.session_token.map(|token| token.expose().to_owned());
        assert_eq!((found.access_key_id.as_str(), token.as_deref()), ("ASIA", Some("t")));
        assert_eq!(found.secret_access_key.expose(), "s");
        for (command, why) in [
            ("exit 3", "failed with"),
            ("echo '{\"Version\": 1}'", "printed no JSON"),
            ("echo '{\"Version\": 2, \"AccessKeyId\": \"A\", \"SecretAccessKey\": \"s\"}'", "printed no JSON"),
        ] {
            let error = run(command).await.unwrap_err().to_string();
            assert!(error.contains(why), "{command}: {error}");
        }
    }
}
