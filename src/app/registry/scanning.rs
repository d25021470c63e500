//! How the images of a registry are to be scanned. The configuration is checked, stored and applied to repositories by
//! name; the scans are in [`crate::scanning`].

use serde::{Deserialize, Serialize};
use store::Conn;
use store::repositories::RepositoryRow;
use types::{RegistryId, RepoName};

use super::check::{entries, invalid, length, one_of, pattern};
use super::name::SCANNING;
use super::wildcard;
use crate::{Action, Ctx, Grant, Result};

/// How the images of a registry are scanned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScanningConfiguration {
    /// `BASIC` or `ENHANCED`
    pub scan_type: String,
    /// Which repositories are scanned when.
    pub rules: Vec<ScanningRule>,
}

impl Default for ScanningConfiguration {
    fn default() -> Self {
        Self { scan_type: "BASIC".to_owned(), rules: Vec::new() }
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScanningRule {
    /// `SCAN_ON_PUSH`, `CONTINUOUS_SCAN` or `MANUAL`
    pub scan_frequency: String,
    /// Which repositories.
    pub repository_filters: Vec<ScanningFilter>,
}

/// Which repositories a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScanningFilter {
    /// With `*` it is for whole names, without it for names that contain it.
    pub filter: String,
    /// `WILDCARD`
    pub filter_type: String,
}

/// How the images of one repository are scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryScanning {
    /// Which repository.
    pub name: RepoName,
    /// Whether a push starts a scan.
    pub scan_on_push: bool,
    /// See [`ScanningRule::scan_frequency`].
    pub scan_frequency: &'static str,
    /// The filter that decided, if one did.
    pub applied: Option<ScanningFilter>,
}

const FREQUENCIES: &[&str] = &["SCAN_ON_PUSH", "CONTINUOUS_SCAN", "MANUAL"];

/// How ECR prints what a filter must look like.
const FILTER: &str = r"^[a-z0-9*](?:[._\-/a-z0-9*]?[a-z0-9*]+)*$";

impl ScanningConfiguration {
    fn check(&self) -> Result<()> {
        one_of("scanType", &self.scan_type, &["BASIC", "ENHANCED"])?;
        entries("rules", &self.rules, 0..=2)?;
        let allowed: &[&str] = match self.scan_type.as_str() {
            "BASIC" => &["SCAN_ON_PUSH", "MANUAL"],
            _ => &["SCAN_ON_PUSH", "CONTINUOUS_SCAN"],
        };
        for (at, rule) in self.rules.iter().enumerate() {
            one_of("scanFrequency", &rule.scan_frequency, FREQUENCIES)?;
            if !allowed.contains(&rule.scan_frequency.as_str()) {
                return Err(invalid(
                    "scanFrequency",
                    format!("{} is not supported for the scan type {}", rule.scan_frequency, self.scan_type),
                ));
            }
            if self.rules[..at].iter().any(|earlier| earlier.scan_frequency == rule.scan_frequency) {
                return Err(invalid("rules", format!("Only one rule can have the frequency {}", rule.scan_frequency)));
            }
            entries("repositoryFilters", &rule.repository_filters, 0..=100)?;
            for filter in &rule.repository_filters {
                one_of("filterType", &filter.filter_type, &["WILDCARD"])?;
                length("filter", &filter.filter, 1..=255)?;
                pattern("filter", wildcard::is_words(&filter.filter, b"._-/"), FILTER)?;
            }
        }
        Ok(())
    }

    /// How the images of a repository are scanned; `scan_on_push` is the repository's own, older setting, which counts
    /// while the registry has no rules.
    pub fn of(&self, name: &RepoName, scan_on_push: bool) -> RepositoryScanning {
        // The last filter that matches is the one that is shown; continuous scans include those on push.
        let filter = |frequency: &str| {
            let rules = self.rules.iter().filter(|rule| rule.scan_frequency == frequency);
            rules.flat_map(|rule| &rule.repository_filters).rfind(|filter| filter.matches(name))
        };
        let of = |frequency, scan_on_push, applied: Option<&ScanningFilter>| RepositoryScanning {
            name: name.clone(),
            scan_on_push,
            scan_frequency: frequency,
            applied: applied.cloned(),
        };
        if let Some(applied) = filter("CONTINUOUS_SCAN") {
            return of("CONTINUOUS_SCAN", true, Some(applied));
        }
        if let Some(applied) = filter("SCAN_ON_PUSH") {
            return of("SCAN_ON_PUSH", true, Some(applied));
        }
        if scan_on_push && self.rules.is_empty() && self.scan_type == "BASIC" {
            return of("SCAN_ON_PUSH", true, None);
        }
        of("MANUAL", false, filter("MANUAL"))
    }
}

impl ScanningFilter {
    fn matches(&self, name: &RepoName) -> bool {
        match self.filter.contains('*') {
            true => wildcard::matches(&self.filter, name.as_str()),
            false => name.as_str().contains(&self.filter),
        }
    }
}

