//! A pull-through cache rule as answers show it. Which members an answer has depends on the operation.

use app::registry::cache_rules::CacheRule;
use aws::Epoch;
use serde::Serialize;

/// A rule. Absent members are omitted.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rule {
    ecr_repository_prefix: String,
    upstream_registry_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_registry: Option<String>,
    registry_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_role_arn: Option<String>,
    upstream_repository_prefix: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Epoch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<Epoch>,
}

impl Rule {
    /// When it was made, and when it was changed.
    pub(super) fn listed(rule: CacheRule) -> Self {
        Self {
            ecr_repository_prefix: rule.prefix,
            upstream_registry_url: rule.upstream_url,
            upstream_registry: rule.upstream_registry,
            registry_id: rule.registry.account.to_string(),
            credential_arn: rule.credential_arn,
            custom_role_arn: rule.custom_role_arn,
            upstream_repository_prefix: rule.upstream_prefix,
            created_at: Some(Epoch(rule.created_at)),
            updated_at: Some(Epoch(rule.updated_at)),
        }
    }

    /// When it was made.
    pub(super) fn created(rule: CacheRule) -> Self {
        Self { updated_at: None, ..Self::listed(rule) }
    }

    /// When it was changed.
    pub(super) fn updated(rule: CacheRule) -> Self {
        Self { created_at: None, ..Self::listed(rule) }
    }

    /// Without times.
    pub(super) fn tried(rule: CacheRule) -> Self {
        Self { created_at: None, updated_at: None, ..Self::listed(rule) }
    }
}
