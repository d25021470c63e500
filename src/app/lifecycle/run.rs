//! Runs: a policy is applied to the images of its repository. What it takes is deleted like anything else, a batch at a
//! time, and can be restored for as long; or it is archived.
//!
//! Evaluation reads the images page by page, so by the time that it has decided, some may have changed. Each is looked at
//! again in the transaction that takes it: one that is not as it was evaluated stays until the next run. So is the policy: one
//! that was removed or replaced meanwhile takes nothing more.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use store::lifecycle_policies::LifecyclePolicyRow;
use store::manifest_storage::Storage;
use store::{Pending, jobs, lifecycle_policies};
use types::{Digest, Timestamp};

use super::{Evaluation, Image, LifecyclePolicy, RuleAction, decide};
use crate::images::{Candidate, take};
use crate::{App, Error, Result};

/// The kind of job that applies the policy of a repository, which is its subject.
pub const JOB: &str = "lifecycle";

/// How often a policy is applied: ECR does it within 24 hours.
pub const EVERY: Duration = Duration::from_secs(24 * 3600);

/// How long a policy that was set waits for its first run: a moment to notice a mistake.
pub(crate) const FIRST_RUN: Duration = Duration::from_secs(60);

/// Images that one transaction takes, so that pushes do not wait for it.
const BATCH: usize = 100;

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    /// Images that the policy looked at.
    pub images: u64,
    /// Images that were deleted.
    pub expired: u64,
    /// Images that went because what they are about went.
    pub expired_followers: u64,
    /// Images that were archived.
    pub archived: u64,
    /// Images that were archived because what they are about was.
    pub archived_followers: u64,
}

/// Applies the policy of a repository. None if it has none, or is gone.
pub async fn run(app: &Arc<App>, repository_id: &str) -> Result<Option<Applied>> {
    let mut conn = app.db().reader().await?;
    let Some(row) = lifecycle_policies::find(&mut conn, repository_id).await? else {
        return Ok(None);
    };
    drop(conn);
    let now = app.now();
    let policy = read(&row.document, repository_id)?;
    let (images, evaluation) = decide(app, repository_id, policy, now).await?;
    let run =
        Run { app, repository_id, run_id: app.new_uuid(), policy: &row, images: &images, evaluation: &evaluation };
    let (expired, expired_followers) = run.apply(RuleAction::Expire).await?;
    let (archived, archived_followers) = run.apply(RuleAction::Transition).await?;
    let applied = Applied { images: images.len() as u64, expired, expired_followers, archived, archived_followers };
    finish(app, repository_id, row.version, now).await?;
    if applied.expired + applied.archived > 0 {
        tracing::info!(repository_id, run_id = run.run_id, ?applied, "a lifecycle policy was applied");
    }
    Ok(Some(applied))
}

/// A policy that was valid when it was stored.
pub(super) fn read(document: &str, repository_id: &str) -> Result<LifecyclePolicy> {
    LifecyclePolicy::parse(document).map_err(|error| {
        // It was written by a newer program.
        tracing::error!(%error, repository_id, "a lifecycle policy cannot be read");
        Error::Internal
    })
}

/// A run that has decided.
struct Run<'r> {
    app: &'r Arc<App>,
    repository_id: &'r str,
    run_id: String,
    policy: &'r LifecyclePolicyRow,
    images: &'r [Image],
    evaluation: &'r Evaluation,
}

impl Run<'_> {
    /// Does one of the two actions to all images that it is decided for. How many went by rules, and how many with them.
    async fn apply(&self, action: RuleAction) -> Result<(u64, u64)> {
        let by_rule = self.evaluation.taken.iter().filter(|taken| taken.action == action);
        let by_rule: Vec<(usize, Option<u32>)> = by_rule.map(|taken| (taken.image, Some(taken.rule))).collect();
        let gone = self.take(action, &by_rule).await?;
        let count = gone.len() as u64;
        // Those whose subject stayed after all stay with it.
        let mut following = 0;
        let mut gone: BTreeSet<Digest> = gone.into_iter().collect();
        let followers = self.evaluation.followers.iter().filter(|follower| follower.action == action);
        let mut waiting: Vec<(usize, Option<u32>)> = followers.map(|follower| (follower.image, None)).collect();
        loop {
            let (ready, rest): (Vec<_>, Vec<_>) = waiting
                .into_iter()
                .partition(|&(at, _)| self.images[at].subject.as_ref().is_some_and(|subject| gone.contains(subject)));
            if ready.is_empty() {
                break;
            }
            let went = self.take(action, &ready).await?;
            following += went.len() as u64;
            gone.extend(went);
            waiting = rest;
        }
        Ok((count, following))
    }

    async fn take(&self, action: RuleAction, which: &[(usize, Option<u32>)]) -> Result<Vec<Digest>> {
        let mut gone = Vec::new();
        for batch in which.chunks(BATCH) {
            let candidates = batch.iter().map(|&(at, rule)| candidate(&self.images[at], rule)).collect();
            gone.extend(take(self.app, self.repository_id, &self.run_id, self.policy, action, candidates).await?);
        }
        Ok(gone)
    }
}

fn candidate(image: &Image, rule: Option<u32>) -> Candidate {
    Candidate {
        digest: image.digest.clone(),
        tags: image.tags.iter().cloned().collect(),
        pushed_at: image.pushed_at,
        pulled_at: image.pulled_at,
        storage: Storage {
            class: image.storage_class,
            archived_at: image.archived_at,
            activated_at: image.activated_at,
        },
        rule,
    }
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
