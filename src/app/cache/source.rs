//! Which repository of which registry a repository here stands for.

use types::{RegistryId, RepoName};
use upstream::{ChosenBy, Upstream};

use super::credentials;
use crate::registry::cache_rules::CacheRule;
use crate::registry::upstream as known;
use crate::{App, Ctx, Error, Permit, Result, UpstreamFailure};

/// What ECR writes for no prefix.
const ROOT: &str = "ROOT";

/// A repository of another registry.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    host: String,
    /// None once the registry is not one that rules may name any more.
    reach: Option<Reach>,
    registry: RegistryId,
    credential_arn: Option<String>,
    repository: String,
}

#[derive(Debug, Clone, Copy)]
struct Reach {
    plain: bool,
    chosen_by: ChosenBy,
}

impl Source {
    /// What the repository of a permit stands for, if a rule is for it.
    pub(crate) fn of(ctx: &Ctx, permit: &Permit) -> Option<Self> {
        Self::find(&ctx.app, permit.registry(), permit.repository())
    }

    fn find(app: &App, registry: &RegistryId, name: &RepoName) -> Option<Self> {
        let snapshot = app.snapshot();
        let (rule, rest) = applying(snapshot.registries().cache_rules(registry), name.as_str())?;
        let repository = match rule.upstream_prefix.as_str() {
            ROOT => rest.to_owned(),
            prefix => format!("{prefix}/{rest}"),
        };
        Some(Self::new(app, rule, repository))
    }

