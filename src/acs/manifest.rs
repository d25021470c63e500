//! Which tasks an instance should have: how the two sides find together again after one of them was away.

use serde::{Deserialize, Serialize};

use crate::list::bounded;

/// Control plane to agent, after each connect: all tasks of the instance. It is dropped unless its timeline is greater
/// than every sequence number that the agent has seen. Tasks that it lacks are offered back with
/// [`TaskStopVerificationMessage`]; it is acknowledged with [`crate::AckRequest`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskManifestMessage {
    /// The ARN of the container instance.
    pub container_instance_arn: String,
    /// The ARN of the cluster.
    pub cluster_arn: String,
    /// The tasks that the instance should know.
    #[serde(deserialize_with = "bounded::<_, _, 10_000>")]
    pub tasks: Vec<TaskIdentifier>,
    /// When it was made, in milliseconds since 1970.
    pub generated_at: i64,
    /// What the answer names.
    pub message_id: String,
    /// Its sequence number, of the same sequence as [`crate::PayloadMessage::seq_num`].
    pub timeline: i64,
}

/// Agent to control plane: tasks that it has and the manifest lacks. They run on until the answer says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskStopVerificationMessage {
    /// The id of the manifest.
    pub message_id: String,
    /// The tasks, with `desiredStatus` STOPPED.
    #[serde(deserialize_with = "bounded::<_, _, 10_000>")]
    pub stop_candidates: Vec<TaskIdentifier>,
}

/// Control plane to agent: which of the offered tasks are to be stopped.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskStopVerificationAck {
    /// When it was made, in milliseconds since 1970.
    pub generated_at: i64,
    /// The id of the manifest. It counts only if that was the last one.
    pub message_id: String,
    /// The tasks.
    #[serde(deserialize_with = "bounded::<_, _, 10_000>")]
    pub stop_tasks: Vec<TaskIdentifier>,
}

/// A task by name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskIdentifier {
    /// The ARN of the task.
    pub task_arn: String,
    /// The ARN of its cluster.
    pub task_cluster_arn: String,
    /// `RUNNING` or `STOPPED`.
    pub desired_status: String,
}
