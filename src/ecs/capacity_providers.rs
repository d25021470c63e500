//! Capacity providers: the two that are built in, and strategies of them. Groups of machines that grow and shrink by
//! themselves are not here, so nobody can make others.

use std::collections::HashSet;

use app::api::Call;
use aws::Need;
use store::{Conn, service_deployments, services, tasks};
use types::{Arn, RegistryId};

use crate::arns;
use crate::clusters::{self, Cluster, StrategyItem, write, written};
use crate::error::{Error, Result};
use crate::services::deployments::Deployment;

/// Those that every account has.
pub(crate) const BUILT_IN: &[&str] = &["FARGATE", "FARGATE_SPOT"];

/// How many a cluster or a strategy may have.
const MOST: usize = 20;

/// How many services are looked at in one go.
const AT_ONCE: usize = 500;

fn invalid<T>(message: impl Into<String>) -> Result<T> {
    Err(Error::InvalidParameter(message.into()))
}

/// The ARN of one.
pub(crate) fn arn(registry: &RegistryId, name: &str) -> Arn {
    arns::arn(registry, &format!("capacity-provider/{name}"))
}

/// The one that is named, by name or ARN.
pub(crate) fn find(registry: &RegistryId, given: &str) -> Option<&'static str> {
    let name = arns::resource(registry, given).and_then(|resource| resource.strip_prefix("capacity-provider/"));
    let name = name.unwrap_or(given);
    BUILT_IN.iter().copied().find(|known| *known == name)
}

/// A need with `ecs:capacity-provider`: the ARNs of those that a request names, if it names any.
pub(crate) fn judged_by<'n>(registry: &RegistryId, need: Need, given: impl IntoIterator<Item = &'n String>) -> Need {
    let arn = |given: &String| match find(registry, given) {
        Some(name) => arn(registry, name).to_string(),
        // There is none of that name, which is said once it is known who asks.
        None => given.clone(),
    };
    let arns: Vec<String> = given.into_iter().map(arn).collect();
    if arns.is_empty() { need } else { need.with("ecs:capacity-provider", arns) }
}

/// The names in a strategy.
pub(crate) fn names(strategy: &[StrategyItem]) -> impl Iterator<Item = &String> {
    strategy.iter().map(|item| &item.capacity_provider)
}

/// Those that a cluster is to have.
pub(crate) fn check(names: &[String]) -> Result<()> {
    if names.len() > MOST {
        return invalid(format!("A cluster can have at most {MOST} capacity providers."));
    }
    let mut seen = HashSet::new();
    for name in names {
        if !BUILT_IN.contains(&name.as_str()) {
            let shown: String = name.chars().take(255).collect();
            return invalid(format!("The specified capacity provider '{shown}' was not found."));
        }
        if !seen.insert(name) {
            return invalid(format!("The capacity provider '{name}' is specified more than once."));
        }
    }
    Ok(())
}

/// A strategy, of the providers of its cluster. Texts are those of AWS where they were seen in reports of its users.
pub(crate) fn check_strategy(strategy: &[StrategyItem], associated: &[String]) -> Result<()> {
    if strategy.is_empty() {
        return Ok(());
    }
    if strategy.len() > MOST {
        return invalid(format!("A capacity provider strategy can have at most {MOST} capacity providers."));
    }
    let fargate = |item: &&StrategyItem| BUILT_IN.contains(&item.capacity_provider.as_str());
    if !matches!(strategy.iter().filter(fargate).count(), count if count == 0 || count == strategy.len()) {
        return invalid(
            "A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and \
             Fargate providers. Specify one or the other and try again.",
        );
    }
    let mut seen = HashSet::new();
    for item in strategy {
        if !associated.contains(&item.capacity_provider) {
            return invalid(
                "The specified capacity provider strategy cannot contain a capacity provider that is not associated \
                 with the cluster. Associate the capacity provider with the cluster or specify a valid capacity \
                 provider and try again.",
            );
        }
        if !(0..=1000).contains(&item.weight) || !(0..=100_000).contains(&item.base) {
            return invalid("The capacity provider strategy is invalid: weights are 0 to 1000, bases 0 to 100000.");
        }
        if !seen.insert(&item.capacity_provider) {
            return invalid("A capacity provider can be in a capacity provider strategy only once.");
        }
    }
    if strategy.iter().filter(|item| item.base > 0).count() > 1 {
        return invalid("Only one capacity provider in a capacity provider strategy can have a base value defined.");
    }
    if strategy.len() > 1 && strategy.iter().all(|item| item.weight == 0) {
        return invalid(
            "The specified capacity provider strategy must have at least one capacity provider with a weight greater \
             than 0.",
        );
    }
    Ok(())
}

