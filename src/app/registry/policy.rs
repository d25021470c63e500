//! The registry policy: who may do what in all repositories of a registry, beside what identity and repository policies
//! say. It is obeyed at once by this process and within about a second by the others.

use ::policy::{Document, Kind};
use store::registry_settings::{self, POLICY};
use store::{Pending, stamps};

use super::check::{invalid, length};
use crate::policy_principals::{self, PolicyOwner};
use crate::{Action, Ctx, Error, Grant, Result};

/// The longest policy, in bytes.
const MAX_BYTES: usize = 10_240;

/// The policy as it was sent.
pub async fn get(ctx: &Ctx, grant: &Grant) -> Result<String> {
    grant.require(Action::GetRegistryPolicy.as_str())?;
    let mut conn = ctx.app.db.reader().await?;
    registry_settings::find(&mut conn, &ctx.registry, POLICY)
        .await?
        .ok_or_else(|| Error::RegistryPolicyUnknown(ctx.registry.clone()))
}

/// Replaces the policy.
pub async fn put(ctx: &Ctx, grant: &Grant, text: &str) -> Result<()> {
    grant.require(Action::PutRegistryPolicy.as_str())?;
    length("policyText", text, 0..=MAX_BYTES)?;
    // The only text that ECR has for it.
    let refused = || invalid("PolicyText", "Invalid registry policy provided");
    let document = Document::parse(text, Kind::Resource, MAX_BYTES).map_err(|error| {
        tracing::debug!(%error, "a registry policy was refused");
        refused()
    })?;
    let (registry, text, now) = (ctx.registry.clone(), text.to_owned(), ctx.app.now());
    ctx.app
        .db
        .write(move |conn| {
            Box::pin(async move {
                stamps::update_next(conn, stamps::AUTHORIZATION).await?;
                if let Some(unknown) = policy_principals::set(conn, PolicyOwner::Registry(&registry), &document).await?
                {
                    tracing::debug!(principal = unknown, "a registry policy names somebody who is not there");
                    return Err(refused());
                }
                registry_settings::upsert(conn, &registry, POLICY, &text, now).await?;
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await?;
    super::obey(&ctx.app).await
}

/// Removes the policy and gives it back.
pub async fn delete(ctx: &Ctx, grant: &Grant) -> Result<String> {
    grant.require(Action::DeleteRegistryPolicy.as_str())?;
    let registry = ctx.registry.clone();
    let text = ctx
        .app
        .db
        .write(move |conn| {
            Box::pin(async move {
                stamps::update_next(conn, stamps::AUTHORIZATION).await?;
                policy_principals::remove(conn, PolicyOwner::Registry(&registry)).await?;
                let text = registry_settings::delete(conn, &registry, POLICY).await?;
                text.ok_or(Error::RegistryPolicyUnknown(registry))
            }) as Pending<'_, String, Error>
        })
        .await?;
    super::obey(&ctx.app).await?;
    Ok(text)
}
