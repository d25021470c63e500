//! Users and roles whose pulls do not count as use of an image, such as a scanner that pulls everything.

use store::{Pending, pull_time_exclusions, stamps};
use types::Timestamp;

use super::check::{arn, is_account, length, pattern};
use super::{List, Page};
use crate::{Action, Ctx, Error, Grant, Result};

/// The most principals of a registry.
const MAX: i64 = 100;

const PRINCIPAL: &str = r"^arn:aws(-[a-z]+)*:iam::[0-9]{12}:(role|user)/[\w+=,.@-]+(/[\w+=,.@-]+)*$";

/// Adds a principal; returns since when it counts.
pub async fn register(ctx: &Ctx, grant: &Grant, principal_arn: &str) -> Result<Timestamp> {
    grant.require(Action::RegisterPullTimeUpdateExclusion.as_str())?;
    check(principal_arn)?;
    let (registry, principal, now) = (ctx.registry.clone(), principal_arn.to_owned(), ctx.app.now());
    ctx.app
        .db
        .write(move |conn| {
            Box::pin(async move {
                // First: those who move it come one after the other, and what is counted below stays so.
                stamps::update_next(conn, stamps::AUTHORIZATION).await?;
                if !pull_time_exclusions::insert(conn, &registry, &principal, now).await? {
                    return Err(Error::ExclusionExists { registry, principal });
                }
                if pull_time_exclusions::count(conn, &registry).await? > MAX {
                    return Err(Error::LimitExceeded(format!(
                        "The limit of {MAX} pull time update exclusions of the registry with id '{}' has been reached",
                        registry.account
                    )));
                }
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await?;
    super::obey(&ctx.app).await?;
    Ok(now)
}

/// Removes a principal.
pub async fn deregister(ctx: &Ctx, grant: &Grant, principal_arn: &str) -> Result<()> {
    grant.require(Action::DeregisterPullTimeUpdateExclusion.as_str())?;
    check(principal_arn)?;
    let (registry, principal) = (ctx.registry.clone(), principal_arn.to_owned());
    ctx.app
        .db
        .write(move |conn| {
            Box::pin(async move {
                stamps::update_next(conn, stamps::AUTHORIZATION).await?;
                if !pull_time_exclusions::delete(conn, &registry, &principal).await? {
                    return Err(Error::ExclusionUnknown { registry, principal });
                }
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await?;
    super::obey(&ctx.app).await
}

/// Principals by ARN, at most `limit`, from the page that the token names on.
pub async fn list(ctx: &Ctx, grant: &Grant, next_token: Option<&str>, limit: usize) -> Result<Page<String>> {
    grant.require(Action::ListPullTimeUpdateExclusions.as_str())?;
    let list = List::new(ctx, "pull time exclusions");
    let after = list.after(next_token)?;
    let mut conn = ctx.app.db.reader().await?;
    let items = pull_time_exclusions::list(&mut conn, &ctx.registry, &after, limit + 1).await?;
    list.page(items, limit, String::as_str)
}

fn check(principal_arn: &str) -> Result<()> {
    length("principalArn", principal_arn, 0..=200)?;
    let name = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
    };
    let fits = arn(principal_arn).is_some_and(|parts| {
        let path = parts.resource.strip_prefix("role/").or_else(|| parts.resource.strip_prefix("user/"));
        parts.service == "iam"
            && parts.region.is_empty()
            && is_account(parts.account)
            && path.is_some_and(|path| path.split('/').all(name))
    });
    pattern("principalArn", fits, PRINCIPAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_are_users_and_roles() {
        for text in ["arn:aws:iam::000000000000:role/scanner", "arn:aws:iam::000000000000:user/team/a+b@c"] {
            assert!(check(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "scanner",
            "arn:aws:iam::000000000000:root",
            "arn:aws:iam::000000000000:role/",
            "arn:aws:iam::000000000000:role/a//b",
            "arn:aws:iam::0:role/a",
            "arn:aws:sts::000000000000:assumed-role/a/b",
            "arn:aws:iam:us-east-1:000000000000:role/a",
        ] {
            assert!(check(text).is_err(), "{text}");
        }
    }
}