/// The configuration of the registry; basic scans without rules if none was ever set.
pub async fn get(ctx: &Ctx, grant: &Grant) -> Result<ScanningConfiguration> {
    grant.require(Action::GetRegistryScanningConfiguration.as_str())?;
    current(ctx).await
}

async fn current(ctx: &Ctx) -> Result<ScanningConfiguration> {
    of_registry(&mut ctx.app.db.reader().await?, &ctx.registry).await
}

/// The configuration of a registry, whoever asks.
pub(crate) async fn of_registry(conn: &mut Conn, registry: &RegistryId) -> Result<ScanningConfiguration> {
    Ok(super::find(conn, registry, SCANNING).await?.unwrap_or_default())
}

/// Replaces the configuration.
pub async fn put(ctx: &Ctx, grant: &Grant, configuration: &ScanningConfiguration) -> Result<()> {
    grant.require(Action::PutRegistryScanningConfiguration.as_str())?;
    configuration.check()?;
    super::put(ctx, SCANNING, configuration).await
}

/// How the images of these repositories are scanned; of those that do not exist the names.
pub async fn of_repositories(
    ctx: &Ctx,
    grant: &Grant,
    names: &[RepoName],
) -> Result<(Vec<RepositoryScanning>, Vec<RepoName>)> {
    grant.require(Action::BatchGetRepositoryScanningConfiguration.as_str())?;
    let configuration = current(ctx).await?;
    let mut conn = ctx.app.db.reader().await?;
    let (mut found, mut absent) = (Vec::new(), Vec::new());
    for name in names {
        match store::repositories::find(&mut conn, &ctx.registry, name).await? {
            Some(RepositoryRow { scan_on_push, .. }) => found.push(configuration.of(name, scan_on_push)),
            None => absent.push(name.clone()),
        }
    }
    Ok((found, absent))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> ScanningFilter {
        ScanningFilter { filter: text.to_owned(), filter_type: "WILDCARD".to_owned() }
    }

    fn configuration(scan_type: &str, rules: &[(&str, &[&str])]) -> ScanningConfiguration {
        let rules = rules.iter().map(|(frequency, filters)| ScanningRule {
            scan_frequency: (*frequency).to_owned(),
            repository_filters: filters.iter().map(|text| filter(text)).collect(),
        });
        ScanningConfiguration { scan_type: scan_type.to_owned(), rules: rules.collect() }
    }

    fn of(configuration: &ScanningConfiguration, name: &str, own: bool) -> (bool, &'static str, Option<String>) {
        let scanning = configuration.of(&name.parse().unwrap(), own);
        (scanning.scan_on_push, scanning.scan_frequency, scanning.applied.map(|filter| filter.filter))
    }

    #[test]
    fn repositories_get_the_rule_that_fits_their_name() {
        let basic = configuration("BASIC", &[("SCAN_ON_PUSH", &["prod", "team/*"])]);
        assert_eq!(of(&basic, "my/prod-1", false), (true, "SCAN_ON_PUSH", Some("prod".to_owned())));
        assert_eq!(of(&basic, "team/prod", false), (true, "SCAN_ON_PUSH", Some("team/*".to_owned())));
        assert_eq!(of(&basic, "my/team/x", true), (false, "MANUAL", None));
        let enhanced = configuration("ENHANCED", &[("SCAN_ON_PUSH", &["*"]), ("CONTINUOUS_SCAN", &["prod"])]);
        assert_eq!(of(&enhanced, "prod", false), (true, "CONTINUOUS_SCAN", Some("prod".to_owned())));
        assert_eq!(of(&enhanced, "dev", false), (true, "SCAN_ON_PUSH", Some("*".to_owned())));
    }

    #[test]
    fn without_rules_the_setting_of_the_repository_counts() {
        let none = ScanningConfiguration::default();
        assert_eq!(of(&none, "app", true), (true, "SCAN_ON_PUSH", None));
        assert_eq!(of(&none, "app", false), (false, "MANUAL", None));
        assert_eq!(of(&configuration("ENHANCED", &[]), "app", true), (false, "MANUAL", None));
    }

    #[test]
    fn frequencies_must_fit_the_scan_type() {
        let valid = |scan_type: &str, frequencies: &[&str]| {
            let rules: Vec<(&str, &[&str])> = frequencies.iter().map(|frequency| (*frequency, &["*"][..])).collect();
            configuration(scan_type, &rules).check().is_ok()
        };
        assert!(valid("BASIC", &["SCAN_ON_PUSH"]) && valid("BASIC", &["MANUAL", "SCAN_ON_PUSH"]));
        assert!(valid("ENHANCED", &["SCAN_ON_PUSH", "CONTINUOUS_SCAN"]));
        assert!(!valid("BASIC", &["CONTINUOUS_SCAN"]) && !valid("ENHANCED", &["MANUAL"]));
        assert!(!valid("BASIC", &["SCAN_ON_PUSH", "SCAN_ON_PUSH"]) && !valid("basic", &[]));
        assert!(!valid("BASIC", &["ALWAYS"]));
    }
}