    pub(super) fn new(app: &App, rule: &CacheRule, repository: String) -> Self {
        let found = known::find(&rule.upstream_url, rule.upstream_registry.as_deref(), &app.config.cache_upstreams);
        let reach = found.ok().map(|found| Reach {
            plain: found.plain,
            chosen_by: if found.own { ChosenBy::Operator } else { ChosenBy::Stranger },
        });
        Self {
            host: rule.upstream_url.clone(),
            reach,
            registry: rule.registry.clone(),
            credential_arn: rule.credential_arn.clone(),
            repository,
        }
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Who asks, as the registry sees it: it counts the pulls of each user, and those without a name together.
    pub(super) fn asker(&self) -> String {
        format!("{} {}", self.host, self.credential_arn.as_deref().unwrap_or_default())
    }

    pub(super) fn repository(&self) -> &str {
        &self.repository
    }

    pub(super) fn failure(&self, failure: UpstreamFailure) -> Error {
        Error::Upstream { host: self.host.clone(), failure }
    }

    /// The registry, with what opens it.
    pub(super) async fn open(&self, app: &App) -> Result<Upstream> {
        let reach = self.reach.ok_or_else(|| self.failure(UpstreamFailure::Unsupported))?;
        let credentials = match &self.credential_arn {
            None => None,
            Some(arn) => match credentials::open(app, &self.registry.account, arn).await? {
                Some(credentials) => Some(credentials),
                None => {
                    tracing::warn!(
                        credential_arn = arn,
                        upstream = self.host,
                        "the secret of a cache rule is not there"
                    );
                    return Err(self.failure(UpstreamFailure::NoSecret));
                }
            },
        };
        Ok(Upstream { host: self.host.clone(), plain: reach.plain, chosen_by: reach.chosen_by, credentials })
    }
}

/// Who asks another registry for what a repository here lacks, as that sees it; none if it stands for no other.
pub(crate) fn asker(app: &App, registry: &RegistryId, name: &RepoName) -> Option<String> {
    Source::find(app, registry, name).map(|source| source.asker())
}

/// Whether a repository stands for one of another registry.
pub(crate) fn is_cached(app: &App, registry: &RegistryId, name: &RepoName) -> bool {
    applying(app.snapshot().registries().cache_rules(registry), name.as_str()).is_some()
}

/// The rule for a name, and the rest of the name behind its prefix: the longest prefix counts, `ROOT` last.
fn applying<'r, 'n>(rules: &'r [CacheRule], name: &'n str) -> Option<(&'r CacheRule, &'n str)> {
    let below = |rule: &CacheRule| name.strip_prefix(rule.prefix.as_str())?.strip_prefix('/');
    let longest = rules.iter().filter_map(|rule| Some((rule, below(rule)?))).max_by_key(|(rule, _)| rule.prefix.len());
    longest.or_else(|| rules.iter().find(|rule| rule.prefix == ROOT).map(|rule| (rule, name)))
}

/// The repository here that stands for `name` of the registry at `host`: how containerd asks a mirror (`ns=`). None if no
/// rule is for it.
pub fn mirrored(app: &App, registry: &RegistryId, host: &str, name: &RepoName) -> Option<RepoName> {
    let snapshot = app.snapshot();
    standing_for(snapshot.registries().cache_rules(registry), host, name.as_str())
}

fn standing_for(rules: &[CacheRule], host: &str, name: &str) -> Option<RepoName> {
    let candidates = rules.iter().filter(|rule| canonical(&rule.upstream_url) == canonical(host)).filter_map(|rule| {
        let (depth, rest) = match rule.upstream_prefix.as_str() {
            ROOT => (0, name),
            prefix => (prefix.len(), name.strip_prefix(prefix)?.strip_prefix('/')?),
        };
        let own = match rule.prefix.as_str() {
            ROOT => rest.to_owned(),
            prefix => format!("{prefix}/{rest}"),
        };
        // Below it there may be another rule, which stands for something else.
        let (applied, _) = applying(rules, &own)?;
        (applied.prefix == rule.prefix).then_some((depth, own))
    });
    candidates.max_by_key(|(depth, _)| *depth)?.1.parse().ok()
}

/// Docker Hub has three names.
fn canonical(host: &str) -> &str {
    match host {
        "docker.io" | "index.docker.io" => "registry-1.docker.io",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use types::Timestamp;

    use super::*;

    fn rule(prefix: &str, upstream_url: &str, upstream_prefix: &str) -> CacheRule {
        CacheRule {
            registry: RegistryId { account: "000000000000".parse().unwrap(), region: "us-east-1".parse().unwrap() },
            prefix: prefix.to_owned(),
            upstream_url: upstream_url.to_owned(),
            upstream_registry: None,
            upstream_prefix: upstream_prefix.to_owned(),
            credential_arn: None,
            custom_role_arn: None,
            created_at: Timestamp::from_micros(0),
            updated_at: Timestamp::from_micros(0),
        }
    }

    #[test]
    fn the_longest_prefix_counts_and_root_is_last() {
        let rules = [rule("a", "one", ROOT), rule("a/b", "two", ROOT), rule(ROOT, "three", ROOT)];
        let found = |name| applying(&rules, name).map(|(rule, rest)| (rule.upstream_url.as_str(), rest)).unwrap();
        assert_eq!(found("a/x"), ("one", "x"));
        assert_eq!(found("a/b/x/y"), ("two", "x/y"));
        assert_eq!(found("a/b"), ("one", "b"));
        assert_eq!(found("a"), ("three", "a"));
        assert_eq!(found("ab/x"), ("three", "ab/x"));
        assert!(applying(&rules[..2], "ab/x").is_none());
    }

    #[test]
    fn a_mirror_finds_the_rule_by_its_host() {
        let hub = "registry-1.docker.io";
        let rules = [rule("hub", hub, ROOT), rule("lib", hub, "library"), rule("quay", "quay.io", ROOT)];
        let found = |host, name| standing_for(&rules, host, name).map(|name| name.as_str().to_owned());
        assert_eq!(found("docker.io", "library/alpine").as_deref(), Some("lib/alpine"));
        assert_eq!(found("docker.io", "grafana/grafana").as_deref(), Some("hub/grafana/grafana"));
        assert_eq!(found("quay.io", "a/b").as_deref(), Some("quay/a/b"));
        assert_eq!(found("ghcr.io", "a/b"), None);
        // What a deeper rule has taken does not stand for this registry.
        let taken = [rule("a", "quay.io", ROOT), rule("a/b", "ghcr.io", ROOT)];
        assert_eq!(standing_for(&taken, "quay.io", "b/c"), None);
        assert_eq!(standing_for(&[rule(ROOT, "quay.io", ROOT)], "quay.io", "b/c").unwrap().as_str(), "b/c");
    }
}
