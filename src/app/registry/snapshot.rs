//! What authorization, pulls and pushes ask of registries as a whole, in memory: their policies, their cache rules, whose
//! pulls leave no trace, what becomes of what is pushed, and how long they keep garbage. It is read and replaced with the
//! rest of the snapshot.

use std::collections::{HashMap, HashSet};

use serde::de::DeserializeOwned;

use ::policy::{Kind, Policy, Principal};
use store::{Conn, pull_through_cache_rules, pull_time_exclusions, registry_settings};
use types::{AccountId, Region, RegistryId};

use super::cache_rules::CacheRule;
use super::name;
use super::replication::ReplicationConfiguration;
use super::scanning::ScanningConfiguration;
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
    replication: HashMap<RegistryId, ReplicationConfiguration>,
    scanning: HashMap<RegistryId, ScanningConfiguration>,
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
        let replication = documents(conn, name::REPLICATION).await?;
        let scanning = documents(conn, name::SCANNING).await?;
        let gc_delays = Delays::load(conn).await?;
        Ok(Self { policies, excluded, cache_rules, gc_delays, replication, scanning })
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

    /// Where what is pushed to a registry is replicated to.
    pub(crate) fn replication(&self, registry: &RegistryId) -> Option<&ReplicationConfiguration> {
        self.replication.get(registry)
    }

    /// How what is pushed to a registry is scanned, if that was configured.
    pub(crate) fn scanning(&self, registry: &RegistryId) -> Option<&ScanningConfiguration> {
        self.scanning.get(registry)
    }

    /// Whether a pull by somebody counts as use of an image. A session of a role is the role.
    pub(crate) fn counts_pull(&self, registry: &RegistryId, principal: &Principal) -> bool {
        let excluded = |set: &HashSet<String>| principal.policy_arn().is_some_and(|arn| set.contains(arn));
        !self.excluded.get(registry).is_some_and(excluded)
    }
}

/// The documents of that name. One that cannot be read, as by a program that is older than the one that wrote it, is as if
/// it were not there: what else is in memory counts all the same.
async fn documents<T: DeserializeOwned>(conn: &mut Conn, name: &str) -> Result<HashMap<RegistryId, T>> {
    let listed = registry_settings::list(conn, name).await?;
    let read = listed.into_iter().filter_map(|(registry, text)| Some((registry, super::stored(name, &text).ok()?)));
    Ok(read.collect())
}
