//! Table `pull_time_exclusions`: users and roles whose pulls are not recorded.

use types::{RegistryId, Timestamp};

use crate::{Conn, Result};

/// Adds a principal. False if it is there already.
pub async fn insert(conn: &mut Conn, registry: &RegistryId, principal_arn: &str, now: Timestamp) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into pull_time_exclusions (account_id, region, principal_arn, created_at)
             values ($1, $2, $3, $4)
             on conflict do nothing",
            [(&registry.account).into(), (&registry.region).into(), principal_arn.into(), now.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Removes a principal. False if it is not there.
pub async fn delete(conn: &mut Conn, registry: &RegistryId, principal_arn: &str) -> Result<bool> {
    let rows = conn
        .execute(
            "delete from pull_time_exclusions
             where account_id = $1 and region = $2 and principal_arn = $3",
            [(&registry.account).into(), (&registry.region).into(), principal_arn.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Principals after `after`, by ARN, at most `limit`.
pub async fn list(conn: &mut Conn, registry: &RegistryId, after: &str, limit: usize) -> Result<Vec<String>> {
    conn.all(
        "select principal_arn
         from pull_time_exclusions
         where account_id = $1 and region = $2 and principal_arn > $3
         order by principal_arn
         limit $4",
        [(&registry.account).into(), (&registry.region).into(), after.into(), limit.into()],
        |row| row.text(0),
    )
    .await
}

/// All principals of all registries, for the copy of the authorization data in memory.
pub async fn list_all(conn: &mut Conn) -> Result<Vec<(RegistryId, String)>> {
    conn.all("select account_id, region, principal_arn from pull_time_exclusions", [], |row| {
        let registry = RegistryId { account: row.parsed(0, "account_id")?, region: row.parsed(1, "region")? };
        Ok((registry, row.text(2)?))
    })
    .await
}

/// How many principals a registry has.
pub async fn count(conn: &mut Conn, registry: &RegistryId) -> Result<i64> {
    let count = conn
        .optional(
            "select count(*)
             from pull_time_exclusions
             where account_id = $1 and region = $2",
            [(&registry.account).into(), (&registry.region).into()],
            |row| row.integer(0),
        )
        .await?;
    Ok(count.unwrap_or_default())
}
