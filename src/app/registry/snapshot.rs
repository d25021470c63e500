//! What authorization and pulls ask of registries as a whole, in memory: their policies, their cache rules, and whose
//! pulls leave no trace; and how long they keep garbage. It is read and replaced with the rest of the snapshot.

use std::collections::{HashMap, HashSet};

use ::policy::{Kind, Policy, Principal};
use store::{Conn, pull_through_cache_rules, pull_time_exclusions, registry_settings};
use types::{AccountId, Region, RegistryId};

use super::cache_rules::CacheRule;
use crate::Result;
use crate::garbage::delay::Delays;
use crate::snapshot::stored;

/// What is asked of registries as a whole.
#[derive(Default)]
pub(crate) struct Registries {
    policies: HashMap<AccountId, HashMap<Region, Policy>>,
    excluded: HashMap<RegistryId, HashSet<String>>,
    cache_rules: HashMap<RegistryId, Vec<CacheRule>>,
    gc_delays: Delays,
}

impl Registries {
    pub(crate) async fn load(conn: &mut Conn) -> Result<Self> {
        let mut policies: HashMap<AccountId, HashMap<Region, Policy>> = HashMap::new();
        for (registry, text) in registry_settings::list(conn, registry_settings::POLICY).await? {
            let label = format!("registry policy of {} in {}", registry.account, registry.region);
            let policy = stored(&text, Kind::Resource, &label);
            policies.entry(registry.account).or_default().insert(registry.region, policy);
        }
        let mut excluded: HashMap<RegistryId, HashSet<String>> = HashMap::new();
        for (registry, principal) in pull_time_exclusions::list_all(conn).await? {
            excluded.entry(registry).or_default().insert(principal);
        }
        let mut cache_rules: HashMap<RegistryId, Vec<CacheRule>> = HashMap::new();
        for rule in pull_through_cache_rules::list_all(conn).await? {
            cache_rules.entry(rule.registry.clone()).or_default().push(rule);
        }
        Ok(Self { policies, excluded, cache_rules, gc_delays: Delays::load(conn).await? })
    }

    /// The registries that keep garbage for another time than the installation.
    pub(crate) fn gc_delays(&self) -> &Delays {
        &self.gc_delays
    }

    /// The policy of a registry, if it has one.
    pub(crate) fn policy(&self, account: &AccountId, region: &Region) -> Option<&Policy> {
        self.policies.get(account)?.get(region)
    }

    /// The cache rules of a registry.
    pub(crate) fn cache_rules(&self, registry: &RegistryId) -> &[CacheRule] {
        self.cache_rules.get(registry).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a pull by somebody counts as use of an image. A session of a role is the role.
    pub(crate) fn counts_pull(&self, registry: &RegistryId, principal: &Principal) -> bool {
        let excluded = |set: &HashSet<String>| principal.policy_arn().is_some_and(|arn| set.contains(arn));
        !self.excluded.get(registry).is_some_and(excluded)
    }
}
