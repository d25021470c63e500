//! Pull-through cache rules: which repositories here stand for which repositories of another registry. What is fetched
//! by them is in [`crate::cache`].

use store::pull_through_cache_rules as rows;
pub use store::pull_through_cache_rules::PullThroughCacheRuleRow as CacheRule;
use store::{Conn, Pending, stamps};
use types::RegistryId;

use super::check::{self, ROOT, arn, invalid, is_prefix, length, pattern};
use super::{List, Page, upstream};
use crate::{Action, Ctx, Error, Grant, Result, cache, sealed};

/// The quota of ECR.
const MAX: i64 = 50;

/// A rule to be made.
#[derive(Debug)]
pub struct NewRule {
    /// Of names of repositories here.
    pub prefix: String,
    /// Host of the other registry.
    pub upstream_url: String,
    /// Its kind, if the caller says it.
    pub upstream_registry: Option<String>,
    /// Of names of repositories there.
    pub upstream_prefix: Option<String>,
    /// Which secret opens it.
    pub credential_arn: Option<String>,
    /// Which role reads from it.
    pub custom_role_arn: Option<String>,
}

const SECRET: &str =
    r"^arn:aws(-\w+)*:secretsmanager:[a-zA-Z0-9-:]+:secret:ecr\-pullthroughcache\/[a-zA-Z0-9\/_+=.@-]+$";

/// Makes a rule.
pub async fn create(ctx: &Ctx, grant: &Grant, new: NewRule) -> Result<CacheRule> {
    grant.require(Action::CreatePullThroughCacheRule.as_str())?;
    check_prefix("ecrRepositoryPrefix", &new.prefix)?;
    check_credentials(new.credential_arn.as_deref(), new.custom_role_arn.as_deref())?;
    let upstream =
        upstream::find(&new.upstream_url, new.upstream_registry.as_deref(), &ctx.app.config.cache_upstreams)?;
    if upstream.needs_credentials && new.credential_arn.is_none() {
        return Err(Error::UpstreamNeedsLogin);
    }
    if let Some(prefix) = &new.upstream_prefix {
        check_prefix("upstreamRepositoryPrefix", prefix)?;
        if new.prefix == ROOT && prefix != ROOT {
            return Err(invalid("upstreamRepositoryPrefix", "must be ROOT when ecrRepositoryPrefix is ROOT"));
        }
    }
    let now = ctx.app.now();
    let rule = CacheRule {
        registry: ctx.registry.clone(),
        prefix: new.prefix.trim_end_matches('/').to_owned(),
        upstream_registry: upstream.kind.map(str::to_owned),
        upstream_url: new.upstream_url,
        upstream_prefix: new.upstream_prefix.as_deref().unwrap_or(ROOT).trim_end_matches('/').to_owned(),
        credential_arn: new.credential_arn,
        custom_role_arn: new.custom_role_arn,
        created_at: now,
        updated_at: now,
    };
    let made = ctx
        .app
        .db
        .write(move |conn| {
            Box::pin(async move {
                // First: those who move it come one after the other, and what is counted below stays so.
                stamps::update_next(conn, stamps::AUTHORIZATION).await?;
                check_secret(conn, &rule.registry, rule.credential_arn.as_deref()).await?;
                if !rows::insert(conn, &rule).await? {
                    return Err(Error::CacheRuleExists { registry: rule.registry, prefix: rule.prefix });
                }
                if rows::count(conn, &rule.registry).await? > MAX {
                    return Err(Error::LimitExceeded(format!(
                        "The limit of {MAX} pull through cache rules of the registry with id '{}' has been reached",
                        rule.registry.account
                    )));
                }
                Ok(rule)
            }) as Pending<'_, CacheRule, Error>
        })
        .await?;
    super::obey(&ctx.app).await?;
    Ok(made)
}

/// The rules of these prefixes, which must all exist.
pub async fn find_all(ctx: &Ctx, grant: &Grant, prefixes: &[String]) -> Result<Vec<CacheRule>> {
    grant.require(Action::DescribePullThroughCacheRules.as_str())?;
    check::entries("ecrRepositoryPrefixes", prefixes, 1..=100)?;
    let mut wanted = Vec::with_capacity(prefixes.len());
    for prefix in prefixes {
        check_prefix("ecrRepositoryPrefixes", prefix)?;
        wanted.push(prefix.trim_end_matches('/').to_owned());
    }
    let mut conn = ctx.app.db.reader().await?;
    let found = rows::find_all(&mut conn, &ctx.registry, &wanted).await?;
    match wanted.into_iter().find(|prefix| found.iter().all(|rule| rule.prefix != *prefix)) {
        Some(prefix) => Err(unknown(ctx, &prefix)),
        None => Ok(found),
    }
}

/// Rules by prefix, at most `limit`, from the page that the token names on.
pub async fn list(ctx: &Ctx, grant: &Grant, next_token: Option<&str>, limit: usize) -> Result<Page<CacheRule>> {
    grant.require(Action::DescribePullThroughCacheRules.as_str())?;
    let list = List::new(ctx, "cache rules");
    let after = list.after(next_token)?;
    let mut conn = ctx.app.db.reader().await?;
    let items = rows::list(&mut conn, &ctx.registry, &after, limit + 1).await?;
    list.page(items, limit, |rule| &rule.prefix)
}

