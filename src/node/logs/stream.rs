//! A log stream: where what a container writes goes, and the calls that put it there.

use aws::Credentials;
use serde_json::{Value, json};

use super::line::Event;
use crate::control::{Control, LOGS, Target};
use crate::engine::Engine;
use crate::host::Host;
use crate::task::{Task, body};
use crate::{Error, Result};

/// A log stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stream {
    group: String,
    name: String,
    region: String,
    endpoint: String,
    /// Whether a group that is not there is made.
    create_group: bool,
    /// Whether the execution role pays; else the agent does.
    by_execution_role: bool,
}

impl Stream {
    /// That of a container, if the agent ships what it writes.
    pub(super) fn of(task: &Task, name: &str, control: &Control) -> Option<Self> {
        let definition = task.definition(task.position(name)?)?;
        let options = body::followed(definition)?;
        let option = |key: &str| options.get(key).filter(|value| !value.is_empty()).cloned();
        let prefix = option("awslogs-stream-prefix").map(|prefix| format!("{prefix}/{name}/{}", task.id()));
        let own = || task.containers.iter().find(|container| container.name == name)?.runtime_id.clone();
        Some(Self {
            group: option("awslogs-group")?,
            name: option("awslogs-stream").or(prefix).or_else(own)?,
            region: option("awslogs-region").unwrap_or_else(|| control.region.clone()),
            endpoint: option("awslogs-endpoint").unwrap_or_else(|| control.server.clone()),
            create_group: options.get("awslogs-create-group").is_some_and(|value| value == "true"),
            by_execution_role: definition.logs_auth_strategy.as_deref() == Some("ExecutionRole"),
        })
    }

    /// Makes it, unless it is there; and its group, if that is wanted.
    pub(super) async fn create<E: Engine>(&self, host: &Host<E>, task: &Task) -> Result<()> {
        let input = json!({"logGroupName": self.group, "logStreamName": self.name});
        match exists(self.call(host, task, "CreateLogStream", &input).await) {
            Err(Error::Refused { kind, .. }) if kind == "ResourceNotFoundException" && self.create_group => {
                exists(self.call(host, task, "CreateLogGroup", &json!({"logGroupName": self.group})).await)?;
                exists(self.call(host, task, "CreateLogStream", &input).await)
            }
            outcome => outcome,
        }
    }

    /// Puts events into it. The same events with the same token are there once, however often they are put.
    pub(super) async fn put<E: Engine>(
        &self,
        host: &Host<E>,
        task: &Task,
        events: &[Event],
        token: &str,
    ) -> Result<()> {
        let mut ordered: Vec<&Event> = events.iter().collect();
        // The two outputs of a container are written side by side, and the order of a batch is by time.
        ordered.sort_by_key(|event| event.at);
        let events: Vec<Value> =
            ordered.iter().map(|event| json!({"timestamp": event.at, "message": event.text})).collect();
        let input = json!({
            "logGroupName": self.group,
            "logStreamName": self.name,
            "logEvents": events,
            "sequenceToken": token,
        });
        let answer = match self.call(host, task, "PutLogEvents", &input).await {
            Err(Error::Refused { kind, .. }) if kind == "ResourceNotFoundException" => {
                self.create(host, task).await?;
                self.call(host, task, "PutLogEvents", &input).await?
            }
            // An answer of earlier days: the same batch is there already.
            Err(Error::Refused { kind, .. }) if kind == "DataAlreadyAcceptedException" => return Ok(()),
            answer => answer?,
        };
        if let Some(rejected) = answer.get("rejectedLogEventsInfo").filter(|rejected| !rejected.is_null()) {
            tracing::warn!(log.group = self.group, log.stream = self.name, %rejected, "events are not taken");
        }
        Ok(())
    }

    async fn call<E: Engine>(&self, host: &Host<E>, task: &Task, operation: &str, input: &Value) -> Result<Value> {
        let credentials: Credentials = match self.by_execution_role {
            true => host.execution_credentials(task).await?,
            false => host.control.credentials.clone(),
        };
        let target = Target { url: &self.endpoint, region: &self.region, credentials: &credentials };
        host.control.call(LOGS, operation, input, &target).await
    }
}

fn exists(outcome: Result<Value>) -> Result<()> {
    match outcome {
        Err(Error::Refused { kind, .. }) if kind == "ResourceAlreadyExistsException" => Ok(()),
        outcome => outcome.map(drop),
    }
}
