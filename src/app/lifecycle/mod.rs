//! Lifecycle policies: which images of a repository are to go, and when.
//!
//! Policies are checked and stored, previewed, and applied once a day. Previews and runs decide by the same [`evaluate`].

mod evaluate;
pub mod foretell;
mod images;
mod pattern;
#[cfg(test)]
mod policies;
mod policy;
pub mod preview;
#[cfg(test)]
mod properties;
pub mod run;
mod schema;
#[cfg(test)]
mod vectors;

use store::{Conn, Pending, lifecycle_policies};
use types::Timestamp;

pub use evaluate::{Evaluation, Follower, Image, Taken, evaluate};
pub use pattern::TagPattern;
pub use policy::{Count, LifecyclePolicy, PolicyFault, Rule, RuleAction, TagSelection};

use crate::{Action, App, Ctx, Error, Permit, Result, repositories};

/// The shortest and the longest text of a policy, in characters.
const LENGTH: std::ops::RangeInclusive<usize> = 100..=30_720;

/// A policy as it is stored.
#[derive(Debug)]
pub struct Stored {
    /// As it was sent.
    pub text: String,
    /// When it was last applied; the epoch before a first run.
    pub last_evaluated_at: Timestamp,
}

impl From<lifecycle_policies::LifecyclePolicyRow> for Stored {
    fn from(row: lifecycle_policies::LifecyclePolicyRow) -> Self {
        // ECR shows the epoch, and tools break when the member is absent.
        let last_evaluated_at = row.last_evaluated_at.unwrap_or(Timestamp::from_micros(0));
        Self { text: row.document, last_evaluated_at }
    }
}

/// Reads and checks the text of a policy completely.
pub(crate) fn check(text: &str) -> Result<LifecyclePolicy> {
    let length = text.chars().count();
    let invalid = |constraint: String| Error::InvalidParameter { parameter: "lifecyclePolicyText", constraint };
    if length < *LENGTH.start() {
        return Err(invalid(format!("must have length greater than or equal to {}", LENGTH.start())));
    }
    if length > *LENGTH.end() {
        return Err(invalid(format!("must have length less than or equal to {}", LENGTH.end())));
    }
    LifecyclePolicy::parse(text).map_err(Error::LifecyclePolicyInvalid)
}

/// What a policy does to the images that a repository has now: the one way by which previews and runs decide.
async fn decide(
    app: &App,
    repository_id: &str,
    policy: LifecyclePolicy,
    now: Timestamp,
) -> Result<(Vec<Image>, Evaluation)> {
    let images = images::read(&app.db, repository_id, app.config.lifecycle_keep_used).await?;
    // Tens of milliseconds for a large repository: not on a thread that serves requests.
    let evaluated = tokio::task::spawn_blocking(move || {
        let evaluation = evaluate(&policy, &images, now);
        (images, evaluation)
    });
    evaluated.await.map_err(|error| {
        tracing::error!(%error, "the evaluation of a lifecycle policy failed");
        Error::Internal
    })
}

/// Sets the policy of a repository, replacing the one before.
pub async fn put(ctx: &Ctx, permit: &Permit, text: &str) -> Result<()> {
    permit.require(Action::PutLifecyclePolicy)?;
    check(text)?;
    let (permit, text, now) = (permit.clone(), text.to_owned(), ctx.app.now());
    let job_id = ctx.app.new_id();
    ctx.app
        .db
        .write(move |conn| {
            Box::pin(async move {
                let repository = repositories::lock(conn, &permit).await?;
                set(conn, &job_id, &repository.repository_id, &text, now).await
            }) as Pending<'_, (), Error>
        })
        .await
}

/// Stores a policy that was checked, and has it applied soon.
pub(crate) async fn set(conn: &mut Conn, job_id: &str, repository_id: &str, text: &str, now: Timestamp) -> Result<()> {
    lifecycle_policies::upsert(conn, repository_id, text, now).await?;
    run::schedule(conn, job_id, repository_id, now).await
}

/// The policy of a repository.
pub async fn get(ctx: &Ctx, permit: &Permit) -> Result<Stored> {
    permit.require(Action::GetLifecyclePolicy)?;
    let mut conn = ctx.app.db.reader().await?;
    let repository = repositories::find(&mut conn, permit).await?;
    let found = lifecycle_policies::find(&mut conn, &repository.repository_id).await?;
    found.map(Stored::from).ok_or_else(|| unknown(permit))
}

/// Removes the policy of a repository and gives it back.
pub async fn delete(ctx: &Ctx, permit: &Permit) -> Result<Stored> {
    permit.require(Action::DeleteLifecyclePolicy)?;
    let permit = permit.clone();
    ctx.app
        .db
        .write(move |conn| {
            Box::pin(async move {
                let repository = repositories::lock(conn, &permit).await?;
                let found = lifecycle_policies::delete(conn, &repository.repository_id).await?;
                found.map(Stored::from).ok_or_else(|| unknown(&permit))
            }) as Pending<'_, Stored, Error>
        })
        .await
}

fn unknown(permit: &Permit) -> Error {
    Error::LifecyclePolicyUnknown { registry: permit.registry().clone(), repository: permit.repository().clone() }
}