/// Changes what a rule opens the other registry with. The rule as it is then.
pub async fn update(
    ctx: &Ctx,
    grant: &Grant,
    prefix: &str,
    credential_arn: Option<&str>,
    custom_role_arn: Option<&str>,
) -> Result<CacheRule> {
    grant.require(Action::UpdatePullThroughCacheRule.as_str())?;
    check_prefix("ecrRepositoryPrefix", prefix)?;
    check_credentials(credential_arn, custom_role_arn)?;
    if credential_arn.is_none() && custom_role_arn.is_none() {
        // ECR's text, as its callers report it (pulumi/pulumi-aws#5714).
        let text = "Invalid input: Please set either credential arn or role arn to update the credentials";
        return Err(Error::Invalid(text.to_owned()));
    }
    let (registry, prefix, now) = (ctx.registry.clone(), prefix.trim_end_matches('/').to_owned(), ctx.app.now());
    let (credential, role) = (credential_arn.map(str::to_owned), custom_role_arn.map(str::to_owned));
    let absent = unknown(ctx, &prefix);
    let updated = ctx
        .app
        .db
        .write(move |conn| {
            Box::pin(async move {
                stamps::update_next(conn, stamps::AUTHORIZATION).await?;
                let updated =
                    rows::update(conn, &registry, &prefix, credential.as_deref(), role.as_deref(), now).await?;
                let updated = updated.ok_or(absent)?;
                check_secret(conn, &registry, credential.as_deref()).await?;
                Ok(updated)
            }) as Pending<'_, CacheRule, Error>
        })
        .await?;
    super::obey(&ctx.app).await?;
    Ok(updated)
}

/// Removes a rule and gives it back.
pub async fn delete(ctx: &Ctx, grant: &Grant, prefix: &str) -> Result<CacheRule> {
    grant.require(Action::DeletePullThroughCacheRule.as_str())?;
    check_prefix("ecrRepositoryPrefix", prefix)?;
    let (registry, prefix) = (ctx.registry.clone(), prefix.trim_end_matches('/').to_owned());
    let absent = unknown(ctx, &prefix);
    let deleted = ctx
        .app
        .db
        .write(move |conn| {
            Box::pin(async move {
                stamps::update_next(conn, stamps::AUTHORIZATION).await?;
                Ok(rows::delete(conn, &registry, &prefix).await?)
            }) as Pending<'_, Option<CacheRule>, Error>
        })
        .await?;
    let deleted = deleted.ok_or(absent)?;
    super::obey(&ctx.app).await?;
    Ok(deleted)
}

/// Tries a rule: the rule, and why it cannot work, if that shows.
pub async fn validate(ctx: &Ctx, grant: &Grant, prefix: &str) -> Result<(CacheRule, Option<String>)> {
    grant.require(Action::ValidatePullThroughCacheRule.as_str())?;
    check_prefix("ecrRepositoryPrefix", prefix)?;
    let prefix = prefix.trim_end_matches('/').to_owned();
    let mut conn = ctx.app.db.reader().await?;
    let mut found = rows::find_all(&mut conn, &ctx.registry, std::slice::from_ref(&prefix)).await?;
    drop(conn);
    let rule = found.pop().ok_or_else(|| unknown(ctx, &prefix))?;
    let failure = cache::try_out(ctx, &rule).await;
    Ok((rule, failure))
}

fn check_prefix(member: &'static str, prefix: &str) -> Result<()> {
    length(member, prefix, 2..=30)?;
    pattern(member, is_prefix(prefix), check::PREFIX)
}

fn check_credentials(credential_arn: Option<&str>, custom_role_arn: Option<&str>) -> Result<()> {
    if let Some(secret) = credential_arn {
        length("credentialArn", secret, 50..=612)?;
        pattern("credentialArn", is_secret(secret), SECRET)?;
    }
    if let Some(role) = custom_role_arn {
        length("customRoleArn", role, 0..=2048)?;
        let is_role = arn(role).is_some_and(|parts| parts.service == "iam" && parts.resource.starts_with("role/"));
        if !is_role {
            return Err(invalid("customRoleArn", "must be the ARN of a role"));
        }
    }
    Ok(())
}

/// That the secret which a rule names is there. What it holds is looked at when it is used: it may get its value later.
async fn check_secret(conn: &mut Conn, registry: &RegistryId, credential_arn: Option<&str>) -> Result<()> {
    let Some(secret) = credential_arn else {
        return Ok(());
    };
    // Nobody may read those of other accounts, and the cache does not.
    let own = secret_account(secret) == Some(registry.account.as_str());
    match sealed::find_by_arn(conn, secret).await?.filter(|_| own) {
        Some(_) => Ok(()),
        None => Err(Error::SecretUnknown),
    }
}

/// Whether an ARN names a secret that ECR may read.
pub(crate) fn is_secret(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte);
    arn(text).is_some_and(|parts| {
        parts.service == "secretsmanager"
            && is_account_scope(parts.region, parts.account)
            && parts
                .resource
                .strip_prefix("secret:ecr-pullthroughcache/")
                .is_some_and(|name| !name.is_empty() && name.bytes().all(legal))
    })
}

/// Whose secret an ARN names.
pub(crate) fn secret_account(text: &str) -> Option<&str> {
    Some(arn(text)?.account)
}

fn is_account_scope(region: &str, account: &str) -> bool {
    check::is_region(region) && check::is_account(account)
}

fn unknown(ctx: &Ctx, prefix: &str) -> Error {
    Error::CacheRuleUnknown { registry: ctx.registry.clone(), prefix: prefix.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_those_that_ecr_may_read() {
        assert!(is_secret("arn:aws:secretsmanager:us-east-1:000000000000:secret:ecr-pullthroughcache/hub-AbCdEf"));
        for text in [
            "arn:aws:secretsmanager:us-east-1:000000000000:secret:hub",
            "arn:aws:secretsmanager:us-east-1:000000000000:secret:ecr-pullthroughcache/",
            "arn:aws:ssm:us-east-1:000000000000:secret:ecr-pullthroughcache/hub",
        ] {
            assert!(!is_secret(text), "{text}");
        }
    }
}
