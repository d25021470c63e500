//! The secrets of tasks: values in Secrets Manager and in the parameter store, read as the execution role when a container
//! is made, and again for none that runs. What cannot be read is told in the words of Amazon's agent.
//!
//! They are in no file of the agent; the engine has those of a container for as long as it has the container.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use types::Secret;

use crate::Error;
use crate::control::{PARAMETERS, SECRETS, Target};
use crate::engine::{Engine, Failure};
use crate::host::Host;
use crate::task::Task;

/// How often a value is asked for.
const TRIES: u32 = 3;
/// How long to wait in between, at first.
const PAUSE: Duration = Duration::from_millis(if cfg!(test) { 1 } else { 500 });

/// The secrets of a container, with their names.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Those that become variables.
    pub(crate) variables: Vec<(String, Secret)>,
    /// Those that become options of the log driver.
    pub(crate) log_options: Vec<(String, Secret)>,
}

impl<E: Engine> Host<E> {
    /// The secrets of a container.
    pub(crate) async fn secrets(&self, task: &Task, secrets: &[acs::Secret]) -> Result<Found, Failure> {
        let mut found = Found::default();
        for secret in secrets {
            let (from, region) = (secret.value_from.as_str(), secret.region.as_str());
            let (what, outcome) = match secret.provider.as_str() {
                "asm" => ("secret from asm", patiently(|| self.secret(task, from, region)).await),
                _ => ("secrets from ssm", patiently(|| self.parameter(task, from, region)).await),
            };
            let value = outcome.map_err(|(tries, error)| {
                refused(&format!("unable to retrieve {what}: service call has been retried {tries} time(s): {error}"))
            })?;
            let into = match secret.target.as_deref() {
                Some("LOG_DRIVER") => &mut found.log_options,
                _ => &mut found.variables,
            };
            into.push((secret.name.clone(), value));
        }
        Ok(found)
    }

    /// Name and password for a registry, from a secret of Secrets Manager.
    pub(crate) async fn registry_login(
        &self,
        task: &Task,
        reference: &str,
        region: &str,
    ) -> Result<(String, Secret), Failure> {
        let failed = |text: &str| refused(&format!("unable to get registry auth from asm: {text}"));
        let outcome = patiently(|| self.secret(task, reference, region)).await;
        let secret = outcome
            .map_err(|(tries, error)| failed(&format!("service call has been retried {tries} time(s): {error}")))?;
        let named: Named = serde_json::from_str(secret.expose())
            .map_err(|_| failed(&format!("the secret {reference} is no JSON text with username and password")))?;
        Ok((named.username, Secret::new(named.password)))
    }

    /// A secret of Secrets Manager: an ARN, perhaps with a key of the JSON text, a stage and a version after it.
    async fn secret(&self, task: &Task, reference: &str, region: &str) -> Result<Secret, Error> {
        let credentials = self.execution_credentials(task).await?;
        let Reference { name, key, stage, version } = Reference::read(reference);
        let mut input = json!({"SecretId": name});
        if let Some(stage) = stage {
            input["VersionStage"] = json!(stage);
        }
        if let Some(version) = version {
            input["VersionId"] = json!(version);
        }
        let target = self.target(&credentials, region);
        let value: SecretValue = self.control.call(SECRETS, "GetSecretValue", &input, &target).await?;
        let text = value.secret_string.ok_or_else(|| Error::Malformed("a secret that is no text".to_owned()))?;
        let Some(key) = key else { return Ok(Secret::new(text)) };
        let object: Value = serde_json::from_str(&text).unwrap_or_default();
        match object.get(key) {
            Some(Value::String(text)) => Ok(Secret::new(text.as_str())),
            Some(other) => Ok(Secret::new(other.to_string())),
            None => {
                Err(Error::Malformed(format!("retrieved secret from Secrets Manager did not contain json key {key}")))
            }
        }
    }

