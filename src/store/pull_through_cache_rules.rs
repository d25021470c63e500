//! Table `pull_through_cache_rules`.

use types::{RegistryId, Timestamp};

use crate::row::Row;
use crate::value::list as text_list;
use crate::{Conn, Result};

/// Which repositories here stand for which repositories of another registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullThroughCacheRuleRow {
    /// Whose rule, and where.
    pub registry: RegistryId,
    /// Of names of repositories here, or `ROOT`.
    pub prefix: String,
    /// Host of the other registry.
    pub upstream_url: String,
    /// Its kind, as ECR spells it; none for a registry that only this operator knows.
    pub upstream_registry: Option<String>,
    /// Of names of repositories there, or `ROOT`.
    pub upstream_prefix: String,
    /// Which secret opens the other registry.
    pub credential_arn: Option<String>,
    /// The role that reads from the other registry.
    pub custom_role_arn: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

fn read(row: &Row) -> Result<PullThroughCacheRuleRow> {
    Ok(PullThroughCacheRuleRow {
        registry: RegistryId { account: row.parsed(0, "account_id")?, region: row.parsed(1, "region")? },
        prefix: row.text(2)?,
        upstream_url: row.text(3)?,
        upstream_registry: row.optional_text(4)?,
        upstream_prefix: row.text(5)?,
        credential_arn: row.optional_text(6)?,
        custom_role_arn: row.optional_text(7)?,
        created_at: row.time(8)?,
        updated_at: row.time(9)?,
    })
}

/// Those of these rules that exist, by prefix.
pub async fn find_all(
    conn: &mut Conn,
    registry: &RegistryId,
    prefixes: &[String],
) -> Result<Vec<PullThroughCacheRuleRow>> {
    conn.all(
        "select account_id, region, prefix, upstream_url, upstream_registry, upstream_prefix, credential_arn,
             custom_role_arn, created_at, updated_at
         from pull_through_cache_rules
         where account_id = $1 and region = $2 and prefix in (select value from json_each($3))
         order by prefix",
        [(&registry.account).into(), (&registry.region).into(), text_list(prefixes.iter().map(String::as_str))],
        read,
    )
    .await
}

/// Rules after `after`, by prefix, at most `limit`.
pub async fn list(
    conn: &mut Conn,
    registry: &RegistryId,
    after: &str,
    limit: usize,
) -> Result<Vec<PullThroughCacheRuleRow>> {
    conn.all(
        "select account_id, region, prefix, upstream_url, upstream_registry, upstream_prefix, credential_arn,
             custom_role_arn, created_at, updated_at
         from pull_through_cache_rules
         where account_id = $1 and region = $2 and prefix > $3
         order by prefix
         limit $4",
        [(&registry.account).into(), (&registry.region).into(), after.into(), limit.into()],
        read,
    )
    .await
}

/// All rules of all registries, for the copy of the authorization data in memory.
pub async fn list_all(conn: &mut Conn) -> Result<Vec<PullThroughCacheRuleRow>> {
    conn.all(
        "select account_id, region, prefix, upstream_url, upstream_registry, upstream_prefix, credential_arn,
             custom_role_arn, created_at, updated_at
         from pull_through_cache_rules",
        [],
        read,
    )
    .await
}

/// How many rules a registry has.
pub async fn count(conn: &mut Conn, registry: &RegistryId) -> Result<i64> {
    let count = conn
        .optional(
            "select count(*)
             from pull_through_cache_rules
             where account_id = $1 and region = $2",
            [(&registry.account).into(), (&registry.region).into()],
            |row| row.integer(0),
        )
        .await?;
    Ok(count.unwrap_or_default())
}

/// Adds a rule. False if there is one with this prefix.
pub async fn insert(conn: &mut Conn, row: &PullThroughCacheRuleRow) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into pull_through_cache_rules
                 (account_id, region, prefix, upstream_url, upstream_registry, upstream_prefix, credential_arn,
                  custom_role_arn, version, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10)
             on conflict do nothing",
            [
                (&row.registry.account).into(),
                (&row.registry.region).into(),
                (&row.prefix).into(),
                (&row.upstream_url).into(),
                row.upstream_registry.clone().into(),
                (&row.upstream_prefix).into(),
                row.credential_arn.clone().into(),
                row.custom_role_arn.clone().into(),
                row.created_at.into(),
                row.updated_at.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Changes what a rule opens the other registry with; `None` leaves a value as it is. The rule as it is then.
pub async fn update(
    conn: &mut Conn,
    registry: &RegistryId,
    prefix: &str,
    credential_arn: Option<&str>,
    custom_role_arn: Option<&str>,
    now: Timestamp,
) -> Result<Option<PullThroughCacheRuleRow>> {
    conn.optional(
        "update pull_through_cache_rules
         set credential_arn = coalesce($4, credential_arn),
             custom_role_arn = coalesce($5, custom_role_arn),
             version = version + 1,
             updated_at = $6
         where account_id = $1 and region = $2 and prefix = $3
         returning account_id, region, prefix, upstream_url, upstream_registry, upstream_prefix, credential_arn,
             custom_role_arn, created_at, updated_at",
        [
            (&registry.account).into(),
            (&registry.region).into(),
            prefix.into(),
            credential_arn.into(),
            custom_role_arn.into(),
            now.into(),
        ],
        read,
    )
    .await
}

/// Removes a rule and gives it back.
pub async fn delete(conn: &mut Conn, registry: &RegistryId, prefix: &str) -> Result<Option<PullThroughCacheRuleRow>> {
    conn.optional(
        "delete from pull_through_cache_rules
         where account_id = $1 and region = $2 and prefix = $3
         returning account_id, region, prefix, upstream_url, upstream_registry, upstream_prefix, credential_arn,
             custom_role_arn, created_at, updated_at",
        [(&registry.account).into(), (&registry.region).into(), prefix.into()],
        read,
    )
    .await
}
