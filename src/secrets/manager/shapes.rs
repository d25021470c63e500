//! What several operations answer with.

use aws::{Blob, Epoch};
use serde::Serialize;
use store::secrets::SecretRow;
use types::Secret;

use super::names::arn;
use super::values::Value;
use super::versions::{Read, Stages};
use crate::plain;
use crate::tags::{self, Tag};

/// A secret by its ARN and name.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Named {
    #[serde(rename = "ARN")]
    pub(crate) arn: String,
    pub(crate) name: String,
}

impl Named {
    pub(crate) fn of(row: &SecretRow) -> Self {
        Self { arn: arn(row).to_string(), name: row.name.clone() }
    }
}

/// What a version holds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SecretValue {
    #[serde(flatten)]
    named: Named,
    version_id: String,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "plain::write_optional")]
    secret_string: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_binary: Option<Blob>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    version_stages: Vec<String>,
    created_date: Epoch,
}

impl SecretValue {
    pub(crate) fn of(read: Read) -> Self {
        let (secret_string, secret_binary) = match read.value {
            Value::Text(text) => (Some(text), None),
            Value::Bytes(bytes) => (None, Some(bytes)),
        };
        Self {
            named: Named::of(&read.row),
            version_id: read.version.version_id,
            secret_string,
            secret_binary,
            version_stages: read.stages,
            created_date: Epoch(read.version.created_at),
        }
    }
}

/// A secret without what it holds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Description {
    #[serde(flatten)]
    named: Named,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    created_date: Epoch,
    last_changed_date: Epoch,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_accessed_date: Option<Epoch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_date: Option<Epoch>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_ids_to_stages: Option<Stages>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_versions_to_stages: Option<Stages>,
}

impl Description {
    /// As `DescribeSecret` has it.
    pub(crate) fn alone(row: SecretRow, stages: Stages) -> Self {
        Self { version_ids_to_stages: (!stages.is_empty()).then_some(stages), ..Self::of(row) }
    }

    /// As `ListSecrets` has it.
    pub(crate) fn listed(row: SecretRow, stages: Stages) -> Self {
        Self { secret_versions_to_stages: (!stages.is_empty()).then_some(stages), ..Self::of(row) }
    }

    fn of(row: SecretRow) -> Self {
        Self {
            named: Named::of(&row),
            tags: tags::listed(&row.tags),
            description: row.description,
            created_date: Epoch(row.created_at),
            last_changed_date: Epoch(row.changed_at),
            last_accessed_date: row.accessed_at.map(Epoch),
            deleted_date: row.deletes_at.map(Epoch),
            version_ids_to_stages: None,
            secret_versions_to_stages: None,
        }
    }
}
