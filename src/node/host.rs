//! What the parts of an agent share: the engine, the control plane, the tasks as they are, the credentials.

use std::sync::{Arc, OnceLock};

use acs::Secret as SecretReference;
use aws::Credentials;
use serde::Deserialize;
use serde_json::{Value, json};
use types::Secret;

use crate::board::Board;
use crate::control::{Control, PARAMETERS, SECRETS, Target};
use crate::engine::Engine;
use crate::images::Flights;
use crate::journal::Journal;
use crate::task::Task;
use crate::wallet::Wallet;
use crate::{Config, Error, Result};

/// What the parts share.
pub(crate) struct Host<E> {
    pub(crate) config: Config,
    pub(crate) engine: E,
    pub(crate) control: Control,
    pub(crate) journal: Journal,
    pub(crate) wallet: Wallet,
    pub(crate) board: Board,
    pub(crate) flights: Flights,
    /// Where containers find credentials and metadata, once that is known.
    pub(crate) vendor: OnceLock<crate::vendor::Place>,
}

impl<E: Engine> Host<E> {
    /// What the agent acts with for a task.
    pub(crate) async fn execution_credentials(&self, task: &Task) -> Result<Credentials> {
        let missing = || Error::Malformed("the task has no execution role".to_owned());
        let id = task.execution_credentials_id.as_deref().ok_or_else(missing)?;
        let missing = || Error::Malformed("the credentials of the execution role are not there".to_owned());
        self.wallet.signing(id).await.ok_or_else(missing)
    }

    /// A secret of Secrets Manager: an ARN, perhaps with a key of the JSON text, a stage and a version after it.
    pub(crate) async fn secret(&self, task: &Task, reference: &str, region: &str) -> Result<Secret> {
        let credentials = self.execution_credentials(task).await?;
        let target = self.target(&credentials, region);
        // arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME[:KEY[:STAGE[:VERSION]]]
        let parts: Vec<&str> = reference.split(':').collect();
        let is_arn = parts.first() == Some(&"arn");
        let name = if is_arn {
            parts.get(..7).map_or_else(|| reference.to_owned(), |parts| parts.join(":"))
        } else {
            reference.to_owned()
        };
        let extra = |at: usize| parts.get(at).filter(|part| is_arn && !part.is_empty()).map(|part| (*part).to_owned());
        let mut input = json!({"SecretId": name});
        if let Some(stage) = extra(8) {
            input["VersionStage"] = json!(stage);
        }
        if let Some(version) = extra(9) {
            input["VersionId"] = json!(version);
        }
        let value: SecretValue = self.control.call(SECRETS, "GetSecretValue", &input, &target).await?;
        let text = value.secret_string.ok_or_else(|| Error::Malformed("a secret that is no text".to_owned()))?;
        let Some(key) = extra(7) else { return Ok(Secret::new(text)) };
        let object: Value = serde_json::from_str(&text).unwrap_or_default();
        match object.get(&key) {
            Some(Value::String(text)) => Ok(Secret::new(text.as_str())),
            Some(other) => Ok(Secret::new(other.to_string())),
            None => Err(Error::Malformed(format!("retrieved secret did not contain json key {key}"))),
        }
    }

    /// A parameter of the parameter store.
    async fn parameter(&self, task: &Task, reference: &str, region: &str) -> Result<Secret> {
        let credentials = self.execution_credentials(task).await?;
        let name = reference.split_once(":parameter").map_or(reference, |(_, name)| name);
        // A parameter at the top has no slash in its name, and one in its ARN.
        let name = match name.strip_prefix('/') {
            Some(top) if reference.starts_with("arn:") && !top.contains('/') => top,
            _ => name,
        };
        let input = json!({"Names": [name], "WithDecryption": true});
        let found: Parameters =
            self.control.call(PARAMETERS, "GetParameters", &input, &self.target(&credentials, region)).await?;
        let parameter = found.parameters.into_iter().next();
        let parameter = parameter.ok_or_else(|| Error::Malformed(format!("invalid ssm parameters: {name}")))?;
        Ok(Secret::new(parameter.value))
    }

    /// The secrets of a container, by the names of their variables.
    pub(crate) async fn secrets(&self, task: &Task, secrets: &[SecretReference]) -> Result<Vec<(String, String)>> {
        let mut found = Vec::new();
        for secret in secrets.iter().filter(|secret| secret.target.as_deref() != Some("LOG_DRIVER")) {
            let value = match secret.provider.as_str() {
                "asm" => self.secret(task, &secret.value_from, &secret.region).await?,
                _ => self.parameter(task, &secret.value_from, &secret.region).await?,
            };
            found.push((secret.name.clone(), value.expose().to_owned()));
        }
        Ok(found)
    }

    fn target<'a>(&'a self, credentials: &'a Credentials, region: &'a str) -> Target<'a> {
        let region = if region.is_empty() { &self.control.region } else { region };
        Target { url: &self.control.server, region, credentials }
    }
}

/// How the parts hold it.
pub(crate) type Shared<E> = Arc<Host<E>>;

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