/// A strategy at work: how many tasks each of its providers has.
#[derive(Debug)]
pub(crate) struct Shares<'s> {
    strategy: &'s [StrategyItem],
    /// In the order of the strategy.
    counts: Vec<i64>,
}

impl<'s> Shares<'s> {
    pub(crate) fn new(strategy: &'s [StrategyItem]) -> Self {
        Self { strategy, counts: vec![0; strategy.len()] }
    }

    /// Counts a task that a provider has.
    pub(crate) fn add(&mut self, capacity_provider: &str) {
        let of_it = self.strategy.iter().position(|item| item.capacity_provider == capacity_provider);
        if let Some(count) = of_it.and_then(|index| self.counts.get_mut(index)) {
            *count += 1;
        }
    }

    /// The provider of the next task: the one whose base is not reached, then the one that is furthest behind its share of
    /// the tasks beyond the base. None without a strategy.
    pub(crate) fn next(&self) -> Option<&'s str> {
        let all = || self.strategy.iter().zip(&self.counts);
        let below = all().find(|(item, count)| **count < item.base);
        // Both numbers are small: the product of a count and a weight is far from the end of 64 bits.
        let behind = all().filter(|(item, _)| item.weight > 0).reduce(|best, next| {
            let beyond = |(item, count): (&StrategyItem, &i64)| count - item.base + 1;
            if beyond(next) * best.0.weight < beyond(best) * next.0.weight { next } else { best }
        });
        // A strategy of one provider need not give it a weight.
        below.or(behind).map(|(item, _)| item).or(self.strategy.first()).map(|item| item.capacity_provider.as_str())
    }
}

/// Gives a cluster other providers, and another strategy. What is used cannot be taken away.
pub(crate) async fn put(
    call: &Call,
    cluster: &str,
    providers: Vec<String>,
    strategy: Vec<StrategyItem>,
) -> Result<Cluster> {
    let (registry, name) = (call.ctx.registry.clone(), cluster.to_owned());
    write(call, move |conn| {
        Box::pin(async move {
            let mut cluster = clusters::lock(conn, &registry, &name).await?;
            let before = std::mem::replace(&mut cluster.document.capacity_providers, providers);
            cluster.document.default_capacity_provider_strategy = strategy;
            clusters::check(&cluster.document)?;
            let left = &cluster.document.capacity_providers;
            for taken in before.iter().filter(|provider| !left.contains(provider)) {
                if is_used(conn, &cluster.row.cluster_id, taken).await? {
                    // Seen in reports of CloudFormation.
                    let message = "The specified capacity provider is in use and cannot be removed.";
                    return Err(Error::ResourceInUse(message.to_owned()));
                }
            }
            let document = written(&cluster.document)?;
            store::clusters::update(conn, &cluster.row.cluster_id, "ACTIVE", &document).await?;
            Ok(cluster)
        })
    })
    .await
}