    /// A parameter of the parameter store.
    async fn parameter(&self, task: &Task, reference: &str, region: &str) -> Result<Secret, Error> {
        let credentials = self.execution_credentials(task).await?;
        let name = reference.split_once(":parameter").map_or(reference, |(_, name)| name);
        // A parameter at the top has no slash in its name, and one in its ARN.
        let name = match name.strip_prefix('/') {
            Some(top) if reference.starts_with("arn:") && !top.contains('/') => top,
            _ => name,
        };
        let input = json!({"Names": [name], "WithDecryption": true});
        let target = self.target(&credentials, region);
        let found: Parameters = self.control.call(PARAMETERS, "GetParameters", &input, &target).await?;
        let parameter = found.parameters.into_iter().next();
        let parameter = parameter.ok_or_else(|| Error::Malformed(format!("invalid ssm parameters: {name}")))?;
        Ok(Secret::new(parameter.value))
    }

    fn target<'a>(&'a self, credentials: &'a aws::Credentials, region: &'a str) -> Target<'a> {
        let region = if region.is_empty() { &self.control.region } else { region };
        Target { url: &self.control.server, region, credentials }
    }
}

/// What a task is told that does not get what it needs to begin.
fn refused(text: &str) -> Failure {
    Failure(format!(
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: {text}"
    ))
}

/// Asks again while whoever is asked may only be away; and how often that was.
async fn patiently<T, A>(mut ask: impl FnMut() -> A) -> Result<T, (u32, Error)>
where
    A: Future<Output = Result<T, Error>>,
{
    let mut tries = 1;
    loop {
        match ask().await {
            Err(error) if tries < TRIES && error.is_passing() => tokio::time::sleep(PAUSE * tries).await,
            outcome => return outcome.map_err(|error| (tries, error)),
        }
        tries += 1;
    }
}

/// A secret as task definitions name it: `arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME[:KEY[:STAGE[:VERSION]]]`.
struct Reference<'r> {
    name: String,
    key: Option<&'r str>,
    stage: Option<&'r str>,
    version: Option<&'r str>,
}

impl<'r> Reference<'r> {
    fn read(text: &'r str) -> Self {
        let parts: Vec<&str> = text.split(':').collect();
        let is_arn = parts.first() == Some(&"arn");
        let part = |at: usize| parts.get(at).copied().filter(|part| is_arn && !part.is_empty());
        let name = parts.get(..7).filter(|_| is_arn).map_or_else(|| text.to_owned(), |parts| parts.join(":"));
        Self { name, key: part(7), stage: part(8), version: part(9) }
    }
}

#[derive(Deserialize)]
struct Named {
    username: String,
    password: String,
}

#[derive(Deserialize)]
struct SecretValue {
    #[serde(rename = "SecretString")]
    secret_string: Option<String>,
}

#[derive(Deserialize)]
struct Parameters {
    #[serde(rename = "Parameters", default)]
    parameters: Vec<Parameter>,
}

#[derive(Deserialize)]
struct Parameter {
    #[serde(rename = "Value")]
    value: String,
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    #[test]
    fn references_are_read() {
        let of = |text: &str| {
            let Reference { name, key, stage, version } = Reference::read(text);
            (name, [key, stage, version].map(|part| part.unwrap_or_default().to_owned()))
        };
        let wanted = |name: &str, parts: [&str; 3]| (name.to_owned(), parts.map(str::to_owned));
        let arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:db-AbCdEf";
        for (behind, parts) in [
            ("", ["", "", ""]),
            (":key::", ["key", "", ""]),
            ("::AWSPREVIOUS:", ["", "AWSPREVIOUS", ""]),
            (":k:S:v", ["k", "S", "v"]),
        ] {
            assert_eq!(of(&format!("{arn}{behind}")), wanted(arn, parts), "{behind}");
        }
        assert_eq!(of("db:x"), wanted("db:x", ["", "", ""]));
    }

    #[tokio::test]
    async fn only_who_may_come_back_is_asked_again() {
        let refusal = |kind: &str| Error::Refused { kind: kind.to_owned(), message: String::new() };
        for (kind, wanted) in [("ThrottlingException", TRIES), ("ResourceNotFoundException", 1)] {
            let mut asked = 0;
            let outcome: Result<(), _> = patiently(|| {
                asked += 1;
                ready(Err(refusal(kind)))
            })
            .await;
            let (tries, _) = outcome.unwrap_err();
            assert_eq!((asked, tries), (wanted, wanted), "{kind}");
        }
        let mut asked = 0;
        let outcome = patiently(|| {
            asked += 1;
            ready(if asked == 1 { Err(refusal("ThrottlingException")) } else { Ok(asked) })
        })
        .await;
        assert_eq!(outcome.ok(), Some(2));
    }
}
