//! What authorization and pulls ask of registries as a whole, in memory: their policies, and whose pulls leave no
//! trace. It is read and replaced with the rest of the snapshot.

use std::collections::{HashMap, HashSet};

use ::policy::{Kind, Policy, Principal};
use store::{Conn, pull_time_exclusions, registry_settings};
use types::{AccountId, Region, RegistryId};

use crate::Result;
use crate::snapshot::stored;

/// What is asked of registries as a whole.
#[derive(Default)]
pub(crate) struct Registries {
    policies: HashMap<AccountId, HashMap<Region, Policy>>,
    excluded: HashMap<RegistryId, HashSet<String>>,
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
        Ok(Self { policies, excluded })
    }

    /// The policy of a registry, if it has one.
    pub(crate) fn policy(&self, account: &AccountId, region: &Region) -> Option<&Policy> {
        self.policies.get(account)?.get(region)
    }

    /// Whether a pull by somebody counts as use of an image. A session of a role is the role.
    pub(crate) fn counts_pull(&self, registry: &RegistryId, principal: &Principal) -> bool {
        let excluded = |set: &HashSet<String>| principal.policy_arn().is_some_and(|arn| set.contains(arn));
        !self.excluded.get(registry).is_some_and(excluded)
    }
}