/// Whether a task of a provider is not over, or a service has it. The caller holds the cluster.
async fn is_used(conn: &mut Conn, cluster_id: &str, provider: &str) -> Result<bool> {
    if tasks::use_provider(conn, cluster_id, provider).await? {
        return Ok(true);
    }
    // Rarely asked, and only services that have providers are looked at.
    let mut after = String::new();
    loop {
        let ids = services::list_with_providers(conn, cluster_id, &after, AT_ONCE).await?;
        let Some(last) = ids.last().cloned() else {
            return Ok(false);
        };
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let shown = service_deployments::list_shown_of(conn, &ids).await?;
        let has = |item: &StrategyItem| item.capacity_provider == provider;
        let uses = |row| Deployment::read(row).document.revision.capacity_provider_strategy.iter().any(has);
        if shown.into_iter().any(uses) {
            return Ok(true);
        }
        after = last;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(name: &str, weight: i64, base: i64) -> StrategyItem {
        StrategyItem { capacity_provider: name.to_owned(), weight, base }
    }

    #[test]
    fn a_strategy_is_of_the_providers_of_its_cluster() {
        let both = ["FARGATE".to_owned(), "FARGATE_SPOT".to_owned()];
        let (one, spot) = (item("FARGATE", 1, 2), item("FARGATE_SPOT", 3, 0));
        assert!(check_strategy(&[one.clone(), spot.clone()], &both).is_ok());
        assert!(check_strategy(&[item("FARGATE", 0, 0)], &both).is_ok());
        for bad in [
            vec![one.clone(), one.clone()],
            vec![item("FARGATE", 1, 1), item("FARGATE_SPOT", 1, 1)],
            vec![item("FARGATE", 0, 0), item("FARGATE_SPOT", 0, 0)],
            vec![item("FARGATE", 1001, 0)],
            vec![item("FARGATE", 1, -1)],
            vec![item("MINE", 1, 0)],
            vec![item("FARGATE", 1, 0), item("MINE", 1, 0)],
            vec![item("FARGATE", 1, 100_001)],
        ] {
            assert!(check_strategy(&bad, &both).is_err(), "{bad:?}");
        }
        assert!(check_strategy(&[spot], &both[..1]).is_err());
        assert!(check(&both).is_ok());
        assert!(check(&["FARGATE".to_owned(), "FARGATE".to_owned()]).is_err());
        assert!(check(&["MINE".to_owned()]).is_err());
    }

    /// How many of so many tasks each provider of a strategy gets.
    fn shared(strategy: &[StrategyItem], tasks: usize) -> Vec<i64> {
        let mut shares = Shares::new(strategy);
        for _ in 0..tasks {
            shares.add(shares.next().unwrap());
        }
        shares.counts
    }

    #[test]
    fn the_base_comes_first_and_then_tasks_are_shared_by_weight() {
        assert_eq!(Shares::new(&[]).next(), None);
        let even = [item("FARGATE", 1, 0), item("FARGATE_SPOT", 1, 0)];
        assert_eq!(shared(&even, 1), [1, 0]);
        assert_eq!(shared(&even, 10), [5, 5]);
        let mixed = [item("FARGATE", 1, 2), item("FARGATE_SPOT", 4, 0)];
        assert_eq!(shared(&mixed, 1), [1, 0]);
        assert_eq!(shared(&mixed, 2), [2, 0]);
        assert_eq!(shared(&mixed, 3), [2, 1]);
        assert_eq!(shared(&mixed, 7), [3, 4]);
        assert_eq!(shared(&mixed, 12), [4, 8]);
        let base_alone = [item("FARGATE", 0, 1), item("FARGATE_SPOT", 1, 0)];
        assert_eq!(shared(&base_alone, 5), [1, 4]);
        assert_eq!(shared(&[item("FARGATE", 0, 0)], 3), [3]);
    }

    #[test]
    fn what_is_missing_of_a_share_is_made_up() {
        let strategy = [item("FARGATE", 1, 1), item("FARGATE_SPOT", 1, 0)];
        let mut shares = Shares::new(&strategy);
        for provider in ["FARGATE", "FARGATE", "FARGATE", "GONE"] {
            shares.add(provider);
        }
        assert_eq!(shares.next(), Some("FARGATE_SPOT"));
        shares.add("FARGATE_SPOT");
        assert_eq!(shares.next(), Some("FARGATE_SPOT"));
    }
}
