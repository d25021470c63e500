//! A task definition as answers show it.

use aws::Epoch;
use serde::Serialize;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::task_definitions;

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html>
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TaskDefinition {
    task_definition_arn: String,
    family: String,
    revision: u64,
    status: &'static str,
    registered_at: Epoch,
    registered_by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    deregistered_at: Option<Epoch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_requested_at: Option<Epoch>,
    #[serde(flatten)]
    definition: Value,
}

impl TaskDefinition {
    pub(crate) fn new(found: task_definitions::TaskDefinition) -> Result<Self> {
        Ok(Self {
            task_definition_arn: found.arn().to_string(),
            definition: found.definition.to_json().map_err(|_| Error::Rule(app::Error::Internal))?,
            family: found.family,
            revision: found.revision,
            status: found.status.as_str(),
            registered_at: found.registered_at.into(),
            registered_by: found.registered_by,
            deregistered_at: found.deregistered_at.map(Epoch::from),
            delete_requested_at: found.delete_requested_at.map(Epoch::from),
        })
    }
}
