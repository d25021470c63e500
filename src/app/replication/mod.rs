//! Replication: what is pushed to a registry is copied to others by its replication configuration.
//!
//! A push writes down where its image is to go, in its own transaction, and jobs do it, one for each repository and
//! destination: so nothing that was acknowledged is forgotten, no push waits for it, and a destination that is down keeps
//! no other. All registries of an installation share its blobs, so a copy to one of them is made of rows, in one transaction
//! an image. Registries of other installations are pushed to. Copies are not pushes, so they go nowhere from there.

mod copy;
mod elsewhere;
mod push;
mod targets;

pub mod backfill;

use std::collections::BTreeSet;
use std::sync::Arc;

use policy::{Policies, Principal, Request};
use store::replications::ReplicationRow;
use store::repositories::RepositoryRow;
use store::{Conn, Pending, edges, jobs, replications};
use types::{AccountId, Digest, RegistryId, Tag};

pub use self::copy::run;
pub use self::elsewhere::run as run_elsewhere;
pub use self::targets::{list as list_targets, remove as remove_target, set as set_target};
use crate::events::{self, ReplicationEvent};
use crate::registry::replication::ReplicationRule;
use crate::{Action, App, Error, Result};

/// The kind of job that replicates what was pushed to a repository, to one destination; its subject names both.
pub const JOB: &str = "replicate";

/// The same, to a registry of another installation.
pub const JOB_ELSEWHERE: &str = "replicate elsewhere";

/// Workers that one process has for these.
pub const WORKERS_ELSEWHERE: usize = 8;

/// Whoever pushes or deletes with this header says that it replicates what happened elsewhere, and names the registry:
/// account and region.
pub const ORIGIN_HEADER: &str = "wharf-replicated-from";

/// Images of one look.
const BATCH: usize = 100;
/// Indexes in indexes are followed so far.
const DEPTH: usize = 8;

/// An image was pushed, or a tag of it was set.
pub(crate) async fn note_push(conn: &mut Conn, app: &App, repository: &RepositoryRow, digest: &Digest) -> Result<()> {
    note(conn, app, repository, digest, "IN_PROGRESS", |_| true).await
}

/// An image was deleted. `echoed`: deletions are replicated from here.
pub(crate) async fn note_delete(
    conn: &mut Conn,
    app: &App,
    repository: &RepositoryRow,
    digest: &Digest,
    echoed: bool,
) -> Result<()> {
    if echoed {
        let replicated = |rule: &ReplicationRule| rule.delete_replication.as_ref().is_some_and(|delete| delete.enabled);
        note(conn, app, repository, digest, "DELETING", replicated).await?;
    }
    replications::delete_of_image(conn, &repository.repository_id, digest).await?;
    Ok(())
}

async fn note(
    conn: &mut Conn,
    app: &App,
    repository: &RepositoryRow,
    digest: &Digest,
    status: &str,
    rules: impl Fn(&ReplicationRule) -> bool,
) -> Result<()> {
    let destinations: BTreeSet<RegistryId> = {
        let snapshot = app.snapshot();
        let Some(configuration) = snapshot.registries().replication(&repository.registry) else {
            return Ok(());
        };
        let matching = configuration.rules.iter().filter(|rule| rules(rule) && rule.is_about(&repository.name));
        matching.flat_map(|rule| &rule.destinations).filter_map(|destination| destination.registry()).collect()
    };
    for destination in &destinations {
        ask(conn, app, &repository.repository_id, digest, destination, status).await?;
    }
    Ok(())
}

/// Asks for an image to be replicated to a destination, or deleted there.
async fn ask(
    conn: &mut Conn,
    app: &App,
    repository_id: &str,
    digest: &Digest,
    destination: &RegistryId,
    status: &str,
) -> Result<()> {
    replications::upsert(conn, repository_id, digest, destination, status, app.now()).await?;
    awaken(conn, app, repository_id, destination).await
}

/// Has the job of a repository and a destination look at what is asked for.
async fn awaken(conn: &mut Conn, app: &App, repository_id: &str, destination: &RegistryId) -> Result<()> {
    Ok(jobs::upsert(conn, &app.new_id(), JOB, &subject(repository_id, destination), app.now()).await?)
}

/// How the jobs end that are to be left where they are for now: their destinations are elsewhere, and this process is at them
/// already, or leaves them alone.
pub fn spared_elsewhere(app: &App) -> Vec<String> {
    app.replication_turns.closed()
}

/// How a job names what it is about. One that goes elsewhere also names whose destination it is.
fn subject(repository_id: &str, destination: &RegistryId) -> String {
    format!("{repository_id} {} {}", destination.account, destination.region)
}

/// How jobs end that are about a destination elsewhere, of an account's registries.
fn ending(destination: &RegistryId, owner: &AccountId) -> String {
    format!("{} {owner}", subject("", destination))
}

