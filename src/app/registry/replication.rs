//! Where images are to be replicated to. The configuration is checked, stored and given back as it was sent;
//! [`crate::replication`] obeys it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use store::Conn;
use store::replications::{self, ReplicationRow};
use types::{Digest, RegistryId, RepoName};

use super::check::{entries, invalid, is_account, is_region, length, one_of, pattern};
use super::name::REPLICATION;
use crate::images::{self, ImageId};
use crate::{Action, Ctx, Grant, Permit, Result, repositories};

/// The quota of ECR; its model would take 25.
const MAX_RULES: usize = 10;
const MAX_DESTINATIONS: usize = 25;
const MEMBER: &str = "replicationConfiguration";

/// What is replicated where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicationConfiguration {
    /// An image is replicated once to each destination that any rule names for it.
    pub rules: Vec<ReplicationRule>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplicationRule {
    /// Where to.
    pub destinations: Vec<ReplicationDestination>,
    /// Which repositories; absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository_filters: Option<Vec<RepositoryFilter>>,
    /// Whether deletions are replicated too; absent: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete_replication: Option<DeleteReplication>,
}

/// A registry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplicationDestination {
    /// Where it is.
    pub region: String,
    /// Whose it is.
    pub registry_id: String,
}

/// Which repositories a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RepositoryFilter {
    /// What their names begin with.
    pub filter: String,
    /// `PREFIX_MATCH`
    pub filter_type: String,
}

/// Whether deletions are replicated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteReplication {
    /// Whether they are.
    pub enabled: bool,
}

impl ReplicationConfiguration {
    fn check(&self, ctx: &Ctx) -> Result<()> {
        if self.rules.len() > MAX_RULES {
            return Err(invalid(MEMBER, format!("Limit of {MAX_RULES} replication rules exceeded")));
        }
        let mut destinations = BTreeSet::new();
        for rule in &self.rules {
            for destination in &rule.destinations {
                destination.check(ctx)?;
                destinations.insert(destination);
            }
            for filter in rule.repository_filters.iter().flatten() {
                one_of("filterType", &filter.filter_type, &["PREFIX_MATCH"])?;
                length("filter", &filter.filter, 2..=256)?;
                pattern("filter", is_name_start(&filter.filter), NAME_START)?;
            }
            if let Some(filters) = &rule.repository_filters {
                entries("repositoryFilters", filters, 1..=100)?;
            }
        }
        if destinations.len() > MAX_DESTINATIONS {
            return Err(invalid(MEMBER, format!("Limit of {MAX_DESTINATIONS} unique destinations exceeded")));
        }
        Ok(())
    }
}

impl ReplicationRule {
    /// Whether a repository is one of those that the rule is about.
    pub(crate) fn is_about(&self, name: &RepoName) -> bool {
        let filters = self.repository_filters.as_deref().unwrap_or_default();
        filters.is_empty() || filters.iter().any(|filter| name.as_str().starts_with(&filter.filter))
    }
}

impl ReplicationDestination {
    /// The registry. None if there can be none of that name.
    pub(crate) fn registry(&self) -> Option<RegistryId> {
        Some(RegistryId { account: self.registry_id.parse().ok()?, region: self.region.parse().ok()? })
    }

    pub(crate) fn check(&self, ctx: &Ctx) -> Result<()> {
        pattern("region", (2..=25).contains(&self.region.len()) && is_region(&self.region), "[0-9a-z-]{2,25}")?;
        pattern("registryId", is_account(&self.registry_id), "[0-9]{12}")?;
        let own = &ctx.registry;
        if self.region == own.region.as_str() && self.registry_id == own.account.as_str() {
            return Err(invalid(MEMBER, "Replication destination cannot be the same as the source registry"));
        }
        Ok(())
    }
}

/// How ECR prints [`is_name_start`].
const NAME_START: &str = r"^(?:[a-z0-9]+(?:[._-][a-z0-9]*)*/)*[a-z0-9]*(?:[._-][a-z0-9]*)*$";

/// What the name of a repository can begin with.
fn is_name_start(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    let mut components = text.split('/').rev();
    let last = components.next().unwrap_or_default();
    last.bytes().all(legal)
        && components.all(|component| {
            component.bytes().all(legal) && component.bytes().next().is_some_and(|byte| !b"._-".contains(&byte))
        })
}

/// The configuration of the registry; without rules if none was ever set.
pub async fn get(ctx: &Ctx, grant: &Grant) -> Result<ReplicationConfiguration> {
    grant.require(Action::DescribeRegistry.as_str())?;
    current(ctx).await
}

/// The configuration of a registry as it is in the database, if it has one. Pushes find it in memory.
pub(crate) async fn of(conn: &mut Conn, registry: &RegistryId) -> Result<Option<ReplicationConfiguration>> {
    super::find(conn, registry, REPLICATION).await
}

pub(crate) async fn current(ctx: &Ctx) -> Result<ReplicationConfiguration> {
    let mut conn = ctx.app.db.reader().await?;
    Ok(of(&mut conn, &ctx.registry).await?.unwrap_or_default())
}

/// Replaces the configuration; one without rules removes it.
pub async fn put(ctx: &Ctx, grant: &Grant, configuration: &ReplicationConfiguration) -> Result<()> {
    grant.require(Action::PutReplicationConfiguration.as_str())?;
    configuration.check(ctx)?;
    super::put(ctx, REPLICATION, configuration).await
}

/// Where an image is replicated to, and how far that is. It must exist.
pub async fn status(ctx: &Ctx, permit: &Permit, id: &ImageId) -> Result<(Digest, Vec<ReplicationRow>)> {
    permit.require(Action::DescribeImageReplicationStatus)?;
    let digest = images::find(ctx, permit, id).await?;
    let mut conn = ctx.app.db.reader().await?;
    let repository = repositories::find(&mut conn, permit).await?;
    let rows = replications::list_of_image(&mut conn, &repository.repository_id, &digest).await?;
    Ok((digest, rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_what_names_begin_with() {
        for text in ["prod", "prod/", "prod/a", "a.b_c-", "a-b/c.", "prod/-"] {
            assert!(is_name_start(text), "{text}");
        }
        for text in ["/a", "a//b", "-a/b", "A", "a*"] {
            assert!(!is_name_start(text), "{text}");
        }
    }

    #[test]
    fn rules_are_given_back_without_added_members() {
        let text = r#"{"rules":[{"destinations":[{"region":"eu-west-1","registryId":"111111111111"}]}]}"#;
        let parsed: ReplicationConfiguration = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&parsed).unwrap(), text);
    }
}
