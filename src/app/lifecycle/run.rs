//! Runs: a policy is applied to the images of its repository. What it takes is deleted like anything else, a batch at a
//! time, and can be restored for as long.
//!
//! Evaluation reads the images page by page, so by the time that it has decided, some may have changed. Each is looked at
//! again in the transaction that deletes it: one that is not as it was evaluated stays until the next run.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use store::{Pending, jobs, lifecycle_policies};
use types::{Digest, Timestamp};

use super::{Image, LifecyclePolicy, RuleAction, decide};
use crate::images::{Candidate, expire};
use crate::{App, Error, Result};

/// The kind of job that applies the policy of a repository, which is its subject.
pub const JOB: &str = "lifecycle";

/// How often a policy is applied: ECR does it within 24 hours.
pub const EVERY: Duration = Duration::from_secs(24 * 3600);

/// How long a policy that was set waits for its first run: a moment to notice a mistake.
pub(crate) const FIRST_RUN: Duration = Duration::from_secs(60);

/// Images that one transaction deletes, so that pushes do not wait for it.
const BATCH: usize = 100;

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    /// Images that the policy looked at.
    pub images: u64,
    /// Images that were deleted.
    pub expired: u64,
    /// Images that went because what they are about went.
    pub followers: u64,
    /// Images that the policy would archive, and that stay, since nothing is archived here.
    pub not_archived: u64,
}

/// Applies the policy of a repository. None if it has none, or is gone.
pub async fn run(app: &Arc<App>, repository_id: &str) -> Result<Option<Applied>> {
    let mut conn = app.db().reader().await?;
    let Some(row) = lifecycle_policies::find(&mut conn, repository_id).await? else {
        return Ok(None);
    };
    drop(conn);
    let now = app.now();
    let policy = LifecyclePolicy::parse(&row.document).map_err(|error| {
        // It was valid when it was stored: it was written by a newer program.
        tracing::error!(%error, repository_id, "a lifecycle policy cannot be read");
        Error::Internal
    })?;
    let (images, evaluation) = decide(app, repository_id, policy, now).await?;
    let expires = |action: RuleAction| action == RuleAction::Expire;
    let taken: Vec<usize> =
        evaluation.taken.iter().filter(|taken| expires(taken.action)).map(|taken| taken.image).collect();
    let followers: Vec<usize> = evaluation
        .followers
        .iter()
        .filter(|follower| expires(follower.action))
        .map(|follower| follower.image)
        .collect();
    let expired = delete(app, repository_id, &images, &taken).await?;
    // Those whose subject stayed after all stay with it.
    let mut following = 0;
    let mut gone: BTreeSet<Digest> = expired.iter().cloned().collect();
    let mut waiting = followers;
    loop {
        let (ready, rest): (Vec<usize>, Vec<usize>) = waiting
            .into_iter()
            .partition(|&at| images[at].subject.as_ref().is_some_and(|subject| gone.contains(subject)));
        if ready.is_empty() {
            break;
        }
        let went = delete(app, repository_id, &images, &ready).await?;
        following += went.len() as u64;
        gone.extend(went);
        waiting = rest;
    }
    let applied = Applied {
        images: images.len() as u64,
        expired: expired.len() as u64,
        followers: following,
        not_archived: evaluation.taken.len() as u64 - taken.len() as u64,
    };
    finish(app, repository_id, row.version, now).await?;
    if applied.expired > 0 {
        tracing::info!(repository_id, ?applied, "a lifecycle policy was applied");
    }
    Ok(Some(applied))
}

async fn delete(app: &Arc<App>, repository_id: &str, images: &[Image], which: &[usize]) -> Result<Vec<Digest>> {
    let mut gone = Vec::new();
    for batch in which.chunks(BATCH) {
        let candidates = batch
            .iter()
            .map(|&at| Candidate {
                digest: images[at].digest.clone(),
                tags: images[at].tags.iter().cloned().collect(),
                pushed_at: images[at].pushed_at,
                pulled_at: images[at].pulled_at,
            })
            .collect();
        gone.extend(expire(app, repository_id, candidates).await?);
    }
    Ok(gone)
}

/// Notes when the policy was applied, unless it is another one by now.
async fn finish(app: &App, repository_id: &str, version: u64, now: Timestamp) -> Result<()> {
    let id = repository_id.to_owned();
    app.db()
        .write_in_background(move |conn| {
            Box::pin(async move { Ok(lifecycle_policies::update_evaluated(conn, &id, version, now).await?) })
                as Pending<'_, bool, Error>
        })
        .await?;
    Ok(())
}

/// Has the policy of a repository applied soon.
pub(super) async fn schedule(conn: &mut store::Conn, job_id: &str, repository_id: &str, now: Timestamp) -> Result<()> {
    Ok(jobs::upsert(conn, job_id, JOB, repository_id, now.after(FIRST_RUN)).await?)
}