/// What a job is about. Without a destination it was put down by an older release.
fn parse(subject: &str) -> (&str, Option<RegistryId>) {
    let mut parts = subject.split(' ');
    let repository_id = parts.next().unwrap_or_default();
    let registry = |(account, region): (&str, &str)| {
        Some(RegistryId { account: account.parse().ok()?, region: region.parse().ok()? })
    };
    (repository_id, parts.next().zip(parts.next()).and_then(registry))
}

/// Whether a registry is one of this installation.
fn is_here(app: &App, registry: &RegistryId) -> bool {
    app.config().regions.contains(&registry.region) && app.snapshot().has_account(&registry.account)
}

/// An image with everything that it lists, what is listed before what lists it.
async fn family(conn: &mut Conn, repository_id: &str, digest: &Digest) -> Result<Vec<Digest>> {
    let mut order = vec![digest.clone()];
    let mut level = vec![digest.clone()];
    for _ in 0..DEPTH {
        let parents: Vec<&Digest> = level.iter().collect();
        let children = edges::list_children(conn, repository_id, &parents, edges::Kind::Child).await?;
        level = children.into_iter().map(|(_, child)| child).collect();
        if level.is_empty() {
            break;
        }
        order.extend(level.iter().cloned());
    }
    order.reverse();
    // One that is listed twice is needed where it is needed first.
    let mut seen = BTreeSet::new();
    order.retain(|digest| seen.insert(digest.clone()));
    Ok(order)
}

/// Whether a registry of this installation lets another do something to it. Those of one account do.
fn permitted(app: &App, source: &RepositoryRow, destination: &RegistryId, actions: &[Action]) -> Result<()> {
    let (from, to) = (source.registry.account.as_str(), destination.account.as_str());
    if from == to {
        return Ok(());
    }
    let snapshot = app.snapshot();
    let policies = snapshot.registries().policy(&destination.account, &destination.region);
    let policies = Policies { resource: policies.map(std::slice::from_ref).unwrap_or_default(), ..Policies::default() };
    let (principal, context) = (Principal::root(from), policy::Context::new());
    let resource = format!("arn:aws:ecr:{}:{to}:repository/{}", destination.region, source.name);
    for action in actions {
        let request =
            Request { principal: &principal, action: action.as_str(), resource: &resource, context: &context };
        let decision = policy::evaluate(&policies, &request, to);
        if let Some(message) = policy::denial_message(&decision, &request) {
            return Err(Error::Denied(message));
        }
    }
    Ok(())
}

/// Notes that an image was replicated with these tags, or why it cannot be, and tells the webhooks of a registry of it. If it was asked for again
/// meanwhile, that is still to be done.
async fn end(
    app: &Arc<App>,
    source: &RepositoryRow,
    row: &ReplicationRow,
    listener: &RegistryId,
    outcome: std::result::Result<Vec<Tag>, String>,
) -> Result<()> {
    let (own, source, row, now) = (Arc::clone(app), source.clone(), row.clone(), app.now());
    let listener = listener.clone();
    app.db()
        .write_in_background(move |conn| {
            Box::pin(async move {
                let (status, code, tags) = match outcome {
                    Ok(tags) => ("COMPLETE", None, tags),
                    Err(code) => ("FAILED", Some(code), Vec::new()),
                };
                let code = code.as_deref();
                if !replications::update_ended(conn, &source.repository_id, &row, status, code, now).await? {
                    return Ok(());
                }
                let told = ReplicationEvent {
                    source: &source.registry,
                    destination: &row.destination,
                    listener: &listener,
                    repository: &source.name,
                    digest: &row.digest,
                    tag: None,
                    failure_code: code,
                };
                if tags.is_empty() {
                    return events::emit_replication(conn, &own, &told).await;
                }
                for tag in &tags {
                    events::emit_replication(conn, &own, &ReplicationEvent { tag: Some(tag), ..told }).await?;
                }
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await
}

/// Puts what cannot be done now behind what else is asked for, so that it keeps nothing else.
async fn postpone(app: &App, source: &RepositoryRow, row: &ReplicationRow) -> Result<()> {
    let (id, row, now) = (source.repository_id.clone(), row.clone(), app.now());
    app.db()
        .write_in_background(move |conn| {
            Box::pin(async move {
                replications::update_postponed(conn, &id, &row, now).await?;
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await
}

/// Forgets a deletion that was replicated, or need not be.
async fn forget(app: &App, source: &RepositoryRow, row: &ReplicationRow) -> Result<()> {
    let (id, row) = (source.repository_id.clone(), row.clone());
    app.db()
        .write_in_background(move |conn| {
            Box::pin(async move {
                replications::delete(conn, &id, &row).await?;
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_name_what_they_are_about() {
        let there = RegistryId { account: "111122223333".parse().unwrap(), region: "eu-west-1".parse().unwrap() };
        assert_eq!(parse(&subject("r1", &there)), ("r1", Some(there.clone())));
        let owner = "444455556666".parse().unwrap();
        assert_eq!(parse(&format!("r1{}", ending(&there, &owner))), ("r1", Some(there.clone())));
        assert_eq!(parse("r1"), ("r1", None));
        assert_eq!(parse("r1 x"), ("r1", None));
    }
}
