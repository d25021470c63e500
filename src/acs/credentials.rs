//! Credentials of roles: those that a task acts with and those that the agent acts with on its behalf.

use serde::{Deserialize, Serialize};

use crate::Sensitive;

/// Credentials of a role for one task. They come with the task ([`crate::Task`]) and are replaced, under the same id, by
/// [`IamRoleCredentialsMessage`] well before they expire.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IamRoleCredentials {
    /// An unguessable id: whoever knows it and is the task may ask the agent for the credentials.
    pub credentials_id: String,
    /// The role.
    pub role_arn: String,
    /// `ASIA…`.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: Sensitive,
    /// The token that belongs to them.
    pub session_token: Sensitive,
    /// Until when they hold, `2026-11-26T12:00:00Z`.
    pub expiration: String,
    /// A region that they are restricted to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_scope: Option<String>,
}

/// Control plane to agent: new credentials for a task that runs. Answered with [`IamRoleCredentialsAckRequest`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IamRoleCredentialsMessage {
    /// What the answer names.
    pub message_id: String,
    /// The task.
    pub task_arn: String,
    /// Its cluster, if it is another than that of the instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_cluster_arn: Option<String>,
    /// `TaskApplication` or `TaskExecution`.
    pub role_type: String,
    /// The credentials, with the id that they had before.
    pub role_credentials: IamRoleCredentials,
}

impl IamRoleCredentialsMessage {
    /// The credentials that the containers of the task act with.
    pub const TASK_APPLICATION: &str = "TaskApplication";
    /// The credentials that the agent acts with: it pulls images, ships logs.
    pub const TASK_EXECUTION: &str = "TaskExecution";
}

/// Agent to control plane: credentials arrived, in a message of their own or in a payload.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IamRoleCredentialsAckRequest {
    /// The id of the message that brought them.
    pub message_id: String,
    /// Until when they hold.
    pub expiration: String,
    /// Their id.
    pub credentials_id: String,
}
