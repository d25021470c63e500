//! Matching what an image holds with the advisories.

use std::collections::{BTreeMap, BTreeSet};

use scan::osv::{self, Advisory, Affected, Severity};
use scan::versions::Scheme;
use scan::{Kind, Package, image};
use store::{Conn, advisory_ecosystems, advisory_packages, stamps};
use types::Timestamp;

use super::found::Found;
use super::results::stored;
use super::{Bill, Counts, Finding};
use crate::{Error, Result};

/// Packages that are asked for in one query.
const BATCH: usize = 500;
/// Hits that are looked into together. A list of packages may have each advisory hit each package.
const HITS: usize = 5000;

/// What was found.
pub(super) struct Matched {
    /// The worst first. All are counted; of very many, the least severe are left out.
    pub(super) findings: Vec<(Severity, Finding)>,
    pub(super) counts: Counts,
    /// Ecosystems of packages of the image of which there are no advisories.
    pub(super) missing: BTreeSet<String>,
    /// Whether there are advisories for any of its packages.
    pub(super) any: bool,
    /// When those were last imported.
    pub(super) updated_at: Option<Timestamp>,
    /// The count of imports.
    pub(super) version: i64,
}

/// A name under which a package of the image may be known, with the version that is compared.
type Names<'b> = BTreeMap<String, Vec<(&'b Package, &'b str)>>;

/// Matches what an image holds.
pub(super) async fn find(conn: &mut Conn, bill: &Bill) -> Result<Matched> {
    // Read first: what is imported meanwhile is matched at the next look.
    let version = stamps::find(conn, stamps::ADVISORIES).await?.unwrap_or_default();
    let known: BTreeMap<String, Timestamp> = advisory_ecosystems::list(conn).await?.into_iter().collect();
    let mut by_ecosystem: BTreeMap<String, Names<'_>> = BTreeMap::new();
    let (mut missing, mut updated_at) = (BTreeSet::new(), None);
    for package in &bill.packages {
        let ecosystems = image::ecosystems(package.kind, bill.release.as_ref());
        let there: Vec<&String> = ecosystems.iter().filter(|name| known.contains_key(*name)).collect();
        if there.is_empty() {
            let unknown =
                || bill.release.as_ref().map_or_else(|| "an unknown distribution".to_owned(), |of| of.id.clone());
            missing.insert(ecosystems.first().cloned().unwrap_or_else(unknown));
        }
        for ecosystem in there {
            updated_at = updated_at.max(known.get(ecosystem).copied());
            let names = by_ecosystem.entry(ecosystem.clone()).or_default();
            for (name, version) in names_of(package) {
                names.entry(osv::key(ecosystem, name)).or_default().push((package, version));
            }
        }
    }
    let mut found = Found::new();
    for (ecosystem, names) in &by_ecosystem {
        let Some(scheme) = Scheme::of(ecosystem) else { continue };
        for names in names.iter().collect::<Vec<_>>().chunks(BATCH) {
            let wanted: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
            let packages: BTreeMap<&str, &Vec<(&Package, &str)>> =
                names.iter().map(|(name, packages)| (name.as_str(), *packages)).collect();
            let mut hits = Vec::new();
            for row in advisory_packages::list_of(conn, ecosystem, &wanted).await? {
                let affected: Vec<Affected> = stored(&row.document)?;
                let named: &[(&Package, &str)] =
                    packages.get(row.package.as_str()).map_or(&[], |named| named.as_slice());
                for (package, version) in named {
                    let hit = affected
                        .iter()
                        .find_map(|one| one.contains(scheme, version).map(|fixed| (one.rating.clone(), fixed)));
                    if let Some((rating, fixed)) = hit {
                        let (advisory_id, fixed) = (row.advisory_id.clone(), fixed.map(str::to_owned));
                        hits.push(Hit { advisory_id, package, rating, fixed });
                    }
                    if hits.len() == HITS {
                        look_into(conn, ecosystem, std::mem::take(&mut hits), &mut found).await?;
                    }
                }
                // Others have something to do meanwhile.
                tokio::task::yield_now().await;
            }
            look_into(conn, ecosystem, hits, &mut found).await?;
        }
    }
    let (findings, counts) = found.end();
    Ok(Matched { findings, counts, missing, any: !by_ecosystem.is_empty(), updated_at, version })
}

/// A package that an advisory is about.
struct Hit<'b> {
    advisory_id: String,
    package: &'b Package,
    rating: Option<osv::Rating>,
    fixed: Option<String>,
}

/// Makes findings of hits.
async fn look_into(conn: &mut Conn, ecosystem: &str, hits: Vec<Hit<'_>>, found: &mut Found) -> Result<()> {
    let ids: BTreeSet<&str> = hits.iter().map(|hit| hit.advisory_id.as_str()).collect();
    let mut advisories: BTreeMap<String, Advisory> = BTreeMap::new();
    for (id, document) in store::advisories::find_all(conn, &ids.into_iter().collect::<Vec<_>>()).await? {
        advisories.insert(id, stored(&document)?);
    }
    for Hit { advisory_id, package, rating, fixed } in hits {
        // It was taken back between the two queries.
        let Some(advisory) = advisories.get(&advisory_id) else { continue };
        let rating = rating.as_ref().unwrap_or(&advisory.rating);
        if found.takes(rating.severity) {
            found.add(rating.severity, finding(ecosystem, advisory, rating, package, fixed));
        }
    }
    Ok(())
}

/// The names under which advisories may speak of a package. Distributions publish theirs by source, some by package.
fn names_of(package: &Package) -> Vec<(&str, &str)> {
    let own = (package.name.as_str(), package.version.as_str());
    match &package.source {
        Some((name, version)) if package.kind == Kind::Deb => vec![(name, version)],
        Some((name, version)) => vec![(name, version), own],
        None => vec![own],
    }
}

fn finding(
    ecosystem: &str,
    advisory: &Advisory,
    rating: &osv::Rating,
    package: &Package,
    fixed: Option<String>,
) -> Finding {
    let name = advisory.name().to_owned();
    let aliases =
        std::iter::once(&advisory.id).chain(&advisory.aliases).filter(|alias| **alias != name).cloned().collect();
    Finding {
        aliases,
        name,
        description: advisory.description.clone(),
        url: advisory.url.clone(),
        severity: rating.severity.as_str().to_owned(),
        package: package.name.clone(),
        version: package.version.clone(),
        fixed,
        vector: rating.vector.clone().or_else(|| advisory.rating.vector.clone()),
        score: rating.score.or(advisory.rating.score),
        ecosystem: Some(ecosystem.to_owned()),
    }
}

impl From<scan::Error> for Error {
    fn from(error: scan::Error) -> Self {
        Self::Invalid(error.to_string())
    }
}
