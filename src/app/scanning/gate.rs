//! Pull gates: a repository can refuse to give out images with findings from a severity on. What is known and accepted is
//! allowed by name, for good or until a time.
//!
//! A pull begins with the manifest, so that is what is refused. A client that knows the digests of layers can still fetch
//! those: a gate keeps mistakes from being deployed, and is no defence against who may pull.

use std::collections::HashMap;
use std::sync::Arc;

use scan::osv::Severity;
use serde::{Deserialize, Serialize};
use store::image_scans::{self, Status};
use store::{Conn, Pending, image_scan_findings, pull_gates, stamps};
use types::{RegistryId, RepoName, Timestamp};

use super::Finding;
use super::request::is_scannable;
use super::results::stored;
use crate::images::Image;
use crate::manifest::Manifest;
use crate::{App, Ctx, Error, Result, repositories};

/// Findings of one query.
const PAGE: usize = 200;
/// Names that a gate may allow.
const MAX_ALLOWED: usize = 1000;

/// The gate of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gate {
    /// The least severity that is refused.
    pub severity: Severity,
    /// What is let through all the same.
    pub allowed: Vec<Allowed>,
    /// Whether images are refused of which no scan has found out what there is to find.
    pub require_scan: bool,
}

/// A vulnerability that is let through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    /// Its CVE, or another of its names.
    pub name: String,
    /// Until when, in microseconds since 1970; none: for good.
    pub until: Option<i64>,
}

/// The gates of all repositories, as they were a moment ago. Most have none, and their pulls ask the database nothing.
#[derive(Default)]
pub(crate) struct Gates {
    version: i64,
    by_repository: HashMap<String, Arc<Gate>>,
}

impl Gates {
    /// Reads all gates, unless this copy is up to date.
    pub(crate) async fn renewed(&self, conn: &mut Conn) -> Result<Option<Self>> {
        // Read first: a change that comes in between is seen at the next look.
        let version = stamps::find(conn, stamps::PULL_GATES).await?.unwrap_or_default();
        if version == self.version {
            return Ok(None);
        }
        let mut fresh = Self { version, by_repository: HashMap::new() };
        for (repository_id, document) in pull_gates::list_all(conn).await? {
            fresh.by_repository.insert(repository_id, Arc::new(stored(&document)?));
        }
        Ok(Some(fresh))
    }
}

/// Refuses to give out an image that the gate of its repository does not let through. A scanner gets it all the same.
pub async fn check(ctx: &Ctx, image: &Image) -> Result<()> {
    if ctx.identity.scanned_image().is_some() {
        return Ok(());
    }
    let Some(gate) = ctx.app.gates().by_repository.get(&*image.repository_id).cloned() else {
        return Ok(());
    };
    // Boxed, so that a pull from where there is no gate takes no memory for it.
    Box::pin(hold(ctx, image, &gate)).await
}

/// What a gate says of an image.
async fn hold(ctx: &Ctx, image: &Image, gate: &Gate) -> Result<()> {
    let mut conn = ctx.app.db.reader().await?;
    let refused = |reason: String| {
        Err(Error::Denied(format!("the pull gate of the repository refuses the image {}: {reason}", image.digest)))
    };
    let scan = image_scans::find(&mut conn, &image.repository_id, &image.digest).await?;
    let Some(scan) = scan.filter(|scan| scan.status != Status::Failed && scan.completed_at.is_some()) else {
        // Indexes and artifacts hold nothing themselves; the images of an index are pulled on their own. What cannot be read
        // cannot be scanned either, and is held back.
        let scannable =
            || Manifest::parse(&image.bytes, Some(&image.media_type)).map_or(true, |manifest| is_scannable(&manifest));
        if gate.require_scan && scannable() {
            return refused("no scan of it is complete".to_owned());
        }
        return Ok(());
    };
    let (now, mut after) = (ctx.app.now(), 0);
    loop {
        let rows = image_scan_findings::list(&mut conn, &scan.run_id, after, PAGE).await?;
        for row in &rows {
            // The worst come first.
            if row.severity < gate.severity as i64 {
                return Ok(());
            }
            let finding: Finding = stored(&row.document)?;
            if !gate.allows(&finding, now) {
                return refused(format!(
                    "{} in {} {} is {}{}",
                    finding.name,
                    finding.package,
                    finding.version,
                    finding.severity,
                    finding.fixed.map_or_else(String::new, |fixed| format!(", fixed in {fixed}"))
                ));
            }
        }
        match rows.last().filter(|_| rows.len() == PAGE) {
            Some(last) => after = last.position,
            None => return Ok(()),
        }
    }
}

impl Gate {
    fn allows(&self, finding: &Finding, now: Timestamp) -> bool {
        self.allowed.iter().any(|allowed| {
            let valid = allowed.until.is_none_or(|until| Timestamp::from_micros(until) > now);
            valid && (allowed.name == finding.name || finding.aliases.contains(&allowed.name))
        })
    }
}

/// Sets the gate of a repository, or removes it. Every process obeys within seconds.
pub async fn set(app: &App, registry: &RegistryId, name: &RepoName, gate: Option<Gate>) -> Result<()> {
    let document = match &gate {
        Some(gate) if gate.allowed.len() > MAX_ALLOWED => {
            return Err(Error::Invalid(format!("a gate allows at most {MAX_ALLOWED} names")));
        }
        Some(gate) => Some(serde_json::to_string(gate).map_err(|_| Error::Internal)?),
        None => None,
    };
    let (registry, name, now) = (registry.clone(), name.clone(), app.now());
    app.db
        .write(move |conn| {
            Box::pin(async move {
                let Some(row) = store::repositories::lock(conn, &registry, &name).await? else {
                    return Err(repositories::unknown(&registry, &name));
                };
                match document {
                    Some(document) => pull_gates::upsert(conn, &row.repository_id, &document, now).await?,
                    None => drop(pull_gates::delete(conn, &row.repository_id).await?),
                }
                Ok(stamps::update_next(conn, stamps::PULL_GATES).await?)
            }) as Pending<'_, (), Error>
        })
        .await
}

/// The gate of a repository.
pub async fn find(app: &App, registry: &RegistryId, name: &RepoName) -> Result<Option<Gate>> {
    let mut conn = app.db.reader().await?;
    let Some(row) = store::repositories::find(&mut conn, registry, name).await? else {
        return Err(repositories::unknown(registry, name));
    };
    pull_gates::find(&mut conn, &row.repository_id).await?.as_deref().map(stored).transpose()
}
