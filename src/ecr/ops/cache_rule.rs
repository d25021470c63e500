//! A pull-through cache rule as answers show it. Which members an answer has depends on the operation.

use app::registry::cache_rules::CacheRule;
use aws::{Epoch, Need, Resource};
use serde::Serialize;
use types::{Arn, RegistryId};

/// What a call needs that says which secret a rule has. A rule shows its secret to a host, so whoever names both must be
/// allowed to read the secret.
pub(super) fn needs(action: &'static str, credential_arn: Option<&str>) -> Vec<Need> {
    let secret = || {
        // What is no ARN of a secret is refused by the rule.
        let parts: Vec<&str> = credential_arn?.splitn(6, ':').collect();
        let ["arn", _, "secretsmanager", region, account, resource] = parts[..] else {
            return None;
        };
        let registry = RegistryId { account: account.parse().ok()?, region: region.parse().ok()? };
        let arn = Arn::of("secretsmanager", &registry, resource);
        Some(Need::new("secretsmanager:GetSecretValue", Resource::Arn(registry.account, arn)))
    };
    [Need::new(action, Resource::Any)].into_iter().chain(secret()).collect()
}

/// A rule. Absent members are omitted.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rule {
    ecr_repository_prefix: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_registry_url: Option<String>,
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
    /// As a list shows it.
    pub(super) fn listed(rule: CacheRule) -> Self {
        Self {
            ecr_repository_prefix: rule.prefix,
            upstream_registry_url: Some(rule.upstream_url),
            upstream_registry: rule.upstream_registry,
            registry_id: rule.registry.account.to_string(),
            credential_arn: rule.credential_arn,
            custom_role_arn: rule.custom_role_arn,
            upstream_repository_prefix: rule.upstream_prefix,
            created_at: Some(Epoch(rule.created_at)),
            updated_at: Some(Epoch(rule.updated_at)),
        }
    }

    /// As it is answered where it was made.
    pub(super) fn created(rule: CacheRule) -> Self {
        Self { updated_at: None, ..Self::listed(rule) }
    }

    /// As it is answered where it was changed.
    pub(super) fn updated(rule: CacheRule) -> Self {
        Self { upstream_registry_url: None, upstream_registry: None, created_at: None, ..Self::listed(rule) }
    }

    /// As it is answered where it was deleted.
    pub(super) fn deleted(rule: CacheRule) -> Self {
        Self { upstream_registry: None, ..Self::created(rule) }
    }

    /// As it is answered where it was tried.
    pub(super) fn tried(rule: CacheRule) -> Self {
        Self { created_at: None, ..Self::deleted(rule) }
    }
}
