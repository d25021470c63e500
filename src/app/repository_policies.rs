//! Policies of repositories: setting, reading and removing them. They are given back as they were sent, and judge the
//! requests of every front as soon as they are stored.

use std::sync::Arc;

use policy::{Document, Kind, Policy};
use store::{Conn, Pending, repository_policies, stamps};
use types::Timestamp;

use crate::policy_principals::{self, PolicyOwner};
use crate::{Action, Ctx, Error, Permit, Result, authz, repositories};

/// The longest policy of a repository, in bytes.
pub const MAX_LENGTH: usize = 10_240;

/// Sets the policy of a repository, replacing the one before. Without `force` the caller must be able to set it again.
pub async fn set(ctx: &Ctx, permit: &Permit, text: &str, force: bool) -> Result<()> {
    permit.require(Action::SetRepositoryPolicy)?;
    let document = Arc::new(check("PolicyText", text)?);
    let policy = Policy {
        label: format!("repository policy of {}", permit.repository()).into(),
        document: Arc::clone(&document),
    };
    if !force && authz::would_allow(ctx, Action::SetRepositoryPolicy, permit, &policy).is_err() {
        return Err(Error::InvalidParameter {
            parameter: "PolicyText",
            constraint: "The new repository policy will not allow you to update the repository policy in the future"
                .to_owned(),
        });
    }
    let (permit, text, now) = (permit.clone(), text.to_owned(), ctx.app.now());
    ctx.app
        .db
        .write(move |conn| {
            Box::pin(async move {
                let id = repositories::lock(conn, &permit).await?.repository_id;
                if let Some(unknown) = put(conn, &id, &text, &document, now).await? {
                    tracing::debug!(principal = unknown, "a repository policy names somebody who is not there");
                    return Err(refused("PolicyText"));
                }
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await?;
    ctx.app.refresh().await
}

/// Stores the policy of a repository with whom it names, in place of the one before. Returns the first who is not there:
/// whoever stores it for a user undoes it then.
pub(crate) async fn put(
    conn: &mut Conn,
    repository_id: &str,
    text: &str,
    document: &Document,
    now: Timestamp,
) -> store::Result<Option<String>> {
    stamps::update_next(conn, stamps::AUTHORIZATION).await?;
    let unknown = policy_principals::set(conn, PolicyOwner::Repository(repository_id), document).await?;
    repository_policies::upsert(conn, repository_id, text, now).await?;
    Ok(unknown)
}

/// Removes the policy of a repository, if it has one, with whom it names. Returns what it was.
pub(crate) async fn take(conn: &mut Conn, repository_id: &str) -> store::Result<Option<String>> {
    if repository_policies::find(conn, repository_id).await?.is_none() {
        return Ok(None);
    }
    stamps::update_next(conn, stamps::AUTHORIZATION).await?;
    policy_principals::remove(conn, PolicyOwner::Repository(repository_id)).await?;
    repository_policies::delete(conn, repository_id).await
}

/// Reads and checks the text of a policy completely.
pub(crate) fn check(parameter: &'static str, text: &str) -> Result<Document> {
    Document::parse(text, Kind::Resource, MAX_LENGTH).map_err(|error| {
        tracing::debug!(%error, "a repository policy was refused");
        refused(parameter)
    })
}

/// The only text that ECR has for it, whatever is wrong; Terraform tries again when it sees it, since roles that were just made
/// may not be known everywhere yet.
fn refused(parameter: &'static str) -> Error {
    Error::InvalidParameter { parameter, constraint: "Invalid repository policy provided".to_owned() }
}

/// The policy of a repository, as it was sent.
pub async fn get(ctx: &Ctx, permit: &Permit) -> Result<String> {
    permit.require(Action::GetRepositoryPolicy)?;
    let mut conn = ctx.app.db.reader().await?;
    let id = repositories::find(&mut conn, permit).await?.repository_id;
    repository_policies::find(&mut conn, &id).await?.ok_or_else(|| unknown(permit))
}

/// Removes the policy of a repository. Returns what it was.
pub async fn delete(ctx: &Ctx, permit: &Permit) -> Result<String> {
    permit.require(Action::DeleteRepositoryPolicy)?;
    let permit = permit.clone();
    let text = ctx
        .app
        .db
        .write(move |conn| {
            Box::pin(async move {
                let id = repositories::lock(conn, &permit).await?.repository_id;
                take(conn, &id).await?.ok_or_else(|| unknown(&permit))
            }) as Pending<'_, String, Error>
        })
        .await?;
    ctx.app.refresh().await?;
    Ok(text)
}

fn unknown(permit: &Permit) -> Error {
    Error::RepositoryPolicyUnknown { registry: permit.registry().clone(), repository: permit.repository().clone() }
}
